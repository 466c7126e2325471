package app_test

import (
	"encoding/base64"
	"encoding/json"
	"math/big"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"postern/app"
	"postern/app/apptest"
	"postern/app/store"
	"postern/models"
)

func TestAssertionClaims(t *testing.T) {
	t.Parallel()
	each(t, apptest.Options{}, func(t *testing.T, w *apptest.World) {
		now := w.Clock.Now().Unix()
		for _, tc := range []struct {
			name   string
			change map[string]any
			want   int
		}{
			{"exp 300 s ahead passes", map[string]any{"exp": now + 300}, 200},
			{"exp 311 s ahead is refused", map[string]any{"exp": now + 311}, 401},
			{"exp 9 s past passes", map[string]any{"exp": now - 9}, 200},
			{"exp 11 s past is refused", map[string]any{"exp": now - 11}, 401},
			{"no exp is refused", map[string]any{"exp": nil}, 401},
			{"exp null is refused", map[string]any{"exp": json.RawMessage("null")}, 401},
			{"exp with a fraction is refused", map[string]any{"exp": json.RawMessage("1795342000.5")}, 401},
			{"iat 10 s ahead passes", map[string]any{"iat": now + 10}, 200},
			{"iat 61 s ahead is refused", map[string]any{"iat": now + 61}, 401},
			{"no iat passes", map[string]any{"iat": nil}, 200},
			{"nbf 10 s ahead passes", map[string]any{"nbf": now + 10}, 200},
			{"nbf 61 s ahead is refused", map[string]any{"nbf": now + 61}, 401},
			{"a jti of 128 characters passes", map[string]any{"jti": strings.Repeat("j", 128)}, 200},
			{"a jti of 128 characters of three octets passes", map[string]any{"jti": strings.Repeat("门", 128)}, 200},
			{"a jti of 129 characters is refused", map[string]any{"jti": strings.Repeat("j", 129)}, 401},
			{"an empty jti is refused", map[string]any{"jti": ""}, 401},
			{"no jti is refused", map[string]any{"jti": nil}, 401},
			{"the token endpoint as audience is refused", map[string]any{"aud": apptest.Issuer + "/oauth/token"}, 401},
			{"a slash behind the issuer is refused", map[string]any{"aud": apptest.Issuer + "/"}, 401},
			{"a list with the issuer is refused", map[string]any{"aud": []string{apptest.Issuer}}, 401},
			{"another subject is refused", map[string]any{"sub": apptest.Rent}, 401},
			{"another issuer and subject is refused", map[string]any{"iss": apptest.Rent, "sub": apptest.Rent}, 401},
			{"unknown claims are ignored", map[string]any{"x": 1}, 200},
		} {
			t.Run(tc.name, func(t *testing.T) {
				form := w.TokenForm(apptest.Travel)
				form.Set("client_assertion", w.Assertion(apptest.Travel, tc.change))
				code := ""
				if tc.want == 401 {
					code = "invalid_client"
				}
				expectError(t, w.PostForm("/oauth/token", form), tc.want, code)
			})
		}
	})
}

func TestATokenOfAnotherKindIsNoAssertion(t *testing.T) {
	t.Parallel()
	w := newWorld(t, apptest.Options{})
	for typ, want := range map[string]int{
		"JWT": 200, "client-authentication+jwt": 200,
		"at+jwt": 401, "dpop+jwt": 401, "logout+jwt": 401, "assertion+jwt": 401, "jwt": 401,
	} {
		now := w.Clock.Now().Unix()
		form := w.TokenForm(apptest.Travel)
		form.Set("client_assertion", w.Sign(apptest.Travel, typ, map[string]any{
			"iss": apptest.Travel, "sub": apptest.Travel, "aud": apptest.Issuer, "jti": apptest.NewID(), "exp": now + 60,
		}))
		if rec := w.PostForm("/oauth/token", form); rec.Code != want {
			t.Errorf("typ %s: %d %s", typ, rec.Code, rec.Body)
		}
	}
}

func TestTextThatNoDatabaseHoldsIsOnlyUnknown(t *testing.T) {
	t.Parallel()
	each(t, seeded(tokenSeed), func(t *testing.T, w *apptest.World) {
		for name, tc := range map[string]struct {
			change func(*tokenRequest)
			http   int
			code   string
		}{
			"NUL in the resource":               {func(r *tokenRequest) { r.form.Set("resource", "urn:h5:\x00") }, 400, "invalid_target"},
			"a resource that is not UTF-8":      {func(r *tokenRequest) { r.form.Set("resource", "urn:h5:\xff") }, 400, "invalid_target"},
			"NUL in the scope":                  {func(r *tokenRequest) { r.form.Set("scope", "\x00") }, 400, "invalid_scope"},
			"NUL in the return address":         {func(r *tokenRequest) { r.form.Set("return_to", "https://x/\x00") }, 400, "invalid_request"},
			"NUL in the client's name":          {func(r *tokenRequest) { useBasic(r, "app\x00", newSecret) }, 401, "invalid_client"},
			"a client's name that is not UTF-8": {func(r *tokenRequest) { useBasic(r, "app\xff", newSecret) }, 401, "invalid_client"},
			"NUL in the secret":                 {func(r *tokenRequest) { useBasic(r, secretApp, "\x00") }, 401, "invalid_client"},
			"NUL in the assertion's jti": {func(r *tokenRequest) {
				r.form.Set("client_assertion", w.Assertion(apptest.Travel, map[string]any{"jti": "a\x00b"}))
			}, 401, "invalid_client"},
			"NUL in the assertion's subject": {func(r *tokenRequest) {
				r.form.Set("client_assertion", w.Assertion(apptest.Travel, map[string]any{"iss": "a\x00b", "sub": "a\x00b"}))
			}, 401, "invalid_client"},
		} {
			r := newTokenRequest(w.TokenForm(apptest.Travel))
			tc.change(r)
			t.Run(name, func(t *testing.T) { expectError(t, r.send(w), tc.http, tc.code) })
		}
	})
}

// useBasic turns a request into one by client_secret_basic.
func useBasic(r *tokenRequest, id, secret string) {
	r.form.Del("client_assertion")
	r.form.Del("client_assertion_type")
	r.header.Set("Authorization", basic(id, secret))
}

// assertionVectors is testdata/client_assertions.json.
type assertionVectors struct {
	Now    int64  `json:"now"`
	Issuer string `json:"issuer"`
	JWKS   map[string]struct {
		Keys []json.RawMessage `json:"keys"`
	} `json:"jwks"`
	Tests []struct {
		ID        int    `json:"tcId"`
		Name      string `json:"name"`
		Result    string `json:"result"`
		Assertion string `json:"client_assertion"`
	} `json:"tests"`
}

func TestAssertionVectors(t *testing.T) {
	t.Parallel()
	var v assertionVectors
	readVectors(t, "client_assertions.json", &v)
	each(t, apptest.Options{Config: func(c *app.Config) { c.Issuer = v.Issuer }, Seed: v.seed}, func(t *testing.T, w *apptest.World) {
		w.Later(time.Unix(v.Now, 0).Sub(w.Clock.Now()))
		for _, tc := range v.Tests {
			rec := w.PostForm("/oauth/token", url.Values{
				"grant_type": {"client_credentials"}, "resource": {apptest.Service},
				"client_assertion_type": {"urn:ietf:params:oauth:client-assertion-type:jwt-bearer"}, "client_assertion": {tc.Assertion},
			})
			want, code := http.StatusUnauthorized, "invalid_client"
			if tc.Result == "valid" { // the policy cases, an audience that is not the issuer alone, are refused
				want, code = http.StatusOK, ""
			}
			t.Run(tc.Name, func(t *testing.T) { expectError(t, rec, want, code) })
		}
	})
}

// seed registers the vectors' partners with their keys; each of them has an
// encryption key and a grant, so that what authenticates is issued an AT.
func (v assertionVectors) seed(s *apptest.Seed) {
	for id, set := range v.JWKS {
		s.Applications = append(s.Applications, apptest.Application(id, "p_travel"))
		s.Grants = append(s.Grants, apptest.Grant("g-"+id, id, "loan.basic:read"))
		for _, k := range set.Keys {
			var jwk struct {
				KID string `json:"kid"`
			}
			if err := json.Unmarshal(k, &jwk); err != nil {
				panic(err) // the file is part of the tests
			}
			s.Credentials = append(s.Credentials, models.Credential{
				ID: jwk.KID, ApplicationID: id, Use: models.SignatureKey, KID: jwk.KID, PublicJWK: string(k),
			})
		}
	}
}

func readVectors(t *testing.T, name string, v any) {
	t.Helper()
	raw, err := os.ReadFile("testdata/" + name)
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(raw, v); err != nil {
		t.Fatal(err)
	}
}

func TestAssertionHeadersThatBringTheirOwnKeys(t *testing.T) {
	t.Parallel()
	var fetched atomic.Int32
	attacker := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { fetched.Add(1) }))
	t.Cleanup(attacker.Close)
	w := newWorld(t, apptest.Options{})
	kid := apptest.Travel + "-sig"
	public := w.PublicJWK(apptest.Rent, apptest.SignatureUse)
	for _, tc := range []struct {
		name, signer, header string
		want                 int
	}{
		{"a plain header passes", apptest.Travel, `{"alg":"ES256","kid":"` + kid + `"}`, 200},
		{"an embedded key is refused", apptest.Rent, `{"alg":"ES256","jwk":` + string(public) + `}`, 401},
		{"an embedded key beside a good kid is refused", apptest.Travel, `{"alg":"ES256","kid":"` + kid + `","jwk":` + string(public) + `}`, 401},
		{"jku is refused", apptest.Rent, `{"alg":"ES256","kid":"a","jku":"` + attacker.URL + `/jwks"}`, 401},
		{"jku beside a good kid is refused", apptest.Travel, `{"alg":"ES256","kid":"` + kid + `","jku":"` + attacker.URL + `/jwks"}`, 401},
		{"x5u is refused", apptest.Travel, `{"alg":"ES256","kid":"` + kid + `","x5u":"` + attacker.URL + `/cert"}`, 401},
		{"x5c is refused", apptest.Travel, `{"alg":"ES256","kid":"` + kid + `","x5c":["AAAA"]}`, 401},
		{"crit is refused", apptest.Travel, `{"alg":"ES256","kid":"` + kid + `","crit":["exp"]}`, 401},
		{"an empty crit is refused", apptest.Travel, `{"alg":"ES256","kid":"` + kid + `","crit":[]}`, 401},
		{"b64 is refused", apptest.Travel, `{"alg":"ES256","kid":"` + kid + `","b64":true}`, 401},
		{"a kid that is not a string is refused", apptest.Travel, `{"alg":"ES256","kid":["` + kid + `"]}`, 401},
		{"no kid is refused", apptest.Travel, `{"alg":"ES256"}`, 401},
		{"alg twice is refused", apptest.Travel, `{"alg":"ES256","alg":"ES256","kid":"` + kid + `"}`, 401},
		{"an alg that is not the key's is refused", apptest.Travel, `{"alg":"PS256","kid":"` + kid + `"}`, 401},
		{"alg none is refused", apptest.Travel, `{"alg":"none","kid":"` + kid + `"}`, 401},
		{"HS256 is refused", apptest.Travel, `{"alg":"HS256","kid":"` + kid + `"}`, 401},
		{"another client's kid under one's own key is refused", apptest.Travel, `{"alg":"ES256","kid":"` + apptest.Rent + `-sig"}`, 401},
		{"another client's kid and key is refused", apptest.Rent, `{"alg":"ES256","kid":"` + apptest.Rent + `-sig"}`, 401},
		{"the kid of one's encryption key is refused", apptest.Travel, `{"alg":"ES256","kid":"` + apptest.Travel + `-enc"}`, 401},
	} {
		t.Run(tc.name, func(t *testing.T) {
			form := w.TokenForm(apptest.Travel)
			form.Set("client_assertion", w.ES256(tc.signer, tc.header, travelClaims(w)))
			code := ""
			if tc.want == 401 {
				code = "invalid_client"
			}
			expectError(t, w.PostForm("/oauth/token", form), tc.want, code)
		})
	}
	if n := fetched.Load(); n != 0 {
		t.Errorf("%d requests to addresses that assertions name", n)
	}
}

func travelClaims(w *apptest.World) map[string]any {
	now := w.Clock.Now().Unix()
	return map[string]any{"iss": apptest.Travel, "sub": apptest.Travel, "aud": apptest.Issuer, "jti": apptest.NewID(), "exp": now + 60}
}

// The order of P-256's group (SEC 2, section 2.4.2): s and n-s both verify.
const orderP256 = "ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551"

func TestTheTwinOfASignatureIsTheSameAssertion(t *testing.T) {
	t.Parallel()
	each(t, apptest.Options{}, func(t *testing.T, w *apptest.World) {
		form := w.TokenForm(apptest.Travel)
		expectError(t, w.PostForm("/oauth/token", form), 200, "")

		assertion := form.Get("client_assertion")
		dot := strings.LastIndexByte(assertion, '.')
		signature, err := base64.RawURLEncoding.DecodeString(assertion[dot+1:])
		if err != nil {
			t.Fatal(err)
		}
		n, _ := new(big.Int).SetString(orderP256, 16)
		new(big.Int).Sub(n, new(big.Int).SetBytes(signature[32:])).FillBytes(signature[32:])
		form.Set("client_assertion", assertion[:dot+1]+base64.RawURLEncoding.EncodeToString(signature))
		expectError(t, w.PostForm("/oauth/token", form), 401, "invalid_client")
	})
}

// TestAKeyOfAnotherSuiteProvesNothing: a good signature under a key that is
// registered for the client, but of the suite that the client does not use.
func TestAKeyOfAnotherSuiteProvesNothing(t *testing.T) {
	t.Parallel()
	each(t, seeded(tokenSeed), func(t *testing.T, w *apptest.World) {
		w.AddKey(gmApp, "sig", "p256", nil)
		w.Write(func(tx *store.Tx, now int64) error {
			return tx.SaveCredential(models.Credential{
				ID: "sm2-of-travel", ApplicationID: apptest.Travel, Use: models.SignatureKey, KID: gmApp + "-sig",
				PublicJWK: string(w.PublicJWK(gmApp, apptest.SignatureUse)), CreatedAt: now,
			}, now)
		})
		claims := func(client string) map[string]any {
			c := travelClaims(w)
			c["iss"], c["sub"] = client, client
			return c
		}
		for _, tc := range []struct {
			name, assertion, code string
			http                  int
		}{
			{"a client of A256 by its own key", w.Sign(apptest.Travel, "JWT", claims(apptest.Travel)), "", 200},
			{"a client of A256 by a key of GM", w.Sign(gmApp, "JWT", claims(apptest.Travel)), "invalid_client", 401},
			{"a client of GM by its own key", w.Sign(gmApp, "JWT", claims(gmApp)), "unauthorized_client", 400}, // known, and not served yet
			{"a client of GM by a key of A256", w.SignWith(gmApp, "p256", "JWT", claims(gmApp)), "invalid_client", 401},
		} {
			form := w.TokenForm(apptest.Travel)
			form.Set("client_assertion", tc.assertion)
			rec := w.PostForm("/oauth/token", form)
			t.Run(tc.name, func(t *testing.T) { expectError(t, rec, tc.http, tc.code) })
		}
		refused := 0
		for _, e := range w.Events("at.refused") {
			if e.Reason == "key_of_other_suite" {
				refused++
			}
		}
		if refused != 2 {
			t.Errorf("%d refusals for the key's suite on record", refused)
		}
	})
}
