package apptest_test

import (
	"bufio"
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"log/slog"
	mathrand "math/rand/v2"
	"net"
	"net/http"
	"net/http/httputil"
	"net/url"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"postern/app"
	"postern/app/apptest"
	"postern/app/authority"
	"postern/app/config"
	"postern/app/keyring"
	"postern/app/ledger/crashrig"
	"postern/app/limit"
	"postern/app/store"
	"postern/app/store/storetest"
	"postern/app/web"
)

// The environment of a gateway that is going to be killed.
const (
	childDriver = "POSTERN_CRASH_GATEWAY"
	childTarget = "POSTERN_CRASH_GATEWAY_DB"
	childMaster = "POSTERN_CRASH_GATEWAY_KEY"
	childClock  = "POSTERN_CRASH_GATEWAY_CLOCK"
)

func TestMain(m *testing.M) {
	if os.Getenv(childDriver) == "" {
		os.Exit(m.Run())
	}
	if err := gatewayChild(context.Background()); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// gatewayChild is a whole gateway on a loopback port; it prints its address and
// serves until it is killed.
func gatewayChild(ctx context.Context) error {
	key, err := hex.DecodeString(os.Getenv(childMaster))
	if err != nil {
		return err
	}
	master, err := keyring.NewMaster(key)
	if err != nil {
		return err
	}
	ms, err := strconv.ParseInt(os.Getenv(childClock), 10, 64)
	if err != nil {
		return err
	}
	a, err := app.New(ctx, app.Config{
		Issuer: apptest.Issuer, Store: childStore(os.Getenv(childDriver), os.Getenv(childTarget)), Master: master,
		Now: func() time.Time { return time.UnixMilli(ms) }, Rand: rand.Reader,
		// The clock stands still, so a bucket that is empty stays empty.
		Rates: authority.Rates{AT: wide, VT: wide, Call: wide}, FailureRate: wide,
	})
	if err != nil {
		return err
	}
	h, err := a.Gateway()
	if err != nil {
		return err
	}
	l, err := (&net.ListenConfig{}).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	fmt.Println(l.Addr())
	return web.Serve(ctx, l, h, config.Default().Limits, slog.New(slog.DiscardHandler))
}

// wide is a rate that no test reaches.
var wide = limit.Rate{PerSecond: 1e6, Burst: 1e6}

func childStore(driver, target string) store.Config {
	return store.Config{Driver: driver, Path: target, DSN: target, MaxConns: 8}
}

// acknowledged is what reached the clients of gateways that are dead by now.
type acknowledged struct {
	first      func() // called when an AT reached its partner
	mu         sync.Mutex
	assertions []url.Values    // forms of step B that got an AT
	ats        []string        // every AT that reached its partner
	visits     []*apptest.Page // every visit whose VT reached its page
	writes     []write
}

type write struct {
	page  *apptest.Page
	plain map[string]any
}

// TestKilledGatewayKeepsItsWord kills a gateway under load, again and again,
// and holds every answer that reached a client against the one that starts
// after it: no row is lost, no AT is spent twice, and the assertions and write
// calls of before the kill are refused.
func TestKilledGatewayKeepsItsWord(t *testing.T) {
	t.Parallel()
	for name, rig := range map[string]struct {
		config func(testing.TB) store.Config
		cycles int
	}{
		"SQLite":     {storetest.SQLiteConfig, crashrig.Cycles(t, 2, 12)},
		"PostgreSQL": {storetest.PostgresConfig, crashrig.Cycles(t, 1, 3)},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			killCycles(t, rig.config(t), rig.cycles)
		})
	}
}

func killCycles(t *testing.T, c store.Config, cycles int) {
	t.Helper()
	key := make([]byte, keyring.MasterKeySize)
	if _, err := rand.Read(key); err != nil {
		t.Fatal(err)
	}
	master, err := keyring.NewMaster(key)
	if err != nil {
		t.Fatal(err)
	}
	w := apptest.New(t, c, apptest.Options{Config: func(c *app.Config) { c.Master = master }})
	if err := w.App.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	total := 0
	for range cycles {
		child := startGateway(t, c, hex.EncodeToString(key), w)
		w.Through(child.door)
		var got acknowledged
		work(w, &got, child.kill)
		total += len(got.ats)

		after := startGateway(t, c, hex.EncodeToString(key), w)
		w.Through(after.door)
		got.check(t, w)
		after.kill()
		if t.Failed() {
			return
		}
	}
	if total == 0 {
		t.Fatal("no AT ever reached a client")
	}
	t.Logf("%d kills, %d ATs reached a client", cycles, total)
}

// child is a running gateway process.
type child struct {
	door http.Handler
	kill func()
}

func startGateway(t *testing.T, c store.Config, master string, w *apptest.World) child {
	t.Helper()
	target := c.Path
	if c.Driver == string(store.Postgres) {
		target = c.DSN
	}
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), childDriver+"="+c.Driver, childTarget+"="+target, childMaster+"="+master,
		childClock+"="+strconv.FormatInt(w.Clock.Now().UnixMilli(), 10))
	var stderr strings.Builder
	cmd.Stderr = &stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	kill := sync.OnceFunc(func() {
		_ = cmd.Process.Kill() // SIGKILL; it may be gone already
		_ = cmd.Wait()
	})
	t.Cleanup(kill)
	address, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		kill()
		t.Fatalf("the gateway did not start: %v\n%s", err, stderr.String())
	}
	return child{door: door(strings.TrimSpace(address)), kill: kill}
}

// gone is how the door says that the gateway behind it died.
const gone = 599

func door(address string) http.Handler {
	return &httputil.ReverseProxy{
		Rewrite:      func(r *httputil.ProxyRequest) { r.SetURL(&url.URL{Scheme: "http", Host: address}) },
		Transport:    &http.Transport{MaxIdleConnsPerHost: 16},
		ErrorHandler: func(w http.ResponseWriter, _ *http.Request, _ error) { w.WriteHeader(gone) },
		ErrorLog:     slog.NewLogLogger(slog.DiscardHandler, slog.LevelError),
	}
}

// work runs visits from several clients until the gateway is killed, at a
// random moment after the first AT reached one, under them.
func work(w *apptest.World, got *acknowledged, kill func()) {
	got.first = sync.OnceFunc(func() { time.AfterFunc(mathrand.N(350*time.Millisecond), kill) })
	var clients sync.WaitGroup
	for range 8 {
		clients.Go(func() {
			for got.visit(w) == nil {
			}
		})
	}
	clients.Wait()
	kill()
}

var errDead = errors.New("the gateway is gone")

// visit goes from B to a write and remembers what was answered on the way.
func (g *acknowledged) visit(w *apptest.World) error {
	form := w.TokenForm(apptest.Travel)
	rec := w.PostForm("/oauth/token", form)
	if rec.Code != http.StatusOK {
		return errDead
	}
	at := w.OpenTokenResponse(apptest.Travel, rec)
	g.add(func() { g.assertions, g.ats = append(g.assertions, form), append(g.ats, at) })
	g.first()

	p := w.NewPage(at)
	if rec = p.Post("/gateway/v1/visit-tokens", p.Exchange(nil)); rec.Code != http.StatusOK {
		return errDead
	}
	var v apptest.Visit
	p.OpenExchange(rec).Into(p, &v)
	p.Take(v)
	g.add(func() { g.visits = append(g.visits, p) })

	plain := p.Plain(http.MethodPost, "/loans/applications")
	if rec = p.Post("/gateway/v1/calls", p.Seal("call+jwe", plain)); rec.Code != http.StatusOK {
		return errDead
	}
	g.add(func() { g.writes = append(g.writes, write{p, plain}) })
	return nil
}

func (g *acknowledged) add(f func()) {
	g.mu.Lock()
	defer g.mu.Unlock()
	f()
}

// check asks the next gateway about everything the last one answered.
func (g *acknowledged) check(t *testing.T, w *apptest.World) {
	t.Helper()
	for _, form := range g.assertions {
		if rec := w.PostForm("/oauth/token", form); rec.Code != http.StatusUnauthorized {
			t.Errorf("an assertion of before the kill: %d %s", rec.Code, rec.Body)
		}
	}
	spent := map[string]bool{}
	for _, p := range g.visits {
		spent[p.AT] = true
		if a := p.Get("/loans/offers"); a.HTTP != http.StatusOK {
			t.Errorf("a VT that reached its page: %d %s", a.HTTP, a.Plain)
		}
	}
	for _, wr := range g.writes {
		if a := wr.page.Call(wr.plain); a.Code() != "replayed" {
			t.Errorf("a write of before the kill: %d %s", a.HTTP, a.Plain)
		}
	}
	for _, at := range g.ats {
		g.checkAT(t, w, at, spent[at])
	}
}

// checkAT tries an AT under a new R. A spent one is refused. One whose answer
// the kill swallowed may be spent or not; it opens at most one visit now.
func (g *acknowledged) checkAT(t *testing.T, w *apptest.World, at string, spent bool) {
	t.Helper()
	first, second := w.NewPage(at).TryOpen(), w.NewPage(at).TryOpen()
	if spent && first.Code() != "at_spent" {
		t.Errorf("an AT spent before the kill: %d %s", first.HTTP, first.Plain)
	}
	if first.HTTP != http.StatusOK && first.Code() != "at_spent" {
		t.Errorf("an AT that reached its partner: %d %s", first.HTTP, first.Plain)
	}
	if second.Code() != "at_spent" {
		t.Errorf("the same AT once more: %d %s", second.HTTP, second.Plain)
	}
}
