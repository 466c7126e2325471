// Package app puts the gateway together: it opens the store, the ledger, the
// keys and the directory, wires the doors, and holds the one table of routes.
//
// It owns what lives as long as the process: the ledger's writer, the feed of
// changes and their orderly end. It decides nothing itself.
package app
