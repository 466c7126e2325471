package ledger_test

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"postern/app/errs"
	"postern/app/ledger"
	"postern/app/ledger/crashrig"
	"postern/app/store"
	"postern/app/store/storetest"
	"postern/models"
)

// The environment of a crash child: its database.
const (
	crashDriver = "POSTERN_CRASH_DRIVER"
	crashTarget = "POSTERN_CRASH_TARGET"
)

func TestMain(m *testing.M) {
	if os.Getenv(crashDriver) != "" {
		if err := crashChild(); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		return
	}
	os.Exit(m.Run())
}

func crashConfig(driver, target string) store.Config {
	return store.Config{Driver: driver, Path: target, DSN: target, MaxConns: 4}
}

// crashChild works on the database until it is killed. Each line it writes is
// an acknowledgement: I issued, J assertion used, S spent, W write call begun.
func crashChild() error {
	ctx := context.Background()
	s, err := store.Open(ctx, crashConfig(os.Getenv(crashDriver), os.Getenv(crashTarget)))
	if err != nil {
		return err
	}
	l, err := ledger.Open(ctx, s, ledger.Options{
		Node: "a", Now: func() time.Time { return testTime }, Rand: rand.Reader, CallDelay: time.Millisecond,
	})
	if err != nil {
		return err
	}
	faults := make(chan error)
	for range 16 {
		go func() {
			for {
				if err := crashStep(ctx, l); err != nil {
					faults <- err
				}
			}
		}()
	}
	return <-faults
}

// crashStep takes one AT through its life; whatever succeeds that must not is an error.
func crashStep(ctx context.Context, l *ledger.Ledger) error {
	issue := withAssertion(newIssue(), rand.Text())
	if err := l.Issue(ctx, issue); err != nil {
		return err
	}
	fmt.Printf("I %s\nJ %s\n", issue.Row.ATHash, issue.AssertionJTI)

	sp := newSpend(issue.Row.ATHash)
	spent, err := l.Spend(ctx, sp)
	if err != nil || spent.Outcome != ledger.SpendFirst {
		return fmt.Errorf("spend: outcome %d, %w", spent.Outcome, err)
	}
	fmt.Printf("S %s %s\n", sp.ATHash, spent.VID)

	call := models.WriteCall{VID: spent.VID, JTI: rand.Text()}
	first, _, err := l.BeginWrite(ctx, call, time.Minute)
	if err != nil || !first {
		return fmt.Errorf("begin write: first %v, %w", first, err)
	}
	fmt.Printf("W %s %s\n", call.VID, call.JTI)

	if err := l.Record(models.Call{At: 1, VID: spent.VID}, nil); err != nil {
		return err
	}
	return l.EndWrite(call, models.WriteDone)
}

func TestCrashSQLite(t *testing.T) {
	t.Parallel()
	c := storetest.SQLiteConfig(t)
	crash(t, c.Driver, c.Path, crashrig.Cycles(t, 5, 50))
}

func TestCrashPostgres(t *testing.T) {
	t.Parallel()
	c := storetest.PostgresConfig(t)
	crash(t, c.Driver, c.DSN, crashrig.Cycles(t, 2, 10))
}

func crash(t *testing.T, driver, target string, cycles int) {
	t.Helper()
	opened := map[string]string{} // AT → the visit that was acknowledged, over all cycles
	crashrig.Rig{
		Cycles: cycles,
		Work:   120 * time.Millisecond,
		Start: func() *exec.Cmd {
			child := exec.CommandContext(t.Context(), os.Args[0])
			child.Env = append(os.Environ(), crashDriver+"="+driver, crashTarget+"="+target)
			return child
		},
		Check: func(lines []string) { checkSurvivors(t, crashConfig(driver, target), lines, opened) },
	}.Run(t)
}

// checkSurvivors opens the database as a restarted node and holds every
// acknowledgement of the dead child against it.
func checkSurvivors(t *testing.T, c store.Config, lines []string, opened map[string]string) {
	t.Helper()
	s, err := store.Open(t.Context(), c)
	if err != nil {
		t.Fatalf("open after the kill: %v", err)
	}
	defer s.Close()
	l, err := ledger.Open(t.Context(), s, ledger.Options{
		Node: "a", Now: func() time.Time { return testTime }, Rand: rand.Reader,
	})
	if err != nil {
		t.Fatal(err)
	}
	defer closeLedger(t, l)

	survivor := survivors{s: s, l: l, opened: opened}
	for _, line := range lines {
		survivor.check(t, strings.Fields(line))
	}
	// What is there is counted, and nothing else.
	wantCount(t, s, 0, "SELECT (SELECT count(*) FROM events) - (SELECT sum(count) FROM rollups WHERE kind <> ?)", "call")
	wantCount(t, s, 0, "SELECT (SELECT count(*) FROM calls) - (SELECT coalesce(sum(count), 0) FROM rollups WHERE kind = ?)", "call")
	// What was not acknowledged is there as a whole or not at all.
	for _, whole := range []string{
		"SELECT (SELECT count(*) FROM at_rows) - (SELECT count(*) FROM events WHERE kind = ?)",
		"SELECT (SELECT count(*) FROM assertion_jtis) - (SELECT count(*) FROM events WHERE kind = ?)",
	} {
		wantCount(t, s, 0, whole, "at.issued")
	}
	wantCount(t, s, 0, "SELECT (SELECT count(*) FROM visits) - (SELECT count(*) FROM events WHERE kind = ?)", "vt.issued")
	wantCount(t, s, 0, "SELECT (SELECT count(*) FROM visits) - (SELECT count(*) FROM at_rows WHERE spent_at <> 0 AND vid <> ?)", "")
	wantCount(t, s, 0, "SELECT (SELECT count(DISTINCT at_hash) FROM visits) - (SELECT count(*) FROM visits WHERE vid <> ?)", "")
}

type survivors struct {
	s      *store.Store
	l      *ledger.Ledger
	opened map[string]string
	seen   map[string]int
}

// replaysEach is how many acknowledgements of a kind are tried again through
// the ledger after each kill; all are looked up.
const replaysEach = 25

func (v *survivors) check(t *testing.T, words []string) {
	t.Helper()
	if v.seen == nil {
		v.seen = map[string]int{}
	}
	v.seen[words[0]]++
	replay := v.seen[words[0]] <= replaysEach
	switch words[0] {
	case "I":
		if _, err := v.l.ATRow(t.Context(), words[1]); err != nil {
			t.Errorf("issued AT %s: %v", words[1], err)
		}
	case "J":
		v.checkAssertion(t, words[1], replay)
	case "S":
		v.checkSpend(t, words[1], words[2], replay)
	case "W":
		v.checkWrite(t, words[1], words[2], replay)
	default:
		t.Errorf("the child wrote %q", words)
	}
}

func (v *survivors) checkAssertion(t *testing.T, jti string, replay bool) {
	t.Helper()
	wantCount(t, v.s, 1, "SELECT count(*) FROM assertion_jtis WHERE jti = ?", jti)
	if !replay {
		return
	}
	if err := v.l.Issue(t.Context(), withAssertion(newIssue(), jti)); !errors.Is(err, ledger.ErrAssertionReplayed) {
		t.Errorf("assertion %s of before the kill: got %v, want it refused", jti, err)
	}
}

func (v *survivors) checkSpend(t *testing.T, atHash, vid string, replay bool) {
	t.Helper()
	if before, ok := v.opened[atHash]; ok && before != vid {
		t.Errorf("AT %s opened visits %s and %s", atHash, before, vid)
	}
	v.opened[atHash] = vid
	visit, err := v.l.Visit(t.Context(), vid)
	if err != nil || visit.ATHash != atHash {
		t.Errorf("visit %s: got %+v, %v", vid, visit, err)
	}
	if !replay {
		return
	}
	spent, err := v.l.Spend(t.Context(), newSpend(atHash))
	if err != nil || spent != (ledger.Spent{Outcome: ledger.SpendOtherR, VID: vid}) {
		t.Errorf("spending %s again after the kill: got %+v, %v", atHash, spent, err)
	}
}

func (v *survivors) checkWrite(t *testing.T, vid, jti string, replay bool) {
	t.Helper()
	wantCount(t, v.s, 1, "SELECT count(*) FROM write_calls WHERE vid = ? AND jti = ?", vid, jti)
	if !replay {
		return
	}
	first, state, err := v.l.BeginWrite(t.Context(), models.WriteCall{VID: vid, JTI: jti}, time.Hour)
	if err != nil || first || state == models.WriteRunning {
		t.Errorf("write call %s of before the kill: first %v, state %q, %v (%v)", jti, first, state, err, errs.KindOf(err))
	}
}
