// Package upstream owns the way to the bank's business systems: one connection
// pool and one circuit breaker per upstream, the headers that may cross in
// either direction, and the bounds in time and size of every call (protocol
// section 6). Its entry type is [Pool].
//
// It does not decide whether a call may be made, does not sign the assertion it
// carries, does not reduce the reply to the granted fields, and never repeats a
// call: a write is sent at most once. HTTP is RFC 9110 to 9113.
package upstream
