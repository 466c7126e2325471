package ledger_test

import (
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"postern/app/ledger"
	"postern/app/store"
	"postern/app/store/storetest"
)

func TestAnIssuedATIsRememberedUntilSomebodySpendsOrRevokesIt(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		l := open(t, s)
		for name, use := range map[string]func(atHash string) error{
			"spent": func(atHash string) error { _, err := l.Spend(t.Context(), newSpend(atHash)); return err },
			"revoked": func(atHash string) error {
				_, err := l.RevokeAT(t.Context(), atHash, testTime.UnixMilli(), ledger.Event{Kind: "at.revoked", Outcome: "ok"})
				return err
			},
		} {
			atHash := issued(t, l)
			onDisk, err := l.ATRow(t.Context(), atHash)
			if err != nil {
				t.Fatal(err)
			}
			remembered, ok := l.Recent(atHash)
			if diff := cmp.Diff(onDisk, remembered); !ok || diff != "" {
				t.Errorf("before it is %s: remembered %v, other than on disk:\n%s", name, ok, diff)
			}
			if err := use(atHash); err != nil {
				t.Fatal(err)
			}
			if _, ok := l.Recent(atHash); ok {
				t.Errorf("an AT that was %s is remembered", name)
			}
		}
	})
}

func TestARefusedIssueIsNotRemembered(t *testing.T) {
	t.Parallel()
	l := open(t, storetest.SQLite(t))
	if err := l.Issue(t.Context(), withAssertion(newIssue(), "once")); err != nil {
		t.Fatal(err)
	}
	again := withAssertion(newIssue(), "once")
	if err := l.Issue(t.Context(), again); err == nil {
		t.Fatal("a replayed assertion got an AT")
	}
	if _, ok := l.Recent(again.Row.ATHash); ok {
		t.Error("an AT that was never issued is remembered")
	}
}

func TestTheOldestIssuedATsMakeRoom(t *testing.T) {
	t.Parallel()
	l := open(t, storetest.SQLite(t))
	first := issued(t, l)
	var issues sync.WaitGroup
	for range 32 {
		issues.Go(func() {
			for range 128 {
				issued(t, l)
			}
		})
	}
	issues.Wait()
	if _, ok := l.Recent(first); ok {
		t.Error("an AT is remembered after 4,096 others")
	}
	if _, ok := l.Recent(issued(t, l)); !ok {
		t.Error("the newest AT is not remembered")
	}
}
