// Package announcements is what the bank tells its partners in words: who may be told
// what, for how long, and the event of each change. It is plain text, and for everybody
// or for partners that hold scopes of one service.
//
// One officer's word is enough: an announcement opens nothing, and in an incident nobody
// should wait (docs/decisions/0045). Where it is shown is app/console's and app/portal's
// business, and that programs hear of it app/webhooks's.
package announcements
