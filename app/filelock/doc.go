// Package filelock lets one process at a time hold a file, and with it what the
// file stands for: a demo's folder, a SQLite database that is served. The
// kernel lets go of it when the process ends, killed or not. It does not lock
// the data themselves: SQLite has locks of its own.
package filelock
