// Package authority is the authentication end: it issues and spends ATs, opens
// and seals envelopes, issues, renews and ends VTs and decides every call.
//
// R, the page's key, and the gateway's private keys never leave it. It knows no
// HTTP: bytes and facts come in, sealed answers or problems go out. Nothing is
// issued before its row in the ledger is on disk.
//
// Start at IssueAT (step B), OpenVisit (D and E) and OpenCall (G).
package authority
