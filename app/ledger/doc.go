// Package ledger makes durable, in groups, what must not be lost before anybody
// is answered: issued ATs, spent ATs, the guards of write calls, ended visits
// and the events that tell of them (protocol sections 5 and 6).
//
// One goroutine of each node commits whatever waits in one transaction, then
// answers each caller. Records of calls and refusals are queued and committed
// within 200 ms. A full queue or a store that cannot write is ErrUnavailable,
// never a silent loss; a bad row fails alone.
//
// The package does not decide whether an AT may be issued or a call may pass,
// knows no key and no HTTP, and leaves every other table to app/store. Leaf
// hashes of events are those of RFC 6962 section 2.1, ids are UUIDv7 (RFC 9562
// section 5.7).
package ledger
