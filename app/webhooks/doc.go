// Package webhooks tells partners' own programs what becomes of what is theirs: it makes
// messages of the ledger's events, signs them and brings them, again and again where
// nobody takes them. What is told is ids and states alone: whoever wants to know more
// asks the portal.
//
// Addresses are the partner's to choose, so no connection is made to what is not a public
// address, whatever a name resolves to at that moment, and no redirect is followed.
package webhooks
