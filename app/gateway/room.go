package gateway

import "sync"

// The room for the bodies of requests under way, octets: for all, for all
// strangers together (pages that have no VT yet), for one VT, and for one
// network of strangers. Whoever sends slowly must not keep the others out.
const (
	maxRoom         = 256 << 20
	maxStrangers    = maxRoom / 4
	maxVTRoom       = maxRoom / 16
	maxStrangerRoom = maxRoom / 64
)

// room bounds the memory of bodies on their way in. A body is read before it
// says anything, so no limit of a visit or an application holds it back.
type room struct {
	mu        sync.Mutex
	taken     int64
	strangers int64
	byKey     map[string]int64
}

// guest is who asks for room: a VT, or a network of pages that have none yet.
type guest struct {
	key      string
	stranger bool
}

// take reserves octets for a guest's request and returns what gives them back;
// ok is false when there is no room.
func (r *room) take(g guest, octets int64) (leave func(), ok bool) {
	if !r.move(g, octets) {
		return nil, false
	}
	return func() { r.move(g, -octets) }, true
}

func (r *room) move(g guest, octets int64) (ok bool) {
	share := int64(maxVTRoom)
	if g.stranger {
		share = maxStrangerRoom
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	full := r.taken+octets > maxRoom || r.byKey[g.key]+octets > share || g.stranger && r.strangers+octets > maxStrangers
	if octets > 0 && full {
		return false
	}
	r.taken += octets
	if g.stranger {
		r.strangers += octets
	}
	if r.byKey[g.key] += octets; r.byKey[g.key] == 0 {
		delete(r.byKey, g.key)
	}
	return true
}
