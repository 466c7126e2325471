// Package demo runs the whole product on one machine: a gateway with a seeded
// database, a demo bank behind it, the bank's H5 page on an origin of its own,
// three partners, and a shell that shows a visit from tap to data.
//
// Entry points are Run and Start. It owns everything but the gateway, which is
// package app and is used as anybody would use it; the shell is fed by the
// demo's own pieces alone, for no gateway endpoint shows plaintexts, and reads
// why something was refused in the ledger itself, as the bank's staff do.
package demo
