package app_test

import (
	"encoding/base64"
	"encoding/json"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"postern/app/apptest"
	"postern/app/clients"
	"postern/models"
)

// The applications and services that only the tests of step B have.
const (
	newsService = "urn:h5:news" // class A1
	secretApp   = "app_secret"
	tlsApp      = "app_tls"
	gmApp       = "app_gm"
	listedApp   = "app_listed"      // may call from 198.51.100.0/24 alone
	oldSecret   = "s3cr:t%+ /=äöü-" // what form-encoding inside HTTP Basic is for
	newSecret   = "u6Jx0x5n1l0Zy7u2m1b6Q3pX9s8w4e2r"
)

// tokenSeed adds an application of each method and a service of class A1.
func tokenSeed(s *apptest.Seed) {
	s.Applications = append(s.Applications,
		apptest.Application(secretApp, "p_travel"), apptest.Application(tlsApp, "p_travel"), apptest.Application(gmApp, "p_travel"),
		apptest.Application(listedApp, "p_travel"))
	n := len(s.Applications) - 1
	s.Applications[n].AddressMode = models.AddressEnforce
	s.Addresses = map[string][]string{listedApp: {"198.51.100.0/24", "2001:db8::/32"}}
	s.Applications[n-3].AuthMethod = models.ClientSecretBasic
	s.Applications[n-2].AuthMethod = models.TLSClientAuth
	s.Applications[n-1].Suite = "GM"
	s.Credentials = append(s.Credentials,
		models.Credential{ID: "s1", ApplicationID: secretApp, Use: models.ClientSecret, SecretHash: clients.HashSecret(oldSecret)},
		models.Credential{ID: "s2", ApplicationID: secretApp, Use: models.ClientSecret, SecretHash: clients.HashSecret(newSecret)},
		models.Credential{ID: "s3", ApplicationID: secretApp, Use: models.ClientSecret, SecretHash: clients.HashSecret("too old"), NotAfter: 1},
		models.Credential{ID: "s4", ApplicationID: secretApp, Use: models.ClientSecret, SecretHash: clients.HashSecret("gone"), RevokedAt: 1},
		models.Credential{ID: "s5", ApplicationID: secretApp, Use: models.ClientSecret, SecretHash: clients.HashSecret("early"), NotBefore: 1 << 50},
		models.Credential{ID: "s6", ApplicationID: apptest.Travel, Use: models.ClientSecret, SecretHash: clients.HashSecret(newSecret)},
	)
	s.Services = append(s.Services, models.Service{ID: newsService, Name: "News", H5URL: apptest.H5URL, Class: "A1", Status: models.Active})
	s.Scopes = append(s.Scopes, models.Scope{ID: "news:read", ServiceID: newsService, Title: "news"})
	s.Grants = append(s.Grants,
		apptest.Grant("gs1", secretApp, "news:read"), apptest.Grant("gs2", secretApp, "loan.basic:read"),
		apptest.Grant("gs3", tlsApp, "news:read"), apptest.Grant("gs4", gmApp, "loan.basic:read"), apptest.Grant("gs5", apptest.Travel, "news:read"),
		apptest.Grant("gs6", listedApp, "loan.basic:read"))
}

// basic is HTTP Basic with both parts form-encoded (RFC 6749 section 2.3.1).
func basic(id, secret string) string {
	return "Basic " + base64.StdEncoding.EncodeToString([]byte(url.QueryEscape(id)+":"+url.QueryEscape(secret)))
}

// secretForm is a valid form of step B for whoever uses a secret.
func secretForm(*apptest.World) url.Values {
	return url.Values{"grant_type": {"client_credentials"}, "resource": {newsService}}
}

func travelForm(w *apptest.World) url.Values { return w.TokenForm(apptest.Travel) }

// tokenRequest is a form and how it is sent.
type tokenRequest struct {
	form   url.Values
	header http.Header
	method string
	query  string
	body   string // instead of the form
}

func (r tokenRequest) send(w *apptest.World) *httptest.ResponseRecorder {
	body := r.body
	if body == "" {
		body = r.form.Encode()
	}
	req := httptest.NewRequest(r.method, "/oauth/token"+r.query, strings.NewReader(body))
	req.Header = r.header
	return w.Do(req)
}

func newTokenRequest(form url.Values) *tokenRequest {
	return &tokenRequest{form: form, method: http.MethodPost, header: http.Header{"Content-Type": {"application/x-www-form-urlencoded"}}}
}

func TestTokenRefusals(t *testing.T) {
	t.Parallel()
	each(t, seeded(tokenSeed), func(t *testing.T, w *apptest.World) {
		issued := w.Count("at_rows")
		for _, tc := range []struct {
			name     string
			form     func(*apptest.World) url.Values
			change   func(*tokenRequest)
			wantHTTP int
			wantCode string
		}{
			{"GET is not a method of the token endpoint", travelForm, func(r *tokenRequest) { r.method = http.MethodGet }, 405, "-"},
			{"PUT is not one either", travelForm, func(r *tokenRequest) { r.method = http.MethodPut }, 405, "-"},
			{"JSON is not a form", travelForm, func(r *tokenRequest) { r.header.Set("Content-Type", "application/json") }, 400, "invalid_request"},
			{"a form without a content type is refused", travelForm, func(r *tokenRequest) { r.header.Del("Content-Type") }, 400, "invalid_request"},
			{"a secret in the address is refused", secretForm, func(r *tokenRequest) { r.query = "?client_id=" + secretApp + "&client_secret=" + newSecret }, 400, "invalid_request"},
			{"any parameter in the address is refused", travelForm, func(r *tokenRequest) { r.query = "?x=1" }, 400, "invalid_request"},
			{"over 16 KiB is refused", travelForm, func(r *tokenRequest) { r.form.Set("pad", strings.Repeat("p", 16<<10)) }, 413, "invalid_request"},
			{"a broken percent sign is refused", travelForm, func(r *tokenRequest) { r.body = r.form.Encode() + "&x=%zz" }, 400, "invalid_request"},
			{"a semicolon is refused", travelForm, func(r *tokenRequest) { r.body = r.form.Encode() + ";x=1" }, 400, "invalid_request"},
			{"grant_type twice is refused", travelForm, func(r *tokenRequest) { r.form.Add("grant_type", "client_credentials") }, 400, "invalid_request"},
			{"resource twice is refused", travelForm, func(r *tokenRequest) { r.form.Add("resource", newsService) }, 400, "invalid_request"},
			{"an assertion twice is refused", travelForm, func(r *tokenRequest) { r.form.Add("client_assertion", "x") }, 400, "invalid_request"},
			{"client_id twice is refused", travelForm, func(r *tokenRequest) { r.form["client_id"] = []string{apptest.Travel, apptest.Travel} }, 400, "invalid_request"},
			{"an unknown parameter twice is refused", travelForm, func(r *tokenRequest) { r.form["x"] = []string{"1", "2"} }, 400, "invalid_request"},
			{"a parameter with and without a value is twice", travelForm, func(r *tokenRequest) { r.body = "scope=&" + r.form.Encode() + "&scope=me%3Aread" }, 400, "invalid_request"},
			{"an unknown parameter is ignored", travelForm, func(r *tokenRequest) { r.form.Set("x", "1") }, 200, ""},
			{"a parameter without a value counts as not sent", travelForm, func(r *tokenRequest) { r.form.Set("scope", "") }, 200, ""},
			{"the media type may carry a charset", travelForm, func(r *tokenRequest) {
				r.header.Set("Content-Type", "application/x-www-form-urlencoded; charset=UTF-8")
			}, 200, ""},

			{"no grant_type is refused", travelForm, func(r *tokenRequest) { r.form.Del("grant_type") }, 400, "invalid_request"},
			{"another grant_type is refused", travelForm, func(r *tokenRequest) { r.form.Set("grant_type", "authorization_code") }, 400, "unsupported_grant_type"},
			{"no resource is refused", travelForm, func(r *tokenRequest) { r.form.Del("resource") }, 400, "invalid_request"},
			{"an unknown resource is refused", travelForm, func(r *tokenRequest) { r.form.Set("resource", "urn:h5:nothing") }, 400, "invalid_target"},
			{"a resource in another case is another", travelForm, func(r *tokenRequest) { r.form.Set("resource", "URN:H5:LOAN") }, 400, "invalid_target"},

			{"a scope that is not granted is refused", travelForm, func(r *tokenRequest) { r.form.Set("scope", "loan.basic:read") }, 400, "invalid_scope"},
			{"one scope of two that is not granted refuses the whole", travelForm, func(r *tokenRequest) { r.form.Set("scope", "me:read loan.basic:read") }, 400, "invalid_scope"},
			{"an unknown scope is refused", travelForm, func(r *tokenRequest) { r.form.Set("scope", "everything") }, 400, "invalid_scope"},
			{"a scope of another service is refused", travelForm, func(r *tokenRequest) { r.form.Set("scope", "news:read") }, 400, "invalid_scope"},
			{"a scope twice is refused", travelForm, func(r *tokenRequest) { r.form.Set("scope", "me:read me:read") }, 400, "invalid_scope"},
			{"two spaces between scopes are refused", travelForm, func(r *tokenRequest) { r.form.Set("scope", "me:read  loan:apply") }, 400, "invalid_scope"},
			{"a service of which nothing is granted is refused", func(w *apptest.World) url.Values { return w.TokenForm(apptest.Rent) },
				func(r *tokenRequest) { r.form.Set("resource", newsService) }, 400, "invalid_scope"},

			{"a subject of 128 characters passes", travelForm, func(r *tokenRequest) { r.form.Set("subject", strings.Repeat("~", 128)) }, 200, ""},
			{"a subject of spaces passes", travelForm, func(r *tokenRequest) { r.form.Set("subject", "a b") }, 200, ""},
			{"a subject of 129 characters is refused", travelForm, func(r *tokenRequest) { r.form.Set("subject", strings.Repeat("~", 129)) }, 400, "invalid_request"},
			{"a control character in the subject is refused", travelForm, func(r *tokenRequest) { r.form.Set("subject", "a\nb") }, 400, "invalid_request"},
			{"DEL in the subject is refused", travelForm, func(r *tokenRequest) { r.form.Set("subject", "a\x7f") }, 400, "invalid_request"},
			{"NUL in the subject is refused", travelForm, func(r *tokenRequest) { r.form.Set("subject", "a\x00") }, 400, "invalid_request"},
			{"a subject beyond ASCII is refused", travelForm, func(r *tokenRequest) { r.form.Set("subject", "小明") }, 400, "invalid_request"},

			{"a registered return address passes", travelForm, func(r *tokenRequest) { r.form.Set("return_to", apptest.Back) }, 200, ""},
			{"a return address below a registered one is refused", travelForm, func(r *tokenRequest) { r.form.Set("return_to", apptest.Back+"/x") }, 400, "invalid_request"},
			{"a return address with a query is refused", travelForm, func(r *tokenRequest) { r.form.Set("return_to", apptest.Back+"?x=1") }, 400, "invalid_request"},
			{"a return address in another case is refused", travelForm, func(r *tokenRequest) { r.form.Set("return_to", strings.ToUpper(apptest.Back)) }, 400, "invalid_request"},
			{"a script as return address is refused", travelForm, func(r *tokenRequest) { r.form.Set("return_to", "javascript:alert(1)") }, 400, "invalid_request"},
			{"another application's return address is refused", func(w *apptest.World) url.Values { return w.TokenForm(apptest.Rent) },
				func(r *tokenRequest) { r.form.Set("return_to", apptest.Back) }, 400, "invalid_request"},
		} {
			t.Run(tc.name, func(t *testing.T) {
				r := newTokenRequest(tc.form(w))
				tc.change(r)
				rec := r.send(w)
				if tc.wantCode == "-" { // refused before any door: no body of ours
					if rec.Code != tc.wantHTTP {
						t.Errorf("status is %d, want %d", rec.Code, tc.wantHTTP)
					}
					return
				}
				expectError(t, rec, tc.wantHTTP, tc.wantCode)
				now := w.Count("at_rows")
				if (now > issued) != (tc.wantHTTP == 200) {
					t.Errorf("%d ATs were issued", now-issued)
				}
				issued = now
			})
		}
	})
}

func TestClientAuthentication(t *testing.T) {
	t.Parallel()
	each(t, seeded(tokenSeed), func(t *testing.T, w *apptest.World) {
		withBasic := func(id, secret string) func(*tokenRequest) {
			return func(r *tokenRequest) { r.header.Set("Authorization", basic(id, secret)) }
		}
		for _, tc := range []struct {
			name     string
			form     func(*apptest.World) url.Values
			change   func(*tokenRequest)
			wantHTTP int
			wantCode string
		}{
			{"no credentials are refused", secretForm, func(*tokenRequest) {}, 401, "invalid_client"},
			{"an assertion passes", travelForm, func(*tokenRequest) {}, 200, ""},
			{"a client_id that matches passes", travelForm, func(r *tokenRequest) { r.form.Set("client_id", apptest.Travel) }, 200, ""},
			{"a client_id that differs is refused", travelForm, func(r *tokenRequest) { r.form.Set("client_id", apptest.Rent) }, 401, "invalid_client"},
			{"another type of assertion is refused", travelForm, func(r *tokenRequest) {
				r.form.Set("client_assertion_type", "urn:ietf:params:oauth:client-assertion-type:saml2-bearer")
			}, 401, "invalid_client"},
			{"an assertion without its type is refused", travelForm, func(r *tokenRequest) { r.form.Del("client_assertion_type") }, 401, "invalid_client"},
			{"a type without an assertion is refused", travelForm, func(r *tokenRequest) { r.form.Del("client_assertion") }, 401, "invalid_client"},
			{"an assertion and Basic together are refused", travelForm, withBasic(apptest.Travel, newSecret), 401, "invalid_client"},
			{"an assertion and an empty Authorization are one method", travelForm, func(r *tokenRequest) { r.header["Authorization"] = []string{""} }, 200, ""},
			{"an assertion and a secret in the body are refused", travelForm, func(r *tokenRequest) { r.form.Set("client_secret", newSecret) }, 401, "invalid_client"},
			{"the right secret of a client registered for assertions is refused", secretForm, withBasic(apptest.Travel, newSecret), 401, "invalid_client"},
			{"an assertion of a client registered for secrets is refused", func(w *apptest.World) url.Values { return w.TokenForm(secretApp) },
				func(r *tokenRequest) { r.form.Set("resource", newsService) }, 401, "invalid_client"},
			{"a secret passes for a service of class A1", secretForm, withBasic(secretApp, newSecret), 200, ""},
			{"the second secret passes, form-encoded", secretForm, withBasic(secretApp, oldSecret), 200, ""},
			{"a secret that is not form-encoded is refused", secretForm, func(r *tokenRequest) {
				r.header.Set("Authorization", "Basic "+base64.StdEncoding.EncodeToString([]byte(secretApp+":"+oldSecret)))
			}, 401, "invalid_client"},
			{"the scheme is in any case", secretForm, func(r *tokenRequest) {
				r.header.Set("Authorization", "bAsIc"+strings.TrimPrefix(basic(secretApp, newSecret), "Basic"))
			}, 200, ""},
			{"a secret does not do for a service of class A2", secretForm, func(r *tokenRequest) {
				withBasic(secretApp, newSecret)(r)
				r.form.Set("resource", apptest.Service)
			}, 400, "unauthorized_client"},
			{"a wrong secret is refused", secretForm, withBasic(secretApp, newSecret+"x"), 401, "invalid_client"},
			{"an empty secret is refused", secretForm, withBasic(secretApp, ""), 401, "invalid_client"},
			{"a secret past its end is refused", secretForm, withBasic(secretApp, "too old"), 401, "invalid_client"},
			{"a revoked secret is refused", secretForm, withBasic(secretApp, "gone"), 401, "invalid_client"},
			{"a secret before its time is refused", secretForm, withBasic(secretApp, "early"), 401, "invalid_client"},
			{"the hash is not the secret", secretForm, withBasic(secretApp, clients.HashSecret(newSecret)), 401, "invalid_client"},
			{"a secret in the body is refused", secretForm, func(r *tokenRequest) {
				r.form.Set("client_id", secretApp)
				r.form.Set("client_secret", newSecret)
			}, 401, "invalid_client"},
			{"two Authorization headers are refused", secretForm, func(r *tokenRequest) {
				r.header["Authorization"] = []string{basic(secretApp, newSecret), basic(secretApp, newSecret)}
			}, 401, "invalid_client"},
			{"an unknown scheme is refused", secretForm, func(r *tokenRequest) { r.header.Set("Authorization", "Bearer x") }, 401, "invalid_client"},
			{"Basic that is not base64 is refused", secretForm, func(r *tokenRequest) { r.header.Set("Authorization", "Basic %%%") }, 401, "invalid_client"},
			{"an unknown client is refused", secretForm, withBasic("app_nobody", newSecret), 401, "invalid_client"},
			{"tls_client_auth is refused by name", func(w *apptest.World) url.Values { return w.TokenForm(tlsApp) }, func(*tokenRequest) {}, 401, "invalid_client"},
			{"headers of a proxy's client certificate mean nothing", secretForm, func(r *tokenRequest) {
				for _, name := range []string{"X-Client-Cert", "X-SSL-Client-Cert", "X_SSL_CLIENT_CERT", "X-Forwarded-Client-Cert", "Ssl-Client-Verify"} {
					r.header[name] = []string{"SUCCESS"}
				}
				r.form.Set("client_id", tlsApp)
			}, 401, "invalid_client"},
			{"the GM suite is refused by name, after its assertion was verified", func(w *apptest.World) url.Values { return w.TokenForm(gmApp) },
				func(*tokenRequest) {}, 400, "unauthorized_client"},
		} {
			t.Run(tc.name, func(t *testing.T) {
				r := newTokenRequest(tc.form(w))
				tc.change(r)
				expectError(t, r.send(w), tc.wantHTTP, tc.wantCode)
			})
		}
	})
}

func TestMethodsThatAreMissingSayWhich(t *testing.T) {
	t.Parallel()
	w := newWorld(t, seeded(tokenSeed))
	certificate := w.TokenForm(tlsApp)
	certificate.Del("client_assertion")
	certificate.Del("client_assertion_type")
	certificate.Set("client_id", tlsApp)
	for want, form := range map[string]url.Values{"tls_client_auth": certificate, "GM": w.TokenForm(gmApp)} {
		rec := w.PostForm("/oauth/token", form)
		if p := readProblem(t, rec.Body.Bytes()); !strings.Contains(p.Description, want) {
			t.Errorf("%s: the answer is %q", want, p.Description)
		}
	}
}

func TestWhatAPartnerGets(t *testing.T) {
	t.Parallel()
	each(t, seeded(tokenSeed), func(t *testing.T, w *apptest.World) {
		form := w.TokenForm(apptest.Travel)
		form.Set("scope", "me:read loan.offer:read")
		form.Set("subject", "user-7781")
		form.Set("return_to", apptest.Back)
		rec := w.PostForm("/oauth/token", form)
		if rec.Code != http.StatusOK || rec.Header().Get("Cache-Control") != "no-store" || rec.Header().Get("Content-Type") != "application/json; charset=utf-8" {
			t.Fatalf("%d %v %s", rec.Code, rec.Header(), rec.Body)
		}
		var answer map[string]any
		if err := json.Unmarshal(rec.Body.Bytes(), &answer); err != nil {
			t.Fatal(err)
		}
		envelope, _ := answer["access_token"].(string)
		delete(answer, "access_token")
		wantSame(t, answer, map[string]any{"token_type": "N_A", "expires_in": 120.0, "scope": "me:read loan.offer:read", "h5_url": apptest.H5URL})

		h := w.Header(envelope)
		delete(h, "epk")
		wantSame(t, h, map[string]any{"typ": "at+jwe", "cty": "at+jwt", "alg": "ECDH-ES+A256KW", "enc": "A256GCM", "kid": apptest.Travel + "-enc"})

		at := w.OpenAT(apptest.Travel, envelope)
		claims, err := w.ReadAT(at)
		if err != nil {
			t.Fatal(err)
		}
		now := w.Clock.Now().Unix()
		if w.Header(at)["typ"] != "at+jwt" || w.Header(at)["alg"] != "ES256" ||
			claims.Audience != apptest.Service || claims.Subject != "user-7781" || claims.ClientID != apptest.Travel ||
			claims.Scope != "me:read loan.offer:read" || claims.IssuedAt != now || claims.ExpiresAt != now+120 ||
			claims.Environment != "production" || claims.ReturnTo != apptest.Back || len(claims.JTI) != 22 {
			t.Errorf("AT claims %+v", claims)
		}
		var ak map[string]any
		if err := json.Unmarshal(claims.AK, &ak); err != nil {
			t.Fatal(err)
		}
		if ak["d"] != nil || ak["kty"] != "EC" || ak["crv"] != "P-256" || ak["use"] != "enc" || ak["alg"] != "ECDH-ES+A256KW" || ak["kid"] == "" {
			t.Errorf("AK %s", claims.AK)
		}
	})
}

// wantSame holds one JSON object against another.
func wantSame(t *testing.T, got, want map[string]any) {
	t.Helper()
	a, errA := json.Marshal(got)
	b, errB := json.Marshal(want)
	if errA != nil || errB != nil || string(a) != string(b) {
		t.Errorf("got  %s\nwant %s", a, b)
	}
}

func TestWithoutASubjectTheClientIsTheSubject(t *testing.T) {
	t.Parallel()
	w := newWorld(t, apptest.Options{})
	claims := w.Claims(w.AT(apptest.Travel, nil))
	if claims.Subject != apptest.Travel || claims.ReturnTo != "" {
		t.Errorf("claims %+v", claims)
	}
	if want := "account.balance:read loan.offer:read loan:apply me:read session:open"; claims.Scope != want {
		t.Errorf("default scope %q, want all that is granted: %q", claims.Scope, want)
	}
}

func TestTheATGoesToTheNewestLiveEncryptionKey(t *testing.T) {
	t.Parallel()
	each(t, apptest.Options{}, func(t *testing.T, w *apptest.World) {
		now := w.Clock.Now().UnixMilli()
		envelope := func() string {
			var answer struct {
				AccessToken string `json:"access_token"`
			}
			rec := w.PostForm("/oauth/token", w.TokenForm(apptest.Travel))
			if err := json.Unmarshal(rec.Body.Bytes(), &answer); err != nil || rec.Code != 200 {
				t.Fatalf("%d %s", rec.Code, rec.Body)
			}
			return answer.AccessToken
		}
		w.AddKey(apptest.Travel, "enc", "tomorrow", func(c *models.Credential) { c.NotBefore = now + 1000 })
		w.AddKey(apptest.Travel, "sig", "newest-signature", func(c *models.Credential) { c.NotBefore = now })
		if kid := w.Header(envelope())["kid"]; kid != apptest.Travel+"-enc" {
			t.Errorf("sealed to %v before the new key's time", kid)
		}
		w.Later(1_000_000_000)
		e := envelope()
		if kid := w.Header(e)["kid"]; kid != "tomorrow" || !w.Opens(apptest.Travel, "tomorrow", e) {
			t.Errorf("sealed to %v, want the newest key", kid)
		}
	})
}

func TestInvalidClientsLookAlike(t *testing.T) {
	t.Parallel()
	each(t, seeded(boxedSeed), func(t *testing.T, w *apptest.World) {
		for _, client := range []string{apptest.Travel, boxApp} {
			w.AddKey(client, "sig", "of-both", nil)
		}
		w.Refresh()
		frozen := freeze(w, "application", apptest.Rent, models.FreezeAT)
		defer frozen()
		sent := func(r *tokenRequest, change func(*tokenRequest)) *httptest.ResponseRecorder {
			change(r)
			return r.send(w)
		}
		nothing := func(*tokenRequest) {}
		answers := map[string]*httptest.ResponseRecorder{
			"unknown_client": sent(newTokenRequest(w.TokenForm("app_nobody")), nothing),
			"wrong_secret":   sent(newTokenRequest(secretForm(w)), func(r *tokenRequest) { r.header.Set("Authorization", basic(secretApp, "x")) }),
			"not_active":     sent(newTokenRequest(w.TokenForm(apptest.Nanfeng)), nothing),
			"frozen":         sent(newTokenRequest(w.TokenForm(apptest.Rent)), nothing),
			"address":        sent(newTokenRequest(w.TokenForm(listedApp)), nothing),
			"bad_signature": sent(newTokenRequest(w.TokenForm(apptest.Travel)), func(r *tokenRequest) {
				r.form.Set("client_assertion", broken(r.form.Get("client_assertion")))
			}),
			"unknown_kid": sent(newTokenRequest(w.TokenForm(apptest.Travel)), func(r *tokenRequest) { r.form.Set("client_assertion", foreignKid(w)) }),
			"sandbox_key": sent(newTokenRequest(w.TokenForm(apptest.Travel)), func(r *tokenRequest) {
				r.form.Set("client_assertion", w.Sign(boxApp, "JWT", claimsOf(w, apptest.Travel)))
			}),
			"production_key": sent(newTokenRequest(w.TokenForm(boxApp)), func(r *tokenRequest) {
				r.form.Set("client_assertion", w.Sign(apptest.Travel, "JWT", claimsOf(w, boxApp)))
			}),
			"wrong_method": sent(newTokenRequest(secretForm(w)), func(r *tokenRequest) { r.header.Set("Authorization", basic(apptest.Travel, newSecret)) }),
		}
		var same string
		for reason, rec := range answers {
			p := readProblem(t, rec.Body.Bytes())
			text := strings.ReplaceAll(rec.Body.String(), p.RequestID, "")
			h := rec.Header().Clone()
			h.Del("X-Request-Id")
			whole, err := json.Marshal(h)
			if err != nil {
				t.Fatal(err)
			}
			text += string(whole)
			if same == "" {
				same = text
			}
			if rec.Code != 401 || p.Error != "invalid_client" || text != same {
				t.Errorf("%s: %d %s\nwant %s", reason, rec.Code, text, same)
			}
		}
		want := map[string]int{}
		for reason := range answers {
			want[reason] = 1
		}
		for assertion, reason := range map[string]string{
			w.SignWith(boxApp, "of-both", "JWT", claimsOf(w, apptest.Travel)): "sandbox_key", // the kid is of both
			w.Sign(rentBox, "JWT", claimsOf(w, apptest.Travel)):               "unknown_kid", // of another partner's sandbox
			broken(w.Sign(boxApp, "JWT", claimsOf(w, apptest.Travel))):        "unknown_kid", // the sandbox's kid, and nobody's key
			broken(w.SignWith(boxApp, "of-both", "JWT", claimsOf(w, boxApp))): "bad_signature",
		} {
			want[reason]++
			form := w.TokenForm(apptest.Travel)
			form.Del("client_id")
			form.Set("client_assertion", assertion)
			expectError(t, w.PostForm("/oauth/token", form), 401, "invalid_client")
		}
		reasons := map[string]int{}
		for _, e := range w.Events("at.refused") {
			reasons[e.Reason]++
		}
		if !maps.Equal(reasons, want) {
			t.Errorf("the ledger says %v, want %v", reasons, want)
		}
	})
}

// foreignKid is an assertion signed by Rent's key, in Travel's name.
func foreignKid(w *apptest.World) string {
	return w.Sign(apptest.Rent, "JWT", claimsOf(w, apptest.Travel))
}

// broken is an assertion whose signature fits no key.
func broken(assertion string) string { return assertion[:len(assertion)-6] + "AAAAAA" }

// claimsOf are those of an assertion in an application's name.
func claimsOf(w *apptest.World, client string) map[string]any {
	return map[string]any{"iss": client, "sub": client, "aud": apptest.Issuer, "jti": apptest.NewID(), "exp": w.Clock.Now().Unix() + 60}
}

// The applications in the sandbox of the partners that have Travel and Rent in production.
const (
	boxApp  = "app_test_travel"
	rentBox = "app_test_rent"
)

// boxedSeed is tokenSeed with two sandboxes.
func boxedSeed(s *apptest.Seed) {
	tokenSeed(s)
	for id, partner := range map[string]string{boxApp: "p_travel", rentBox: "p_rent"} {
		a := apptest.Application(id, partner)
		a.Environment = models.Sandbox
		s.Applications = append(s.Applications, a)
	}
}

func TestAnAssertionIsGoodForOneOfAHundred(t *testing.T) {
	t.Parallel()
	each(t, apptest.Options{}, func(t *testing.T, w *apptest.World) {
		form := w.TokenForm(apptest.Travel)
		codes := make(chan int, 100)
		var all sync.WaitGroup
		for range cap(codes) {
			all.Go(func() { codes <- w.PostForm("/oauth/token", form).Code })
		}
		all.Wait()
		close(codes)
		count := map[int]int{}
		for c := range codes {
			count[c]++
		}
		if count[200] != 1 || count[401] != 99 {
			t.Errorf("answers by status %v", count)
		}
		w.Restart()
		if rec := w.PostForm("/oauth/token", form); rec.Code != 401 {
			t.Errorf("after a restart the assertion was good again: %d", rec.Code)
		}
	})
}

func TestARefusalUsesItsAssertionUp(t *testing.T) {
	t.Parallel()
	each(t, apptest.Options{}, func(t *testing.T, w *apptest.World) {
		for name, tc := range map[string]struct{ parameter, value, code string }{
			"another grant_type":            {"grant_type", "authorization_code", "unsupported_grant_type"},
			"an unknown resource":           {"resource", "urn:h5:nothing", "invalid_target"},
			"a scope that is not granted":   {"scope", "loan.basic:read", "invalid_scope"},
			"a subject with a line feed":    {"subject", "a\nb", "invalid_request"},
			"a return address of one's own": {"return_to", "https://evil.example/", "invalid_request"},
		} {
			t.Run(name, func(t *testing.T) {
				form := w.TokenForm(apptest.Travel)
				good := form.Get(tc.parameter)
				form.Set(tc.parameter, tc.value)
				expectError(t, w.PostForm("/oauth/token", form), 400, tc.code)
				expectError(t, w.PostForm("/oauth/token", form), 401, "invalid_client")
				form.Set(tc.parameter, good)
				expectError(t, w.PostForm("/oauth/token", form), 401, "invalid_client")
				w.Restart() // it is on disk
				expectError(t, w.PostForm("/oauth/token", form), 401, "invalid_client")
			})
		}
		if n := w.Count("at_rows"); n != 0 {
			t.Errorf("%d ATs were issued", n)
		}
		count := map[string]int{}
		for _, e := range w.Events("at.refused") {
			count[e.Outcome]++
		}
		if count["invalid_client"] != 15 || count["invalid_request"] != 2 || count["invalid_scope"] != 1 || count["invalid_target"] != 1 {
			t.Errorf("refusals on record by outcome: %v", count)
		}
	})
}

// A limit says to come again: the assertion is still good then, as the refusal
// was not worth a row of its own.
func TestALimitLeavesTheAssertionGood(t *testing.T) {
	t.Parallel()
	each(t, apptest.Options{}, func(t *testing.T, w *apptest.World) {
		setApplication(w, apptest.Travel, func(a *models.Application) { a.ATRate = 1 })
		w.AT(apptest.Travel, nil)
		w.AT(apptest.Travel, nil)
		form := w.TokenForm(apptest.Travel)
		expectError(t, w.PostForm("/oauth/token", form), 429, "rate_limited")
		w.Later(time.Second)
		expectError(t, w.PostForm("/oauth/token", form), 200, "")
		w.Later(time.Second)
		expectError(t, w.PostForm("/oauth/token", form), 401, "invalid_client")
	})
}
