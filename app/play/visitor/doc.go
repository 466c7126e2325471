// Package visitor is an H5 page without a browser: it takes an AT, verifies it,
// exchanges it for a VT and makes sealed calls, as the SDK does (protocol
// sections 4 to 6), in the A256 suite. The demo's traffic and tests use it.
//
// It imports nothing of the gateway but app/seal. It keeps no storage: a
// Visit that is dropped is gone.
package visitor
