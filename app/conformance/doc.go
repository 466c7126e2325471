// Package conformance plays the bad weather to an application in a partner's sandbox, one kind
// after the other, and states of each what the partner's own servers and app make of it: eight
// observations, and a result that the gateway signs and the bank's reviewer reads
// (docs/decisions/0044).
//
// What is observed is read from the ledger alone, by a function of what stands there
// (observe.go), so it can be said of any run again. Requests that the portal makes for a trial
// are not the partner's and are left out. A run is one row; each of its steps is one
// transaction that only who found the row as it was can take (run.go), so nodes need not agree
// on who goes on with it, and a restart loses nothing.
//
// The package makes no weather: that is app/authority's, and who may raise it
// app/selfservice's.
package conformance
