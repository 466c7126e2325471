package approval_test

import (
	"errors"
	"testing"

	"postern/app/approval"
)

type staff struct {
	exist bool
	err   error
}

func (s staff) StaffExist() (bool, error) { return s.exist, s.err }

func TestWhatWidensNeedsASecondPersonOnceThereIsStaff(t *testing.T) {
	t.Parallel()
	broken := errors.New("broken")
	for _, c := range []struct {
		name   string
		staff  staff
		widens bool
		actor  string
		want   error
	}{
		{"without staff everything is bootstrap", staff{}, true, approval.Bootstrap, nil},
		{"without staff narrowing is, too", staff{}, false, approval.Bootstrap, nil},
		{"with staff narrowing takes effect at once", staff{exist: true}, false, approval.CommandLine, nil},
		{"with staff widening does not", staff{exist: true}, true, "", approval.ErrSecondPerson},
		{"who does not know lets nothing pass", staff{err: broken}, false, "", broken},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			if actor, err := approval.Directly(c.staff, c.widens); actor != c.actor || !errors.Is(err, c.want) {
				t.Errorf("got %q and %v, want %q and %v", actor, err, c.actor, c.want)
			}
		})
	}
}
