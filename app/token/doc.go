// Package token is the claims of AT, VT and the upstream assertion: one mint
// and one reader for each.
//
// AT and assertion are compact JWS (RFC 7519, RFC 9068); VT is an AEAD ticket
// that only the authority can open. The package is pure: keys, clock and
// randomness are arguments, and it decides nothing.
package token
