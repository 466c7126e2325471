package records

import "slices"

// Group is kinds of lines that the log shows and filters as one.
type Group string

// The groups of the issuance log.
const (
	ATIssued    Group = "at_issued"
	ATRefused   Group = "at_refused"
	ATRevoked   Group = "at_revoked"
	VTIssued    Group = "vt_issued"
	VTRefused   Group = "vt_refused"
	VTRenewed   Group = "vt_renewed"
	VisitClosed Group = "visit_closed"
	SignedIn    Group = "signed_in"
	Consents    Group = "consents"
	Refused     Group = "call_refused" // what could not even be opened
)

// Groups are all of them, in the order of a visit.
var Groups = []Group{ATIssued, ATRefused, ATRevoked, VTIssued, VTRefused, VTRenewed, SignedIn, Consents, VisitClosed, Refused}

// OwnGroups are those of which a partner sees its own lines. Customers and their consents
// are the bank's business with them, and not in it.
var OwnGroups = []Group{ATIssued, ATRefused, ATRevoked, VTIssued, VTRefused, VTRenewed, VisitClosed, Refused}

// kinds are the ledger's words for what is in a group.
var kinds = map[Group][]string{
	ATIssued:    {"at.issued"},
	ATRefused:   {"at.refused"},
	ATRevoked:   {"at.revoked", "at.revocation_refused", "assertion.used"},
	VTIssued:    {"vt.issued", "vt.reissued"},
	VTRefused:   {"vt.refused", "at.reused"},
	VTRenewed:   {"vt.renewed", "vt.renewal_refused"},
	VisitClosed: {"visit.closed", "visit.ended", "vt.close_refused"},
	SignedIn:    {"customer.bound"},
	Consents:    {"consent.given", "consent.withdrawn", "consent.refused"},
	Refused:     {"call.refused", "introspection.refused"},
}

// allKinds is whatever the log shows.
var allKinds = func() (all []string) {
	for _, g := range Groups {
		all = append(all, kinds[g]...)
	}
	return all
}()

// ownKinds is whatever a partner sees of its own: who asked the gateway about its tokens
// is the bank's business, and no group of it.
var ownKinds = func() (all []string) {
	for _, g := range OwnGroups {
		all = append(all, kinds[g]...)
	}
	return slices.DeleteFunc(all, func(kind string) bool { return kind == "introspection.refused" })
}()

// Kinds lists the ledger's words for what the log shows.
func Kinds() []string { return slices.Clone(allKinds) }

// GroupOf is the group of a kind; "" for what is no business of the log.
func GroupOf(kind string) Group {
	for _, g := range Groups {
		if slices.Contains(kinds[g], kind) {
			return g
		}
	}
	return ""
}
