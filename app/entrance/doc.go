// Package entrance is how persons come in at a screen and look after their own
// account, the same for the bank's staff and for partners' users: signing in,
// second factors, set-up links, sessions, proofs to be there; and the guard that
// stands before every screen, with what a page says when something went wrong.
//
// It does not own who somebody is (app/identity), what they may do (policies),
// or any screen of the house behind it (app/console, app/portal): a house embeds
// an Entrance and tells it in Options what is its own.
package entrance
