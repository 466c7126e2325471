// Package store owns the database: opening it, its migrations, the one lock in
// front of SQLite's one writer, and the SQL of everything but the ledger.
//
// There are two ways to write: Store.Write for business changes, whose Tx has
// no path back to a pool, and Store.WriteGroup, in which the ledger commits
// many waiting callers at once with SQL of its own. Reads go to a pool of their
// own, so that no reader waits for a writer. SQLite and PostgreSQL behave alike;
// package storetest holds both to that.
//
// The package does not own the clock, business rules or the shape of events.
package store
