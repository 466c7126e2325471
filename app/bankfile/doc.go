// Package bankfile is the bank's business as a YAML file: reading one with every
// fault at its line, saying in words what it would change, applying it whole or
// not at all, and writing one from a database.
//
// The rules of what the file names are not here: its entries are the inputs of
// app/partners and app/catalog, with the values of the database underneath, so
// what an entry does not mention stays as it is. The package stands above both
// because a file has both in it, and beside the doors because it is one.
package bankfile

//go:generate go run ./gen
