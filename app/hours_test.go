package app_test

import (
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"strings"
	"testing"
	"time"

	"postern/app"
	"postern/app/apptest"
	"postern/app/store"
	"postern/models"
)

// setHours gives the loan service a weekly plan: spans of days, opening and closing.
func setHours(w *apptest.World, spans ...[3]string) {
	w.T.Helper()
	var list []models.ServiceHours
	for _, s := range spans {
		list = append(list, models.ServiceHours{ServiceID: apptest.Service, Days: s[0], Opens: s[1], Closes: s[2]})
	}
	w.Write(func(tx *store.Tx, now int64) error { return tx.SetHours(apptest.Service, list, now) })
}

// setStop plans one stop of the loan service; it begins and ends so long from now.
func setStop(w *apptest.World, begins, ends time.Duration) {
	w.T.Helper()
	w.Write(func(tx *store.Tx, now int64) error {
		return tx.SetStops(apptest.Service, []models.ServiceStop{{
			ServiceID: apptest.Service, StartsAt: now + begins.Milliseconds(), EndsAt: now + ends.Milliseconds(), ReasonEN: "day-end", ReasonZH: "日终",
		}}, now)
	})
}

// expectClosed wants a sealed unavailable that says for how long, inside and
// outside, and nothing that other problems do not say.
func expectClosed(t *testing.T, a apptest.Answer, seconds int64) {
	t.Helper()
	expect(t, a, 503, "unavailable", sealed)
	if p := readProblem(t, a.Plain); p.RetryAfter != seconds || a.Head.Get("Retry-After") != fmt.Sprint(seconds) || p.JTI == "" {
		t.Errorf("%s with Retry-After %q, want %d seconds", a.Plain, a.Head.Get("Retry-After"), seconds)
	}
}

// The worlds' clock stands at 18:05:11 of a Sunday in Shanghai.
const untilMonday9 = 14*3600 + 54*60 + 49

func TestAServiceIsClosedOutsideItsHours(t *testing.T) {
	t.Parallel()
	each(t, apptest.Options{}, func(t *testing.T, w *apptest.World) {
		p, at := w.NewVisit(apptest.Travel, nil), w.AT(apptest.Travel, nil)
		setHours(w, [3]string{"mon tue wed thu fri", "09:00", "17:30"})
		expectClosed(t, w.NewPage(at).TryOpen(), untilMonday9)
		expectClosed(t, p.Get("/loans/offers"), untilMonday9)
		expectClosed(t, p.Call(p.Plain("POST", "/loans/applications")), untilMonday9)
		expectClosed(t, p.Send(renewals, "renew+jwe", p.ExchangePlain()), untilMonday9)
		b := w.PostForm("/oauth/token", w.TokenForm(apptest.Travel))
		expectError(t, b, 503, "temporarily_unavailable")
		if b.Header().Get("Retry-After") != fmt.Sprint(untilMonday9) {
			t.Errorf("step B: Retry-After %q, want %d", b.Header().Get("Retry-After"), untilMonday9)
		}
		expect(t, p.Send("/gateway/v1/visit-tokens/close", "close+jwe", p.ExchangePlain()), 200, "", sealed)
		if n := len(w.Bank.Seen()); n != 0 {
			t.Errorf("the bank was asked %d times", n)
		}
		for kind, want := range map[string]int{"at.refused": 1, "vt.refused": 1, "vt.renewal_refused": 1, "vt.issued": 1, "visit.closed": 1} {
			if list := w.Events(kind); len(list) != want {
				t.Errorf("%d events %s, want %d", len(list), kind, want)
			} else if e := list[0]; e.Outcome != "ok" && (e.Outcome != "unavailable" || e.Reason != "closed_hours") {
				t.Errorf("event %+v", e)
			}
		}
		if n := w.Count("calls WHERE status = 0 AND code = 'unavailable' AND reason = 'closed_hours'"); n != 2 {
			t.Errorf("%d calls on record as refused for the hours, want 2", n)
		}
	})
}

func TestAPlannedStopBeginsAndEndsToTheSecond(t *testing.T) {
	t.Parallel()
	each(t, apptest.Options{}, func(t *testing.T, w *apptest.World) {
		p := w.NewVisit(apptest.Travel, nil)
		setHours(w, [3]string{"sun", "18:00", "02:00"}) // over midnight, and open
		setStop(w, 10*time.Second, 70*time.Second)
		w.Later(9 * time.Second)
		at := w.AT(apptest.Travel, nil)
		expect(t, p.Get("/loans/offers"), 200, "", sealed)
		w.Later(time.Second)
		expectClosed(t, p.Get("/loans/offers"), 60)
		expectClosed(t, w.NewPage(at).TryOpen(), 60)
		w.Later(59*time.Second + 400*time.Millisecond)
		expectClosed(t, p.Get("/loans/offers"), 1)
		w.Later(600 * time.Millisecond)
		expect(t, p.Get("/loans/offers"), 200, "", sealed)
		w.NewPage(at).Open() // a closed door does not spend an AT
		w.Restart()
		if n := w.Count("calls WHERE code = 'unavailable' AND reason = 'planned_stop'"); n != 2 {
			t.Errorf("%d calls on record as refused for the stop, want 2", n)
		}
	})
}

func TestWhatWasLetInBeforeItClosedIsAnswered(t *testing.T) {
	t.Parallel()
	each(t, apptest.Options{}, func(t *testing.T, w *apptest.World) {
		p := w.NewVisit(apptest.Travel, nil)
		setStop(w, time.Second, time.Hour)
		w.Bank.Answer(func(rw http.ResponseWriter, _ *http.Request) {
			w.Clock.Add(2 * time.Second)
			rw.Header().Set("Content-Type", "application/json")
			_, _ = io.WriteString(rw, `{"application_id":"A-1"}`)
		})
		plain := p.Plain("POST", "/loans/applications")
		expect(t, p.Call(plain), 200, "", sealed)
		expectClosed(t, p.Call(plain), 3598)
	})
}

func TestAStopComesAfterNotActiveAndBeforeTheClock(t *testing.T) {
	t.Parallel()
	w := newWorld(t, apptest.Options{})
	p, at := w.NewVisit(apptest.Travel, nil), w.AT(apptest.Travel, nil)
	setStop(w, 0, time.Minute)
	thaw := freeze(w, "service", apptest.Service, models.FreezeAll)
	expect(t, p.Get("/loans/offers"), 403, "not_active", sealed)
	expect(t, w.NewPage(at).TryOpen(), 403, "not_active", sealed)
	expectError(t, w.PostForm("/oauth/token", w.TokenForm(apptest.Travel)), 400, "invalid_target")
	thaw()
	late := p.Plain("GET", "/nothing")
	late["iat"] = w.Clock.Now().Unix() - 3600
	expectClosed(t, p.Call(late), 60)
	form := w.TokenForm(apptest.Travel)
	form.Set("scope", "none:read")
	expectError(t, w.PostForm("/oauth/token", form), 400, "invalid_scope")
	form = w.TokenForm(apptest.Travel)
	form.Set("client_assertion", w.Assertion(apptest.Travel, map[string]any{"exp": w.Clock.Now().Unix() + 200}))
	expectError(t, w.PostForm("/oauth/token", form), 503, "temporarily_unavailable")
	w.Later(time.Minute)
	if rec := w.PostForm("/oauth/token", form); rec.Code != 200 {
		t.Errorf("the same assertion after the stop: %d %s", rec.Code, rec.Body)
	}
}

func TestHoursAreOnTheBanksClock(t *testing.T) {
	t.Parallel()
	zone, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		t.Fatal(err)
	}
	w := newWorld(t, apptest.Options{Config: func(c *app.Config) { c.Zone = zone }})
	p := w.NewVisit(apptest.Travel, nil)
	setHours(w, [3]string{"sun", "11:00", "12:00"}) // it is 11:05:11 there
	expect(t, p.Get("/loans/offers"), 200, "", sealed)
	setHours(w, [3]string{"sun", "18:00", "19:00"})
	expectClosed(t, p.Get("/loans/offers"), 6*3600+54*60+49)
}

func TestAClosedServiceIsNoFaultInTheLog(t *testing.T) {
	t.Parallel()
	log := &logBuffer{}
	w := newWorld(t, apptest.Options{Config: func(c *app.Config) { c.Log = slog.New(slog.NewTextHandler(log, nil)) }})
	p := w.NewVisit(apptest.Travel, nil)
	setStop(w, 0, time.Minute)
	expectClosed(t, p.Get("/loans/offers"), 60)
	expectError(t, w.PostForm("/oauth/token", w.TokenForm(apptest.Travel)), 503, "temporarily_unavailable")
	var text string
	for line := range strings.Lines(string(log.text())) {
		if strings.Contains(line, "request served") { // a busy machine warns of slow statements, too
			text += line
		}
	}
	if strings.Count(text, "status=503") != 2 || strings.Contains(text, "level=ERROR") || strings.Contains(text, "level=WARN") {
		t.Errorf("want two lines of 503 and none that alarms:\n%s", text)
	}
}
