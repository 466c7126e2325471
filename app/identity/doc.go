// Package identity decides who somebody at a screen is: set-up links, passwords
// with a second factor, passkeys, recovery codes, lock-out and sessions, for the
// bank's staff and, later, for partners' users.
//
// It owns the rows of accounts, factors and sessions and the ledger's events
// about them. It does not own what a role may do (policies), cookies or pages
// (app/web, app/console). It knows no HTTP.
//
// Sources: OWASP ASVS 5.0.0 chapters 6 and 7, RFC 6238 (TOTP), RFC 9106
// (argon2id).
package identity
