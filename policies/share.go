package policies

import (
	"cmp"
	"crypto/sha256"
	"encoding/binary"
	"hash"
	"maps"
	"runtime"
	"slices"
	"strings"
	"sync"
	"weak"
)

// sharer keeps one copy of equal answers. Most applications hold one of a few sets of scopes, so
// a hundred thousand tables have a few hundred different contents: kept once, they fit the
// processor's cache, and a decision for an application not seen for long costs half.
//
// Every table's answers have still been asked for its own application; only what came out equal
// is shared. The pointers are weak: what no table uses any more is collected.
type sharer struct {
	mu    sync.Mutex
	known map[contentID]weak.Pointer[answers]
}

type contentID [sha256.Size]byte

// share returns the answers already known with the content of fresh, or fresh itself.
func (s *sharer) share(fresh *answers) *answers {
	id := fresh.content()

	s.mu.Lock()
	defer s.mu.Unlock()
	if known := s.known[id].Value(); known != nil {
		return known
	}
	s.known[id] = weak.Make(fresh)
	runtime.AddCleanup(fresh, s.forget, id)
	return fresh
}

// forget removes an entry whose answers are gone, unless equal ones have come in between.
func (s *sharer) forget(id contentID) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.known[id].Value() == nil {
		delete(s.known, id)
	}
}

// content identifies the answers by the SHA-256 of everything in them, in one order, each text
// after its length.
func (a *answers) content() contentID {
	permissions := slices.SortedFunc(maps.Keys(a.byPermission), func(p, q Permission) int {
		return cmp.Or(strings.Compare(p.Resource, q.Resource), strings.Compare(p.Action, q.Action))
	})

	digest := sha256.New()
	writeNumber(digest, len(a.scopes))
	for _, scope := range a.scopes {
		writeText(digest, scope)
	}
	for _, permission := range permissions {
		found := a.byPermission[permission]
		writeText(digest, permission.Resource)
		writeText(digest, permission.Action)
		writeText(digest, found.rule)
		if found.allowed {
			writeText(digest, effectAllow)
		} else {
			writeText(digest, effectDeny)
		}
		writeNumber(digest, len(found.allowing))
		for _, by := range found.allowing {
			writeText(digest, by.scope)
			writeText(digest, by.rule)
		}
	}
	return contentID(digest.Sum(nil))
}

func writeNumber(digest hash.Hash, n int) {
	var octets [8]byte
	binary.BigEndian.PutUint64(octets[:], uint64(n))
	digest.Write(octets[:])
}

func writeText(digest hash.Hash, text string) {
	writeNumber(digest, len(text))
	digest.Write([]byte(text))
}
