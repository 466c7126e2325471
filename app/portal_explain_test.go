package app_test

import (
	"encoding/base64"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"postern/app/apptest"
)

// explain is what the page says to something, from its heading to its end.
func (b bank) explain(name, text string) string {
	b.t.Helper()
	rec := b.as(name, "/portal/explain", url.Values{"text": {text}})
	if rec.Code != http.StatusOK && rec.Code != http.StatusUnprocessableEntity {
		b.t.Fatalf("explain as %s: %d\n%.600s", name, rec.Code, rec.Body)
	}
	page := rec.Body.String()
	if len(text) > 60 && strings.Contains(page, text) {
		b.t.Error("what was pasted comes back")
	}
	_, page, _ = strings.Cut(page, "</h1>")
	page, _, _ = strings.Cut(page, "</main>")
	return page
}

// altered is text with one octet of its part n turned into another.
func altered(text string, n int) string {
	parts := strings.Split(text, ".")
	old := parts[n][3]
	instead := byte('A')
	if old == 'A' {
		instead = 'B'
	}
	parts[n] = parts[n][:3] + string(instead) + parts[n][4:]
	return strings.Join(parts, ".")
}

func TestAFailureIsExplained(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, b bank) {
		for name, change := range map[string]struct {
			claims map[string]any
			want   []string
		}{
			"as it must be":     {nil, []string{"It would be taken"}},
			"wrong aud":         {map[string]any{"aud": "https://elsewhere.example"}, []string{"exactly the gateway", "https://elsewhere.example"}},
			"clock 70 s ahead":  {map[string]any{"iat": b.Clock.Now().Unix() + 70, "exp": b.Clock.Now().Unix() + 130}, []string{"70 s ahead"}},
			"clock 90 s behind": {map[string]any{"iat": b.Clock.Now().Unix() - 150, "exp": b.Clock.Now().Unix() - 90}, []string{"ended 90 s ago"}},
			"another's id":      {map[string]any{"iss": apptest.Rent, "sub": apptest.Rent}, []string{"another client_id"}},
		} {
			now := b.Clock.Now().Unix()
			claims := map[string]any{"iss": apptest.Travel, "sub": apptest.Travel, "aud": apptest.Issuer, "jti": apptest.NewID(), "exp": now + 60}
			for k, v := range change.claims {
				claims[k] = v
			}
			page := b.explain("viewer", b.SignWith(apptest.Travel, "sig", "JWT", claims))
			for _, want := range change.want {
				if !strings.Contains(strings.ReplaceAll(page, "1 min 10 s", "70 s"), want) && !strings.Contains(strings.ReplaceAll(page, "1 min 30 s", "90 s"), want) {
					t.Errorf("%s: the page lacks %q\n%.1800s", name, want, page)
				}
			}
		}

		assertion := b.SignWith(apptest.Travel, "sig", "JWT", map[string]any{"iss": apptest.Travel, "sub": apptest.Travel})
		page := b.NewPage(b.AT(apptest.Travel, nil))
		d := string(page.Exchange(nil))
		says := func(what, text string, want ...string) {
			t.Helper()
			got := b.explain("viewer", text)
			for _, w := range want {
				if !strings.Contains(got, w) {
					t.Errorf("%s: the page lacks %q\n%.1800s", what, w, got)
				}
			}
		}
		says("base64 with padding", strings.Replace(assertion, ".", "=.", 1), "base64 with padding")
		says("the other alphabet", strings.Replace(d, ".", "+/.", 1), "other alphabet")
		says("broken into lines", d[:80]+"\n"+d[80:], "line breaks")
		says("three parts of nothing", "a.b.c", "Refused at: Form", "The first part is no header")
		says("four parts", strings.Join(strings.Split(d, ".")[:4], "."), "3 dots")
		says("a good envelope", d, "Nothing is wrong", "as it must be")
		says("an AT that waits", page.AT, "Nothing is wrong")
		says("an address with an AT", "https://loan.bank.example/h5#at="+page.AT, "Nothing is wrong")
		says("a form of a token request", url.Values{"client_assertion": {assertion}, "grant_type": {"client_credentials"}}.Encode(), "Assertion of")

		// Spent four seconds ago, and once more under another R.
		if answer := page.TryOpen(); answer.HTTP != http.StatusOK {
			t.Fatal(answer)
		}
		b.Clock.Add(4 * time.Second)
		again := b.NewPage(page.AT)
		says("an AT that is spent", string(again.Exchange(nil)), "Refused at: AT inside", "was spent on", "4.00 s ago")
		says("the same request", d, "This very request was taken")
		again.TryOpen()
		b.Restart()
		line := lines(b.as("viewer", "/portal/log?world=production&why=other_r", nil).Body.String())[0]
		e, _, err := b.App.Store().Event(t.Context(), line)
		if err != nil {
			t.Fatal(err)
		}
		says("its request id", e.RequestID, "do not keep h5_url", "had been spent 4.00 s earlier", "/portal/visits/at/")
		visit := b.NewVisit(apptest.Travel, nil)
		says("a call", string(visit.Seal("call+jwe", visit.Plain("GET", "/loans/offers"))), "Only the page that drew R")

		// An AK that is gone, one that never was, and one of the other world.
		stale := b.NewPage(b.AT(apptest.Travel, nil))
		envelope := string(stale.Exchange(nil))
		says("an unknown kid", rekeyed(t, envelope, "nobodys-kid"), "has, and had, no AK of this kid")
		b.Exec("UPDATE keys SET retired_at = 1764720000000, active_until = 1764710000000 WHERE kid = '" + kidOf(t, envelope) + "'")
		b.Refresh()
		b.Restart()
		says("a kid that was retired on the 3rd", envelope, "This AK was retired on", "3 December 2025")

		if n := b.Count("events WHERE kind IN ('vt.refused', 'at.reused')"); n != 1 {
			t.Errorf("looking left %d refusals beside the one that was", n-1)
		}
	})
}

// kidOf is the kid in a compact header; rekeyed has another there.
func kidOf(t *testing.T, compact string) string {
	t.Helper()
	_, rest, _ := strings.Cut(header(t, compact), `"kid":"`)
	kid, _, _ := strings.Cut(rest, `"`)
	return kid
}

func header(t *testing.T, compact string) string {
	t.Helper()
	first, _, _ := strings.Cut(compact, ".")
	raw, err := base64.RawURLEncoding.DecodeString(first)
	if err != nil {
		t.Fatal(err)
	}
	return string(raw)
}

func rekeyed(t *testing.T, compact, kid string) string {
	t.Helper()
	_, rest, _ := strings.Cut(compact, ".")
	return base64.RawURLEncoding.EncodeToString([]byte(strings.Replace(header(t, compact), kidOf(t, compact), kid, 1))) + "." + rest
}

// Whatever is not a partner's own has one answer, octet for octet: what another partner
// got, what was altered, and what never was.
func TestExplainingTellsNothingOfOthers(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, b bank) {
		page := b.NewPage(b.AT(apptest.Rent, nil))
		foreign := string(page.Exchange(nil))
		spent := b.NewPage(page.AT)
		spent.TryOpen()
		own := b.NewPage(b.AT(apptest.Travel, nil))
		mine := string(own.Exchange(nil))

		want := b.explain("viewer", foreign)
		if !strings.Contains(want, "does not open to an AT of yours") {
			t.Fatalf("a foreign envelope\n%.1500s", want)
		}
		for name, text := range map[string]string{
			"altered key": altered(mine, 1), "altered text": altered(mine, 3), "altered tag": altered(mine, 4), "altered and foreign": altered(foreign, 3),
			"no AT inside": string(own.Exchange(map[string]any{"at": apptest.NewID(), "jti": apptest.NewID(), "iat": 1})), "a spent one of another's": string(spent.Exchange(nil)),
			"no JSON inside": string(own.Exchange(map[string]any{"at": 5})),
		} {
			if got := b.explain("viewer", text); got != want {
				t.Errorf("%s is answered otherwise:\n%.1500s", name, got)
			}
		}
		if a, c := b.explain("viewer", page.AT), b.explain("viewer", altered(own.AT, 2)); a != c {
			t.Error("an AT of another partner is answered unlike one that never was")
		}
		b.Restart()
		line := b.lineOfKind("vt.issued")
		e, _, err := b.App.Store().Event(t.Context(), line)
		if err != nil {
			t.Fatal(err)
		}
		theirs, nothing := b.explain("viewer", e.RequestID), b.explain("viewer", "01ARZ3NDEKTSV4RRFFQ69G5FAV")
		if strings.ReplaceAll(theirs, e.RequestID, "…") != strings.ReplaceAll(nothing, "01ARZ3NDEKTSV4RRFFQ69G5FAV", "…") {
			t.Error("a request of another partner is answered unlike one that never was")
		}
		a := b.explain("viewer", b.SignWith(apptest.Rent, "sig", "JWT", map[string]any{"iss": apptest.Rent, "sub": apptest.Rent}))
		c := b.explain("viewer", b.SignWith("nobody", "sig", "JWT", map[string]any{"iss": "app_none", "sub": "app_none"}))
		if !strings.Contains(a, "name no application of yours") || !strings.Contains(c, "name no application of yours") {
			t.Error("an assertion of another partner's is looked into")
		}

		for _, secret := range []string{
			"-----BEGIN EC PRIVATE KEY-----\nAAAA\n-----END EC PRIVATE KEY-----", `{"kty":"EC","d":"c2VjcmV0LXNlY3JldC1zZWNyZXQ"}`,
			base64.RawURLEncoding.EncodeToString(make([]byte, 32)), "Authorization: Basic YTpi", "client_secret=abc",
		} {
			rec := b.as("viewer", "/portal/explain", url.Values{"text": {secret}})
			if rec.Code != http.StatusUnprocessableEntity || !strings.Contains(rec.Body.String(), "looks like a private key") || strings.Contains(rec.Body.String(), "c2VjcmV0") {
				t.Errorf("%.40q: %d", secret, rec.Code)
			}
		}
		last := 0
		for range 60 {
			last = b.as("other", "/portal/explain", url.Values{"text": {"01ARZ3NDEKTSV4RRFFQ69G5FAV"}}).Code
		}
		if last != http.StatusTooManyRequests {
			t.Errorf("sixty questions at once: %d", last)
		}
	})
}
