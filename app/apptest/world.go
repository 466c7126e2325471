package apptest

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"postern/app"
	"postern/app/authority"
	"postern/app/keyring"
	"postern/app/limit"
	"postern/app/seal"
	"postern/app/store"
)

// Issuer is the gateway's address as the world's partners and pages know it.
const Issuer = "https://gateway.bank.example"

// Clock is a clock that stands still until it is set.
type Clock struct{ ms atomic.Int64 }

// Now is the clock's time.
func (c *Clock) Now() time.Time { return time.UnixMilli(c.ms.Load()) }

// Add moves the clock.
func (c *Clock) Add(d time.Duration) { c.ms.Add(d.Milliseconds()) }

// World is a gateway with everything around it.
type World struct {
	T       testing.TB
	App     *app.App
	Clock   *Clock
	Bank    *Bank
	Config  app.Config
	handler http.Handler
	inner   http.Handler
	portal  http.Handler
	keys    sync.Map // credential private keys by "<client>/<use>"
	suites  sync.Map // the suite of each application that was planted
}

// Options change a world before it opens.
type Options struct {
	From   time.Time // of the clock; zero is the usual moment
	Config func(*app.Config)
	Seed   func(*Seed)
}

// New opens a world on a store that storetest opened or on a fresh SQLite file.
func New(t testing.TB, c store.Config, o Options) *World {
	t.Helper()
	w := &World{T: t, Clock: &Clock{}, Bank: newBank(t)}
	w.Clock.ms.Store(time.Date(2026, 11, 22, 10, 5, 11, 0, time.UTC).UnixMilli())
	if !o.From.IsZero() {
		w.Clock.ms.Store(o.From.UnixMilli())
	}
	master := make([]byte, keyring.MasterKeySize)
	if _, err := rand.Read(master); err != nil {
		t.Fatal(err)
	}
	m, err := keyring.NewMaster(master)
	if err != nil {
		t.Fatal(err)
	}
	w.Config = app.Config{
		Issuer: Issuer, Store: c, Master: m, Now: w.Clock.Now, Rand: rand.Reader, Sleep: w.Later,
		Rates:       authority.Rates{}, // the defaults
		FailureRate: limit.Rate{PerSecond: 1000, Burst: 100_000},
	}
	if o.Config != nil {
		o.Config(&w.Config)
	}
	w.Open()
	seed := DefaultSeed(w.Bank.URL)
	if o.Seed != nil {
		o.Seed(&seed)
	}
	w.Plant(seed)
	return w
}

// Open starts the gateway on the world's configuration; New did so already.
func (w *World) Open() {
	w.T.Helper()
	a, err := app.New(w.T.Context(), w.Config)
	if err != nil {
		w.T.Fatal(err)
	}
	w.App = a
	if w.handler, err = a.Gateway(); err != nil {
		w.T.Fatal(err)
	}
	if w.inner, err = a.Internal(); err != nil {
		w.T.Fatal(err)
	}
	if w.portal, err = a.Portal(); err != nil {
		w.T.Fatal(err)
	}
	w.T.Cleanup(w.Close)
}

// Node starts a second node on the world's database; it shares clock, bank and
// the partners' keys.
func (w *World) Node() *World {
	w.T.Helper()
	n := &World{T: w.T, Clock: w.Clock, Bank: w.Bank, Config: w.Config}
	n.Config.Node = "node-2"
	w.keys.Range(func(name, k any) bool { n.keys.Store(name, k); return true })
	n.Open()
	return n
}

// Close stops the gateway; everything that waited is on disk then. Open starts
// it again on the same database, as a node that restarts.
func (w *World) Close() {
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	w.close(ctx)
}

// Abandon stops a gateway whose store is gone: what waits is given up.
func (w *World) Abandon() {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	w.close(ctx)
}

func (w *World) close(ctx context.Context) {
	if w.App == nil {
		return
	}
	if err := w.App.Close(ctx); err != nil {
		w.T.Log("close:", err)
	}
	w.App = nil
}

// Restart stops the gateway and starts it again: what was only in memory is gone.
func (w *World) Restart() {
	w.T.Helper()
	w.Close()
	w.Open()
}

// Later moves the clock; the gateway hears of changes meanwhile, as it would.
func (w *World) Later(d time.Duration) {
	w.T.Helper()
	w.Clock.Add(d)
	w.Refresh()
}

// Refresh makes the gateway take up what was just written.
func (w *World) Refresh() {
	w.T.Helper()
	if err := w.App.Refresh(w.T.Context()); err != nil {
		w.T.Fatal(err)
	}
}

// Write changes the world's store as staff would, and lets the gateway know.
func (w *World) Write(f func(tx *store.Tx, now int64) error) {
	w.T.Helper()
	err := w.App.Store().Write(w.T.Context(), func(tx *store.Tx) error { return f(tx, w.Clock.Now().UnixMilli()) })
	if err != nil {
		w.T.Fatal(err)
	}
	w.Refresh()
}

// Do sends a request through the gateway's router.
func (w *World) Do(r *http.Request) *httptest.ResponseRecorder {
	rec := httptest.NewRecorder()
	w.handler.ServeHTTP(rec, r)
	return rec
}

// Internal sends a request through the internal listener's router.
func (w *World) Internal(r *http.Request) *httptest.ResponseRecorder {
	rec := httptest.NewRecorder()
	w.inner.ServeHTTP(rec, r)
	return rec
}

// Portal answers through the portal's listener.
func (w *World) Portal(r *http.Request) *httptest.ResponseRecorder {
	rec := httptest.NewRecorder()
	w.portal.ServeHTTP(rec, r)
	return rec
}

// InternalHandler is the internal listener's router.
func (w *World) InternalHandler() http.Handler { return w.inner }

// PortalHandler is that of the portal's listener.
func (w *World) PortalHandler() http.Handler { return w.portal }

// Handler is the gateway's router.
func (w *World) Handler() http.Handler { return w.handler }

// key makes or finds a private key of an application.
func (w *World) key(client string, use seal.Use) *seal.PrivateKey {
	name := client + "/" + string(use)
	if k, ok := w.keys.Load(name); ok {
		return k.(*seal.PrivateKey)
	}
	suite := seal.A256
	if s, ok := w.suites.Load(client); ok {
		suite = s.(seal.Suite)
	}
	k, err := seal.Generate(suite, use, client+"-"+string(use), rand.Reader)
	if err != nil {
		w.T.Fatal(err)
	}
	w.keys.Store(name, k)
	return k
}

// Key is the private key of an application's credential.
func (w *World) Key(client string, use seal.Use) *seal.PrivateKey { return w.key(client, use) }

func mustJSON(t testing.TB, v any) []byte {
	t.Helper()
	b, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// NewID draws a jti: 22 base64url characters.
func NewID() string { return random(16) }
