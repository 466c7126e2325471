package evidence

import (
	"context"

	"golang.org/x/mod/sumdb/tlog"

	"postern/app/store"
)

// GrowOnce adds the next batch of events to the tree.
func GrowOnce(ctx context.Context, s *store.Store) (int, error) { return grow(ctx, s) }

// RootOf is the tree hash as the tiles have it.
func RootOf(ctx context.Context, s *store.Store, size int64) (tlog.Hash, error) {
	return rootOf(ctx, s, size)
}

// Frontier is what a walk remembers of the tree.
type Frontier struct{ frontier }

// Add, Root and Octets are the frontier's own.
func (f *Frontier) Add(leaf tlog.Hash) { f.add(leaf) }
func (f *Frontier) Root() tlog.Hash    { return f.root() }
func (f *Frontier) Octets() []byte     { return f.octets() }

// FrontierOf reads one that was kept.
func FrontierOf(size int64, octets []byte) (Frontier, error) {
	f, err := frontierOf(size, octets)
	return Frontier{f}, err
}
