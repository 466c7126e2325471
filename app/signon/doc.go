// Package signon is the way to the bank's own sign-on: OpenID Connect's code flow
// with PKCE, from where a browser is sent to what an id token proves.
//
// It owns the talk with the provider and the checks of what it says. It does not
// own whose account an identity opens (app/identity), nor cookies and pages.
//
// Sources: OpenID Connect Core 1.0 section 3.1, RFC 7636 (PKCE), RFC 9700,
// RFC 8176 (amr), RFC 9207 (iss).
package signon
