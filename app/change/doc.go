// Package change is what a change of the bank's business is made of: the
// difference it makes in words, whether that widens what a partner can reach,
// and its trace in the ledger, written in the change's own transaction.
//
// A Set holds the things of one kind (partners, services, grants) as they are
// and as they shall be. The kinds themselves, with their rules, are those of
// app/partners and app/catalog; who may decide is app/approval's.
package change
