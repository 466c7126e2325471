package app_test

import (
	"testing"
	"time"

	"postern/app/apptest"
	"postern/models"
)

const (
	renewals = "/gateway/v1/visit-tokens/renew"
	closings = "/gateway/v1/visit-tokens/close"
)

// renew asks for a fresh ticket; the page does not take it up.
func renew(p *apptest.Page) apptest.Answer { return p.Send(renewals, "renew+jwe", p.ExchangePlain()) }

// renewed is a copy of the page with the fresh ticket.
func renewed(t *testing.T, p *apptest.Page) *apptest.Page {
	t.Helper()
	a := renew(p)
	expect(t, a, 200, "", sealed)
	if a.Typ != "vt-resp+jwe" {
		t.Fatalf("a renewal answered as %s", a.Typ)
	}
	var v apptest.Visit
	a.Into(p, &v)
	fresh := *p
	fresh.Take(v)
	return &fresh
}

// parsed is a seed without replies that leave whole: nobody knows what classes
// of data are in such a reply, so they shorten a visit as C3 does.
func parsed(s *apptest.Seed) {
	for i := range s.Permissions {
		s.Permissions[i].Raw = false
	}
}

func TestRenewals(t *testing.T) {
	t.Parallel()
	each(t, seeded(parsed), func(t *testing.T, w *apptest.World) {
		p := w.NewVisit(apptest.Travel, map[string][]string{"subject": {"user-7781"}})
		w.Later(600 * time.Second)
		fresh := renewed(t, p)
		now := w.Clock.Now().Unix()
		v := fresh.Visit
		if v.VID != p.Visit.VID || v.SID == p.Visit.SID || v.VT == p.Visit.VT || v.ExpiresIn != 900 || v.RenewUntil != now+1800 ||
			v.Scope != p.Visit.Scope || v.ClientName != "Lianhe Travel" || v.SubjectHint != "us****81" || v.ServerTime != now {
			t.Errorf("renewed %+v", v)
		}
		expect(t, fresh.Get("/loans/offers"), 200, "", sealed)
		expect(t, p.Get("/loans/offers"), 200, "", sealed) // several tickets live at once
		expect(t, renew(p), 200, "", sealed)
		mixed := *fresh
		mixed.Visit.VT = p.Visit.VT
		expect(t, mixed.Get("/loans/offers"), 400, "bad_envelope", inClear) // each under keys of its own sid
		if n := len(w.Events("vt.renewed")); n != 2 {
			t.Errorf("%d renewals on record", n)
		}
	})
}

func TestAnExpiredTicketIsRenewedForAWhile(t *testing.T) {
	t.Parallel()
	each(t, seeded(parsed), func(t *testing.T, w *apptest.World) {
		p, late := w.NewVisit(apptest.Travel, nil), w.NewVisit(apptest.Travel, nil)
		w.Later(1800*time.Second - time.Millisecond)
		expect(t, p.Get("/loans/offers"), 401, "invalid_vt", sealed)
		expect(t, renewed(t, p).Get("/loans/offers"), 200, "", sealed)
		w.Later(time.Millisecond)
		expect(t, renew(late), 401, "invalid_vt", sealed)
	})
}

func TestNoVisitOutlivesItsAge(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name string
		seed func(*apptest.Seed)
		age  time.Duration
	}{
		{"two hours by default", parsed, 2 * time.Hour},
		{"two and a half hours where the service says more", func(s *apptest.Seed) { parsed(s); s.Services[0].MaxAge = 86_400 }, 150 * time.Minute},
		{"half an hour where replies leave whole", func(*apptest.Seed) {}, 30 * time.Minute},
		{"as long as the service says", func(s *apptest.Seed) { s.Services[0].MaxAge = 1000 }, 1000 * time.Second},
		{"half an hour where C3 data leaves, masked", func(s *apptest.Seed) {
			parsed(s)
			for i := range s.Fields {
				if s.Fields[i].Path == "holder.id_no" {
					s.Fields[i].Treatment, s.Fields[i].Mask = "mask", "id_number"
				}
			}
		}, 30 * time.Minute},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, seeded(tc.seed))
			p := w.NewVisit(apptest.Travel, nil)
			born := w.Clock.Now()
			for left := tc.age; left > 5*time.Minute; left = tc.age - w.Clock.Now().Sub(born) {
				w.Later(5 * time.Minute)
				p = renewed(t, p)
				if end := born.Add(tc.age).Unix(); p.Visit.RenewUntil > end || w.Clock.Now().Unix()+p.Visit.ExpiresIn > end {
					t.Fatalf("a ticket outlives its visit: %+v", p.Visit)
				}
			}
			w.Later(born.Add(tc.age).Sub(w.Clock.Now()) - time.Millisecond)
			expect(t, p.Get("/loans/offers"), 200, "", sealed)
			w.Later(time.Millisecond)
			expect(t, p.Get("/loans/offers"), 401, "invalid_vt", sealed)
			expect(t, renew(p), 401, "invalid_vt", sealed)
		})
	}
}

func TestRenewAndCloseRefusals(t *testing.T) {
	t.Parallel()
	each(t, apptest.Options{}, func(t *testing.T, w *apptest.World) {
		type request struct {
			p     *apptest.Page
			typ   string
			plain map[string]any
			undo  func()
		}
		for _, tc := range []struct {
			name       string
			change     func(r *request)
			wantHTTP   int
			wantCode   string
			want       sealing
			onlyRenews bool // a close is taken all the same: it only narrows
		}{
			{"a broken VT is refused", func(r *request) { r.p.Visit.VT += "A" }, 401, "invalid_vt", inClear, false},
			{"a call's typ is refused", func(r *request) { r.typ = "call+jwe" }, 400, "bad_envelope", inClear, false},
			{"no jti is refused", func(r *request) { delete(r.plain, "jti") }, 400, "bad_envelope", sealed, false},
			{"no iat is refused", func(r *request) { delete(r.plain, "iat") }, 400, "bad_envelope", sealed, false},
			{"a foreign origin is refused", func(r *request) { r.p.Origin = "https://evil.example" }, 403, "origin_denied", sealed, false},
			{"an old iat is refused", func(r *request) { r.plain["iat"] = w.Clock.Now().Unix() - 61 }, 400, "stale_request", sealed, false},
			{"an iat ahead is refused", func(r *request) { r.plain["iat"] = w.Clock.Now().Unix() + 61 }, 400, "stale_request", sealed, false},
			{"a used jti is refused", func(r *request) {
				used := r.p.Plain("GET", "/loans/offers")
				used["jti"] = r.plain["jti"]
				expect(t, r.p.Call(used), 200, "", sealed)
			}, 409, "replayed", sealed, false},
			{"a closed visit is refused", func(r *request) { expect(t, r.p.Send(closings, "close+jwe", r.p.ExchangePlain()), 200, "", sealed) }, 401, "invalid_vt", sealed, false},
			{"a suspended partner is refused", func(r *request) {
				setPartner(w, "p_travel", models.Suspended)
				r.undo = func() { setPartner(w, "p_travel", models.Active) }
			}, 403, "not_active", sealed, true},
			{"a frozen service is refused", func(r *request) { r.undo = freeze(w, "service", apptest.Service, models.FreezeCall) }, 403, "not_active", sealed, true},
		} {
			for path, typ := range map[string]string{renewals: "renew+jwe", closings: "close+jwe"} {
				t.Run(tc.name+" as "+typ, func(t *testing.T) {
					r := &request{p: w.NewVisit(apptest.Travel, nil), typ: typ, undo: func() {}}
					r.plain = r.p.ExchangePlain()
					tc.change(r)
					a := r.p.Send(path, r.typ, r.plain)
					r.undo()
					if tc.onlyRenews && path == closings {
						expect(t, a, 200, "", sealed)
						return
					}
					expect(t, a, tc.wantHTTP, tc.wantCode, tc.want)
				})
			}
		}
	})
}

func TestRateOfRenewals(t *testing.T) {
	t.Parallel()
	each(t, apptest.Options{}, func(t *testing.T, w *apptest.World) {
		setApplication(w, apptest.Travel, func(a *models.Application) { a.VTRate = 1 })
		p := w.NewVisit(apptest.Travel, nil)
		expect(t, renew(p), 200, "", sealed)
		plain := p.ExchangePlain()
		expectWait(t, p.Send(renewals, "renew+jwe", plain), 1)
		w.Later(time.Second)
		expect(t, p.Send(renewals, "renew+jwe", plain), 200, "", sealed) // the refused jti is not used up
	})
}

func TestClosing(t *testing.T) {
	t.Parallel()
	each(t, apptest.Options{}, func(t *testing.T, w *apptest.World) {
		other := w.Node()
		p := w.NewVisit(apptest.Travel, nil)
		fresh := renewed(t, p)
		elsewhere := *fresh
		elsewhere.W = other
		expect(t, elsewhere.Get("/loans/offers"), 200, "", sealed)

		a := p.Send(closings, "close+jwe", p.ExchangePlain())
		expect(t, a, 200, "", sealed)
		var reply struct{ Status int }
		if a.Into(p, &reply); a.Typ != "reply+jwe" || reply.Status != 204 {
			t.Errorf("a close answered %s %s", a.Typ, a.Plain)
		}
		expect(t, p.Get("/loans/offers"), 401, "invalid_vt", sealed)
		expect(t, fresh.Get("/loans/offers"), 401, "invalid_vt", sealed) // every ticket of the visit
		expect(t, renew(fresh), 401, "invalid_vt", sealed)
		other.Refresh() // what each node does four times a second
		expect(t, elsewhere.Get("/loans/offers"), 401, "invalid_vt", sealed)
		w.Restart()
		expect(t, fresh.Get("/loans/offers"), 401, "invalid_vt", sealed)
		if events := w.Events("visit.closed"); len(events) != 1 || events[0].VID != p.Visit.VID {
			t.Errorf("events %+v", events)
		}
	})
}

func TestAnExpiredTicketStillCloses(t *testing.T) {
	t.Parallel()
	each(t, apptest.Options{}, func(t *testing.T, w *apptest.World) {
		p := w.NewVisit(apptest.Travel, nil)
		fresh := renewed(t, p)
		w.Later(901 * time.Second)
		expect(t, p.Send(closings, "close+jwe", p.ExchangePlain()), 200, "", sealed)
		expect(t, renew(fresh), 401, "invalid_vt", sealed)
	})
}
