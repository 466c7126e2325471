// Package keyring owns the gateway's own keys: AKs, signing keys, the keys of
// visit tickets and of the partners' user ids at rest, and the key that signs
// checkpoints of the ledger (app/evidence).
//
// It makes, publishes, rotates and retires them; private parts are sealed
// under the master key, which comes from a file or the environment and never
// touches the database. A key is listed 300 s before its first use and 660 s
// after its last (protocol section 8), so no page meets an unknown kid; only
// the first key of a kind is used at once, as nobody waits for another, and the
// one that replaces a compromised key. Tend does what time asks for; whoever
// runs the gateway calls it. Every change of a key is an event in the ledger,
// but the making of the first ones.
package keyring
