// Package control is what every node must know within a second: which visits
// ended early, what is frozen, and what moved and must be read again.
//
// It polls the database's list of changes; the poll heals whatever a node
// missed. A node whose feed is older than MaxAge must not decide anything:
// Stale says so. The package decides nothing itself.
package control
