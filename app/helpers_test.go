package app_test

import (
	"encoding/json"
	"flag"
	"net/http/httptest"
	"os"
	"runtime"
	"strconv"
	"strings"
	"testing"

	"postern/app/apptest"
	"postern/app/store"
	"postern/app/store/storetest"
	"postern/models"
)

// TestMain runs more tests at once than there are cores: PostgreSQL makes and
// drops a database for each scenario, which is waited for and not computed.
func TestMain(m *testing.M) {
	flag.Parse()
	if n := flag.Lookup("test.parallel"); n.Value.String() == n.DefValue {
		if err := flag.Set("test.parallel", strconv.Itoa(2*runtime.GOMAXPROCS(0))); err != nil {
			panic(err) // the flag is the testing package's own
		}
	}
	os.Exit(m.Run())
}

// newWorld is a world on SQLite, where the database is not what is tested.
func newWorld(t *testing.T, o apptest.Options) *apptest.World {
	t.Helper()
	return apptest.New(t, storetest.SQLiteConfig(t), o)
}

// seeded are options that change the default seed.
func seeded(change func(*apptest.Seed)) apptest.Options { return apptest.Options{Seed: change} }

// problem is an error of RFC 9457 or RFC 6749 section 5.2 as it came.
type problem struct {
	Type        string `json:"type"`
	Title       string `json:"title"`
	Status      int    `json:"status"`
	Code        string `json:"code"`
	Error       string `json:"error"`
	Description string `json:"error_description"`
	URI         string `json:"error_uri"`
	RequestID   string `json:"request_id"`
	ServerTime  int64  `json:"server_time"`
	JTI         string `json:"jti"`
	Permission  string `json:"permission"`
	RetryAfter  int64  `json:"retry_after"`
	First       string `json:"first"`
}

func readProblem(t *testing.T, body []byte) problem {
	t.Helper()
	var p problem
	if err := json.Unmarshal(body, &p); err != nil {
		t.Fatalf("%v in %s", err, body)
	}
	return p
}

// expect holds an answer of steps D to G against what was wanted. Sealed
// refusals are error+jwe, others application/problem+json.
func expect(t *testing.T, a apptest.Answer, wantHTTP int, wantCode string, wantSealed sealing) {
	t.Helper()
	if a.HTTP != wantHTTP || a.Code() != wantCode {
		t.Errorf("answer is %d %q, want %d %q: %s", a.HTTP, a.Code(), wantHTTP, wantCode, a.Plain)
		return
	}
	if wantCode == "" {
		return
	}
	if sealed := sealing(a.Typ == "error+jwe"); sealed != wantSealed {
		t.Errorf("answer %s is sealed: %v, want %v", a.Plain, sealed, wantSealed)
	}
	if ct := a.Head.Get("Content-Type"); (ct == "application/jose") != bool(wantSealed) || (!wantSealed && ct != "application/problem+json") {
		t.Errorf("Content-Type is %q", ct)
	}
	if p := readProblem(t, a.Plain); p.Status != wantHTTP || p.Type == "" || p.Title == "" || p.RequestID == "" || p.ServerTime == 0 {
		t.Errorf("problem lacks members: %s", a.Plain)
	}
}

// sealing says how a refusal travels (protocol section 7).
type sealing bool

const (
	sealed  sealing = true
	inClear sealing = false
)

// expectError holds an answer of the token endpoints against what was wanted.
func expectError(t *testing.T, rec *httptest.ResponseRecorder, wantHTTP int, wantCode string) {
	t.Helper()
	if rec.Code != wantHTTP {
		t.Errorf("status is %d, want %d: %s", rec.Code, wantHTTP, rec.Body)
		return
	}
	if rec.Header().Get("Cache-Control") != "no-store" {
		t.Error("the answer may be stored")
	}
	if wantCode == "" {
		return
	}
	p := readProblem(t, rec.Body.Bytes())
	if p.Error != wantCode {
		t.Errorf("error is %q, want %q: %s", p.Error, wantCode, rec.Body)
	}
	if p.Description == "" || p.URI == "" || p.RequestID == "" || p.ServerTime == 0 {
		t.Errorf("error lacks members: %s", rec.Body)
	}
	if wantHTTP == 401 && !strings.HasPrefix(rec.Header().Get("WWW-Authenticate"), "Basic ") {
		t.Error("401 without WWW-Authenticate")
	}
}

// setPartner changes a partner's state.
func setPartner(w *apptest.World, id string, status models.Status) {
	w.T.Helper()
	w.Write(func(tx *store.Tx, now int64) error {
		return tx.SavePartner(models.Partner{ID: id, Name: "Lianhe Travel", Status: status, CreatedAt: now, UpdatedAt: now})
	})
}

// setApplication changes an application of the partner p_travel.
func setApplication(w *apptest.World, id string, change func(*models.Application)) {
	w.T.Helper()
	partner := "p_travel"
	if id == apptest.Rent {
		partner = "p_rent"
	}
	a := apptest.Application(id, partner)
	change(&a)
	w.Write(func(tx *store.Tx, now int64) error {
		a.UpdatedAt = now // it dates the change that tells the nodes
		return tx.SaveApplication(a)
	})
}

// setService changes the loan service.
func setService(w *apptest.World, change func(*models.Service)) {
	w.T.Helper()
	s := apptest.DefaultSeed(w.Bank.URL).Services[0]
	change(&s)
	w.Write(func(tx *store.Tx, now int64) error {
		s.UpdatedAt = now
		return tx.SaveService(s)
	})
}

// freeze stops traffic; the returned function lets it flow again.
func freeze(w *apptest.World, kind models.FreezeTarget, id string, what models.FreezeScope) (thaw func()) {
	w.T.Helper()
	f := models.Freeze{ID: "f-" + apptest.NewID(), TargetKind: kind, TargetID: id, Stops: what, Reason: "test"}
	save := func() {
		w.Write(func(tx *store.Tx, now int64) error {
			if f.StartedAt == 0 {
				f.StartedAt = now
			}
			return tx.SaveFreeze(f, now)
		})
	}
	save()
	return func() {
		f.EndedAt = w.Clock.Now().UnixMilli()
		save()
	}
}

// endGrant ends a grant of apptest.Travel at a time (Unix ms); 0 takes it back.
func endGrant(w *apptest.World, id, scope string, at int64) {
	w.T.Helper()
	w.Write(func(tx *store.Tx, now int64) error {
		g := apptest.Grant(id, apptest.Travel, scope)
		g.EndedAt = at
		return tx.SaveGrant(g, now)
	})
}
