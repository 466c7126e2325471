package gateway

import "testing"

func TestNoVTTakesMoreThanItsShareOfTheRoom(t *testing.T) {
	t.Parallel()
	r := &room{byKey: map[string]int64{}}
	var leaves []func()
	take := func(vt string, octets int64) bool {
		leave, ok := r.take(guest{key: vt}, octets)
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
	if !take("b", 1<<20) || !takes(r, &leaves, guest{key: "n", stranger: true}, 16<<10) {
		t.Error("one VT kept others out")
	}
	for _, leave := range leaves {
		leave()
	}
	if r.taken != 0 || len(r.byKey) != 0 {
		t.Errorf("after all have left %d octets of %d guests are taken", r.taken, len(r.byKey))
	}
}

func TestTheRoomHasAnEnd(t *testing.T) {
	t.Parallel()
	r := &room{byKey: map[string]int64{}}
	for i := range maxRoom / maxVTRoom {
		if _, ok := r.take(guest{key: string(rune('a' + i))}, maxVTRoom); !ok {
			t.Fatalf("VT %d was refused", i)
		}
	}
	if _, ok := r.take(guest{key: "n", stranger: true}, 1); ok {
		t.Error("a full room took another octet")
	}
	if _, ok := r.take(guest{key: "n", stranger: true}, 0); !ok {
		t.Error("a request without a body was refused")
	}
}

func takes(r *room, leaves *[]func(), g guest, octets int64) bool {
	leave, ok := r.take(g, octets)
	if ok {
		*leaves = append(*leaves, leave)
	}
	return ok
}

func TestStrangersKeepNobodyOutWhoHasAVT(t *testing.T) {
	t.Parallel()
	r := &room{byKey: map[string]int64{}}
	var leaves []func()
	taken := int64(0)
	for network := range 128 {
		for takes(r, &leaves, guest{key: string(rune(network)), stranger: true}, 16<<10) {
			taken += 16 << 10
		}
		if network == 0 && taken != maxStrangerRoom {
			t.Errorf("one network took %d octets", taken)
		}
	}
	if taken != maxStrangers {
		t.Errorf("strangers took %d octets", taken)
	}
	if !takes(r, &leaves, guest{key: "vt"}, 1<<20) {
		t.Error("a visit found no room")
	}
	for _, leave := range leaves {
		leave()
	}
	if r.taken != 0 || r.strangers != 0 || len(r.byKey) != 0 {
		t.Errorf("after all have left %d octets are taken, %d by strangers", r.taken, r.strangers)
	}
}
