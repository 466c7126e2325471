// Package clients answers who is calling the token endpoints: client
// authentication by the one method an application is registered for, and its
// address list (RFC 6749 section 2.3, RFC 7523; protocol section 3).
//
// A wrong secret, an unknown client, a foreign address and a suspended partner
// look the same from outside: errs.Unauthenticated, invalid_client. The reason
// is in the error for the ledger. The assertion's jti is spent by the ledger,
// together with what is issued for it.
package clients
