// Package approval decides on whose authority the bank's business is changed:
// whatever widens what partners can reach needs a second person, what narrows it
// takes effect at once (design: four eyes).
//
// It owns change requests: what was asked for, bound to its content and to what
// it was made on, who decides it, and that those are two persons. What a change
// is, and how it is written, the Applier of its kind knows.
package approval

import (
	"postern/app/errs"
	"postern/app/ledger"
)

// Bootstrap is the actor of changes on a database without staff.
const Bootstrap = "bootstrap"

// CommandLine is the actor of changes that somebody with access to the database
// made, once there is staff.
const CommandLine = ledger.CommandLine

// ErrSecondPerson refuses a change that one person may not make.
var ErrSecondPerson = errs.New(errs.Forbidden, "second_person",
	"This change widens what partners can reach: another person of the bank's staff must approve it.")

// Staff knows whether anybody has been registered as the bank's staff;
// store.Business does.
type Staff interface {
	StaffExist() (bool, error)
}

// Directly returns the actor under whose name a change may be written at once.
// Without staff there is nobody to ask; with staff, what widens is
// ErrSecondPerson and becomes a change request. This is the only place that
// decides it, and no option of any command leads past it.
func Directly(s Staff, widens bool) (actor string, err error) {
	exist, err := s.StaffExist()
	switch {
	case err != nil:
		return "", err
	case !exist:
		return Bootstrap, nil
	case widens:
		return "", ErrSecondPerson
	}
	return CommandLine, nil
}
