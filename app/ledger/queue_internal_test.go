package ledger

import (
	"testing"
	"time"
)

func TestCallersDoNotStarveRecordsThatAreDue(t *testing.T) {
	t.Parallel()
	q := newQueue(100, 16, time.Hour)
	for range 40 {
		q.push(&eventEntry{})
	}
	for range 3 {
		q.pushLater(&eventEntry{})
	}
	if taken, callers := q.take(); len(taken) != 16 || callers != 16 {
		t.Fatalf("before they are due: %d entries, %d of callers", len(taken), callers)
	}
	q.tick()
	if taken, callers := q.take(); len(taken) != 16 || callers != 14 {
		t.Errorf("when they are due: %d entries, %d of callers, want 16 and 14", len(taken), callers)
	}
	if taken, callers := q.take(); len(taken) != 11 || callers != 10 {
		t.Errorf("then: %d entries, %d of callers, want the rest", len(taken), callers)
	}
}
