// Package crashrig kills a child process with SIGKILL, again and again, while
// it works, and hands what it had acknowledged to a check.
//
// The child writes one line to its standard output for each thing that it has
// acknowledged to a caller, after the acknowledgement may leave and never
// before. It is usually the test binary itself, started anew with an
// environment variable that TestMain reads. Only tests import this package.
package crashrig
