package records

import (
	"fmt"
	"testing"
)

// However many of partners' users follow, there is room for the bank, and for another
// partner's.
func TestPartnersLeaveRoomToFollow(t *testing.T) {
	t.Parallel()
	tail := (&Records{}).NewTail(nil)
	follow := func(partner string) (*Follower, error) {
		f := Filter{}
		if partner != "" {
			f.own = &Own{Partner: partner, Applications: []string{"a"}}
		}
		return tail.Follow(t.Context(), f, "")
	}
	for i := range maxOfPartner + 1 {
		if _, err := follow("p"); (err != nil) != (i == maxOfPartner) {
			t.Errorf("one partner's follower %d: %v", i+1, err)
		}
	}
	for i := range maxOfPartners {
		_, err := follow(fmt.Sprintf("p%d", i))
		if (err != nil) != (i >= maxOfPartners-maxOfPartner) {
			t.Errorf("another partner's follower, with %d there: %v", maxOfPartner+i, err)
		}
	}
	first, err := follow("")
	if err != nil {
		t.Fatalf("the bank's: %v", err)
	}
	for range maxFollowers - maxOfPartners - 1 {
		if _, err := follow(""); err != nil {
			t.Fatalf("the bank's: %v", err)
		}
	}
	if _, err := follow(""); err == nil {
		t.Error("more follow than there is room for")
	}
	first.Stop()
	if _, err := follow(""); err != nil {
		t.Errorf("in the place of one that left: %v", err)
	}
}
