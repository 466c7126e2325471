// Package partners is the partners' side of the business: who they are, their
// applications with addresses and credentials, and the grants by which an
// application may use a scope.
//
// Partner, Application, Credential and Grant are inputs, the same for a form and
// a file, with the rules that they must obey (protocol sections 3 and 4); a
// Registry holds them as they are and as they shall be, checks them against each
// other and writes what changed with its events in one transaction.
//
// It does not know services: what a grant must know of one it asks its Scopes.
package partners
