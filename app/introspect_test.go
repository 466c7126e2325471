package app_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"postern/app/apptest"
	"postern/app/clients"
	"postern/models"
)

// introspect asks about a token as an upstream does.
func introspect(w *apptest.World, id, secret, token string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(http.MethodPost, "/oauth/introspect", strings.NewReader(url.Values{"token": {token}}.Encode()))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.Header.Set("Authorization", basic(id, secret))
	return w.Do(r)
}

func wantActive(t *testing.T, w *apptest.World, token string) map[string]any {
	t.Helper()
	rec := introspect(w, apptest.Service, apptest.Secret, token)
	expectError(t, rec, 200, "")
	var answer map[string]any
	if err := json.Unmarshal(rec.Body.Bytes(), &answer); err != nil || answer["active"] != true {
		t.Errorf("introspection said %s", rec.Body)
	}
	return answer
}

func wantInactive(t *testing.T, rec *httptest.ResponseRecorder) {
	t.Helper()
	expectError(t, rec, 200, "")
	if got := strings.TrimSpace(rec.Body.String()); got != `{"active":false}` {
		t.Errorf("introspection said %s", got)
	}
}

func TestIntrospectionOfAnAT(t *testing.T) {
	t.Parallel()
	each(t, apptest.Options{}, func(t *testing.T, w *apptest.World) {
		at := w.AT(apptest.Travel, url.Values{"subject": {"user-7781"}, "scope": {"me:read"}})
		claims, now := w.Claims(at), float64(w.Clock.Now().Unix())
		wantSame(t, wantActive(t, w, at), map[string]any{
			"active": true, "token_type": "access_token", "client_id": apptest.Travel, "sub": apptest.Travel + ":user-7781", "scope": "me:read",
			"aud": apptest.Service, "iss": apptest.Issuer, "jti": claims.JTI, "env": "production", "iat": now, "exp": now + 120,
		})
		w.NewPage(at).Open()
		wantInactive(t, introspect(w, apptest.Service, apptest.Secret, at)) // once spent

		at = w.AT(apptest.Travel, nil)
		if sub := wantActive(t, w, at)["sub"]; sub != apptest.Travel {
			t.Errorf("sub is %v", sub)
		}
		w.Later(120 * time.Second)
		wantInactive(t, introspect(w, apptest.Service, apptest.Secret, at))
	})
}

func TestIntrospectionOfAVT(t *testing.T) {
	t.Parallel()
	each(t, apptest.Options{}, func(t *testing.T, w *apptest.World) {
		p := w.NewVisit(apptest.Travel, url.Values{"subject": {"user-7781"}, "scope": {"session:open"}})
		now := float64(w.Clock.Now().Unix())
		want := map[string]any{
			"active": true, "token_type": "visit_token", "client_id": apptest.Travel, "sub": apptest.Travel + ":user-7781", "scope": "session:open",
			"aud": apptest.Service, "iss": apptest.Issuer, "vid": p.Visit.VID, "env": "production", "iat": now, "exp": now + 900,
		}
		wantSame(t, wantActive(t, w, p.Visit.VT), want)
		a := p.Call(p.Plain("POST", "/session/sign-in"))
		var fresh struct{ VT string }
		a.Into(p, &fresh)
		want["customer"] = "c-81"
		wantSame(t, wantActive(t, w, fresh.VT), want)

		expect(t, p.Send(closings, "close+jwe", p.ExchangePlain()), 200, "", sealed)
		wantInactive(t, introspect(w, apptest.Service, apptest.Secret, p.Visit.VT))
		wantInactive(t, introspect(w, apptest.Service, apptest.Secret, fresh.VT))

		old := w.NewVisit(apptest.Travel, nil)
		w.Later(900 * time.Second)
		wantInactive(t, introspect(w, apptest.Service, apptest.Secret, old.Visit.VT))
	})
}

func TestIntrospectionOfWhatIsStopped(t *testing.T) {
	t.Parallel()
	each(t, apptest.Options{}, func(t *testing.T, w *apptest.World) {
		at, p := w.AT(apptest.Travel, nil), w.NewVisit(apptest.Travel, nil)
		setPartner(w, "p_travel", models.Suspended)
		for _, token := range []string{at, p.Visit.VT, "", "x", "a.b.c", "a.b.c.d.e", strings.Repeat("A", 5000), at + "x", p.Visit.VT[1:]} {
			if token != "" {
				wantInactive(t, introspect(w, apptest.Service, apptest.Secret, token))
			}
		}
		setPartner(w, "p_travel", models.Active)
		setApplication(w, apptest.Travel, func(a *models.Application) { a.Epoch = 1 })
		wantInactive(t, introspect(w, apptest.Service, apptest.Secret, p.Visit.VT))
		wantActive(t, w, at)
	})
}

func TestWhoMayIntrospect(t *testing.T) {
	t.Parallel()
	const other, mute = "urn:h5:other", "urn:h5:mute"
	each(t, seeded(func(s *apptest.Seed) {
		for _, id := range []string{other, mute} {
			s.Services = append(s.Services, models.Service{ID: id, Name: id, H5URL: apptest.H5URL, Class: "A2", Status: models.Active})
		}
		s.Upstreams = append(s.Upstreams,
			models.Upstream{ServiceID: apptest.Service, Environment: models.Sandbox, BaseURL: "http://127.0.0.1:1", IntrospectionHash: clients.HashSecret("sandbox")},
			models.Upstream{ServiceID: other, Environment: models.Production, BaseURL: "http://127.0.0.1:1", IntrospectionHash: clients.HashSecret("other")},
			models.Upstream{ServiceID: mute, Environment: models.Production, BaseURL: "http://127.0.0.1:1"})
	}), func(t *testing.T, w *apptest.World) {
		at, p := w.AT(apptest.Travel, nil), w.NewVisit(apptest.Travel, nil)
		for _, token := range []string{at, p.Visit.VT} {
			wantActive(t, w, token)
			wantInactive(t, introspect(w, apptest.Service, "sandbox", token)) // its own environment alone
			wantInactive(t, introspect(w, other, "other", token))             // its own service alone
			for id, secret := range map[string]string{
				apptest.Service: "other", other: apptest.Secret, mute: "", "urn:h5:nothing": apptest.Secret, "": "", apptest.Travel: apptest.Secret, "a\x00": "x",
			} {
				expectError(t, introspect(w, id, secret, token), 401, "invalid_client")
			}
		}
		expectError(t, introspect(w, mute, clients.HashSecret(""), at), 401, "invalid_client")
		expectError(t, introspect(w, apptest.Service, apptest.Secret, ""), 400, "invalid_request")
		expectError(t, w.PostForm("/oauth/introspect", url.Values{"token": {at}}), 401, "invalid_client")
		form := w.TokenForm(apptest.Travel) // a partner is not an upstream
		form.Set("token", at)
		expectError(t, w.PostForm("/oauth/introspect", form), 401, "invalid_client")
	})
}

// revoke asks for a token's end as a partner does.
func revoke(w *apptest.World, client, token string) *httptest.ResponseRecorder {
	form := w.TokenForm(client)
	form.Del("grant_type")
	form.Del("resource")
	form.Set("token", token)
	return w.PostForm("/oauth/revoke", form)
}

func TestRevocation(t *testing.T) {
	t.Parallel()
	each(t, apptest.Options{}, func(t *testing.T, w *apptest.World) {
		unspent, p := w.AT(apptest.Travel, nil), w.NewVisit(apptest.Travel, nil)
		fresh := renewed(t, p)

		expectError(t, revoke(w, apptest.Rent, unspent), 200, "") // another client's: untouched
		expectError(t, revoke(w, apptest.Rent, p.AT), 200, "")
		wantActive(t, w, unspent)
		expect(t, p.Get("/loans/offers"), 200, "", sealed)

		expectError(t, revoke(w, apptest.Travel, unspent), 200, "")
		wantInactive(t, introspect(w, apptest.Service, apptest.Secret, unspent))
		expect(t, w.NewPage(unspent).TryOpen(), 401, "invalid_at", sealed)

		expectError(t, revoke(w, apptest.Travel, p.AT), 200, "")
		expect(t, p.Get("/loans/offers"), 401, "invalid_vt", sealed)
		expect(t, fresh.Get("/loans/offers"), 401, "invalid_vt", sealed)
		expect(t, p.TryOpen(), 401, "invalid_at", sealed)
		w.Restart()
		expect(t, fresh.Get("/loans/offers"), 401, "invalid_vt", sealed)

		expectError(t, revoke(w, apptest.Travel, p.AT), 200, "") // again
		expectError(t, revoke(w, apptest.Travel, "nothing"), 200, "")
		expectError(t, revoke(w, apptest.Travel, ""), 400, "invalid_request")
		expectError(t, revoke(w, apptest.Travel, string(p.Exchange(nil))), 400, "unsupported_token_type")
		expectError(t, revoke(w, apptest.Nanfeng, unspent), 401, "invalid_client")
		if n := len(w.Events("at.revoked")); n != 2 {
			t.Errorf("%d revocations on record", n)
		}
	})
}

func TestAnAssertionIsGoodForOneRevocation(t *testing.T) {
	t.Parallel()
	each(t, apptest.Options{}, func(t *testing.T, w *apptest.World) {
		form := w.TokenForm(apptest.Travel)
		form.Set("token", w.AT(apptest.Travel, nil))
		expectError(t, w.PostForm("/oauth/revoke", form), 200, "")
		expectError(t, w.PostForm("/oauth/revoke", form), 401, "invalid_client")
		expectError(t, w.PostForm("/oauth/token", form), 401, "invalid_client")
		form = w.TokenForm(apptest.Travel)
		expectError(t, w.PostForm("/oauth/token", form), 200, "")
		form.Set("token", "x")
		expectError(t, w.PostForm("/oauth/revoke", form), 401, "invalid_client")
	})
}

func TestARevocationThatCannotBeWrittenIsNotAnsweredAsDone(t *testing.T) {
	t.Parallel()
	each(t, apptest.Options{}, func(t *testing.T, w *apptest.World) {
		p := w.NewVisit(apptest.Travel, nil)
		w.Exec("ALTER TABLE visits RENAME TO visits_away")
		expectError(t, revoke(w, apptest.Travel, p.AT), 503, "temporarily_unavailable")
		w.Exec("ALTER TABLE visits_away RENAME TO visits")
		expectError(t, revoke(w, apptest.Travel, p.AT), 200, "")
		expect(t, p.Get("/loans/offers"), 401, "invalid_vt", sealed)
	})
}
