// Package partner is a partner's back end, as any partner would write it: it
// obtains an AT with private_key_jwt (protocol section 3), opens the envelope
// with its own key and makes the address that its app opens (section 4).
//
// It is the demo's, and the other side of tests; it imports nothing of the
// gateway but app/seal. What went over the wire is returned beside the result,
// because the demo shows it.
package partner
