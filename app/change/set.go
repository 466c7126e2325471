package change

import (
	"errors"
	"slices"

	"postern/app/errs"
)

// Thing is one thing of the bank's business. Its methods take and give values;
// lists in them are not written to.
type Thing[T any] interface {
	// Key is its id.
	Key() string
	// Normalize returns it in the one form that is compared and kept, with the
	// defaults filled in.
	Normalize() T
	// Validate checks what can be checked by looking at it alone.
	Validate() errs.Fields
	// Follow checks whether it may come after before.
	Follow(before T) errs.Fields
	// Compare tells what is different from before; before is the zero value
	// when it is new.
	Compare(before T) []Difference
}

// ErrUnchecked refuses to save what was not checked or was found to break a rule:
// a mistake of the program, not of who asked.
var ErrUnchecked = errors.New("change was not checked, or has faults")

// ErrMoved refuses a form of what is not any more as it was when the form was made.
var ErrMoved = errs.New(errs.Conflict, "moved", "Somebody else has changed this meanwhile.")

// Change is what becomes of one thing.
type Change[T any] struct {
	Before      T // the zero value when it is new
	New         bool
	After       T
	Differences []Difference
}

// Set holds things of one kind, as they are and as they shall be.
type Set[T Thing[T]] struct {
	current map[string]T
	staged  map[string]Change[T]
	order   []string // of the staged
	faulty  bool     // something staged breaks a rule
}

// NewSet returns a set of things as they are, normalized: a row that is spelled
// differently is no difference.
func NewSet[T Thing[T]](current []T) *Set[T] {
	s := &Set[T]{current: map[string]T{}, staged: map[string]Change[T]{}}
	for _, x := range current {
		s.current[x.Key()] = x.Normalize()
	}
	return s
}

// Current returns a thing as it is.
func (s *Set[T]) Current(id string) (T, bool) {
	x, ok := s.current[id]
	return x, ok
}

// Find returns a thing as it shall be: as staged, or else as it is.
func (s *Set[T]) Find(id string) (T, bool) {
	if c, ok := s.staged[id]; ok {
		return c.After, true
	}
	return s.Current(id)
}

// IsStaged reports whether a thing was staged.
func (s *Set[T]) IsStaged(id string) bool {
	_, ok := s.staged[id]
	return ok
}

// Stage says what a thing shall be. The faults are those that show by looking
// at it and at what it was. A fault that it had before is none of the change's:
// a rule that came later must not stop anybody from suspending it.
func (s *Set[T]) Stage(after T) errs.Fields {
	after = after.Normalize()
	before, known := s.Current(after.Key())
	faults := after.Validate()
	if known {
		for field, m := range before.Validate() {
			if faults[field] == m {
				delete(faults, field)
			}
		}
		faults.Below("", after.Follow(before))
	}
	s.faulty = s.faulty || len(faults) > 0
	if _, again := s.staged[after.Key()]; !again {
		s.order = append(s.order, after.Key())
	}
	s.staged[after.Key()] = Change[T]{Before: before, New: !known, After: after, Differences: after.Compare(before)}
	return faults
}

// Faulty reports whether anything that was staged breaks a rule.
func (s *Set[T]) Faulty() bool { return s.faulty }

// Staged lists what was staged, in that order.
func (s *Set[T]) Staged() []Change[T] {
	list := make([]Change[T], len(s.order))
	for i, id := range s.order {
		list[i] = s.staged[id]
	}
	return list
}

// Changes lists what was staged and is different or new.
func (s *Set[T]) Changes() []Change[T] {
	return slices.DeleteFunc(s.Staged(), func(c Change[T]) bool { return !c.New && len(c.Differences) == 0 })
}

// All lists all things as they shall be, by id.
func (s *Set[T]) All() []T {
	ids := slices.Clone(s.order)
	for id := range s.current {
		ids = append(ids, id)
	}
	slices.Sort(ids)
	var list []T
	for _, id := range slices.Compact(ids) {
		x, _ := s.Find(id)
		list = append(list, x)
	}
	return list
}
