package ledger_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"postern/app/errs"
	"postern/app/ledger"
	"postern/app/store"
	"postern/app/store/storetest"
	"postern/models"
)

func TestRecordsAreCommittedInTime(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		l := open(t, s)
		shape := &models.Shape{ID: "shape", Canonical: "keep:a", FirstSeen: 1}
		const n = 700
		for i := range n {
			if err := l.Record(models.Call{At: 1, VID: "v", RequestID: fmt.Sprint(i), Status: 200, ShapeID: shape.ID}, shape); err != nil {
				t.Fatal(err)
			}
		}
		if err := l.Refuse(ledger.Event{Kind: "at.refused", Outcome: "invalid_client", Reason: "unknown_client"}); err != nil {
			t.Fatal(err)
		}
		// Nobody flushes here: the ledger's own timer commits the last of them.
		wait := pause(t)
		for count(t, s, "SELECT count(*) FROM events WHERE kind = ?", "at.refused") == 0 {
			wait()
		}
		wantCount(t, s, n, "SELECT count(*) FROM calls WHERE shape_id = ? AND status = 200", "shape")
		wantCount(t, s, 1, "SELECT count(*) FROM shapes WHERE canonical = ?", "keep:a")
	})
}

func TestADurableRecordIsThereOnReturn(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		l := open(t, s, func(o *ledger.Options) { o.CallDelay = 200 * time.Millisecond })
		call := models.Call{
			ID: "c", At: 2, VID: "v", RequestID: "r", PartnerID: "p", ApplicationID: "a", ServiceID: "s",
			RouteID: "route", Method: "GET", Status: 200, Duration: 7, UpstreamTime: 5, BytesIn: 3, BytesOut: 4,
		}
		if err := l.RecordNow(t.Context(), call, nil); err != nil {
			t.Fatal(err)
		}
		wantCount(t, s, 1, `SELECT count(*) FROM calls WHERE id = ? AND at = 2 AND vid = 'v' AND request_id = 'r' AND
			partner_id = 'p' AND application_id = 'a' AND service_id = 's' AND route_id = 'route' AND method = 'GET' AND
			status = 200 AND duration = 7 AND upstream_time = 5 AND bytes_in = 3 AND bytes_out = 4`, "c")
	})
}

func TestCloseCommitsWhatIsQueued(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		l, err := ledger.Open(t.Context(), s, ledger.Options{
			Node: "a", Now: func() time.Time { return testTime }, Rand: zeros{}, CallDelay: 200 * time.Millisecond,
		})
		if err != nil {
			t.Fatal(err)
		}
		for i := range 10 {
			if err := l.Record(models.Call{ID: fmt.Sprint(i), At: 1, VID: "v"}, nil); err != nil {
				t.Fatal(err)
			}
		}
		closeLedger(t, l)
		wantCount(t, s, 10, "SELECT count(*) FROM calls WHERE vid = ?", "v")
		if err := l.Append(t.Context(), ledger.Event{Kind: "late", Outcome: "ok"}); !errors.Is(err, ledger.ErrUnavailable) {
			t.Errorf("append after close: got %v, want unavailable", err)
		}
	})
}

// zeros is a random source for tests in which nothing has to be unique.
type zeros struct{}

func (zeros) Read(p []byte) (int, error) { clear(p); return len(p), nil }

func TestFullQueue(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		const capacity = 4
		held, release := make(chan struct{}), make(chan struct{})
		var once sync.Once
		l := open(t, s, func(o *ledger.Options) {
			o.Queue, o.MaxGroup = capacity, 1
			o.BeforeCommit = func() { once.Do(func() { close(held) }); <-release }
		})
		e := ledger.Event{Kind: "test", Outcome: "ok"}
		var all sync.WaitGroup
		all.Go(func() {
			if err := l.Append(context.Background(), e); err != nil {
				t.Errorf("append: %v", err)
			}
		})
		<-held
		for range capacity {
			if err := l.Refuse(e); err != nil {
				t.Errorf("refuse: %v", err)
			}
		}
		if queued, of := l.Depth(); queued != capacity || of != capacity {
			t.Errorf("depth: got %d of %d, want %d of %d", queued, of, capacity, capacity)
		}
		if err := l.Record(models.Call{VID: "v"}, nil); !errors.Is(err, ledger.ErrUnavailable) {
			t.Errorf("record into a full queue: got %v, want unavailable", err)
		}

		// A caller who leaves is told at once that nothing is certain.
		gone, leave := context.WithCancel(t.Context())
		leave()
		if err := l.Append(gone, e); errs.KindOf(err) != errs.Unavailable || !errors.Is(err, context.Canceled) {
			t.Errorf("append of a caller who left: got %v", err)
		}
		close(release)
		all.Wait()
	})
}

func TestVisits(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		l := open(t, s)
		first := newSpend(issued(t, l))
		vid := spend(t, l, first).VID
		bound := ledger.Event{Kind: "customer.bound", Outcome: "ok", VID: vid}
		if err := l.BindCustomer(t.Context(), vid, ledger.Customer{Sealed: "customer-1", MAC: "mac-1", AuthTime: 77}, bound); err != nil {
			t.Fatal(err)
		}
		if v, err := l.Visit(t.Context(), vid); err != nil || v.CustomerSealed != "customer-1" || v.CustomerMAC != "mac-1" || v.AuthTime != 77 {
			t.Errorf("visit: got %+v, %v", v, err)
		}
		closed := ledger.Event{Kind: "visit.closed", Outcome: "ok", VID: vid}
		for _, want := range []bool{true, false} {
			if ended, err := l.EndVisit(t.Context(), vid, "closed", 99, closed); ended != want || err != nil {
				t.Errorf("end: got %v, %v, want %v", ended, err, want)
			}
		}
		wantCount(t, s, 1, "SELECT count(*) FROM events WHERE kind = ?", "visit.closed")
		wantCount(t, s, 1, "SELECT count(*) FROM changes WHERE subject = ? AND until = 99 AND kind = 'visit_ended'", vid)
		if err := l.BindCustomer(t.Context(), vid, ledger.Customer{Sealed: "customer-2", AuthTime: 78}, bound); errs.KindOf(err) != errs.NotFound {
			t.Errorf("bind to an ended visit: got %v, want not found", err)
		}
		if _, err := l.RevokeAT(t.Context(), "no such hash", 1, closed); errs.KindOf(err) != errs.NotFound {
			t.Errorf("revoke an unknown AT: got %v, want not found", err)
		}
	})
}
