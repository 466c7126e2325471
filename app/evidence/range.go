package evidence

import (
	"fmt"
	"math/bits"

	"golang.org/x/mod/sumdb/tlog"
)

// frontier is what has to be remembered of a tree to add leaves at its end and tell
// its hash: the hashes of its whole subtrees, the largest first.
type frontier struct {
	size   int64
	hashes []tlog.Hash
}

// add puts one leaf behind the others.
func (f *frontier) add(leaf tlog.Hash) {
	h := leaf
	for range bits.TrailingZeros64(^uint64(f.size)) { // subtrees of equal size become one
		last := len(f.hashes) - 1
		h = tlog.NodeHash(f.hashes[last], h)
		f.hashes = f.hashes[:last]
	}
	f.hashes = append(f.hashes, h)
	f.size++
}

// root is the tree hash (RFC 6962 section 2.1).
func (f *frontier) root() tlog.Hash {
	if f.size == 0 {
		root, _ := tlog.TreeHash(0, nil) // of no leaf; it reads nothing
		return root
	}
	h := f.hashes[len(f.hashes)-1]
	for i := len(f.hashes) - 2; i >= 0; i-- {
		h = tlog.NodeHash(f.hashes[i], h)
	}
	return h
}

// octets is how a frontier is kept: 32 octets for each hash.
func (f *frontier) octets() []byte {
	b := make([]byte, 0, len(f.hashes)*tlog.HashSize)
	for _, h := range f.hashes {
		b = append(b, h[:]...)
	}
	return b
}

// frontierOf reads one that was kept.
func frontierOf(size int64, octets []byte) (frontier, error) {
	if want := bits.OnesCount64(uint64(size)) * tlog.HashSize; size < 0 || len(octets) != want {
		return frontier{}, fmt.Errorf("the hashes up to %d take %d octets, not %d", size, want, len(octets))
	}
	f := frontier{size: size}
	for ; len(octets) > 0; octets = octets[tlog.HashSize:] {
		f.hashes = append(f.hashes, tlog.Hash(octets[:tlog.HashSize]))
	}
	return f, nil
}
