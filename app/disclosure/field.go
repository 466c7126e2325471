package disclosure

import (
	"errors"
	"fmt"
)

// Class is the sensitivity of a field by JR/T 0171-2020: C3 is what authenticates a person (never
// passed on as it is), C2 identifies a person or their affairs, C1 is the bank's own. A field
// without a class counts as C3.
type Class string

// The classes of JR/T 0171-2020.
const (
	C1 Class = "C1"
	C2 Class = "C2"
	C3 Class = "C3"
)

// Treatment is what happens to a field on its way out.
type Treatment string

// The treatments, from the most open to the most closed.
const (
	Keep   Treatment = "keep" // leaves octet for octet
	Masked Treatment = "mask" // leaves as a JSON string with the field's mask applied
	Drop   Treatment = "drop" // does not leave, and is counted as declared
)

// Mask names a way to hide most of a value; see [Mask.Apply] for what each shows.
type Mask string

// The masks.
const (
	MaskPhone    Mask = "phone"
	MaskIDNumber Mask = "id_number"
	MaskName     Mask = "name"
	MaskCard     Mask = "card"
	MaskEmail    Mask = "email"
	MaskAddress  Mask = "address"
	MaskAmount   Mask = "amount"
)

// ErrField reports a field that no scope may have; the wrapping error names the path and the
// reason.
var ErrField = errors.New("disclosure field is invalid")

// Field says what happens to one leaf of a reply.
//
// Path is the member names from the root, joined with dots; `*` stands for every element of an
// array or every member of an object, one level deep: "offer.limit", "accounts.*.no", "*.id". A
// literal name matches members of objects only, never an array's position. In a name a dot, a
// star and a backslash are written with a backslash before them. The path "$" is a reply that is
// a single value; a member named $ at the top is written `\$`. A member without a name cannot be
// written and so never leaves. A path names a leaf: an object or an array found there does not
// leave under it.
//
// Mask is set exactly when Treatment is mask.
type Field struct {
	Path      string
	Class     Class
	Treatment Treatment
	Mask      Mask
}

// Validate reports the first fault of the field as an ErrField: a path that does not parse or is
// not in its one spelling, an unknown class, treatment or mask, a mask without the treatment or
// the treatment without a mask, or a C3 (or unclassified) field that would be kept.
func (f Field) Validate() error {
	if _, err := parsePath(f.Path); err != nil {
		return fmt.Errorf("%w: path %q: %w", ErrField, f.Path, err)
	}
	if reason := f.fault(); reason != "" {
		return fmt.Errorf("%w: path %q: %s", ErrField, f.Path, reason)
	}
	return nil
}

// fault says what is wrong with the field apart from its path, or "".
func (f Field) fault() string {
	switch f.Class {
	case "", C1, C2, C3:
	default:
		return "unknown class"
	}

	switch f.Treatment {
	case Keep:
		// JR/T 0171-2020 section 6: C3 does not leave the institution as it is.
		if f.Class == C3 || f.Class == "" {
			return "a field of class C3 or without a class cannot be kept"
		}
	case Masked:
		if !f.Mask.known() {
			return fmt.Sprintf("mask %.60q is not known: want phone, id_number, name, card, email, address or amount", string(f.Mask))
		}
		return ""
	case Drop:
	default:
		return "unknown treatment"
	}
	if f.Mask != "" {
		return "a mask without the treatment mask"
	}
	return ""
}

// moreOpen reports whether f lets more out than g: keep before mask before drop, and between two
// masks the one that shows less wins, so that adding a scope never uncovers what another hides.
func (f Field) moreOpen(g Field) bool {
	if f.Treatment != g.Treatment {
		return f.Treatment.openness() > g.Treatment.openness()
	}
	return f.Treatment == Masked && f.Mask.shows() < g.Mask.shows()
}

func (t Treatment) openness() int {
	switch t {
	case Keep:
		return 2
	case Masked:
		return 1
	default:
		return 0
	}
}

// Guarded reports whether the field lets data of class C2 or C3 leave, masked or
// not: what waits for a person's consent where a scope demands it.
func (f Field) Guarded() bool { return f.Class != C1 && f.Treatment != Drop }

// Reveals ranks how much of a value the field lets out, so that two versions of
// one field can be compared: nothing (0), a mask by what it shows, everything.
func (f Field) Reveals() int {
	switch f.Treatment {
	case Keep:
		return len(maskOrder) + 1
	case Masked:
		return f.Mask.shows() + 1
	default:
		return 0
	}
}
