package limit

import (
	"hash/maphash"
	"strings"
	"sync"
	"time"
)

const (
	// shardCount spreads the locks. Two cores rarely meet on one of sixteen.
	shardCount = 16
	// shardedFrom is the table size below which one shard is used, so that a
	// small table does not fill unevenly.
	shardedFrom = 1024
	// sweep is how many slots a newcomer to a full shard looks at for an idle
	// one: bounded work, and the hand moves on, so every slot has its turn.
	sweep = 8
)

// Buckets limits how often each of many keys may do something: one token
// bucket a key. It is safe for concurrent use.
//
// The table holds at most the keys it was made for. A key is idle when its
// bucket is full again; forgetting it then changes nothing, and newcomers take
// the places of idle keys. When a newcomer finds the table full of busy keys it
// shares one common bucket with the other newcomers. So a flood of keys can slow
// newcomers down, but it never lifts a limit and never costs more memory.
type Buckets struct {
	seed   maphash.Seed // spreads keys over shards; guards nothing secret
	shards []shard
}

// shard is one lock with its part of the table.
type shard struct {
	mu       sync.Mutex
	index    map[string]int32 // key to its place in slots
	slots    []slot
	limit    int
	hand     int   // where the next sweep starts
	overflow int64 // the common bucket of newcomers to a full table
}

// slot is one key's bucket. full is the Unix time in nanoseconds at which the
// bucket will be full again.
type slot struct {
	key  string
	full int64
}

// NewBuckets returns an empty table for at most maxKeys keys; below one counts
// as one. A key costs its own length and about 80 octets.
func NewBuckets(maxKeys int) *Buckets {
	maxKeys = max(maxKeys, 1)
	count := 1
	if maxKeys >= shardedFrom {
		count = shardCount
	}

	b := &Buckets{seed: maphash.MakeSeed(), shards: make([]shard, count)}
	for i := range b.shards {
		b.shards[i].limit = maxKeys / count
		b.shards[i].index = make(map[string]int32)
	}

	return b
}

// Take takes one token from key's bucket, which r describes. When there is none
// it takes nothing and returns how long until there is one. Callers keep keys
// short and give one key the same r each time; where r was lowered the bucket
// counts as empty, never as less than empty.
//
// A Rate that allows nothing answers with a wait of one hour: there is no time
// to name.
func (b *Buckets) Take(key string, r Rate, now time.Time) (ok bool, retryAfter time.Duration) {
	if r.Unlimited() {
		return true, 0
	}
	step, depth, valid := r.spacing()
	if !valid {
		return false, time.Hour
	}

	s, at := b.shard(key), now.UnixNano()
	s.mu.Lock()
	defer s.mu.Unlock()

	full := s.bucket(key, at)
	left := advance(full, step, depth, at)
	if left > 0 {
		return false, left
	}
	*full += step

	return true, 0
}

// look returns what Take would answer, and takes nothing.
func (b *Buckets) look(key string, r Rate, now time.Time) (ok bool, retryAfter time.Duration) {
	if r.Unlimited() {
		return true, 0
	}
	step, depth, valid := r.spacing()
	if !valid {
		return false, time.Hour
	}

	s, at := b.shard(key), now.UnixNano()
	s.mu.Lock()
	defer s.mu.Unlock()

	left := advance(s.peek(key), step, depth, at)

	return left <= 0, max(left, 0)
}

// Len is how many keys the table holds now, idle ones included; for metrics.
func (b *Buckets) Len() int {
	total := 0
	for i := range b.shards {
		b.shards[i].mu.Lock()
		total += len(b.shards[i].slots)
		b.shards[i].mu.Unlock()
	}

	return total
}

// shard returns the part of the table that key belongs to.
func (b *Buckets) shard(key string) *shard {
	if len(b.shards) == 1 {
		return &b.shards[0]
	}

	return &b.shards[maphash.String(b.seed, key)%uint64(len(b.shards))]
}

// bucket finds key's bucket or makes one. The caller holds the lock and does
// not keep the pointer past it.
func (s *shard) bucket(key string, now int64) *int64 {
	if i, found := s.index[key]; found {
		return &s.slots[i].full
	}
	if len(s.slots) < s.limit {
		s.slots = append(s.slots, slot{})
		return s.settle(len(s.slots)-1, key, 0)
	}

	for range min(sweep, len(s.slots)) {
		i := s.hand
		s.hand = (s.hand + 1) % len(s.slots)
		if s.slots[i].full <= now {
			delete(s.index, s.slots[i].key)
			// What key took as a newcomer is part of the common bucket: starting
			// from that state it gets nothing twice.
			return s.settle(i, key, s.overflow)
		}
	}

	return &s.overflow
}

// settle gives place i to key, with a bucket that will be full at full.
func (s *shard) settle(i int, key string, full int64) *int64 {
	key = strings.Clone(key) // a key is often part of a request that must not live on
	s.slots[i] = slot{key: key, full: full}
	s.index[key] = int32(i)

	return &s.slots[i].full
}

// peek finds the bucket that key would draw from, without making one.
func (s *shard) peek(key string) *int64 {
	if i, found := s.index[key]; found {
		return &s.slots[i].full
	}
	if len(s.slots) < s.limit {
		return new(int64)
	}

	return &s.overflow
}
