package traffic

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"
)

// tally counts how visits ended since its last line.
type tally struct {
	mu     sync.Mutex
	visits int
	failed int            // ended neither well nor with a refusal
	codes  map[string]int // how often each wire code ended a visit
}

// add counts a visit that ended with a wire code, or with err and none.
func (t *tally) add(code string, err error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.visits++
	switch {
	case code != "":
		if t.codes == nil {
			t.codes = map[string]int{}
		}
		t.codes[code]++
	case err != nil:
		t.failed++
	}
}

// line sums up and begins anew, e.g. "traffic: 14 visits, 5 refused (at_spent
// 3, no_route 2)"; the most frequent code is named first.
func (t *tally) line() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	codes := slices.SortedFunc(maps.Keys(t.codes), func(a, b string) int {
		return cmp.Or(cmp.Compare(t.codes[b], t.codes[a]), cmp.Compare(a, b))
	})
	refused, named := 0, make([]string, 0, len(codes))
	for _, code := range codes {
		refused += t.codes[code]
		named = append(named, fmt.Sprintf("%s %d", code, t.codes[code]))
	}
	var b strings.Builder
	fmt.Fprintf(&b, "traffic: %d visits, %d refused", t.visits, refused)
	if refused > 0 {
		fmt.Fprintf(&b, " (%s)", strings.Join(named, ", "))
	}
	if t.failed > 0 {
		fmt.Fprintf(&b, ", %d failed", t.failed)
	}
	t.visits, t.failed, t.codes = 0, 0, nil
	return b.String()
}

// report writes a line to Out every Every until ctx ends.
func (t *Traffic) report(ctx context.Context) {
	ticker := time.NewTicker(t.o.Every)
	defer ticker.Stop()
	for {
		select {
		case <-ticker.C:
			if _, err := io.WriteString(t.o.Out, t.tally.line()+"\n"); err != nil {
				t.o.Log.WarnContext(ctx, "traffic not summed up", slog.Any("err", err))
				return
			}
		case <-ctx.Done():
			return
		}
	}
}
