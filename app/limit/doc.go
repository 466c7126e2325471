// Package limit owns the counters that keep one caller from using up the
// service and one message from being taken twice: rate limits by key
// ([Buckets]), limits on failures by network address ([FailureGate]) and
// windows of message ids already seen ([ReplayWindow]).
//
// Everything is in the memory of one process and bounded when it is made. The
// package reads no clock and starts no goroutine: time is an argument. It does
// not know what a key means, does not choose the limits, and does not guard
// writes: those are guarded by a durable row, because a window in memory forgets
// when the process ends.
package limit
