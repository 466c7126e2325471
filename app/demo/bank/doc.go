// Package bank is the demo bank's loan system: what stands behind the gateway.
// It believes no caller but the gateway, and the gateway only by the
// Postern-Assertion on each request (protocol section 6), verified against the
// gateway's published keys.
//
// It owns the demo's business answers, and keeps in memory what last reached
// it, so that the demo can show what was left of a reply. It is an upstream as
// any other: it imports nothing of the gateway but app/seal.
package bank
