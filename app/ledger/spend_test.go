package ledger_test

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"time"

	"postern/app/ledger"
	"postern/app/store"
	"postern/app/store/storetest"
	"postern/models"
)

// raceSpends spends one AT n times at once with different R, in turn through
// the ledgers, and returns how often each outcome came.
func raceSpends(t *testing.T, n int, atHash string, ledgers ...*ledger.Ledger) map[ledger.SpendOutcome]int {
	t.Helper()
	outcomes := make([]ledger.SpendOutcome, n)
	var all sync.WaitGroup
	start := make(chan struct{})
	for i := range n {
		all.Go(func() {
			<-start
			spent, err := ledgers[i%len(ledgers)].Spend(context.Background(), newSpend(atHash))
			if err != nil {
				t.Errorf("spend: %v", err)
			}
			outcomes[i] = spent.Outcome
		})
	}
	close(start)
	all.Wait()
	counts := map[ledger.SpendOutcome]int{}
	for _, o := range outcomes {
		counts[o]++
	}
	return counts
}

func wantOneWinner(t *testing.T, s *store.Store, n int, atHash string, counts map[ledger.SpendOutcome]int) {
	t.Helper()
	if counts[ledger.SpendFirst] != 1 || counts[ledger.SpendOtherR] != n-1 {
		t.Errorf("outcomes: got %v, want one first and %d with another R", counts, n-1)
	}
	wantCount(t, s, 1, "SELECT count(*) FROM visits WHERE at_hash = ?", atHash)
	wantCount(t, s, 1, "SELECT count(*) FROM events WHERE kind = ?", "vt.issued")
	wantCount(t, s, n-1, "SELECT count(*) FROM events WHERE kind = ? AND alarm", "at.reused")
	wantCount(t, s, 1, "SELECT count(*) FROM changes WHERE kind = ?", "visit_ended")
}

func TestOfAThousandSpendsOfOneATOneSucceeds(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		const n = 1000
		l := open(t, s)
		at := issued(t, l)
		wantOneWinner(t, s, n, at, raceSpends(t, n, at, l))
	})
}

func TestOfAThousandSpendsOnTwoNodesOneSucceeds(t *testing.T) {
	t.Parallel()
	const n = 1000
	c := storetest.PostgresConfig(t)
	one, two := storetest.Open(t, c), storetest.Open(t, c)
	a, b := open(t, one), open(t, two, func(o *ledger.Options) { o.Node = "b" })
	at := issued(t, a)
	wantOneWinner(t, one, n, at, raceSpends(t, n, at, a, b))
}

func TestManyATsRacedOnTwoNodesEachOpenOneVisit(t *testing.T) {
	t.Parallel()
	c := storetest.PostgresConfig(t)
	one, two := storetest.Open(t, c), storetest.Open(t, c)
	nodes := []*ledger.Ledger{open(t, one), open(t, two, func(o *ledger.Options) { o.Node = "b" })}

	const ats = 60
	var all sync.WaitGroup
	for range ats {
		at := issued(t, nodes[0])
		for i := range 4 {
			all.Go(func() {
				if _, err := nodes[i%2].Spend(context.Background(), newSpend(at)); err != nil {
					t.Errorf("spend: %v", err)
				}
			})
		}
	}
	all.Wait()
	wantCount(t, one, ats, "SELECT count(*) FROM visits WHERE vid <> ?", "")
	wantCount(t, one, ats, "SELECT count(DISTINCT at_hash) FROM visits WHERE vid <> ?", "")
}

func TestTwoATsUnderOneROnTwoNodesOpenOneVisit(t *testing.T) {
	t.Parallel()
	c := storetest.PostgresConfig(t)
	one, two := storetest.Open(t, c), storetest.Open(t, c)
	nodes := []*ledger.Ledger{open(t, one), open(t, two, func(o *ledger.Options) { o.Node = "b" })}

	for round := range 20 {
		outcomes := make([]ledger.SpendOutcome, 2)
		r := fmt.Sprintf("r-%d", round)
		spends := []ledger.Spend{newSpend(issued(t, nodes[0])), newSpend(issued(t, nodes[1]))}
		var both sync.WaitGroup
		for i := range nodes {
			spends[i].RHash = r
			both.Go(func() { outcomes[i] = spend(t, nodes[i], spends[i]).Outcome })
		}
		both.Wait()
		if outcomes[0]+outcomes[1] != ledger.SpendFirst+ledger.SpendRReused {
			t.Errorf("round %d: outcomes %v, want one first and one R reused", round, outcomes)
		}
	}
}

func TestSpend(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		l := open(t, s)
		for _, c := range []struct {
			name  string
			check func(*testing.T, *store.Store, *ledger.Ledger)
		}{
			{"writes the spend, the visit and the event", spendFirst},
			{"with the same R again is answered for the same visit", spendAgain},
			{"with the same R is gone a minute after the AT's end", spendAgainTooLate},
			{"with the same R is gone once the visit has ended", spendAgainAfterEnd},
			{"with another R raises an alarm and ends the first visit", spendOtherR},
			{"with an R seen with another AT spends nothing", spendReusedR},
			{"of an unknown AT is gone", spendUnknown},
			{"of a revoked AT is gone", spendRevoked},
			{"at the very end of the AT is gone", spendExpired},
			{"of an expired AT with another R raises no alarm", spendOtherRExpired},
		} {
			t.Run(c.name, func(t *testing.T) { t.Parallel(); c.check(t, s, l) })
		}
	})
}

func wantSpent(t *testing.T, got, want ledger.Spent) {
	t.Helper()
	if got != want {
		t.Errorf("got %+v, want %+v", got, want)
	}
}

func spendFirst(t *testing.T, s *store.Store, l *ledger.Ledger) {
	sp := newSpend(issued(t, l))
	wantSpent(t, spend(t, l, sp), ledger.Spent{Outcome: ledger.SpendFirst, VID: sp.Visit.VID})

	row, err := l.ATRow(t.Context(), sp.ATHash)
	if err != nil {
		t.Fatal(err)
	}
	if row.SpentAt != sp.Now || row.RHash != sp.RHash || row.VID != sp.Visit.VID {
		t.Errorf("the AT's row does not tell of the spend: %+v", row)
	}
	visit, err := l.Visit(t.Context(), sp.Visit.VID)
	want := sp.Visit
	want.ATHash = sp.ATHash
	if err != nil || visit != want {
		t.Errorf("visit: got %+v, %v, want %+v", visit, err, want)
	}
	wantCount(t, s, 1, "SELECT count(*) FROM events WHERE vid = ?", sp.Visit.VID)
}

func spendAgain(t *testing.T, s *store.Store, l *ledger.Ledger) {
	first := newSpend(issued(t, l))
	spend(t, l, first)
	again := newSpend(first.ATHash)
	again.RHash = first.RHash
	again.Now = testTime.Add(3*time.Minute - time.Millisecond).UnixMilli() // past the AT's end, within the window
	wantSpent(t, spend(t, l, again), ledger.Spent{Outcome: ledger.SpendAgain, VID: first.Visit.VID})
	wantCount(t, s, 0, "SELECT count(*) FROM visits WHERE vid = ?", again.Visit.VID)
	wantCount(t, s, 1, "SELECT count(*) FROM events WHERE vid = ? AND kind = 'vt.reissued'", first.Visit.VID)
}

func spendAgainTooLate(t *testing.T, _ *store.Store, l *ledger.Ledger) {
	first := newSpend(issued(t, l))
	spend(t, l, first)
	again := newSpend(first.ATHash)
	again.RHash, again.Now = first.RHash, testTime.Add(3*time.Minute).UnixMilli()
	wantSpent(t, spend(t, l, again), ledger.Spent{VID: first.Visit.VID, Reason: ledger.GoneVisitEnded})
}

func spendAgainAfterEnd(t *testing.T, _ *store.Store, l *ledger.Ledger) {
	first := newSpend(issued(t, l))
	spend(t, l, first)
	if ended, err := l.EndVisit(t.Context(), first.Visit.VID, "closed", first.Visit.DeadAfter, ledger.Event{Kind: "visit.closed"}); !ended || err != nil {
		t.Fatalf("end visit: %v, %v", ended, err)
	}
	again := newSpend(first.ATHash)
	again.RHash = first.RHash
	wantSpent(t, spend(t, l, again), ledger.Spent{VID: first.Visit.VID, Reason: ledger.GoneVisitEnded})
}

func spendOtherR(t *testing.T, s *store.Store, l *ledger.Ledger) {
	first := newSpend(issued(t, l))
	spend(t, l, first)
	other := newSpend(first.ATHash)
	other.Now++
	wantSpent(t, spend(t, l, other), ledger.Spent{Outcome: ledger.SpendOtherR, VID: first.Visit.VID})

	visit, err := l.Visit(t.Context(), first.Visit.VID)
	if err != nil || visit.EndedAt != other.Now || visit.EndReason != ledger.EndReasonReused {
		t.Errorf("first visit: got %+v, %v, want it ended as reused", visit, err)
	}
	wantCount(t, s, 1, "SELECT count(*) FROM events WHERE vid = ? AND kind = 'at.reused' AND outcome = 'at_spent' AND alarm", first.Visit.VID)
	wantCount(t, s, 1, "SELECT count(*) FROM changes WHERE kind = 'visit_ended' AND subject = ? AND until = ?",
		first.Visit.VID, first.Visit.DeadAfter)
	wantCount(t, s, 0, "SELECT count(*) FROM visits WHERE vid = ?", other.Visit.VID)
}

func spendReusedR(t *testing.T, s *store.Store, l *ledger.Ledger) {
	first := newSpend(issued(t, l))
	spend(t, l, first)
	other := newSpend(issued(t, l))
	r := other.RHash
	other.RHash = first.RHash
	wantSpent(t, spend(t, l, other), ledger.Spent{Outcome: ledger.SpendRReused})
	wantCount(t, s, 0, "SELECT count(*) FROM visits WHERE vid = ?", other.Visit.VID)

	other.RHash = r
	wantSpent(t, spend(t, l, other), ledger.Spent{Outcome: ledger.SpendFirst, VID: other.Visit.VID})
}

func spendUnknown(t *testing.T, _ *store.Store, l *ledger.Ledger) {
	wantSpent(t, spend(t, l, newSpend("no such hash")), ledger.Spent{Reason: ledger.GoneUnknown})
}

func spendRevoked(t *testing.T, _ *store.Store, l *ledger.Ledger) {
	at := issued(t, l)
	row, err := l.RevokeAT(t.Context(), at, testTime.UnixMilli(), ledger.Event{Kind: "at.revoked", Outcome: "ok"})
	if err != nil || row.RevokedAt != testTime.UnixMilli() {
		t.Fatalf("revoke: %+v, %v", row, err)
	}
	wantSpent(t, spend(t, l, newSpend(at)), ledger.Spent{Reason: ledger.GoneRevoked})
}

func spendExpired(t *testing.T, _ *store.Store, l *ledger.Ledger) {
	late := newSpend(issued(t, l))
	late.Now = testTime.Add(2 * time.Minute).UnixMilli()
	wantSpent(t, spend(t, l, late), ledger.Spent{Reason: ledger.GoneExpired})
	late.Now--
	wantSpent(t, spend(t, l, late), ledger.Spent{Outcome: ledger.SpendFirst, VID: late.Visit.VID})
}

func spendOtherRExpired(t *testing.T, s *store.Store, l *ledger.Ledger) {
	first := newSpend(issued(t, l))
	spend(t, l, first)
	late := newSpend(first.ATHash)
	late.Now = testTime.Add(2 * time.Minute).UnixMilli()
	wantSpent(t, spend(t, l, late), ledger.Spent{VID: first.Visit.VID, Reason: ledger.GoneExpired})
	wantCount(t, s, 0, "SELECT count(*) FROM events WHERE vid = ? AND alarm", first.Visit.VID)
}

func TestRevokingASpentATEndsItsVisitOnce(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		l := open(t, s)
		first := newSpend(issued(t, l))
		spend(t, l, first)
		for range 2 {
			row, err := l.RevokeAT(t.Context(), first.ATHash, testTime.UnixMilli(), ledger.Event{Kind: "at.revoked", Outcome: "ok"})
			if err != nil || row.RevokedAt == 0 || row.VID != first.Visit.VID {
				t.Errorf("revoke: got %+v, %v", row, err)
			}
		}
		visit, err := l.Visit(t.Context(), first.Visit.VID)
		if err != nil || visit.EndReason != ledger.EndReasonRevoked {
			t.Errorf("visit: got %+v, %v, want it ended as revoked", visit, err)
		}
		wantCount(t, s, 1, "SELECT count(*) FROM events WHERE kind = ?", "at.revoked")
		wantCount(t, s, 1, "SELECT count(*) FROM changes WHERE kind = ?", string(models.ChangeVisitEnded))
	})
}
