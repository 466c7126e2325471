package models_test

import (
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"postern/models"
)

func tookOf(calls []int64) (t models.Took) {
	members := []*int64{
		&t.Took5, &t.Took10, &t.Took20, &t.Took35, &t.Took50, &t.Took75, &t.Took100, &t.Took200, &t.Took500, &t.Took1000, &t.Took3000, &t.TookMore,
	}
	for _, us := range calls {
		*members[models.TookColumn(us)]++
	}
	return t
}

// The percentile that counts tell lies between the same bounds as the one that
// the calls themselves tell.
func TestPercentileIsWithinTheBoundsOfTheTrueOne(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		calls := rapid.SliceOfN(rapid.Int64Range(0, 9_000_000), 1, 300).Draw(rt, "calls")
		percent := rapid.Int64Range(1, 100).Draw(rt, "percent")
		got, known := tookOf(calls).Percentile(percent, slices.Max(calls))
		sorted := slices.Sorted(slices.Values(calls))
		want := sorted[(int64(len(calls))*percent+99)/100-1]
		if !known || models.TookColumn(got.Microseconds()) != models.TookColumn(want) && got.Microseconds() != 0 {
			rt.Fatalf("p%d of %v: got %s, want about %d µs", percent, sorted, got, want)
		}
		if got > time.Duration(sorted[len(sorted)-1])*time.Microsecond {
			rt.Fatalf("p%d is %s, longer than the longest", percent, got)
		}
	})
}

func TestPercentileOfNothingIsNotKnown(t *testing.T) {
	t.Parallel()
	if d, known := (models.Took{}).Percentile(95, 0); known || d != 0 {
		t.Errorf("got %s, %t", d, known)
	}
	half := tookOf([]int64{1000}).Plus(tookOf([]int64{4_000_000, 4_000_000, 4_000_000}))
	if d, known := half.Percentile(95, 4_000_000); !known || d < 3*time.Second || d > 4*time.Second {
		t.Errorf("of slow ones: %s, %t", d, known)
	}
}
