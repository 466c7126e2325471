package apptest_test

import (
	"context"
	"math/rand/v2"
	"os"
	"strconv"
	"sync"
	"testing"
	"time"

	"postern/app"
	"postern/app/apptest"
	"postern/app/authority"
	"postern/app/keyring"
	"postern/app/limit"
	"postern/app/store"
	"postern/app/store/storetest"
	"postern/models"
)

// rotationCycles is how often every kind of key is rotated: what the variable
// says, or else few.
func rotationCycles(t *testing.T) int {
	t.Helper()
	if set := os.Getenv("POSTERN_ROTATION_CYCLES"); set != "" {
		n, err := strconv.Atoi(set)
		if err != nil || n < 1 {
			t.Fatalf("POSTERN_ROTATION_CYCLES=%q is not a positive number", set)
		}
		return n
	}
	if testing.Short() {
		return 1
	}
	return 3
}

// The clock's steps: none makes a node's feed older than it may be, and a cycle
// of them is longer than a key waits for its first use.
const (
	clockStep  = 4900 * time.Millisecond
	cycleSteps = int(keyring.PublishBefore/clockStep) + 2
	// lastMoment is before the end of something: a round sees the clock take one
	// step at most, and may have missed one.
	lastMoment = 3 * clockStep
)

// deep is a rate that no visitor reaches, though a request whose clock is a step
// behind the last one's finds fewer tokens.
var deep = limit.Rate{PerSecond: 1000, Burst: 1e6}

// TestRotationUnderLoadRefusesNobody runs two nodes on one database under
// visits of every age, while each kind of key is rotated again and again: ATs
// that are spent in their last moment, answers that are asked for again, VTs
// that are renewed when they have expired, pages that never fetch the JWKS
// before their copy of it is 300 s old.
func TestRotationUnderLoadRefusesNobody(t *testing.T) {
	t.Parallel()
	for name, open := range map[string]func(testing.TB) store.Config{"SQLite": storetest.SQLiteConfig, "PostgreSQL": storetest.PostgresConfig} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			rotateUnderLoad(t, open(t), rotationCycles(t))
		})
	}
}

func rotateUnderLoad(t *testing.T, c store.Config, cycles int) {
	t.Helper()
	first := apptest.New(t, c, apptest.Options{
		Config: func(c *app.Config) {
			c.Rates = authority.Rates{AT: deep, VT: deep, Call: deep, Visit: deep}
		},
		Seed: func(s *apptest.Seed) {
			s.Applications[0].ATLifetime = 600 // the longest that there are
			s.Services[0].MaxAge = 9000
		},
	})
	nodes := []*apptest.World{first, first.Node()}
	early := first.NewPage(first.AT(apptest.Travel, nil))
	body := early.Exchange(nil)
	early.Open()

	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	var visitors []*visitor
	var running sync.WaitGroup
	for i := range 3 {
		v := &visitor{nodes: nodes, random: rand.New(rand.NewPCG(uint64(i), 7)), round: make(chan struct{})}
		visitors = append(visitors, v)
		running.Go(func() { v.run(ctx) })
	}
	rotations := 0
	for range cycles {
		rotations += rotateAll(t, nodes, visitors)
	}
	stop()
	running.Wait()
	requests := 0
	for _, v := range visitors {
		requests += v.requests
		for _, fault := range v.faults[:min(len(v.faults), 5)] {
			t.Error(fault)
		}
	}
	t.Logf("%d rotations under %d requests, in %s of the clock", rotations, requests, time.Duration(cycles*cycleSteps)*clockStep)
	refusedAfterwards(t, first, early, body)
}

// rotateAll rotates every kind once, one after the other, while the clock goes
// on and every visitor makes a round at each of its steps.
func rotateAll(t *testing.T, nodes []*apptest.World, visitors []*visitor) int {
	t.Helper()
	kinds := []keyring.Kind{keyring.KindOf(models.TicketKey, "")}
	for _, env := range []models.Environment{models.Sandbox, models.Production} {
		kinds = append(kinds, keyring.KindOf(models.ApplicationKey, env), keyring.KindOf(models.SigningKey, env))
	}
	rotated := 0
	for step := range cycleSteps {
		if step%(cycleSteps/len(kinds)) == 0 && rotated < len(kinds) {
			if _, err := nodes[0].Ring().Rotate(t.Context(), kinds[rotated]); err != nil {
				t.Fatal(err)
			}
			rotated++
		}
		for _, v := range visitors {
			<-v.round
		}
		nodes[0].Clock.Add(clockStep)
		for _, n := range nodes {
			n.Refresh()
		}
	}
	if err := nodes[1].Ring().Tend(t.Context()); err != nil {
		t.Fatal(err)
	}
	return rotated
}

// refusedAfterwards lets the keys that a page has met be retired, and tries what
// was made with them.
func refusedAfterwards(t *testing.T, w *apptest.World, early *apptest.Page, body []byte) {
	t.Helper()
	for _, kind := range []models.KeyUse{models.TicketKey, models.ApplicationKey, models.SigningKey} {
		w.Rotate(kind)
	}
	w.Later(keyring.PublishBefore + keyring.TicketOutlives)
	if err := w.Ring().Tend(t.Context()); err != nil {
		t.Fatal(err)
	}
	w.Refresh()
	if a := early.TryExchange(body); a.Code() != "bad_envelope" {
		t.Errorf("an envelope to a retired AK: %d %s", a.HTTP, a.Plain)
	}
	if a := early.Get("/accounts/1/balance"); a.Code() != "invalid_vt" || a.Typ != "" {
		t.Errorf("a VT of a retired ticket key: %d %s in %q", a.HTTP, a.Plain, a.Typ)
	}
	if _, err := w.ReadAT(early.AT); err == nil {
		t.Error("an AT of a retired signing key is believed")
	}
	w.NewVisit(apptest.Travel, nil)
}
