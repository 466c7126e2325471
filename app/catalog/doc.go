// Package catalog is the bank's side of the business: services with their
// origins, upstreams and routes, and the scopes that say what of them may leave.
//
// A Service and a Scope are inputs, the same for a form and a file, with the
// rules that they must obey; a Catalog holds them as they are and as they shall
// be, checks them against each other and writes what changed with its events in
// one transaction. JR/T 0185-2020 gives the classes and API ids, JR/T 0171-2020
// the classes of fields, protocol sections 4 and 6 the addresses and routes.
//
// It does not know partners: what a grant asks of a service, app/partners checks.
package catalog
