package config

import (
	"slices"
	"strings"
)

// Fault is one thing that is wrong with a configuration.
type Fault struct {
	Key     string // the setting; empty when the file as a whole is meant
	Origin  string // where the value stands: a file and its line, a variable, a flag; empty for what is missing
	Problem string // what would be right; never a secret
}

// Error is the fault in one line.
func (f Fault) Error() string {
	switch {
	case f.Key == "":
		return f.Origin + ": " + f.Problem
	case f.Origin == "":
		return f.Key + ": " + f.Problem
	}
	return f.Key + " (" + f.Origin + "): " + f.Problem
}

// Faults are everything that is wrong with a configuration.
type Faults []Fault

// Error lists the faults, one on each line.
func (f Faults) Error() string {
	var b strings.Builder
	b.WriteString("configuration:")
	for _, fault := range f {
		b.WriteString("\n  " + fault.Error())
	}
	return b.String()
}

// Of returns the faults of some sections, and of the file as a whole.
func (f Faults) Of(sections ...string) Faults {
	var some Faults
	for _, fault := range f {
		section, _, _ := strings.Cut(fault.Key, ".")
		section, _, _ = strings.Cut(section, "[")
		if section == "" || slices.Contains(sections, section) {
			some = append(some, fault)
		}
	}
	return some
}

// Err is nil where there is no fault.
func (f Faults) Err() error {
	if len(f) == 0 {
		return nil
	}
	return f
}
