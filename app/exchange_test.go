package app_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"postern/app/apptest"
	"postern/app/keyring"
	"postern/app/store"
	"postern/models"
)

// exchange is a request of step D that breakers change.
type exchange struct {
	w     *apptest.World
	p     *apptest.Page
	ak    []byte
	typ   string
	plain map[string]any
	pad   string // behind the envelope
}

func newExchange(w *apptest.World) *exchange {
	p := w.NewPage(w.AT(apptest.Travel, nil))
	return &exchange{w: w, p: p, ak: w.Claims(p.AT).AK, typ: "vt-req+jwe", plain: p.ExchangePlain()}
}

func (e *exchange) send() apptest.Answer {
	return e.p.TryExchange(append(e.p.SealTo(e.ak, e.typ, e.plain), e.pad...))
}

// breaker breaks one rule of a request; what it returns makes the world whole
// again, and may be nil.
type breaker[R any] struct {
	name     string
	wantHTTP int
	wantCode string
	want     sealing
	apply    func(R) (undo func())
	kind     string // only one breaker of a kind fits into a request
}

// exchangeBreakers stand in the order in which step D refuses (protocol section 5).
var exchangeBreakers = []breaker[*exchange]{
	{"too long", 413, "too_large", inClear, func(e *exchange) func() { e.pad = strings.Repeat("x", 16<<10); return nil }, ""},
	{"of another typ", 400, "bad_envelope", inClear, func(e *exchange) func() { e.typ = "call+jwe"; return nil }, ""},
	{"without a jti", 400, "bad_envelope", sealed, func(e *exchange) func() { delete(e.plain, "jti"); return nil }, ""},
	{"with an expired AT", 401, "invalid_at", sealed, func(e *exchange) func() { e.w.Later(120 * time.Second); return nil }, "AT"},
	{"with an unknown AT", 401, "invalid_at", sealed, func(e *exchange) func() { e.plain["at"] = e.p.AT + "x"; return nil }, "AT"},
	{"from a foreign origin", 403, "origin_denied", sealed, func(e *exchange) func() { e.p.Origin = "https://evil.example"; return nil }, ""},
	{"of a suspended partner", 403, "not_active", sealed, func(e *exchange) func() {
		setPartner(e.w, "p_travel", models.Suspended)
		return func() { setPartner(e.w, "p_travel", models.Active) }
	}, "state"},
	{"of a frozen service", 403, "not_active", sealed, func(e *exchange) func() {
		return freeze(e.w, "service", apptest.Service, models.FreezeVT)
	}, "state"},
	{"with an AT that was spent under another R", 409, "at_spent", sealed, func(e *exchange) func() { e.w.NewPage(e.p.AT).Open(); return nil }, ""},
}

func TestExchangeRefusesInOrder(t *testing.T) {
	t.Parallel()
	each(t, apptest.Options{}, func(t *testing.T, w *apptest.World) {
		inOrder(t, exchangeBreakers, func() (*exchange, func() apptest.Answer) {
			e := newExchange(w)
			return e, e.send
		})
	})
}

// inOrder breaks one rule, and then each two rules, of fresh requests; the
// earlier rule must answer, however the two are broken.
func inOrder[R any](t *testing.T, list []breaker[R], fresh func() (R, func() apptest.Answer)) {
	t.Helper()
	for i, first := range list {
		for _, second := range list[i:] {
			name := "a request " + first.name
			if second.name != first.name {
				if second.kind == first.kind && first.kind != "" {
					continue
				}
				name += " and " + second.name
			}
			t.Run(name, func(t *testing.T) {
				r, send := fresh()
				var undo []func()
				// Backwards: what changes the world for good, such as the clock, comes last.
				for _, b := range []breaker[R]{second, first}[boolInt(second.name == first.name):] {
					if u := b.apply(r); u != nil {
						undo = append(undo, u)
					}
				}
				a := send()
				for _, u := range slices.Backward(undo) {
					u()
				}
				expect(t, a, first.wantHTTP, first.wantCode, first.want)
			})
		}
	}
}

func boolInt(b bool) int {
	if b {
		return 1
	}
	return 0
}

func TestARefusedExchangeSpendsNothing(t *testing.T) {
	t.Parallel()
	each(t, apptest.Options{}, func(t *testing.T, w *apptest.World) {
		for _, b := range exchangeBreakers[:len(exchangeBreakers)-1] {
			if b.name == "with an expired AT" {
				continue
			}
			t.Run("a request "+b.name, func(t *testing.T) {
				e := newExchange(w)
				undo := b.apply(e)
				expect(t, e.send(), b.wantHTTP, b.wantCode, b.want)
				if undo != nil {
					undo()
				}
				e.p.Origin = apptest.Origin
				expect(t, e.p.TryOpen(), 200, "", sealed)
			})
		}
	})
}

func TestExchangeRefusals(t *testing.T) {
	t.Parallel()
	each(t, apptest.Options{}, func(t *testing.T, w *apptest.World) {
		visit := w.NewVisit(apptest.Travel, nil)
		for _, tc := range []struct {
			name     string
			change   func(e *exchange)
			wantHTTP int
			wantCode string
			want     sealing
		}{
			{"an empty jti is refused", func(e *exchange) { e.plain["jti"] = "" }, 400, "bad_envelope", sealed},
			{"a jti of 21 characters is refused", func(e *exchange) { e.plain["jti"] = apptest.NewID()[:21] }, 400, "bad_envelope", sealed},
			{"a jti with trailing bits is refused", func(e *exchange) { e.plain["jti"] = apptest.NewID()[:21] + "B" }, 400, "bad_envelope", sealed},
			{"a jti with padding is refused", func(e *exchange) { e.plain["jti"] = apptest.NewID()[:20] + "==" }, 400, "bad_envelope", sealed},
			{"no iat is refused", func(e *exchange) { delete(e.plain, "iat") }, 400, "bad_envelope", sealed},
			{"an iat with a fraction is refused", func(e *exchange) { e.plain["iat"] = 1.5 }, 400, "bad_envelope", sealed},
			{"an iat with an exponent is refused", func(e *exchange) { e.plain["iat"] = json.RawMessage("17e8") }, 400, "bad_envelope", sealed},
			{"an iat in quotes is refused", func(e *exchange) { e.plain["iat"] = "1795341911" }, 400, "bad_envelope", sealed},
			{"any iat passes: phones' clocks are wrong", func(e *exchange) { e.plain["iat"] = 1 }, 200, "", sealed},
			{"an iat before 1970 passes", func(e *exchange) { e.plain["iat"] = -5 }, 200, "", sealed},
			{"an unknown name is ignored", func(e *exchange) { e.plain["new"] = map[string]any{"a": 1} }, 200, "", sealed},
			{"no AT is refused", func(e *exchange) { delete(e.plain, "at") }, 400, "bad_envelope", sealed},
			{"an AT that is not text is refused", func(e *exchange) { e.plain["at"] = 1 }, 400, "bad_envelope", sealed},
			{"an AT with a changed signature is refused", func(e *exchange) { e.plain["at"] = e.p.AT[:len(e.p.AT)-4] + "AAAA" }, 401, "invalid_at", sealed},
			{"an AT without its signature is refused", func(e *exchange) { e.plain["at"] = e.p.AT[:strings.LastIndexByte(e.p.AT, '.')+1] }, 401, "invalid_at", sealed},
			{"claims without a signature are refused", func(e *exchange) { e.plain["at"] = `{"iss":"` + apptest.Issuer + `"}` }, 401, "invalid_at", sealed},
			{"an AT that a partner signed is refused", func(e *exchange) {
				e.plain["at"] = w.Sign(apptest.Travel, "at+jwt", w.Claims(e.p.AT))
			}, 401, "invalid_at", sealed},
			{"an AT with alg none is refused", func(e *exchange) {
				e.plain["at"] = "eyJhbGciOiJub25lIiwidHlwIjoiYXQrand0In0." + strings.Split(e.p.AT, ".")[1] + "."
			}, 401, "invalid_at", sealed},
			{"a VT is no AT", func(e *exchange) { e.plain["at"] = visit.Visit.VT }, 401, "invalid_at", sealed},
			{"a client assertion is no AT", func(e *exchange) { e.plain["at"] = w.Assertion(apptest.Travel, nil) }, 401, "invalid_at", sealed},
			{"the envelope of an AT is no AT", func(e *exchange) { e.plain["at"] = string(e.p.Exchange(nil)) }, 401, "invalid_at", sealed},
			{"an empty AT is refused", func(e *exchange) { e.plain["at"] = "" }, 400, "bad_envelope", sealed},

			{"no origin is refused", func(e *exchange) { e.p.Origin = "" }, 403, "origin_denied", sealed},
			{"the origin null is refused", func(e *exchange) { e.p.Origin = "null" }, 403, "origin_denied", sealed},
			{"an origin that ends like ours is refused", func(e *exchange) { e.p.Origin = "https://evilloan.bank.example" }, 403, "origin_denied", sealed},
			{"an origin that begins like ours is refused", func(e *exchange) { e.p.Origin = apptest.Origin + ".evil.example" }, 403, "origin_denied", sealed},
			{"an origin with a port is another", func(e *exchange) { e.p.Origin = apptest.Origin + ":443" }, 403, "origin_denied", sealed},
			{"an origin without TLS is another", func(e *exchange) { e.p.Origin = "http://loan.bank.example" }, 403, "origin_denied", sealed},
			{"an origin with a slash is another", func(e *exchange) { e.p.Origin = apptest.Origin + "/" }, 403, "origin_denied", sealed},
			{"an origin in capitals is another", func(e *exchange) { e.p.Origin = "https://LOAN.bank.example" }, 403, "origin_denied", sealed},
			{"two origins are none", func(e *exchange) { e.p.Origin = apptest.Origin + " " + apptest.Origin }, 403, "origin_denied", sealed},
		} {
			t.Run(tc.name, func(t *testing.T) {
				e := newExchange(w)
				tc.change(e)
				a := e.send()
				expect(t, a, tc.wantHTTP, tc.wantCode, tc.want)
				if p := readProblem(t, a.Plain); !strings.Contains(tc.name, "jti") && p.JTI != e.plain["jti"] {
					t.Errorf("the answer's jti is %q", p.JTI)
				}
			})
		}
	})
}

func TestAPlaintextWithANameTwiceIsRefused(t *testing.T) {
	t.Parallel()
	w := newWorld(t, apptest.Options{})
	for name, plain := range map[string]string{
		"twice":           `{"at":"AT","jti":"JTI","iat":1,"iat":1}`,
		"once escaped":    `{"at":"AT","jti":"JTI","iat":1,"\u0069at":1}`,
		"bytes behind":    `{"at":"AT","jti":"JTI","iat":1} {}`,
		"an array":        `[{"at":"AT","jti":"JTI","iat":1}]`,
		"not UTF-8":       `{"at":"AT","jti":"JTI","iat":1,"x":"` + "\xff" + `"}`,
		"a mark in front": "\uFEFF" + `{"at":"AT","jti":"JTI","iat":1}`,
		"not JSON":        `at`,
		"in other case":   `{"AT":"AT","JTI":"JTI","IAT":1}`,
	} {
		e := newExchange(w)
		text := strings.NewReplacer(`"AT"`, `"`+e.p.AT+`"`, `"JTI"`, `"`+apptest.NewID()+`"`).Replace(plain)
		t.Run(name, func(t *testing.T) {
			expect(t, e.p.TryExchange(e.p.SealTo(e.ak, e.typ, []byte(text))), 400, "bad_envelope", sealed)
		})
	}
}

func TestAServiceMayTakePagesWithoutAnOrigin(t *testing.T) {
	t.Parallel()
	each(t, apptest.Options{}, func(t *testing.T, w *apptest.World) {
		setService(w, func(s *models.Service) { s.AllowNoOrigin = true })
		for origin, want := range map[string]string{"": "", apptest.Origin: "", "null": "origin_denied", "https://evil.example": "origin_denied"} {
			p := w.NewPage(w.AT(apptest.Travel, nil))
			p.Origin = origin
			if a := p.TryOpen(); a.Code() != want {
				t.Errorf("origin %q: %d %s", origin, a.HTTP, a.Plain)
			}
		}
	})
}

func TestClearRefusalsOfStepDAreOne(t *testing.T) {
	t.Parallel()
	w := newWorld(t, apptest.Options{})
	e := newExchange(w)
	good := e.p.Exchange(nil)
	jose := func(r *http.Request) { r.Header.Set("Content-Type", "application/jose") }
	var same string
	for name, tc := range map[string]struct {
		body   []byte
		change func(*http.Request)
	}{
		"an empty body":        {nil, jose},
		"no content type":      {good, func(*http.Request) {}},
		"another content type": {good, func(r *http.Request) { r.Header.Set("Content-Type", "application/json") }},
		"text":                 {[]byte("hello"), jose},
		"JSON":                 {[]byte(`{"protected":"e30"}`), jose},
		"a JWS":                {[]byte(e.p.AT), jose},
		"a broken tag":         {append(good[:len(good)-1:len(good)-1], good[len(good)-1]^1), jose},
		"a newline behind":     {append(good[:len(good):len(good)], '\n'), jose},
		"another typ":          {e.p.SealTo(e.ak, "vt-resp+jwe", e.plain), jose},
		"typ in capitals":      {e.p.SealTo(e.ak, "VT-REQ+JWE", e.plain), jose},
		"an unknown kid":       {e.p.SealTo([]byte(strings.Replace(string(e.ak), `"kid":"`, `"kid":"x`, 1)), e.typ, e.plain), jose},
		"a partner's key":      {e.p.SealTo(w.PublicJWK(apptest.Travel, apptest.EncryptionUse), e.typ, e.plain), jose},
	} {
		r := httptest.NewRequest(http.MethodPost, "/gateway/v1/visit-tokens", strings.NewReader(string(tc.body)))
		r.Header.Set("Origin", apptest.Origin)
		tc.change(r)
		rec := w.Do(r)
		p := readProblem(t, rec.Body.Bytes())
		h := rec.Header().Clone()
		h.Del("X-Request-Id")
		raw, err := json.Marshal(h)
		if err != nil {
			t.Fatal(err)
		}
		text := strings.Replace(rec.Body.String(), p.RequestID, "", 1) + string(raw)
		if same == "" {
			same = text
		}
		if rec.Code != 400 || p.Code != "bad_envelope" || text != same {
			t.Errorf("%s: %d %s\nwant %s", name, rec.Code, text, same)
		}
	}
	expect(t, e.send(), 200, "", sealed)
}

func TestSpendingTwice(t *testing.T) {
	t.Parallel()
	each(t, apptest.Options{}, func(t *testing.T, w *apptest.World) {
		first := w.NewVisit(apptest.Travel, nil)
		second := w.NewPage(first.AT)
		expect(t, second.TryOpen(), 409, "at_spent", sealed)
		expect(t, first.Get("/loans/offers"), 401, "invalid_vt", sealed) // dead at once
		expect(t, second.TryOpen(), 409, "at_spent", sealed)
		expect(t, first.TryOpen(), 409, "at_spent", sealed) // the first R gets nothing more either

		w.Restart() // another node would know as well
		expect(t, first.Get("/loans/offers"), 401, "invalid_vt", sealed)
		alarms := w.Events("at.reused")
		if len(alarms) == 0 || !alarms[0].Alarm || alarms[0].VID != first.Visit.VID || alarms[0].Outcome != "at_spent" {
			t.Errorf("alarms %+v", alarms)
		}
	})
}

func TestTheSameATAndRAreAnsweredAgain(t *testing.T) {
	t.Parallel()
	each(t, apptest.Options{}, func(t *testing.T, w *apptest.World) {
		p := w.NewPage(w.AT(apptest.Travel, nil))
		body := p.Exchange(nil)
		var vids []string
		open := func() {
			t.Helper()
			var v apptest.Visit
			a := p.TryExchange(body)
			expect(t, a, 200, "", sealed)
			a.Into(p, &v)
			p.Take(v)
			vids = append(vids, v.VID)
			expect(t, p.Get("/loans/offers"), 200, "", sealed)
		}
		open()
		open()
		w.Later(179 * time.Second) // a second before the AT's end + 60 s
		open()
		if vids[0] != vids[1] || vids[0] != vids[2] {
			t.Errorf("visits %v", vids)
		}
		w.Later(time.Second)
		expect(t, p.TryExchange(body), 401, "invalid_at", sealed)
		expect(t, p.Get("/loans/offers"), 200, "", sealed) // its visit lives on
		if n := w.Count("visits"); n != 1 {
			t.Errorf("%d visits were opened", n)
		}
	})
}

func TestAClosedVisitIsNotAnsweredAgain(t *testing.T) {
	t.Parallel()
	each(t, apptest.Options{}, func(t *testing.T, w *apptest.World) {
		p := w.NewVisit(apptest.Travel, nil)
		expect(t, p.Send("/gateway/v1/visit-tokens/close", "close+jwe", p.ExchangePlain()), 200, "", sealed)
		expect(t, p.TryOpen(), 409, "at_spent", sealed)
	})
}

func TestAnRIsGoodForOneAT(t *testing.T) {
	t.Parallel()
	each(t, apptest.Options{}, func(t *testing.T, w *apptest.World) {
		first := w.NewVisit(apptest.Travel, nil)
		second := w.NewPage(w.AT(apptest.Travel, nil))
		fresh := second.R
		second.R = first.R
		expect(t, second.TryOpen(), 400, "bad_envelope", sealed)
		second.R = fresh
		expect(t, second.TryOpen(), 200, "", sealed)                   // nothing was spent
		expect(t, first.Get("/loans/offers"), 200, "", sealed)         // and nobody's visit ended
		expect(t, second.Open().Get("/loans/offers"), 200, "", sealed) // not the second's either
	})
}

func TestOneOfManyExchangesWins(t *testing.T) {
	t.Parallel()
	each(t, apptest.Options{}, func(t *testing.T, w *apptest.World) {
		other := w.Node() // on the same database
		at := w.AT(apptest.Travel, nil)
		answers := make(chan apptest.Answer, 60)
		var all sync.WaitGroup
		for i := range cap(answers) {
			node := []*apptest.World{w, other}[i%2]
			all.Go(func() { answers <- node.NewPage(at).TryOpen() })
		}
		all.Wait()
		close(answers)
		won := 0
		for a := range answers {
			if a.HTTP == http.StatusOK {
				won++
				continue
			}
			expect(t, a, 409, "at_spent", sealed)
		}
		if won != 1 || w.Count("visits") != 1 {
			t.Errorf("%d exchanges won", won)
		}
	})
}

func TestTheEdgeOfAnATsLife(t *testing.T) {
	t.Parallel()
	each(t, apptest.Options{}, func(t *testing.T, w *apptest.World) {
		w.Clock.Add(500 * time.Millisecond) // an AT's times are whole seconds
		p, late := w.NewPage(w.AT(apptest.Travel, nil)), w.NewPage(w.AT(apptest.Travel, nil))
		end := time.Unix(w.Claims(p.AT).ExpiresAt, 0)
		w.Later(end.Sub(w.Clock.Now()) - time.Millisecond)
		expect(t, p.TryOpen(), 200, "", sealed)
		w.Later(time.Millisecond)
		expect(t, late.TryOpen(), 401, "invalid_at", sealed)
	})
}

func TestWhoeverIsStoppedOpensNothing(t *testing.T) {
	t.Parallel()
	each(t, apptest.Options{}, func(t *testing.T, w *apptest.World) {
		for name, stop := range map[string]func() (undo func()){
			"partner frozen":     func() func() { return freeze(w, "partner", "p_travel", models.FreezeVT) },
			"application frozen": func() func() { return freeze(w, "application", apptest.Travel, models.FreezeAll) },
			"service frozen":     func() func() { return freeze(w, "service", apptest.Service, models.FreezeVT) },
			"application suspended": func() func() {
				setApplication(w, apptest.Travel, func(a *models.Application) { a.Status = models.Suspended })
				return func() { setApplication(w, apptest.Travel, func(*models.Application) {}) }
			},
			"application closed": func() func() {
				setApplication(w, apptest.Travel, func(a *models.Application) { a.Status = models.Closed })
				return func() { setApplication(w, apptest.Travel, func(*models.Application) {}) }
			},
			"service suspended": func() func() {
				setService(w, func(s *models.Service) { s.Status = models.Suspended })
				return func() { setService(w, func(*models.Service) {}) }
			},
		} {
			p := w.NewPage(w.AT(apptest.Travel, nil))
			undo := stop()
			a := p.TryOpen()
			undo()
			t.Run(name, func(t *testing.T) {
				expect(t, a, 403, "not_active", sealed)
				expect(t, p.TryOpen(), 200, "", sealed)
			})
		}
		t.Run("a freeze of calls does not stop visits", func(t *testing.T) {
			p := w.NewPage(w.AT(apptest.Travel, nil))
			defer freeze(w, "partner", "p_travel", models.FreezeCall)()
			expect(t, p.TryOpen(), 200, "", sealed)
		})
	})
}

func TestAnATIsForItsOwnAKAndEnvironment(t *testing.T) {
	t.Parallel()
	const sandboxApp = "app_sandbox"
	each(t, seeded(func(s *apptest.Seed) {
		a := apptest.Application(sandboxApp, "p_travel")
		a.Environment = models.Sandbox
		s.Applications = append(s.Applications, a)
		s.Grants = append(s.Grants, apptest.Grant("gx", sandboxApp, "loan.basic:read"))
	}), func(t *testing.T, w *apptest.World) {
		before := w.NewPage(w.AT(apptest.Travel, nil))
		sandbox := w.NewPage(w.AT(sandboxApp, nil))
		expect(t, before.TryExchange(before.SealTo(w.Claims(sandbox.AT).AK, "vt-req+jwe", before.ExchangePlain())), 401, "invalid_at", sealed)
		expect(t, sandbox.TryExchange(sandbox.SealTo(w.Claims(before.AT).AK, "vt-req+jwe", sandbox.ExchangePlain())), 401, "invalid_at", sealed)

		setApplication(w, apptest.Travel, func(a *models.Application) { a.ATLifetime = 600 })
		old := w.NewPage(w.AT(apptest.Travel, nil))
		w.Rotate(models.ApplicationKey)
		w.Later(keyring.PublishBefore)
		young := w.NewPage(w.AT(apptest.Travel, nil))
		if string(w.Claims(old.AT).AK) == string(w.Claims(young.AT).AK) {
			t.Fatal("the AK was not rotated")
		}
		expect(t, old.TryExchange(old.SealTo(w.Claims(young.AT).AK, "vt-req+jwe", old.ExchangePlain())), 401, "invalid_at", sealed)
		expect(t, old.TryOpen(), 200, "", sealed) // the old AK opens what it was made for
		expect(t, young.TryOpen(), 200, "", sealed)
	})
}

func TestWhatAPageGets(t *testing.T) {
	t.Parallel()
	each(t, apptest.Options{}, func(t *testing.T, w *apptest.World) {
		p := w.NewPage(w.AT(apptest.Travel, map[string][]string{"subject": {"user-7781"}, "scope": {"loan.offer:read me:read"}}))
		plain := p.ExchangePlain()
		a := p.TryExchange(p.Exchange(plain))
		var got map[string]any
		a.Into(p, &got)
		now := float64(w.Clock.Now().Unix())
		vt, _ := got["vt"].(string)
		for _, id := range []string{"vid", "sid"} {
			if s, _ := got[id].(string); len(s) != 22 {
				t.Errorf("%s is %q", id, got[id])
			}
			delete(got, id)
		}
		if delete(got, "vt"); len(vt) < 64 || len(vt) > 4096 {
			t.Errorf("VT has %d characters", len(vt))
		}
		wantSame(t, got, map[string]any{
			"jti": plain["jti"], "expires_in": 900.0, "renew_until": now + 1800, "scope": "loan.offer:read me:read",
			"client_name": "Lianhe Travel", "subject_hint": "us****81", "server_time": now,
		})
		if a.Typ != "vt-resp+jwe" || a.Head.Get("Cache-Control") != "no-store" {
			t.Errorf("typ %s, %v", a.Typ, a.Head)
		}
	})
}

func TestAServicesOriginsMayMove(t *testing.T) {
	t.Parallel()
	each(t, apptest.Options{}, func(t *testing.T, w *apptest.World) {
		p := w.NewPage(w.AT(apptest.Travel, nil))
		w.Write(func(tx *store.Tx, now int64) error {
			return tx.SetOrigins(apptest.Service, []string{"https://new.bank.example"}, now)
		})
		expect(t, p.TryOpen(), 403, "origin_denied", sealed)
		p.Origin = "https://new.bank.example"
		expect(t, p.TryOpen(), 200, "", sealed)
	})
}
