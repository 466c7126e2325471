package recordview

import (
	"slices"

	"postern/app/store"
	"postern/models"
)

// Tally is what was counted of one kind in a time.
type Tally struct{ All, Refused int64 }

// OK is what was not refused.
func (t Tally) OK() int64 { return t.All - t.Refused }

// Add counts more.
func (t *Tally) Add(n store.Traffic) { t.All, t.Refused = t.All+n.Count, t.Refused+n.Refused }

// Series is what was counted, by bucket and kind.
type Series map[int64]map[models.RollupKind]*Tally

// At is the tally of a kind in a bucket, to be added to.
func (all Series) At(bucket int64, kind models.RollupKind) *Tally {
	if all[bucket] == nil {
		all[bucket] = map[models.RollupKind]*Tally{}
	}
	if all[bucket][kind] == nil {
		all[bucket][kind] = &Tally{}
	}
	return all[bucket][kind]
}

// Sum adds up a kind over buckets; no kind is every kind.
func (all Series) Sum(buckets []int64, kinds ...models.RollupKind) (t Tally) {
	for _, b := range buckets {
		for kind, n := range all[b] {
			if len(kinds) == 0 || slices.Contains(kinds, kind) {
				t.All, t.Refused = t.All+n.All, t.Refused+n.Refused
			}
		}
	}
	return t
}

// Line is one value for each bucket.
func (all Series) Line(buckets []int64, of func(bucket int64) int64) []float64 {
	values := make([]float64, len(buckets))
	for i, b := range buckets {
		values[i] = float64(of(b))
	}
	return values
}
