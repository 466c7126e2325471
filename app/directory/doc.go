// Package directory is what the hot path knows about who and what: partners'
// applications with their credentials and grants, services with their routes
// and scopes, and for each pair of them the decision table that Casbin gave.
//
// Entries are loaded from the store when first asked for, shared and immutable,
// and dropped when the feed of changes names them. It decides nothing about a
// request; it answers with what holds.
package directory
