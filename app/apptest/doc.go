// Package apptest builds a whole gateway for tests, on a clock that tests set,
// with a partner, a page and a bank's system that tests play: real router, real
// store, real cryptography.
//
// It is for tests only; nothing of the product imports it.
package apptest
