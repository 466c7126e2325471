// Package config is what a gateway is told at start: one Config, read from a
// YAML file, then from the environment, then from flags, each over the one
// before. Every fault is reported at once, with its key and where it stands.
//
// The struct is the only place where a setting is defined. Its key in the file,
// its variable (POSTERN_ and the key in capitals), its default, its bounds and
// its row in docs/configuration.md all come from the field, its tags and its
// comment. A Secret may also come from a file of its own, named by its key with
// _file at the end, and prints as [redacted] everywhere.
package config

//go:generate go run ./gen
