package gateway

import "testing"

func TestNoVTTakesMoreThanItsShareOfTheRoom(t *testing.T) {
	t.Parallel()
	r := &room{byVT: map[string]int64{}}
	var leaves []func()
	take := func(vt string, octets int64) bool {
		leave, ok := r.take(vt, octets)
		if ok {
			leaves = append(leaves, leave)
		}
		return ok
	}
	for range maxVTRoom >> 20 {
		if !take("a", 1<<20) {
			t.Fatal("a VT was refused within its share")
		}
	}
	if take("a", 1) {
		t.Error("a VT got more than its share")
	}
	if !take("b", 1<<20) || !take("", 16<<10) {
		t.Error("one VT kept others out")
	}
	for _, leave := range leaves {
		leave()
	}
	if r.taken != 0 || len(r.byVT) != 0 {
		t.Errorf("after all have left %d octets of %d VTs are taken", r.taken, len(r.byVT))
	}
}

func TestTheRoomHasAnEnd(t *testing.T) {
	t.Parallel()
	r := &room{byVT: map[string]int64{}}
	for i := range maxRoom / maxVTRoom {
		if _, ok := r.take(string(rune('a'+i)), maxVTRoom); !ok {
			t.Fatalf("VT %d was refused", i)
		}
	}
	if _, ok := r.take("", 1); ok {
		t.Error("a full room took another octet")
	}
	if _, ok := r.take("", 0); !ok {
		t.Error("a request without a body was refused")
	}
}
