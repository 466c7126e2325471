package store_test

import (
	"strings"
	"testing"

	"postern/app/store"
)

// The overview asks for bounded parts of tables, by an index; what it counts it
// may sort.
func TestOverviewReadsNoWholeTable(t *testing.T) {
	t.Parallel()
	wantIndexes(t, store.OverviewSQL(), func(plan string) string {
		var kept strings.Builder
		for step := range strings.Lines(plan) {
			derived := strings.HasPrefix(step, "SCAN live") || strings.HasPrefix(step, "SCAN walked") || strings.HasPrefix(step, "SCAN counted") || strings.HasPrefix(step, "SCAN (") ||
				step == "SCAN s\n" // the begins of hours or days, one each
			if !derived && !strings.Contains(step, "TEMP B-TREE") {
				kept.WriteString(step)
			}
		}
		return wholeScan(kept.String())
	})
}
