package bench_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/json"
	"net/http/httptest"
	"os"
	"strings"
	"testing"
	"time"

	"postern/app"
	"postern/app/apptest"
	"postern/app/authority"
	"postern/app/bench"
	"postern/app/limit"
	"postern/app/seal"
	"postern/app/store/storetest"
)

// hostVariable makes this test binary the server of another one's run.
const hostVariable = "POSTERN_BENCH_TEST_HOST"

func TestMain(m *testing.M) {
	if os.Getenv(hostVariable) == "" {
		os.Exit(m.Run())
	}
	if err := bench.Host(context.Background(), os.Stdin, os.Stdout, options("")); err != nil {
		os.Exit(1)
	}
}

// fast is more than any bench does; a visit has no limit of its own.
var (
	fast      = limit.Rate{PerSecond: 1e6, Burst: 1e6}
	unlimited = authority.Rates{AT: fast, VT: fast, Call: fast}
)

func open(ctx context.Context, p bench.Place) (bench.Gateway, error) {
	a, err := app.New(ctx, app.Config{
		Issuer: p.Issuer, Store: p.Store, Master: p.Master, Now: time.Now, Rand: rand.Reader, Log: p.Log,
		Rates: unlimited,
	})
	if err != nil {
		return nil, err
	}
	return a, nil
}

func options(folder string) bench.Options {
	return bench.Options{
		Concurrency: 4, Duration: 200 * time.Millisecond, Folder: folder, Open: open, Now: time.Now, Rand: rand.Reader,
	}
}

func TestEveryStepIsDrivenAndOnRecord(t *testing.T) {
	t.Parallel()
	o := options(t.TempDir())
	o.Issuances = 60
	result, err := bench.Run(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	checkSteps(t, result, "BDG")
	for _, s := range result.Steps {
		if len(s.Compared) < 4 {
			t.Errorf("step %s is compared with %d things, want 4 at least", s.Step, len(s.Compared))
		}
		for _, c := range s.Compared {
			if c.PerSecond <= 0 || c.Ratio <= 0 || c.CPU <= 0 || c.CPURatio <= 0 {
				t.Errorf("step %s: comparison %+v has nothing in it", s.Step, c)
			}
		}
	}
	if i := result.Issuances; i == nil || i.Errors != 0 || i.Rows.Found != 60 || i.P99 < i.P50 {
		t.Errorf("issuances = %+v, want 60 of 60 on record", result.Issuances)
	}
	if result.Errors() != 0 {
		t.Errorf("%d errors", result.Errors())
	}
}

// checkSteps holds that the steps ran without errors and that every success is
// on record.
func checkSteps(t *testing.T, r bench.Result, want string) {
	t.Helper()
	var got strings.Builder
	for _, s := range r.Steps {
		got.WriteString(s.Step)
		if s.Errors != 0 || s.Requests == 0 || s.PerSecond <= 0 || s.CPU <= 0 {
			t.Errorf("step %s: %+v", s.Step, s)
		}
		if s.P50 <= 0 || s.P95 < s.P50 || s.P99 < s.P95 {
			t.Errorf("step %s: percentiles %v, %v, %v", s.Step, s.P50, s.P95, s.P99)
		}
		if s.Rows == nil || s.Rows.Found != s.Rows.Expected || s.Rows.Expected < s.Requests {
			t.Errorf("step %s: %d requests, %v", s.Step, s.Requests, s.Rows)
		}
	}
	if got.String() != want {
		t.Errorf("steps = %q, want %q", got.String(), want)
	}
}

func TestTheServerMayBeAnotherProcess(t *testing.T) {
	t.Parallel()
	o := options(t.TempDir())
	o.Open, o.Steps = nil, []string{bench.StepB}
	o.Child = []string{"env", hostVariable + "=1", os.Args[0]}
	o.PinNothing = true
	result, err := bench.Run(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	checkSteps(t, result, "B")
	if result.Processors != 1 {
		t.Errorf("the server had %d processors, want 1", result.Processors)
	}
}

func TestAProfileIsTakenWithoutComparing(t *testing.T) {
	t.Parallel()
	o := options(t.TempDir())
	o.Open, o.Steps = nil, []string{bench.StepG}
	o.Child = []string{"env", hostVariable + "=1", os.Args[0]} // one process takes one profile at a time
	o.PinNothing = true
	o.Profile = o.Folder + "/cpu"
	result, err := bench.Run(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	checkSteps(t, result, "G")
	if n := len(result.Steps[0].Compared); n != 0 {
		t.Errorf("%d comparisons beside a profile", n)
	}
	if info, err := os.Stat(o.Profile + ".G"); err != nil || info.Size() == 0 {
		t.Errorf("profile: %v, %v", info, err)
	}
}

func TestAloneComparesNothing(t *testing.T) {
	t.Parallel()
	o := options(t.TempDir())
	o.Alone, o.Steps = true, []string{bench.StepD}
	result, err := bench.Run(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	checkSteps(t, result, "D")
	if n := len(result.Steps[0].Compared); n != 0 {
		t.Errorf("%d comparisons, want none", n)
	}
}

func TestADatabaseInUseIsRefused(t *testing.T) {
	t.Parallel()
	world := apptest.New(t, storetest.SQLiteConfig(t), apptest.Options{})
	o := options(t.TempDir())
	o.DB = world.Config.Store
	world.Close()
	if _, err := bench.Run(t.Context(), o); err == nil || !strings.Contains(err.Error(), bench.ErrNotEmpty.Error()) {
		t.Errorf("error = %v, want %v", err, bench.ErrNotEmpty)
	}
}

func TestARunningGatewayIsDriven(t *testing.T) {
	t.Parallel()
	o := options(t.TempDir())
	o.Open, o.Target = nil, runningGateway(t)
	result, err := bench.Run(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	if len(result.Steps) != 3 || result.Errors() != 0 {
		t.Fatalf("result = %+v, want three steps without errors", result)
	}
	for _, s := range result.Steps {
		if s.Requests == 0 || s.Requests > o.Target.MaxRequests || s.Rows != nil || len(s.Compared) != 0 {
			t.Errorf("step %+v of a target: want at most %d requests and nothing that it cannot know", s, o.Target.MaxRequests)
		}
	}
}

// runningGateway serves a test's world on loopback.
func runningGateway(t *testing.T) *bench.Target {
	t.Helper()
	s := httptest.NewUnstartedServer(nil)
	issuer := "http://" + s.Listener.Addr().String()
	world := apptest.New(t, storetest.SQLiteConfig(t), apptest.Options{Config: func(c *app.Config) {
		c.Issuer, c.Now, c.Rates = issuer, time.Now, unlimited
	}})
	s.Config.Handler = world.Handler()
	s.Start()
	t.Cleanup(s.Close)
	return &bench.Target{
		URL: issuer, ClientID: apptest.Travel, Resource: apptest.Service, Origin: apptest.Origin, Path: "/loans/offers", MaxRequests: 50,
		Keys: []*seal.PrivateKey{world.Key(apptest.Travel, seal.Signing), world.Key(apptest.Travel, seal.Encryption)},
	}
}

func TestOptionsAreHeldToTheirBounds(t *testing.T) {
	t.Parallel()
	key := func(use seal.Use) *seal.PrivateKey {
		k, err := seal.Generate(seal.A256, use, "k-"+string(use), rand.Reader)
		if err != nil {
			t.Fatal(err)
		}
		return k
	}
	target := bench.Target{
		URL: "http://127.0.0.1:1", ClientID: "c", Resource: "urn:h5:x", Keys: []*seal.PrivateKey{key(seal.Signing), key(seal.Encryption)},
	}
	for _, tc := range []struct {
		name   string
		change func(*bench.Options)
		want   string
	}{
		{"a target on another host is refused", func(o *bench.Options) { o.Target.URL = "https://gateway.bank.example" }, "--allow-remote"},
		{"a name that only begins like this host is refused", func(o *bench.Options) { o.Target.URL = "http://localhost.example" }, "--allow-remote"},
		{"a target without keys is refused", func(o *bench.Options) { o.Target.Keys = nil }, "encryption key"},
		{"no profile is taken of a target", func(o *bench.Options) { o.Profile = "cpu" }, "profile"},
		{"an unknown step is refused", func(o *bench.Options) { o.Steps = []string{"X"} }, `no step "X"`},
		{"too many connections are refused", func(o *bench.Options) { o.Concurrency = 100_000 }, "concurrency"},
		{"a run of hours is refused", func(o *bench.Options) { o.Duration = time.Hour }, "duration"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			o, aim := options(t.TempDir()), target
			o.Target = &aim
			tc.change(&o)
			if _, err := bench.Run(t.Context(), o); err == nil || !strings.Contains(err.Error(), tc.want) {
				t.Errorf("error = %v, want one with %q", err, tc.want)
			}
		})
	}
}

func TestResultsPrintForPeopleAndMachines(t *testing.T) {
	t.Parallel()
	result := bench.Result{Where: "here", Database: "SQLite", Callers: 32, Steps: []bench.Step{{
		Step: bench.StepB, Requests: 11, PerSecond: 5000, Errors: 1, FirstError: "status 503: no",
		Rows:     &bench.Rows{Of: "at_rows", Expected: 10, Found: 9},
		Compared: []bench.Comparison{{Name: "P-256 ECDH", PerSecond: 10000, Ratio: .5, CPU: 100, CPURatio: .5}},
	}}}
	if result.Errors() != 2 {
		t.Errorf("%d errors, want the failed request and the missing row", result.Errors())
	}
	var page bytes.Buffer
	if err := result.Write(&page); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"Only ratios", "9 of 10 at_rows", "P-256 ECDH", "0.50", "2 errors.", "status 503: no"} {
		if !strings.Contains(page.String(), want) {
			t.Errorf("%q is not in\n%s", want, page.String())
		}
	}
	text, err := json.Marshal(result)
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{`"requests_per_second":5000`, `"cpu_ratio":0.5`, `"found":9`} {
		if !bytes.Contains(text, []byte(want)) {
			t.Errorf("%s is not in %s", want, text)
		}
	}
}
