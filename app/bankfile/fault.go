package bankfile

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"

	"postern/app/errs"
)

// Fault is one thing that is wrong with a file.
type Fault struct {
	Line  int    // from 1
	Where string // "partner nanfeng, status"; empty for the file itself
	Text  string

	// Of a broken rule: whose, and which; empty where the form could not be read.
	Kind, ID, Field string
	Message         errs.Message
}

// Refusal is the error of a file that was not taken. Nothing of it was.
type Refusal struct {
	File   string
	Faults []Fault // by line
}

// Fields are the faults of one thing, for whoever filled in its form.
func (r *Refusal) Fields(kind, id string) errs.Fields {
	var f errs.Fields
	for _, fault := range r.Faults {
		if fault.Kind == kind && fault.ID == id {
			f.Check(false, fault.Field, fault.Message.ID, fault.Message.Text)
		}
	}
	return f
}

// invalid makes a Refusal one that every door knows.
func invalid(err error) error {
	var r *Refusal
	if !errors.As(err, &r) {
		return err
	}
	return errs.New(errs.Invalid, "bank_file", "The change breaks a rule.").Wrap(r)
}

func (r *Refusal) Error() string {
	var b strings.Builder
	count := "1 fault"
	if len(r.Faults) > 1 {
		count = fmt.Sprintf("%d faults", len(r.Faults))
	}
	fmt.Fprintf(&b, "%s is refused and nothing was changed; %s:", r.File, count)
	for _, f := range r.Faults {
		fmt.Fprintf(&b, "\n  line %d: ", f.Line)
		if f.Where != "" {
			b.WriteString(f.Where + ": ")
		}
		b.WriteString(f.Text)
	}
	return b.String()
}

// refusal returns an error for the faults; nil when there are none.
func refusal(file string, faults []Fault) error {
	if len(faults) == 0 {
		return nil
	}
	slices.SortStableFunc(faults, func(a, b Fault) int {
		return cmp.Or(cmp.Compare(a.Line, b.Line), cmp.Compare(a.Where, b.Where))
	})
	return &Refusal{File: file, Faults: slices.Compact(faults)}
}
