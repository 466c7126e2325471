package app_test

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"postern/app"
	"postern/app/apptest"
	"postern/app/store"
	"postern/models"
)

const consents = "/gateway/v1/consents"

// guarded is the scope that demands consent in these tests, offered what leaves
// under it with consent, and rated what leaves without.
const (
	guarded = "loan.offer:read"
	limited = `"limit":186000.00`
	rated   = `{"offer":{"rate":"3.85"}}`
)

func consentText(version, days int64) models.ConsentText {
	return models.ConsentText{
		ScopeID: guarded, Version: version, PurposeEN: "Your offer", PurposeZH: "您的额度",
		TextEN: "The app sees your limit.", TextZH: "应用可见您的额度。", Days: days, CreatedAt: 1,
	}
}

// demanding is a seed in which guarded demands consent that is good for some
// days, 0 for ever.
func demanding(days int64) func(*apptest.Seed) {
	return func(s *apptest.Seed) {
		for i := range s.Scopes {
			if s.Scopes[i].ID == guarded {
				s.Scopes[i].ConsentVersion = 1
			}
		}
		s.Consents = []models.ConsentText{consentText(1, days)}
	}
}

// demand makes guarded demand another version; 0 is none.
func demand(w *apptest.World, version int64) {
	w.T.Helper()
	w.Write(func(tx *store.Tx, now int64) error {
		if version > 0 {
			if err := tx.KeepConsentText(consentText(version, 0)); err != nil {
				return err
			}
		}
		return tx.SaveScope(models.Scope{ID: guarded, ServiceID: apptest.Service, Title: guarded, ConsentVersion: version}, now)
	})
}

// asked is what the page is told of one scope.
type asked struct {
	Scope   string            `json:"scope"`
	Version int64             `json:"version"`
	Purpose map[string]string `json:"purpose"`
	Text    map[string]string `json:"text"`
	Given   bool              `json:"given"`
	GivenAt int64             `json:"given_at"`
	Until   int64             `json:"until"`
}

type consentReply struct {
	apptest.Visit
	Status   int     `json:"status"`
	Consents []asked `json:"consents"`
}

func consentPlain(p *apptest.Page, action string, more map[string]any) map[string]any {
	plain := p.ExchangePlain()
	delete(plain, "at")
	plain["action"] = action
	for name, v := range more {
		plain[name] = v
	}
	return plain
}

func askConsent(p *apptest.Page, action string, more map[string]any) apptest.Answer {
	return p.Send(consents, "consent+jwe", consentPlain(p, action, more))
}

// consent asks, takes up the ticket that comes back, if any, and returns what the
// page is told of guarded.
func consent(t *testing.T, p *apptest.Page, action string, more map[string]any) asked {
	t.Helper()
	a := askConsent(p, action, more)
	expect(t, a, 200, "", sealed)
	var reply consentReply
	a.Into(p, &reply)
	if a.Typ != "reply+jwe" || reply.Status != 200 || len(reply.Consents) != 1 || reply.Consents[0].Scope != guarded {
		t.Fatalf("%s answered %s", a.Typ, a.Plain)
	}
	if reply.VT != "" {
		if reply.SID == p.Visit.SID || reply.ExpiresIn <= 0 || reply.RenewUntil != p.Visit.RenewUntil && p.Visit.RenewUntil != 0 {
			t.Errorf("the fresh ticket: %s", a.Plain)
		}
		reply.VID = p.Visit.VID
		p.Take(reply.Visit)
	}
	return reply.Consents[0]
}

func give(t *testing.T, p *apptest.Page) asked {
	t.Helper()
	return consent(t, p, "give", map[string]any{"scope": guarded, "version": 1})
}

// shows holds what leaves of the offer against whether consent is there.
func shows(t *testing.T, p *apptest.Page, want bool, when string) {
	t.Helper()
	a := p.Get("/loans/offers")
	expect(t, a, 200, "", sealed)
	body := string(a.Plain)
	got, full := strings.Contains(body, limited), strings.Contains(body, `"phone"`)
	told := strings.Contains(body, `"consent_required":["loan.offer:read"]`)
	if got != want || full != want || told == want || !strings.Contains(body, `"rate":"3.85"`) {
		t.Errorf("%s: want the limit %v: %s", when, want, body)
	}
	if !want && !strings.Contains(body, rated) {
		t.Errorf("%s: more leaves than C1: %s", when, body)
	}
}

func subject(name string) url.Values { return url.Values{"subject": {name}} }

// bindCustomer binds the bank's customer and takes up the fresh ticket.
func bindCustomer(t *testing.T, p *apptest.Page) {
	t.Helper()
	a := p.Call(p.Plain("POST", "/session/sign-in"))
	expect(t, a, 200, "", sealed)
	var v apptest.Visit
	a.Into(p, &v)
	if v.VT == "" {
		t.Fatalf("no fresh ticket: %s", a.Plain)
	}
	v.VID = p.Visit.VID
	p.Take(v)
}

func TestConsentOpensWhatItIsFor(t *testing.T) {
	t.Parallel()
	each(t, seeded(demanding(0)), func(t *testing.T, w *apptest.World) {
		p := w.NewVisit(apptest.Travel, subject("user-7781"))
		shows(t, p, false, "before")
		one := consent(t, p, "list", nil)
		if one.Given || one.Version != 1 || one.Purpose["zh"] != "您的额度" || one.Text["en"] != "The app sees your limit." || one.GivenAt != 0 {
			t.Errorf("listed %+v", one)
		}
		before := *p
		if one := give(t, p); !one.Given || one.GivenAt != w.Clock.Now().Unix() || one.Until != 0 {
			t.Errorf("given %+v", one)
		}
		shows(t, p, true, "with the fresh ticket")
		shows(t, &before, false, "with the ticket from before")
		shows(t, renewed(t, p), true, "renewed")
		shows(t, renewed(t, &before), true, "renewed from the ticket before")
		vt := p.Visit.VT
		give(t, p)
		if p.Visit.VT != vt || w.Count("consents") != 1 {
			t.Errorf("giving it again: another ticket %v, %d rows", p.Visit.VT != vt, w.Count("consents"))
		}
		rec := introspect(w, apptest.Service, apptest.Secret, p.Visit.VT)
		if !strings.Contains(rec.Body.String(), `"consented_scope":"loan.offer:read"`) {
			t.Errorf("introspection: %s", rec.Body)
		}
		again := w.NewVisit(apptest.Travel, subject("user-7781"))
		shows(t, again, true, "the same person's next visit")
		shows(t, w.NewVisit(apptest.Travel, subject("user-7782")), false, "another person")
		shows(t, w.NewVisit(apptest.Travel, nil), false, "somebody without a name")
		if one := consent(t, p, "withdraw", map[string]any{"scope": guarded}); one.Given {
			t.Errorf("withdrawn %+v", one)
		}
		shows(t, p, false, "after the withdrawal")
		shows(t, again, false, "in the other visit")
		shows(t, w.NewVisit(apptest.Travel, subject("user-7781")), false, "in a later visit")
		give(t, p)
		shows(t, p, true, "given anew")
	})
}

func TestTheRecordOfAConsentHoldsWhatWasAgreedAndNobodysName(t *testing.T) {
	t.Parallel()
	each(t, seeded(demanding(0)), func(t *testing.T, w *apptest.World) {
		var log bytes.Buffer
		p := w.NewVisit(apptest.Travel, subject("user-7781"))
		bindCustomer(t, p)
		give(t, p)
		consent(t, p, "withdraw", map[string]any{"scope": guarded})
		given, gone := w.Events("consent.given"), w.Events("consent.withdrawn")
		if len(given) != 1 || len(gone) != 1 {
			t.Fatalf("events %+v, %+v", given, gone)
		}
		want := map[string]string{"scope": guarded, "version": "1", "text_sha256": consentText(1, 0).Hash()}
		for name, value := range want {
			if given[0].Detail[name] != value || gone[0].Detail[name] != value {
				t.Errorf("%s: %+v, %+v", name, given[0], gone[0])
			}
		}
		if given[0].VID != p.Visit.VID || given[0].ApplicationID != apptest.Travel || gone[0].Detail["by"] != "customer" || gone[0].Detail["id"] == "" {
			t.Errorf("events %+v, %+v", given[0], gone[0])
		}
		db := w.Database()
		defer db.Close()
		for _, query := range []string{"SELECT body FROM events", "SELECT customer_mac || subject_mac || reason FROM consents"} {
			rows, err := db.Query(query)
			if err != nil {
				t.Fatal(err)
			}
			defer rows.Close()
			for rows.Next() {
				var text string
				if err := rows.Scan(&text); err != nil {
					t.Fatal(err)
				}
				log.WriteString(text + "\n")
			}
			if err := rows.Err(); err != nil {
				t.Fatal(err)
			}
		}
		for _, name := range []string{"user-7781", "c-81"} {
			if strings.Contains(log.String(), name) {
				t.Errorf("%s stands in %s", name, log.String())
			}
		}
	})
}

func TestAConsentIsItsPersonsAndItsApplications(t *testing.T) {
	t.Parallel()
	each(t, seeded(func(s *apptest.Seed) {
		demanding(0)(s)
		s.Grants = append(s.Grants, apptest.Grant("g8", apptest.Rent, guarded), apptest.Grant("g9", apptest.Rent, "session:open"))
	}), func(t *testing.T, w *apptest.World) {
		p := w.NewVisit(apptest.Travel, subject("user-7781"))
		give(t, p)
		shows(t, p, true, "the subject")
		bindCustomer(t, p)
		shows(t, p, false, "the customer, who has not agreed")
		give(t, p)
		shows(t, p, true, "the customer")

		next := w.NewVisit(apptest.Travel, subject("another-name"))
		shows(t, next, false, "another subject")
		bindCustomer(t, next)
		shows(t, next, false, "the same customer under another subject")
		give(t, next)
		shows(t, next, true, "agreed under the other subject, too")

		consent(t, next, "withdraw", map[string]any{"scope": guarded})
		shows(t, p, false, "withdrawn by the customer, under whatever subject")
		signedIn := w.NewVisit(apptest.Travel, subject("third-name"))
		bindCustomer(t, signedIn)
		give(t, signedIn)
		shows(t, w.NewVisit(apptest.Travel, subject("third-name")), false, "a subject whose customer agreed, before the sign-in")

		other := w.NewVisit(apptest.Rent, url.Values{"subject": {"user-7781"}, "scope": {guarded + " session:open"}})
		shows(t, other, false, "the same name at another application")
		bindCustomer(t, other)
		shows(t, other, false, "the same customer at another application")

		nobody := w.NewVisit(apptest.Travel, nil)
		if one := give(t, nobody); one.Until == 0 {
			t.Errorf("nobody's consent outlives the visit: %+v", one)
		}
		shows(t, nobody, true, "the visit itself")
		shows(t, w.NewVisit(apptest.Travel, nil), false, "another visit of nobody")
	})
}

func TestAConsentEndsInEveryWayOnEveryNode(t *testing.T) {
	t.Parallel()
	each(t, seeded(demanding(0)), func(t *testing.T, w *apptest.World) {
		other := w.Node()
		p := w.NewVisit(apptest.Travel, subject("user-7781"))
		there := *p // the same visit, through the other node
		there.W = other
		for name, withdraw := range map[string]func(){
			"by the customer": func() { consent(t, p, "withdraw", map[string]any{"scope": guarded}) },
			"by the partner, by subject and scope": func() {
				expectError(t, partnerPost(w, apptest.Travel, "/oauth/consents/withdraw", url.Values{"subject": {"user-7781"}, "scope": {guarded}}), 200, "")
			},
			"by the partner, by its id": func() {
				id := partnerList(t, w, apptest.Travel, "user-7781")
				expectError(t, partnerPost(w, apptest.Travel, "/oauth/consents/withdraw", url.Values{"id": {id[len(id)-1].ID}}), 200, "")
			},
		} {
			give(t, p)
			there.Take(p.Visit)
			shows(t, &there, true, name+": before")
			withdraw()
			shows(t, p, false, name+": here")
			other.Refresh()
			shows(t, &there, false, name+": there")
		}
		give(t, p)
		there.Take(p.Visit)
		demand(w, 2)
		other.Refresh()
		shows(t, p, false, "to a version before")
		shows(t, &there, false, "to a version before, there")
		demand(w, 1)
		shows(t, p, true, "to the version that is asked for again")
		demand(w, 0)
		a := p.Get("/loans/offers")
		if !strings.Contains(string(a.Plain), limited) || strings.Contains(string(a.Plain), "consent_required") {
			t.Errorf("none is demanded: %s", a.Plain)
		}
		// A node that starts knows what was withdrawn before.
		demand(w, 1)
		consent(t, p, "withdraw", map[string]any{"scope": guarded})
		p.Take(there.Visit)
		w.Restart()
		shows(t, p, false, "after a restart")
	})
}

func TestAConsentIsOverAfterItsDays(t *testing.T) {
	t.Parallel()
	each(t, seeded(demanding(1)), func(t *testing.T, w *apptest.World) {
		p := w.NewVisit(apptest.Travel, subject("u"))
		end := w.Clock.Now().Add(24 * time.Hour).Unix()
		if one := give(t, p); one.Until != end {
			t.Errorf("given until %d, want %d", one.Until, end)
		}
		w.Later(24*time.Hour - 10*time.Second)
		p = w.NewVisit(apptest.Travel, subject("u"))
		shows(t, p, true, "just before")
		w.Later(10 * time.Second)
		shows(t, p, false, "after its days, in the same ticket")
		shows(t, w.NewVisit(apptest.Travel, subject("u")), false, "in the next visit")
		give(t, p)
		shows(t, p, true, "given again")
		if n := w.Count("consents"); n != 2 {
			t.Errorf("%d rows", n)
		}
	})
}

func TestWhatIsTakenBackWhileTheBankWorksDoesNotLeave(t *testing.T) {
	t.Parallel()
	each(t, seeded(demanding(0)), func(t *testing.T, w *apptest.World) {
		p := w.NewVisit(apptest.Travel, subject("user-7781"))
		give(t, p)
		w.Bank.Answer(func(rw http.ResponseWriter, _ *http.Request) {
			expectError(t, partnerPost(w, apptest.Travel, "/oauth/consents/withdraw", url.Values{"subject": {"user-7781"}, "scope": {guarded}}), 200, "")
			rw.Header().Set("Content-Type", "application/json")
			_, _ = io.WriteString(rw, apptest.Offers)
		})
		shows(t, p, false, "withdrawn meanwhile")
	})
}

func TestAReplyThatLeavesWholeWaitsForConsent(t *testing.T) {
	t.Parallel()
	w := newWorld(t, seeded(demanding(0)))
	p := w.NewVisit(apptest.Travel, subject("u"))
	w.Bank.Answer(answering(200, "application/pdf", "%PDF"))
	expect(t, p.Get("/loans/letter"), 502, "upstream_unavailable", sealed)
	give(t, p)
	expect(t, p.Get("/loans/letter"), 200, "", sealed)
	w.Restart()
	if n := w.Count("calls WHERE reason = 'no_consent'"); n != 1 {
		t.Errorf("%d calls on record for want of consent", n)
	}
}

func TestAnotherScopeKeepsWhatItNamesAndHidesWhatBothHide(t *testing.T) {
	t.Parallel()
	w := newWorld(t, seeded(func(s *apptest.Seed) {
		demanding(0)(s)
		s.Grants = append(s.Grants, apptest.Grant("g8", apptest.Travel, "loan.basic:read"))
		for i, f := range s.Fields { // the guarded scope hides the phone whole, the other one most of it
			if f.ScopeID == guarded && f.Path == "holder.phone" {
				s.Fields[i].Mask = "amount"
			}
		}
		s.Fields = append(s.Fields, models.ScopeField{
			ScopeID: "loan.basic:read", Resource: "loan.offer", Action: "read", Path: "holder.phone", Class: "C2", Treatment: "mask", Mask: "phone",
		})
	}))
	p := w.NewVisit(apptest.Travel, subject("u"))
	without := string(p.Get("/loans/offers").Plain)
	give(t, p)
	with := string(p.Get("/loans/offers").Plain)
	if !strings.Contains(with, limited) || !strings.Contains(without, `"limit":"***"`) || strings.Contains(without, `"name"`) {
		t.Errorf("with consent %s, without %s", with, without)
	}
	phone := func(body string) string { return body[strings.Index(body, `"phone"`):][:13] }
	if phone(with) != phone(without) {
		t.Errorf("without consent the phone shows %s, with it %s", phone(without), phone(with))
	}
}

func TestConsentRefusals(t *testing.T) {
	t.Parallel()
	each(t, seeded(func(s *apptest.Seed) {
		demanding(0)(s)
		s.Scopes = append(s.Scopes, models.Scope{ID: "customers:only", ServiceID: apptest.Service, Title: "x", RequiresCustomer: true, ConsentVersion: 1})
		text := consentText(1, 0)
		text.ScopeID = "customers:only"
		s.Consents = append(s.Consents, text)
		s.Grants = append(s.Grants, apptest.Grant("g8", apptest.Travel, "customers:only"))
	}), func(t *testing.T, w *apptest.World) {
		type request struct {
			p     *apptest.Page
			plain map[string]any
			typ   string
			undo  func()
		}
		for _, tc := range []struct {
			name     string
			change   func(r *request)
			wantHTTP int
			wantCode string
			want     sealing
		}{
			{"a stale version is refused", func(r *request) { r.plain["version"] = 2 }, 409, "consent_stale", sealed},
			{"a scope that demands none is refused", func(r *request) { r.plain["scope"] = "me:read" }, 409, "consent_stale", sealed},
			{"a scope that is not the visit's is refused", func(r *request) { r.plain["scope"] = "loan.basic:read" }, 403, "scope_denied", sealed},
			{"an unknown scope is refused", func(r *request) { r.plain["scope"] = "no:scope" }, 403, "scope_denied", sealed},
			{"a customer's consent before the sign-in is refused", func(r *request) { r.plain["scope"] = "customers:only" }, 403, "customer_required", sealed},
			{"no version is refused", func(r *request) { delete(r.plain, "version") }, 400, "bad_envelope", sealed},
			{"a version that is no number is refused", func(r *request) { r.plain["version"] = "1" }, 400, "bad_envelope", sealed},
			{"no scope is refused", func(r *request) { delete(r.plain, "scope") }, 400, "bad_envelope", sealed},
			{"an unknown action is refused", func(r *request) { r.plain["action"] = "take" }, 400, "bad_envelope", sealed},
			{"no action is refused", func(r *request) { delete(r.plain, "action") }, 400, "bad_envelope", sealed},
			{"no jti is refused", func(r *request) { delete(r.plain, "jti") }, 400, "bad_envelope", sealed},
			{"a broken VT is refused", func(r *request) { r.p.Visit.VT += "A" }, 401, "invalid_vt", inClear},
			{"a call's typ is refused", func(r *request) { r.typ = "call+jwe" }, 400, "bad_envelope", inClear},
			{"a foreign origin is refused", func(r *request) { r.p.Origin = "https://evil.example" }, 403, "origin_denied", sealed},
			{"an old iat is refused", func(r *request) { r.plain["iat"] = w.Clock.Now().Unix() - 61 }, 400, "stale_request", sealed},
			{"a used jti is refused", func(r *request) {
				used := r.p.Plain("GET", "/loans/offers")
				used["jti"] = r.plain["jti"]
				expect(t, r.p.Call(used), 200, "", sealed)
			}, 409, "replayed", sealed},
			{"a closed visit is refused", func(r *request) { expect(t, r.p.Send(closings, "close+jwe", r.p.ExchangePlain()), 200, "", sealed) }, 401, "invalid_vt", sealed},
			{"a suspended partner is refused", func(r *request) {
				setPartner(w, "p_travel", models.Suspended)
				r.undo = func() { setPartner(w, "p_travel", models.Active) }
			}, 403, "not_active", sealed},
			{"frozen calls are refused", func(r *request) { r.undo = freeze(w, "application", apptest.Travel, models.FreezeCall) }, 403, "not_active", sealed},
			{"a frozen scope is refused", func(r *request) { r.undo = freeze(w, "scope", guarded, models.FreezeCall) }, 403, "not_active", sealed},
			{"a stale feed is refused", func(r *request) { r.undo = stale(w) }, 503, "unavailable", sealed},
			{"a table that is away is refused", func(r *request) {
				w.Exec("ALTER TABLE consents RENAME TO consents_away")
				r.undo = func() { w.Exec("ALTER TABLE consents_away RENAME TO consents") }
			}, 503, "unavailable", sealed},
		} {
			t.Run(tc.name, func(t *testing.T) {
				r := &request{p: w.NewVisit(apptest.Travel, subject("u")), typ: "consent+jwe", undo: func() {}}
				r.plain = consentPlain(r.p, "give", map[string]any{"scope": guarded, "version": 1})
				tc.change(r)
				a := r.p.Send(consents, r.typ, r.plain)
				r.undo()
				expect(t, a, tc.wantHTTP, tc.wantCode, tc.want)
				if n := w.Count("consents"); n != 0 {
					t.Errorf("%d consents on record", n)
				}
				if tc.name == "a stale version is refused" && !strings.Contains(string(a.Plain), `"version":1`) {
					t.Errorf("the version that is asked for is not told: %s", a.Plain)
				}
				w.Later(time.Second)
			})
		}
	})
}

func TestConsentCallsAreLimitedLikeCalls(t *testing.T) {
	t.Parallel()
	w := newWorld(t, apptest.Options{Seed: demanding(0), Config: func(c *app.Config) { c.Rates.Visit.PerSecond, c.Rates.Visit.Burst = 1, 3 }})
	p := w.NewVisit(apptest.Travel, nil)
	for range 3 {
		consent(t, p, "list", nil)
	}
	expect(t, askConsent(p, "list", nil), 429, "rate_limited", sealed)
}

// partnerConsent is a consent as its partner sees it.
type partnerConsent struct {
	ID, Scope   string
	Version     int64
	Active      bool
	GivenAt     int64  `json:"given_at"`
	WithdrawnBy string `json:"withdrawn_by"`
}

func partnerPost(w *apptest.World, client, path string, more url.Values) *httptest.ResponseRecorder {
	form := w.TokenForm(client)
	form.Del("grant_type")
	form.Del("resource")
	for name, v := range more {
		form[name] = v
	}
	return w.PostForm(path, form)
}

func partnerList(t *testing.T, w *apptest.World, client, name string) []partnerConsent {
	t.Helper()
	rec := partnerPost(w, client, "/oauth/consents", subject(name))
	expectError(t, rec, 200, "")
	var page struct {
		Consents []partnerConsent
		Next     string
	}
	if err := json.Unmarshal(rec.Body.Bytes(), &page); err != nil || page.Consents == nil || page.Next != "" {
		t.Fatalf("%v in %s", err, rec.Body)
	}
	return page.Consents
}

func TestAPartnerSeesAndWithdrawsItsOwnUsersConsentsOnly(t *testing.T) {
	t.Parallel()
	each(t, seeded(demanding(0)), func(t *testing.T, w *apptest.World) {
		p := w.NewVisit(apptest.Travel, subject("user-7781"))
		bindCustomer(t, p)
		give(t, p)
		list := partnerList(t, w, apptest.Travel, "user-7781")
		if len(list) != 1 || list[0].Scope != guarded || !list[0].Active || list[0].Version != 1 || list[0].GivenAt != w.Clock.Now().Unix() {
			t.Fatalf("listed %+v", list)
		}
		for _, other := range []struct{ client, subject string }{{apptest.Travel, "user-7782"}, {apptest.Rent, "user-7781"}} {
			if list := partnerList(t, w, other.client, other.subject); len(list) != 0 {
				t.Errorf("%+v sees %+v", other, list)
			}
		}
		id := url.Values{"id": {list[0].ID}}
		foreign := partnerPost(w, apptest.Rent, "/oauth/consents/withdraw", id)
		unknown := partnerPost(w, apptest.Rent, "/oauth/consents/withdraw", url.Values{"id": {"01234567-no-such"}})
		odd := partnerPost(w, apptest.Rent, "/oauth/consents/withdraw", url.Values{"id": {"\x00\xff"}})
		if foreign.Code != 200 || unknown.Code != 200 || odd.Code != 200 || foreign.Body.String() != unknown.Body.String() {
			t.Errorf("foreign %d %s, unknown %d %s, odd %d", foreign.Code, foreign.Body, unknown.Code, unknown.Body, odd.Code)
		}
		expectError(t, partnerPost(w, apptest.Rent, "/oauth/consents/withdraw", url.Values{"subject": {"user-7781"}, "scope": {guarded}}), 200, "")
		shows(t, p, true, "whatever another partner asks")
		expectError(t, partnerPost(w, apptest.Travel, "/oauth/consents/withdraw", id), 200, "")
		shows(t, p, false, "withdrawn by its own")
		if list := partnerList(t, w, apptest.Travel, "user-7781"); list[0].Active || list[0].WithdrawnBy != "partner" {
			t.Errorf("afterwards %+v", list)
		}
		for _, bad := range []struct {
			path string
			form url.Values
		}{
			{"/oauth/consents", url.Values{}},
			{"/oauth/consents/withdraw", url.Values{}},
			{"/oauth/consents/withdraw", url.Values{"subject": {"u"}}},
			{"/oauth/consents/withdraw", url.Values{"id": {"x"}, "subject": {"u"}, "scope": {guarded}}},
		} {
			expectError(t, partnerPost(w, apptest.Travel, bad.path, bad.form), 400, "invalid_request")
		}
		expectError(t, w.PostForm("/oauth/consents", subject("user-7781")), 401, "invalid_client")
		form := w.TokenForm(apptest.Travel)
		form.Set("subject", "user-7781")
		expectError(t, w.PostForm("/oauth/consents", form), 200, "")
		expectError(t, w.PostForm("/oauth/consents", form), 401, "invalid_client") // the assertion is used up
	})
}

// What a partner is told was withdrawn for its user must not leave in that user's
// visits on the word of a customer who agreed when the partner had named nobody.
func TestAPartnersWithdrawalHoldsForTheCustomersOfItsUser(t *testing.T) {
	t.Parallel()
	each(t, seeded(demanding(0)), func(t *testing.T, w *apptest.World) {
		for _, before := range []url.Values{nil, subject("another-account")} {
			first := w.NewVisit(apptest.Travel, before)
			bindCustomer(t, first)
			give(t, first)
			p := w.NewVisit(apptest.Travel, subject("user-7781"))
			bindCustomer(t, p)
			expectError(t, partnerPost(w, apptest.Travel, "/oauth/consents/withdraw", url.Values{"subject": {"user-7781"}, "scope": {guarded}}), 200, "")
			if list := partnerList(t, w, apptest.Travel, "user-7781"); len(list) != 0 {
				t.Errorf("%v: the partner sees %+v", before, list)
			}
			shows(t, p, false, "for whom the partner sees no consent")
			shows(t, first, true, "where it was given")
		}
	})
}

func TestASignInsReplyIsTheCustomersWhoSignedIn(t *testing.T) {
	t.Parallel()
	each(t, seeded(func(s *apptest.Seed) {
		const scope = "session:open"
		for i := range s.Scopes {
			if s.Scopes[i].ID == scope {
				s.Scopes[i].ConsentVersion = 1
			}
		}
		text := consentText(1, 0)
		text.ScopeID = scope
		s.Consents = []models.ConsentText{text}
		s.Fields = append(s.Fields, models.ScopeField{
			ScopeID: scope, Resource: "session", Action: "open", Path: "name", Class: "C2", Treatment: "keep",
		})
	}), func(t *testing.T, w *apptest.World) {
		customer, name := "c-81", "Wang"
		w.Bank.Answer(func(rw http.ResponseWriter, _ *http.Request) {
			rw.Header().Set("Postern-Customer", customer)
			rw.Header().Set("Content-Type", "application/json")
			_, _ = io.WriteString(rw, `{"signed_in":true,"name":"`+name+`"}`)
		})
		p := w.NewVisit(apptest.Travel, subject("user-7781"))
		agree := func() {
			a := askConsent(p, "give", map[string]any{"scope": "session:open", "version": 1})
			expect(t, a, 200, "", sealed)
			var reply consentReply
			a.Into(p, &reply)
			reply.VID = p.Visit.VID
			p.Take(reply.Visit)
		}
		signIn := func(want bool, when string) {
			t.Helper()
			a := p.Call(p.Plain("POST", "/session/sign-in"))
			expect(t, a, 200, "", sealed)
			body := string(a.Plain)
			if strings.Contains(body, name) != want || strings.Contains(body, "consent_required") == want {
				t.Errorf("%s: want the name %v: %s", when, want, body)
			}
			var v apptest.Visit
			a.Into(p, &v)
			v.VID = p.Visit.VID
			p.Take(v)
		}
		agree()
		signIn(false, "the subject agreed, the customer did not")
		agree()
		signIn(true, "the customer agreed, and signs in again")
		customer, name = "c-82", "Zhao"
		signIn(false, "another customer signs in, who did not")
	})
}

// A request that one node has answered is none on another, after whatever came
// since.
func TestGivingIsNotReplayedOnAnotherNode(t *testing.T) {
	t.Parallel()
	each(t, seeded(demanding(0)), func(t *testing.T, w *apptest.World) {
		other := w.Node()
		p := w.NewVisit(apptest.Travel, subject("user-7781"))
		there := *p
		there.W = other
		plain := consentPlain(p, "give", map[string]any{"scope": guarded, "version": 1})
		expect(t, p.Send(consents, "consent+jwe", plain), 200, "", sealed)
		expectError(t, partnerPost(w, apptest.Travel, "/oauth/consents/withdraw", url.Values{"subject": {"user-7781"}, "scope": {guarded}}), 200, "")
		expect(t, there.Send(consents, "consent+jwe", plain), 409, "replayed", sealed)
		if n := w.Count("consents WHERE ends_at = 0"); n != 0 {
			t.Errorf("%d consents hold", n)
		}
	})
}

func TestAWithdrawalEndsHoweverManyThereAre(t *testing.T) {
	t.Parallel()
	each(t, seeded(demanding(0)), func(t *testing.T, w *apptest.World) {
		p := w.NewVisit(apptest.Travel, subject("user-7781"))
		give(t, p)
		// Given again each day for a year, each good for longer: older ones than the last.
		w.Exec(`INSERT INTO consents (id, partner_id, application_id, service_id, scope_id, version, customer_mac, subject_mac, vid, given_at, ends_at)
			WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 250)
			SELECT 'd' || i, partner_id, application_id, service_id, scope_id, version, customer_mac, subject_mac, vid, given_at, 9999999999999
			FROM consents, n WHERE id NOT LIKE 'd%'`)
		consent(t, p, "withdraw", map[string]any{"scope": guarded})
		if n := w.Count("consents WHERE withdrawn_at = 0"); n != 0 {
			t.Errorf("%d consents were not withdrawn", n)
		}
		shows(t, w.NewVisit(apptest.Travel, subject("user-7781")), false, "withdrawn")
	})
}

// The newest of many is found: a new version can be agreed to whatever there was.
func TestTheNewestOfManyConsentsCounts(t *testing.T) {
	t.Parallel()
	w := newWorld(t, seeded(demanding(0)))
	p := w.NewVisit(apptest.Travel, subject("user-7781"))
	give(t, p)
	w.Exec(`INSERT INTO consents (id, partner_id, application_id, service_id, scope_id, version, customer_mac, subject_mac, vid, given_at, ends_at)
		WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 250)
		SELECT '00' || i, partner_id, application_id, service_id, scope_id, version, customer_mac, subject_mac, vid, given_at, 9999999999999
		FROM consents, n WHERE id NOT LIKE '00%'`)
	demand(w, 2)
	consent(t, p, "give", map[string]any{"scope": guarded, "version": 2})
	shows(t, p, true, "to the new version")
}

func TestALongListOfConsentsIsPaged(t *testing.T) {
	t.Parallel()
	w := newWorld(t, seeded(demanding(0)))
	p := w.NewVisit(apptest.Travel, subject("u"))
	for range 101 {
		give(t, p)
		expectError(t, partnerPost(w, apptest.Travel, "/oauth/consents/withdraw", url.Values{"subject": {"u"}, "scope": {guarded}}), 200, "")
		w.Later(time.Second)
	}
	var page struct {
		Consents []partnerConsent
		Next     string
	}
	seen := []string{}
	for more := subject("u"); ; more.Set("after", page.Next) {
		page.Next = ""
		if err := json.Unmarshal(partnerPost(w, apptest.Travel, "/oauth/consents", more).Body.Bytes(), &page); err != nil {
			t.Fatal(err)
		}
		for _, c := range page.Consents {
			seen = append(seen, c.ID)
		}
		if page.Next == "" {
			break
		}
	}
	if len(seen) != 101 || !slices.IsSorted(seen) || len(slices.Compact(seen)) != 101 {
		t.Errorf("%d consents in pages", len(seen))
	}
}
