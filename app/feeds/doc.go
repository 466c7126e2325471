// Package feeds carries every event of the ledger to where the bank gathers its
// logs: a file of JSON lines, or a syslog receiver over TLS (RFC 5424, RFC 5425).
//
// It numbers committed events without gaps (docs/decisions/0020), and keeps a
// position for each feed in the database, which moves only over what has arrived:
// each event is delivered at least once, by one node at a time. Nothing that is
// answered to a partner or a page waits for a feed.
//
// The package does not own what an event says (app/ledger), nor its SQL
// (app/store).
package feeds
