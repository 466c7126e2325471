// Package selfservice is what a partner's users change of their own. What is in
// their sandbox takes effect at once; anything else they ask the bank for, in a
// request that both sides can speak about.
//
// An officer of the bank makes a change request of a partner's request, and another
// person of the bank decides it (app/approval): the partner's request is approved in
// the transaction in which that takes effect. What may be changed at once is
// app/approval's to know, and what the things are app/partners'.
package selfservice
