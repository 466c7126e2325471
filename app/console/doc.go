// Package console is the bank staff's door: server-rendered screens on the
// internal listener, one file per noun of the screens.
//
// It owns how a request becomes a page: who is signed in and how far, which
// permission a screen needs, forms in and pages out. It does not own what may be
// done (policies), what is done (the packages of the use cases) or how it looks
// (views). Which screen is where is in app/routes.go.
package console
