// Package alerts tells people what they should look at.
//
// It owns the rules: what each looks at, how much of it is too much, and what it
// says. Watch looks: at the whole database, which one node does for all, and at
// what each node can tell of itself alone. What it finds becomes rows of alerts:
// one for each rule and subject while the condition lasts, however often it is
// seen. What receivers are to be told is written in the same transaction, to the
// outbox; Outbox sends it, at least once, in order, and never more than a message
// a turn to one receiver. A person acknowledges with Acknowledge, which is an
// event of the ledger.
//
// By the same outbox Notices tells the bank's staff of change requests: by mail who
// may decide and who asked, groups in one message. Officers are told what partners ask
// for and reply, and whoever asked at the partner what the bank says to it.
//
// It does not own when it is run (app/jobs), how a receiver is spoken to
// (app/alerts/post), nor any SQL (app/store). docs/alerts.md has a section for
// each rule; docs/decisions/0021 and 0031 say why it is made so.
package alerts
