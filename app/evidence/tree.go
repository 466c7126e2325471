package evidence

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"

	"golang.org/x/mod/sumdb/tlog"

	"postern/app/store"
	"postern/models"
)

// tileHeight makes tiles of 256 hashes, 8 KiB: as C2SP tlog-tiles has them.
const tileHeight = 8

// batch is how many events are added to the tree at once; how many hashes are
// written with them is a few tiles.
const batch = 500

// ErrTree says that the tree in the database is damaged: what it cannot be by this
// program's own doing.
var ErrTree = errors.New("the tree over the events is damaged")

// reader reads hashes of the tree from its tiles; each tile once. It is used by one
// goroutine, for one piece of work.
type reader struct {
	ctx   context.Context
	store *store.Store
	tiles map[[2]int64][]byte
	added map[int64]tlog.Hash // that are in no tile yet, by their storage index
}

func newReader(ctx context.Context, s *store.Store) *reader {
	return &reader{ctx: ctx, store: s, tiles: map[[2]int64][]byte{}, added: map[int64]tlog.Hash{}}
}

// ReadHashes is tlog.HashReader.
func (r *reader) ReadHashes(indexes []int64) ([]tlog.Hash, error) {
	list := make([]tlog.Hash, len(indexes))
	for i, index := range indexes {
		if h, ok := r.added[index]; ok {
			list[i] = h
			continue
		}
		var err error
		if list[i], err = r.stored(index); err != nil {
			return nil, err
		}
	}
	return list, nil
}

func (r *reader) stored(index int64) (tlog.Hash, error) {
	t := tlog.TileForIndex(tileHeight, index)
	data, err := r.tile(int64(t.L), t.N)
	if err != nil {
		return tlog.Hash{}, err
	}
	if t.W > len(data)/tlog.HashSize {
		return tlog.Hash{}, fmt.Errorf("%w: tile %d of level %d is too short", ErrTree, t.N, t.L)
	}
	t.W = min(len(data)/tlog.HashSize, 1<<tileHeight)
	return tlog.HashFromTile(t, data, index)
}

// tile reads the hashes of a tile; none where there is no such tile.
func (r *reader) tile(level, number int64) ([]byte, error) {
	key := [2]int64{level, number}
	if data, ok := r.tiles[key]; ok {
		return data, nil
	}
	row, _, err := r.store.Tile(r.ctx, level, number)
	if err != nil {
		return nil, err
	}
	r.tiles[key] = row.Hashes
	return row.Hashes, nil
}

// leaf is the hash that the tree has for the event with a number; found is false
// where the tree has none.
func (r *reader) leaf(seq int64) (h tlog.Hash, found bool, err error) {
	n := seq - 1
	number := n >> tileHeight
	if _, kept := r.tiles[[2]int64{0, number}]; !kept {
		clear(r.tiles) // who walks along the leaves comes to each tile once
	}
	data, err := r.tile(0, number)
	at := int(n-number<<tileHeight) * tlog.HashSize
	if err != nil || len(data) < at+tlog.HashSize {
		return h, false, err
	}
	return tlog.Hash(data[at : at+tlog.HashSize]), true, nil
}

// rootOf is the tree hash over the first size events, as the tiles have it.
func rootOf(ctx context.Context, s *store.Store, size int64) (tlog.Hash, error) {
	return tlog.TreeHash(size, newReader(ctx, s))
}

// grow adds the next events to the tree and returns how many. Everything is read and
// hashed before the transaction, which takes place only if the tree is still as it
// was: so there is one order, however many nodes add to it.
func grow(ctx context.Context, s *store.Store) (int, error) {
	from, err := s.TreeSize(ctx)
	if err != nil {
		return 0, err
	}
	events, err := s.EventsAfter(ctx, from, batch)
	if err != nil || len(events) == 0 {
		return 0, err
	}
	tiles, err := grown(newReader(ctx, s), from, events)
	if err != nil {
		return 0, fmt.Errorf("grow tree beyond %d: %w", from, err)
	}
	err = s.Write(ctx, func(tx *store.Tx) error {
		_, err := tx.GrowTree(from, from+int64(len(events)), tiles)
		return err
	})
	if err != nil {
		return 0, err
	}
	return len(events), nil
}

// grown are the tiles that are different once events were added to a tree of a size.
func grown(r *reader, from int64, events []models.Event) ([]models.Tile, error) {
	for i, e := range events {
		n := from + int64(i)
		if e.Seq == nil || *e.Seq != n+1 {
			return nil, fmt.Errorf("%w: no event has the number %d", ErrTree, n+1)
		}
		// The hash that the ledger wrote with the event, not one of what the row says by
		// now: the check finds where they differ, and the tree must not wait for that.
		leaf, err := leafOf(e)
		if err != nil {
			return nil, err
		}
		hashes, err := tlog.StoredHashesForRecordHash(n, leaf, r)
		if err != nil {
			return nil, err
		}
		for j, h := range hashes {
			r.added[tlog.StoredHashIndex(0, n)+int64(j)] = h
		}
	}
	var tiles []models.Tile
	for _, t := range tlog.NewTiles(tileHeight, from, from+int64(len(events))) {
		data, err := tlog.ReadTileData(t, r)
		if err != nil {
			return nil, err
		}
		tiles = append(tiles, models.Tile{Level: int64(t.L), Number: t.N, Hashes: data})
	}
	return tiles, nil
}

// leafOf is the leaf hash that an event's row has.
func leafOf(e models.Event) (h tlog.Hash, err error) {
	b, err := base64.RawURLEncoding.DecodeString(e.LeafHash)
	if err != nil || len(b) != tlog.HashSize {
		return h, fmt.Errorf("%w: event %s has no leaf hash", ErrTree, e.ID)
	}
	return tlog.Hash(b), nil
}
