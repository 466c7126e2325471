// Package evidence makes the ledger provable: a Merkle tree over its events in the
// order of their numbers (RFC 6962, by golang.org/x/mod/sumdb/tlog), signed
// checkpoints of it (C2SP tlog-checkpoint and signed-note), an anchor outside the
// database that each node holds the database against, and what an auditor needs to
// check all of that without trusting the gateway (docs/decisions/0036).
//
// Nothing that is answered to a partner or a page waits for it: it works behind the
// ledger, over what is committed. It stops a node for one reason alone, which is that
// the database has another past than the one the node's anchor vouches for.
//
// The package does not own what an event says and how its leaf is hashed
// (app/ledger), how keys are kept (app/keyring), nor its SQL (app/store).
package evidence
