package app_test

import (
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"postern/app/apptest"
	"postern/app/store/storetest"
)

// endpoints are all that the internet can reach.
var endpoints = append([]string{
	"/oauth/token", "/oauth/revoke", "/oauth/introspect", "/.well-known/oauth-authorization-server",
	"/.well-known/jwks.json", "/.well-known/jwks-gm.json", "/sdk/1/postern.js", "/healthz", "/", "/nothing",
}, pageEndpoints...)

// unhurt holds what came back against what may: an answer that a door chose.
func unhurt(t *testing.T, r *http.Request, rec *httptest.ResponseRecorder) {
	t.Helper()
	switch rec.Code {
	case 200, 204, 400, 401, 403, 404, 405, 409, 413, 429:
	default:
		t.Errorf("%s %s: %d %s", r.Method, r.URL.Path, rec.Code, rec.Body)
	}
}

// shots is what a careless or hostile caller sends.
type shots struct {
	random *rand.Rand
	pieces []string
}

func (s *shots) text(most int) string {
	var b strings.Builder
	for range s.random.IntN(most) {
		if s.random.IntN(3) == 0 {
			b.WriteByte(byte(s.random.IntN(256)))
			continue
		}
		b.WriteString(s.pieces[s.random.IntN(len(s.pieces))])
	}
	return b.String()
}

func (s *shots) pick(list ...string) string { return list[s.random.IntN(len(list))] }

func TestNothingSentBreaksTheGateway(t *testing.T) {
	t.Parallel()
	each(t, seeded(tokenSeed), func(t *testing.T, w *apptest.World) {
		p := w.NewVisit(apptest.Travel, nil)
		up, _ := p.Keys()
		s := &shots{random: rand.New(rand.NewPCG(20261122, 7)), pieces: []string{
			"grant_type=client_credentials", "&", "=", "resource=urn:h5:loan", "client_assertion=", "client_id=app_travel", "token=", "%00", "%", ";", "..", ".",
			"eyJhbGciOiJkaXIiLCJlbmMiOiJBMjU2R0NNIn0", "{", "}", `"jti":`, `"at":`, "[", "\x00", "\r\n", "\xff", p.AT, p.Visit.VT, string(p.Exchange(nil)),
			strings.Repeat("A", 300), strings.Repeat("[", 300), "null", "1e400", `\u0000`, "你",
		}}
		for range 3000 {
			r := httptest.NewRequest(s.pick("GET", "POST", "POST", "POST", "OPTIONS", "PUT"), s.pick(endpoints...), strings.NewReader(s.text(12)))
			r.Header.Set("Content-Type", s.pick("application/jose", "application/x-www-form-urlencoded", "application/json", "", "multipart/form-data; boundary=x", s.text(3)))
			r.Header.Set("Authorization", s.pick("", "Visit "+p.Visit.VT, "Basic YTpi", "Visit "+s.text(4), basic(s.text(2), s.text(2)), s.text(4)))
			r.Header.Set("Origin", s.pick("", apptest.Origin, "null", s.text(3)))
			r.URL.RawQuery = s.pick("", "", s.text(3))
			unhurt(t, r, w.Do(r))
		}
		// And from those who hold the keys.
		for range 1500 {
			sealedBody := p.SealUnder(up, s.pick("call+jwe", "renew+jwe", "close+jwe", s.pick("x", "")), []byte(s.plaintext(w)))
			r := p.Request(s.pick(pageEndpoints...), sealedBody)
			rec := w.Do(r)
			unhurt(t, r, rec)
			p.OpenReply(rec)
		}
		page := w.NewPage(p.AT)
		for range 500 {
			unhurt(t, page.Request("/", nil), page.Post("/gateway/v1/visit-tokens", page.SealTo(w.Claims(p.AT).AK, "vt-req+jwe", []byte(s.plaintext(w)))))
		}
	})
}

// plaintext is something like a call, or nothing like one.
func (s *shots) plaintext(w *apptest.World) string {
	if s.random.IntN(4) == 0 {
		return "{" + s.text(8) // an empty plaintext can't be sealed
	}
	members := []string{
		`"jti":"` + apptest.NewID() + `"`, `"iat":` + s.pick("1795341911", "1795341911", "0", "1.5", "null", `"x"`, "1e9", "-1"),
		`"method":` + s.pick(`"GET"`, `"GET"`, `"POST"`, `"get"`, "null", "1", `"TRACE"`), `"path":` + s.pick(`"/loans/offers"`, `"/accounts/1/balance"`, `"/"`, `""`, "null", `"/%"`, `"/é"`, `"/..\u0000"`),
		`"query":` + s.pick(`""`, `"currency=1"`, `"&"`, "null", `"%"`), `"headers":` + s.pick("{}", "null", `{"accept":"x"}`, `{"a":1}`, "[]", `{"":""}`),
		`"body":` + s.pick("null", "1", `"x"`, "[]", "{", `{"a":{"a":1}}`), `"body_b64":` + s.pick("null", `""`, `"AA=="`, "1"), `"at":` + s.pick(`""`, `"x"`, "null", "1"),
	}
	s.random.Shuffle(len(members), func(i, j int) { members[i], members[j] = members[j], members[i] })
	return "{" + strings.Join(members[:s.random.IntN(len(members)+1)], ",") + "}"
}

// outside lets a world that was made outside a fuzz target serve inside it,
// where the F must not be asked to mark helpers.
type outside struct{ testing.TB }

// Helper does nothing.
func (outside) Helper() {}

func FuzzGateway(f *testing.F) {
	w := apptest.New(outside{f}, storetest.SQLiteConfig(f), apptest.Options{})
	p := w.NewVisit(apptest.Travel, nil)
	f.Add("POST", "/oauth/token", "application/x-www-form-urlencoded", "", w.TokenForm(apptest.Travel).Encode())
	f.Add("POST", "/oauth/token", "application/x-www-form-urlencoded", "Basic YTpi", "grant_type=client_credentials&resource=%00")
	f.Add("POST", "/oauth/introspect", "application/x-www-form-urlencoded", "Basic YTpi", "token=x")
	f.Add("POST", "/gateway/v1/visit-tokens", "application/jose", "", string(p.Exchange(nil)))
	f.Add("POST", calls, "application/jose", "Visit "+p.Visit.VT, string(p.Seal("call+jwe", p.Plain("GET", "/loans/offers"))))
	f.Add("OPTIONS", calls, "", "", "")
	f.Add("GET", "/sdk/1/%2e%2e", "", "", "")
	f.Fuzz(func(t *testing.T, method, path, mediaType, authorization, body string) {
		r := httptest.NewRequest(http.MethodPost, "/", strings.NewReader(body))
		r.Method, r.URL.Path = method, path
		r.Header.Set("Content-Type", mediaType)
		r.Header.Set("Authorization", authorization)
		unhurt(t, r, w.Do(r))
	})
}

func FuzzCall(f *testing.F) {
	w := apptest.New(outside{f}, storetest.SQLiteConfig(f), apptest.Options{})
	p := w.NewVisit(apptest.Travel, nil)
	f.Add([]byte(`{"jti":"AAAAAAAAAAAAAAAAAAAAAA","iat":1795341911,"method":"GET","path":"/loans/offers"}`))
	f.Add([]byte(`{"jti":"AAAAAAAAAAAAAAAAAAAAAQ","iat":1795341911,"method":"POST","path":"/loans/applications","body":{"a":[1]}}`))
	f.Add([]byte(`{"jti":"AAAAAAAAAAAAAAAAAAAAAg","iat":1795341911,"method":"GET","path":"/accounts/%E4%BD%A0/balance","query":"currency=x"}`))
	f.Add([]byte(`{"headers":{"accept":"\u0000"},"jti":""}`))
	f.Fuzz(func(t *testing.T, plain []byte) {
		if len(plain) == 0 || len(plain) > 64<<10 {
			t.Skip("can't be sealed, or is too long")
		}
		r := p.Request(calls, p.Seal("call+jwe", plain))
		rec := w.Do(r)
		unhurt(t, r, rec)
		if a := p.OpenReply(rec); a.HTTP == 200 && a.Typ != "reply+jwe" {
			t.Errorf("%s answered %s", plain, a.Plain)
		}
	})
}
