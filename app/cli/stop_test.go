package cli_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"io"
	"maps"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"postern/app"
	"postern/app/apptest"
	"postern/app/cli"
	"postern/app/keyring"
	"postern/app/store"
	"postern/app/store/storetest"
)

// testKey is the master key of gateways that tests serve.
const testKey = "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f"

// served is a gateway that runs as serve runs it.
type served struct {
	gateway, internal string // addresses
	stop              func() // as SIGTERM does
	ended             chan int
	log               *lineLog
}

// serve runs serve on loopback, on a world's database, clock and keys.
func serve(t *testing.T, w *apptest.World, settings map[string]string) served {
	t.Helper()
	environment := map[string]string{
		"POSTERN_ISSUER": apptest.Issuer, "POSTERN_MASTER_KEY": testKey, "POSTERN_NODE": "served",
		"POSTERN_LISTENERS_GATEWAY_ADDRESS": "127.0.0.1:0", "POSTERN_LISTENERS_INTERNAL_ADDRESS": "127.0.0.1:0",
	}
	// The clock stands still, so a bucket that is empty stays empty.
	for _, what := range []string{"AT", "VT", "CALL", "VISIT", "FAILURES"} {
		environment["POSTERN_RATES_"+what+"_BURST"] = "1000000"
	}
	if c := w.Config.Store; c.Driver == string(store.Postgres) {
		environment["POSTERN_DATABASE_DSN"] = c.DSN
	} else {
		environment["POSTERN_DATABASE_PATH"] = c.Path
	}
	for name, value := range settings {
		environment[name] = value
	}
	ctx, stop := context.WithCancel(context.Background())
	s := served{stop: stop, ended: make(chan int, 1), log: newLineLog()}
	go func() {
		s.ended <- cli.Run(ctx, []string{"serve"}, cli.Surroundings{
			Out: io.Discard, Err: s.log, Now: w.Clock.Now, Rand: rand.Reader, Getenv: func(name string) string { return environment[name] },
		})
	}()
	t.Cleanup(stop)
	opened := s.log.wait(t, "listeners opened")
	s.gateway, s.internal = opened["address"].(string), opened["internal"].(string)
	return s
}

// lineLog keeps a log of JSON lines and lets a test wait for one.
type lineLog struct {
	mu    sync.Mutex
	text  bytes.Buffer
	lines chan []byte
}

func newLineLog() *lineLog { return &lineLog{lines: make(chan []byte, 1<<20)} }

// Write keeps one line.
func (l *lineLog) Write(line []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.lines <- bytes.Clone(line)
	return l.text.Write(line)
}

func (l *lineLog) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}

// wait waits for the line with a message; those before it are passed over.
func (l *lineLog) wait(t *testing.T, message string) map[string]any {
	t.Helper()
	for {
		select {
		case line := <-l.lines:
			fields := map[string]any{}
			if json.Unmarshal(line, &fields) == nil && fields["msg"] == message {
				return fields
			}
		case <-time.After(20 * time.Second):
			t.Fatalf("the log does not say %q:\n%s", message, l)
		}
	}
}

// gone is how the door says that a request was not answered.
const gone = 599

// door leads a world's requests to a served gateway and counts answers that
// began and did not end.
type door struct {
	address string
	client  *http.Client
	cut     atomic.Int64
}

// ServeHTTP passes a request on and its answer back.
func (d *door) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	out := r.Clone(r.Context())
	out.URL.Scheme, out.URL.Host, out.RequestURI = "http", d.address, ""
	res, err := d.client.Do(out)
	if err != nil {
		w.WriteHeader(gone)
		return
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		d.cut.Add(1)
		w.WriteHeader(gone)
		return
	}
	maps.Copy(w.Header(), res.Header)
	w.WriteHeader(res.StatusCode)
	_, _ = w.Write(body) // a recorder's
}

// answered is what reached the clients.
type answered struct {
	mu     sync.Mutex
	ats    []string // hashes as the ledger knows them
	vids   []string
	calls  int
	failed []string // answers that are none of a node that stops
}

// visits runs whole visits until the gateway is gone.
func (a *answered) visits(w *apptest.World) {
	for a.visit(w) {
	}
}

func (a *answered) visit(w *apptest.World) bool {
	rec := w.PostForm("/oauth/token", w.TokenForm(apptest.Travel))
	if !a.good(rec.Code, rec.Body) {
		return false
	}
	at := w.OpenTokenResponse(apptest.Travel, rec)
	hash := sha256.Sum256([]byte(at))
	a.add(func() { a.ats = append(a.ats, base64.RawURLEncoding.EncodeToString(hash[:])) })

	p := w.NewPage(at)
	rec = p.Post("/gateway/v1/visit-tokens", p.Exchange(nil))
	if !a.good(rec.Code, rec.Body) {
		return false
	}
	var v apptest.Visit
	p.OpenExchange(rec).Into(p, &v)
	p.Take(v)
	a.add(func() { a.vids = append(a.vids, v.VID) })

	rec = p.Post("/gateway/v1/calls", p.Seal("call+jwe", p.Plain(http.MethodGet, "/loans/offers")))
	if !a.good(rec.Code, rec.Body) {
		return false
	}
	a.add(func() { a.calls++ })
	return true
}

func (a *answered) good(status int, body *bytes.Buffer) bool {
	if status != http.StatusOK && status != gone {
		a.add(func() { a.failed = append(a.failed, body.String()) })
	}
	return status == http.StatusOK
}

func (a *answered) add(f func()) {
	a.mu.Lock()
	defer a.mu.Unlock()
	f()
}

func (a *answered) atLeast(n int) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.calls >= n
}

// check holds every answer against its row.
func (a *answered) check(t *testing.T, w *apptest.World) {
	t.Helper()
	db := w.Database()
	defer db.Close()
	known := func(query string) map[string]bool {
		rows, err := db.Query(query)
		if err != nil {
			t.Fatal(err)
		}
		defer rows.Close()
		found := map[string]bool{}
		for rows.Next() {
			var name string
			if err := rows.Scan(&name); err != nil {
				t.Fatal(err)
			}
			found[name] = true
		}
		if err := rows.Err(); err != nil {
			t.Fatal(err)
		}
		return found
	}
	issued, visits := known("SELECT at_hash FROM at_rows"), known("SELECT vid FROM visits")
	for _, at := range a.ats {
		if !issued[at] {
			t.Error("an AT that was answered has no row")
		}
	}
	for _, vid := range a.vids {
		if !visits[vid] {
			t.Error("a visit that was answered has no row")
		}
	}
	if n := len(known("SELECT id FROM calls WHERE status = 200")); n < a.calls {
		t.Errorf("%d calls were answered and %d are on record", a.calls, n)
	}
	for _, body := range a.failed {
		t.Errorf("answered with %s", body)
	}
	t.Logf("%d ATs, %d visits and %d calls were answered", len(a.ats), len(a.vids), a.calls)
}

func TestStoppingUnderLoadLosesNothingAndCutsNothing(t *testing.T) {
	t.Parallel()
	for name, open := range map[string]func(testing.TB) store.Config{"SQLite": storetest.SQLiteConfig, "PostgreSQL": storetest.PostgresConfig} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newServedWorld(t, open(t))
			s := serve(t, w, map[string]string{"POSTERN_LIMITS_NOTICE_TIME": "300ms", "POSTERN_LOG_LEVEL": "info"})
			d := &door{address: s.gateway, client: &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 16}}}
			w.Through(d)
			var a answered
			var clients sync.WaitGroup
			for range 8 {
				clients.Go(func() { a.visits(w) })
			}
			eventually(t, "visits are answered", func() bool { return a.atLeast(20) })

			began := time.Now()
			s.stop()
			eventually(t, "readyz says 503", func() bool { return status(t, "http://"+s.internal+"/readyz") == http.StatusServiceUnavailable })
			if got := status(t, "http://"+s.gateway+"/healthz"); got != http.StatusOK {
				t.Errorf("the gateway says %d while balancers are given time to notice", got)
			}
			if code := <-s.ended; code != 0 {
				t.Errorf("exit %d:\n%s", code, s.log)
			}
			clients.Wait()
			if took := time.Since(began); took > 30*time.Second {
				t.Errorf("stopping took %s", took)
			}
			if n := d.cut.Load(); n > 0 {
				t.Errorf("%d answers were cut", n)
			}
			a.check(t, w)
		})
	}
}

// newServedWorld is a world whose own gateway has ended, so that another may
// serve its database.
func newServedWorld(t *testing.T, c store.Config) *apptest.World {
	t.Helper()
	master, err := keyring.ParseMaster(testKey)
	if err != nil {
		t.Fatal(err)
	}
	w := apptest.New(t, c, apptest.Options{Config: func(c *app.Config) { c.Master = master }})
	w.Close()
	return w
}

// status asks for a page; 0 when nobody answers.
func status(t *testing.T, url string) int {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	res, err := (&http.Client{Transport: &http.Transport{DisableKeepAlives: true}}).Do(r)
	if err != nil {
		return 0
	}
	_ = res.Body.Close()
	return res.StatusCode
}

// eventually polls what another goroutine will make true.
func eventually(t *testing.T, what string, holds func() bool) {
	t.Helper()
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for deadline := time.Now().Add(30 * time.Second); !holds(); <-tick.C {
		if time.Now().After(deadline) {
			t.Fatalf("not within 30 s: %s", what)
		}
	}
}

func TestServeLogsItsSettingsWithoutSecrets(t *testing.T) {
	t.Parallel()
	w := newServedWorld(t, storetest.SQLiteConfig(t))
	s := serve(t, w, map[string]string{"POSTERN_LIMITS_NOTICE_TIME": "0s", "POSTERN_LOG_LEVEL": "debug"})
	if got := status(t, "http://"+s.gateway+"/healthz"); got != http.StatusOK {
		t.Errorf("healthz says %d", got)
	}
	request := s.log.wait(t, "request served")
	if id, _ := request["request_id"].(string); len(id) != 26 {
		t.Errorf("the request's line is %v", request)
	}
	s.stop()
	if code := <-s.ended; code != 0 {
		t.Errorf("exit %d", code)
	}
	text := s.log.String()
	if strings.Contains(text, testKey) || !strings.Contains(text, `"master_key":"[redacted]"`) || !strings.Contains(text, `"listeners.internal.address"`) {
		t.Errorf("logged: %s", text)
	}
	for line := range strings.Lines(text) {
		if !json.Valid([]byte(line)) {
			t.Errorf("not JSON: %s", line)
		}
	}
}
