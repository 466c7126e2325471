package gateway

import "sync"

// The room for the bodies of requests under way, octets. One VT may take a
// sixteenth of it: whoever sends slowly must not keep the others out.
const (
	maxRoom   = 256 << 20
	maxVTRoom = maxRoom / 16
)

// room bounds the memory of bodies on their way in. A body is read before it
// says anything, so no limit of a visit or an application holds it back.
type room struct {
	mu    sync.Mutex
	taken int64
	byVT  map[string]int64
}

// take reserves octets for a request under vt ("" before there is one) and
// returns what gives them back; ok is false when there is no room.
func (r *room) take(vt string, octets int64) (leave func(), ok bool) {
	if !r.move(vt, octets) {
		return nil, false
	}
	return func() { r.move(vt, -octets) }, true
}

func (r *room) move(vt string, octets int64) (ok bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if octets > 0 && (r.taken+octets > maxRoom || (vt != "" && r.byVT[vt]+octets > maxVTRoom)) {
		return false
	}
	r.taken += octets
	if vt == "" {
		return true
	}
	if r.byVT[vt] += octets; r.byVT[vt] == 0 {
		delete(r.byVT, vt)
	}
	return true
}
