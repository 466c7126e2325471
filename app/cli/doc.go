// Package cli is the commands of the binary: demo, serve, policy explain and
// what else a person types. It is where clock, randomness, files and the
// environment come in; everything below takes them as arguments.
package cli
