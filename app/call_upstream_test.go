package app_test

import (
	"bufio"
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"postern/app/apptest"
	"postern/models"
)

// answering is a bank's system that answers everything alike.
func answering(status int, mediaType, body string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		if mediaType != "" {
			w.Header().Set("Content-Type", mediaType)
		}
		w.WriteHeader(status)
		_, _ = io.WriteString(w, body)
	}
}

// hijack takes the connection away from the server and lets write have it.
func hijack(write func(io.Writer)) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		conn, buffer, err := w.(http.Hijacker).Hijack()
		if err != nil {
			panic(err) // the test server always can
		}
		write(buffer)
		_ = buffer.Flush() // a peer that is gone is part of the test
		_ = conn.Close()
	}
}

// strict takes short replies only.
func strict(s *apptest.Seed) {
	callSeed(s)
	s.Upstreams[0].MaxReply = 64 << 10
}

// quick makes the bank's system time out soon; only for what never answers.
func quick(s *apptest.Seed) {
	strict(s)
	s.Upstreams[0].Timeout = 150
}

func TestWhatTheBankAnswers(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name     string
		answer   http.HandlerFunc
		path     string
		wantHTTP int
		wantCode string
		want     string // in the reply
	}{
		{"only listed fields leave", answering(200, "application/json", apptest.Offers), "/loans/offers", 200, "",
			`"body":{"offer":{"limit":186000.00,"rate":"3.85"},"holder":{"name":"周**","phone":"138****6027"}}`},
		{"a field that is new does not leave", answering(200, "application/json", `{"balance":"1","new":{"x":1},"list":[1]}`), "/accounts/1/balance", 200, "", `"body":{"balance":"1"}`},
		{"a listed name nested elsewhere does not leave", answering(200, "application/json", `{"data":{"balance":"1"}}`), "/accounts/1/balance", 200, "", `"body":{}`},
		{"an array where an object was expected is emptied", answering(200, "application/json", `[{"balance":"1"}]`), "/accounts/1/balance", 200, "", `"body":[`},
		{"a listed leaf that became an object does not leave", answering(200, "application/json", `{"balance":{"secret":1}}`), "/accounts/1/balance", 200, "", `"body":{`},
		{"an escaped name is the name", answering(200, "application/json", `{"\u0062alance":"1","\u0073ecret":2}`), "/accounts/1/balance", 200, "", `alance":"1"}`},
		{"numbers keep their digits", answering(200, "application/json", `{"balance":123456789012345678901234567890.12000e-5}`), "/accounts/1/balance", 200, "",
			`"balance":123456789012345678901234567890.12000e-5`},
		{"+json is JSON", answering(200, "application/vnd.bank+json; charset=utf-8", `{"balance":"1"}`), "/accounts/1/balance", 200, "", `"body":{"balance":"1"}`},
		{"an error's body keeps the members of the route's list", answering(422, "application/json", `{"code":"E1","balance":"1","trace":"core-7"}`), "/accounts/1/balance", 200, "", `"status":422,"headers":{"content-type":"application/json"},"body":{"code":"E1"}`},
		{"an error of the server does so too", answering(500, "application/json", `{"code":"E2","stack":"at core-7"}`), "/accounts/1/balance", 200, "", `"body":{"code":"E2"}`},
		{"a problem's body as well", answering(404, "application/problem+json", `{"code":"E3","detail":"account 1 of core-7"}`), "/accounts/1/balance", 200, "", `"body":{"code":"E3"}`},
		{"no body is null", answering(204, "", ""), "/accounts/1/balance", 200, "", `"status":204,"body":null`},
		{"a redirect is not followed and not passed on", func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Location", "http://core-7.bank.example/x")
			w.WriteHeader(http.StatusFound)
		}, "/accounts/1/balance", 200, "", `"status":302,"body":null`},

		{"a name twice does not leave", answering(200, "application/json", `{"balance":"1","balance":"2"}`), "/accounts/1/balance", 502, "upstream_unavailable", ""},
		{"a name twice, once escaped, does not leave", answering(200, "application/json", `{"balance":"1","\u0062alance":"2"}`), "/accounts/1/balance", 502, "upstream_unavailable", ""},
		{"a name twice where nothing is listed does not leave", answering(200, "application/json", `{"balance":"1","x":{"a":1,"a":2}}`), "/accounts/1/balance", 502, "upstream_unavailable", ""},
		{"cut JSON does not leave", answering(200, "application/json", `{"balance":"1"`), "/accounts/1/balance", 502, "upstream_unavailable", ""},
		{"octets behind JSON do not leave", answering(200, "application/json", `{"balance":"1"}x`), "/accounts/1/balance", 502, "upstream_unavailable", ""},
		{"JSON that is not UTF-8 does not leave", answering(200, "application/json", "{\"balance\":\"\xff\"}"), "/accounts/1/balance", 502, "upstream_unavailable", ""},
		{"deep JSON does not leave", answering(200, "application/json", strings.Repeat(`{"a":`, 20000)+"1"+strings.Repeat("}", 20000)), "/accounts/1/balance", 502, "upstream_unavailable", ""},
		{"HTML does not leave", answering(200, "text/html", "<h1>core-7</h1>"), "/accounts/1/balance", 502, "upstream_unavailable", ""},
		{"HTML of an error does not leave", answering(500, "text/html", "<h1>core-7</h1>"), "/accounts/1/balance", 502, "upstream_unavailable", ""},
		{"text/json is not JSON", answering(200, "text/json", `{"balance":"1"}`), "/accounts/1/balance", 502, "upstream_unavailable", ""},
		{"a body without a type does not leave", func(w http.ResponseWriter, _ *http.Request) {
			w.Header()["Content-Type"] = nil
			_, _ = io.WriteString(w, `{"balance":"1"}`)
		}, "/accounts/1/balance", 502, "upstream_unavailable", ""},
		{"two types do not leave", func(w http.ResponseWriter, _ *http.Request) {
			w.Header()["Content-Type"] = []string{"application/json", "text/html"}
			_, _ = io.WriteString(w, `{"balance":"1"}`)
		}, "/accounts/1/balance", 502, "upstream_unavailable", ""},
		{"a compressed body does not leave", func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "application/json")
			w.Header().Set("Content-Encoding", "gzip")
			_, _ = io.WriteString(w, "\x1f\x8b")
		}, "/accounts/1/balance", 502, "upstream_unavailable", ""},
		{"a huge body does not leave", answering(200, "application/json", `{"balance":"`+strings.Repeat("9", 64<<10)+`"}`), "/accounts/1/balance", 502, "upstream_unavailable", ""},
		{"a huge body in chunks does not leave", func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "application/json")
			for range 70 {
				_, _ = io.WriteString(w, strings.Repeat(" ", 1024))
				w.(http.Flusher).Flush()
			}
			_, _ = io.WriteString(w, `{"balance":"1"}`)
		}, "/accounts/1/balance", 502, "upstream_unavailable", ""},
		{"a media type that the route lists leaves whole", answering(200, "application/pdf", "%PDF-1.7\x00"), "/loans/letter", 200, "",
			`"body_b64":"` + base64.StdEncoding.EncodeToString([]byte("%PDF-1.7\x00")) + `"`},
		{"another media type of that route does not", answering(200, "image/png", "PNG"), "/loans/letter", 502, "upstream_unavailable", ""},
		{"JSON of that route is reduced as ever", answering(200, "application/json", `{"x":1}`), "/loans/letter", 200, "", `"body":{}`},

		{"a connection that closes at once", hijack(func(io.Writer) {}), "/accounts/1/balance", 502, "upstream_unavailable", ""},
		{"a body that ends early", hijack(func(w io.Writer) {
			_, _ = io.WriteString(w, "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 90\r\n\r\n{\"balance\":")
		}), "/accounts/1/balance", 502, "upstream_unavailable", ""},
		{"bad chunks", hijack(func(w io.Writer) {
			_, _ = io.WriteString(w, "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n{}\r\n0\r\n\r\n")
		}), "/accounts/1/balance", 502, "upstream_unavailable", ""},
		{"what is not HTTP", hijack(func(w io.Writer) { _, _ = io.WriteString(w, "SSH-2.0-core-7\r\n") }), "/accounts/1/balance", 502, "upstream_unavailable", ""},
		{"an answer that never comes", func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }, "/accounts/1/balance", 504, "upstream_timeout", ""},
		{"a body that never ends", func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Type", "application/json")
			_, _ = io.WriteString(w, `{"balance":`)
			w.(http.Flusher).Flush()
			<-r.Context().Done()
		}, "/accounts/1/balance", 504, "upstream_timeout", ""},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			seed := strict
			if tc.wantCode == "upstream_timeout" {
				seed = quick
			}
			w := newWorld(t, seeded(seed))
			p := w.NewVisit(apptest.Travel, nil)
			w.Bank.Answer(tc.answer)
			a := p.Get(tc.path)
			expect(t, a, tc.wantHTTP, tc.wantCode, sealed)
			if !strings.Contains(string(a.Plain), tc.want) {
				t.Errorf("reply %s\nlacks %s", a.Plain, tc.want)
			}
			if !json.Valid(a.Plain) || strings.Contains(string(a.Plain), "core-7") || strings.Contains(string(a.Plain), "secret") {
				t.Errorf("reply %s", a.Plain)
			}
			if n := len(w.Bank.Seen()); n != 1 {
				t.Errorf("the bank was asked %d times", n)
			}
		})
	}
}

func TestNoScopeNoRawReply(t *testing.T) {
	t.Parallel()
	w := newWorld(t, seeded(func(s *apptest.Seed) {
		for i := range s.Permissions {
			s.Permissions[i].Raw = false
		}
	}))
	w.Bank.Answer(answering(200, "application/pdf", "%PDF"))
	expect(t, w.NewVisit(apptest.Travel, nil).Get("/loans/letter"), 502, "upstream_unavailable", sealed)
}

func TestWhatTheBankSees(t *testing.T) {
	t.Parallel()
	each(t, seeded(callSeed), func(t *testing.T, w *apptest.World) {
		p := w.NewVisit(apptest.Travel, map[string][]string{"subject": {"user-7781"}, "scope": {"loan:apply loan.offer:read"}})
		raw := `{"amount": 1.50,  "n":12345678901234567890.0, "text":"\u4f60/\/", "b":1, "a":[ ] }`
		body := []byte(fmt.Sprintf(`{"jti":%q,"iat":%d,"method":"POST","path":"/loans/applications","headers":{"accept":"application/json","accept-language":"zh-CN","if-match":"\"v1\"",`+
			`"cookie":"session=1","authorization":"Bearer x","host":"evil.example","connection":"x-user","x-user":"1","x-forwarded-for":"9.9.9.9","postern-assertion":"x",`+
			`"postern-customer":"c-1","idempotency-key":"mine","traceparent":"00-1-1-01","transfer-encoding":"chunked","content-length":"1","content-type":"text/plain","user-agent":"me","te":"trailers"},"body":%s}`,
			apptest.NewID(), w.Clock.Now().Unix(), raw))
		var plain struct{ JTI string }
		if err := json.Unmarshal(body, &plain); err != nil {
			t.Fatal(err)
		}
		w.Bank.Answer(func(rw http.ResponseWriter, _ *http.Request) {
			for name, value := range map[string]string{
				"Set-Cookie": "a=1", "Server": "core-7", "Location": "http://core-7/", "X-Powered-By": "core-7", "Postern-Customer": "c-9",
				"Etag": `"v2"`, "Content-Language": "zh-CN", "Last-Modified": "Sun, 22 Nov 2026 10:00:00 GMT", "Cache-Control": "max-age=9",
				"Content-Type": "application/json", "Access-Control-Allow-Origin": "*", "Www-Authenticate": "Basic",
			} {
				rw.Header().Set(name, value)
			}
			_, _ = io.WriteString(rw, `{"application_id":"A-1"}`)
		})
		a := p.Call(body)
		expect(t, a, 200, "", sealed)
		var reply struct{ Headers map[string]any }
		a.Into(p, &reply)
		wantSame(t, reply.Headers, map[string]any{
			"content-type": "application/json", "etag": `"v2"`, "content-language": "zh-CN", "last-modified": "Sun, 22 Nov 2026 10:00:00 GMT",
		})
		for name := range a.Head {
			if strings.HasPrefix(name, "Set-") || name == "Server" || name == "Location" {
				t.Errorf("header %s left the gateway", name)
			}
		}

		seen := w.Bank.Seen()
		if len(seen) != 1 || seen[0].Body != raw || seen[0].URI != "/loans/applications" || seen[0].Method != "POST" {
			t.Fatalf("the bank saw %+v", seen)
		}
		h := seen[0].Header
		c := w.ReadAssertion(h.Get("Postern-Assertion"))
		if c.ClientID != apptest.Travel || c.PartnerID != "p_travel" || c.Subject != apptest.Travel+":user-7781" || c.SubjectBy != "partner" ||
			c.Customer != "" || c.AuthTime != 0 || c.Scope != "loan:apply loan.offer:read" || c.VID != p.Visit.VID || c.Environment != "production" {
			t.Errorf("assertion %+v", c)
		}
		if h.Get("Idempotency-Key") != plain.JTI {
			t.Errorf("Idempotency-Key is %q, the jti %q", h.Get("Idempotency-Key"), plain.JTI)
		}
		if tp := h.Get("Traceparent"); len(tp) != 55 || !strings.HasPrefix(tp, "00-") || tp == "00-1-1-01" {
			t.Errorf("traceparent %q", tp)
		}
		for name, want := range map[string]string{
			"Accept": "application/json", "Accept-Language": "zh-CN", "If-Match": `"v1"`, "Content-Type": "application/json",
			"Accept-Encoding": "identity", "User-Agent": "postern", "X-Request-Id": a.Head.Get("X-Request-Id"),
		} {
			if h.Get(name) != want {
				t.Errorf("%s is %q, want %q", name, h.Get(name), want)
			}
			h.Del(name)
		}
		for _, name := range []string{"Postern-Assertion", "Idempotency-Key", "Traceparent", "Content-Length"} {
			h.Del(name)
		}
		if len(h) != 0 {
			t.Errorf("the bank saw more headers: %v", h)
		}
	})
}

func TestAnAssertionIsUsedAgainWhileHalfAMinuteOfItIsLeft(t *testing.T) {
	t.Parallel()
	w := newWorld(t, seeded(parsed))
	p := w.NewVisit(apptest.Travel, nil)
	assertion := func(p *apptest.Page) string {
		t.Helper()
		expect(t, p.Get("/loans/offers"), 200, "", sealed)
		seen := w.Bank.Seen()
		compact := seen[len(seen)-1].Header.Get("Postern-Assertion")
		a := w.ReadAssertion(compact)
		if left := a.ExpiresAt - w.Clock.Now().Unix(); left < 30 || left > 60 || a.ExpiresAt != a.IssuedAt+60 {
			t.Errorf("%d s are left of %+v", left, a)
		}
		return compact
	}
	first := assertion(p)
	if assertion(renewed(t, p)) == first || assertion(w.NewVisit(apptest.Travel, nil)) == first {
		t.Error("another ticket was given the same assertion")
	}
	w.Later(30 * time.Second)
	if assertion(p) != first {
		t.Error("30 s are left and a new one was made")
	}
	w.Later(time.Second)
	second := assertion(p)
	if second == first {
		t.Error("29 s are left and it was used again")
	}
	w.Later(-time.Second) // a clock set back must not make it live longer
	if third := assertion(p); third == first || third == second {
		t.Error("an assertion of the future was used")
	}
}

func TestOtherBodiesGoAsTheyAre(t *testing.T) {
	t.Parallel()
	w := newWorld(t, apptest.Options{})
	p := w.NewVisit(apptest.Travel, nil)
	octets := "\x00\xffnot JSON\r\n"
	plain := p.Plain("POST", "/loans/applications")
	plain["body_b64"], plain["headers"] = base64.StdEncoding.EncodeToString([]byte(octets)), map[string]string{"content-type": "application/octet-stream"}
	expect(t, p.Call(plain), 200, "", sealed)
	if seen := w.Bank.Seen()[0]; seen.Body != octets || seen.Header.Get("Content-Type") != "application/octet-stream" {
		t.Errorf("the bank saw %+v", seen)
	}
	for _, body := range []string{`"text"`, `0`, `false`, `[]`, `{}`, ` {"a" : 1} `} {
		expect(t, p.Call([]byte(fmt.Sprintf(`{"jti":%q,"iat":%d,"method":"POST","path":"/loans/applications","body":%s}`, apptest.NewID(), w.Clock.Now().Unix(), body))), 200, "", sealed)
		seen := w.Bank.Seen()
		if got := seen[len(seen)-1].Body; got != strings.TrimSpace(body) {
			t.Errorf("body %q reached the bank as %q", body, got)
		}
	}
}

func TestReplaysOfReads(t *testing.T) {
	t.Parallel()
	w := newWorld(t, apptest.Options{})
	p := w.NewVisit(apptest.Travel, nil)
	body := p.Seal("call+jwe", p.Plain("GET", "/loans/offers"))
	expect(t, p.OpenReply(p.Post(calls, body)), 200, "", sealed)
	again := p.OpenReply(p.Post(calls, body))
	expect(t, again, 409, "replayed", sealed)
	if f := readProblem(t, again.Plain).First; f != "" {
		t.Errorf("first is %q, but nobody keeps what became of a read", f)
	}
	w.Later(60 * time.Second)
	expect(t, p.OpenReply(p.Post(calls, body)), 409, "replayed", sealed)
	w.Later(time.Second)
	expect(t, p.OpenReply(p.Post(calls, body)), 400, "stale_request", sealed)
	if n := len(w.Bank.Seen()); n != 1 {
		t.Errorf("the bank was asked %d times", n)
	}
	other := w.NewVisit(apptest.Travel, nil)
	plain := other.Plain("GET", "/loans/offers")
	mine := p.Plain("GET", "/loans/offers")
	mine["jti"] = plain["jti"]
	expect(t, other.Call(plain), 200, "", sealed)
	expect(t, p.Call(mine), 200, "", sealed) // a jti is a visit's own
}

func TestAReadAheadOfItsTimeIsNotReplayedLater(t *testing.T) {
	t.Parallel()
	w := newWorld(t, apptest.Options{})
	p := w.NewVisit(apptest.Travel, nil)
	plain := p.Plain("GET", "/loans/offers")
	plain["iat"] = w.Clock.Now().Unix() + 60
	expect(t, p.Call(plain), 200, "", sealed)
	w.Later(120 * time.Second) // its iat is 60 s behind now
	expect(t, p.Call(plain), 409, "replayed", sealed)
}

func TestReplaysOfWrites(t *testing.T) {
	t.Parallel()
	each(t, apptest.Options{}, func(t *testing.T, w *apptest.World) {
		p := w.NewVisit(apptest.Travel, nil)
		plain := p.Plain("POST", "/loans/applications")
		first := func(want string) {
			t.Helper()
			a := p.Call(plain)
			expect(t, a, 409, "replayed", sealed)
			if f := readProblem(t, a.Plain).First; f != want {
				t.Errorf("first is %q, want %q", f, want)
			}
		}
		expect(t, p.Call(plain), 200, "", sealed)
		w.Restart() // what became of it is on disk
		first("done")

		plain = p.Plain("POST", "/loans/applications")
		w.Bank.Answer(hijack(func(io.Writer) {}))
		expect(t, p.Call(plain), 502, "upstream_unavailable", sealed)
		w.Restart()
		first("unknown")
		if n := len(w.Bank.Seen()); n != 2 {
			t.Errorf("the bank was asked %d times", n)
		}
	})
}

func TestAWriteUnderWay(t *testing.T) {
	t.Parallel()
	each(t, apptest.Options{}, func(t *testing.T, w *apptest.World) {
		p := w.NewVisit(apptest.Travel, nil)
		arrived, release := make(chan bool), make(chan bool)
		w.Bank.Answer(func(rw http.ResponseWriter, _ *http.Request) {
			arrived <- true
			<-release
			rw.Header().Set("Content-Type", "application/json")
			_, _ = io.WriteString(rw, `{"application_id":"A-1"}`)
		})
		plain := p.Plain("POST", "/loans/applications")
		var done sync.WaitGroup
		done.Go(func() { expect(t, p.Call(plain), 200, "", sealed) })
		<-arrived
		a := p.Call(plain)
		expect(t, a, 409, "replayed", sealed)
		if f := readProblem(t, a.Plain).First; f != "running" {
			t.Errorf("first is %q", f)
		}
		close(release)
		done.Wait()
		if n := len(w.Bank.Seen()); n != 1 {
			t.Errorf("the bank was asked %d times", n)
		}
	})
}

// TestAPageThatLeavesStopsNoCall: the bank was asked, so what came of it is put
// on record whether anybody waits for it or not.
func TestAPageThatLeavesStopsNoCall(t *testing.T) {
	t.Parallel()
	for name, durable := range map[string]bool{"records soon": false, "records before the reply": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			each(t, seeded(func(s *apptest.Seed) { s.Services[0].DurableCalls = durable }), func(t *testing.T, w *apptest.World) {
				p := w.NewVisit(apptest.Travel, nil)
				arrived, release := make(chan bool), make(chan bool)
				w.Bank.Answer(func(rw http.ResponseWriter, r *http.Request) {
					if r.URL.Path == "/loans/applications" {
						arrived <- true
						<-release
					}
					rw.Header().Set("Content-Type", "application/json")
					_, _ = io.WriteString(rw, `{"application_id":"A-1"}`)
				})
				plain := p.Plain("POST", "/loans/applications")
				ctx, leave := context.WithCancel(t.Context())
				r := p.Request(calls, p.Seal("call+jwe", plain)).WithContext(ctx)
				var done sync.WaitGroup
				done.Go(func() { w.Do(r) })
				<-arrived
				leave()
				// Whoever gives up when a page leaves has time to do so: a whole call's.
				expect(t, p.Get("/loans/offers"), 200, "", sealed)
				close(release)
				done.Wait()

				w.Restart()
				if n := w.Count("calls WHERE route_id = 'apply' AND code = '' AND status = 200 AND bytes_out > 0"); n != 1 || w.Count("calls") != 2 {
					t.Errorf("%d records of the call as it was", n)
				}
				a := p.Call(plain)
				expect(t, a, 409, "replayed", sealed)
				if f := readProblem(t, a.Plain).First; f != "done" {
					t.Errorf("first is %q: the bank did what it was asked", f)
				}
			})
		})
	}
}

func TestTheSameWriteFiftyTimesAtOnce(t *testing.T) {
	t.Parallel()
	each(t, apptest.Options{}, func(t *testing.T, w *apptest.World) {
		p := w.NewVisit(apptest.Travel, nil)
		other := *p
		other.W = w.Node()
		plain := p.Plain("POST", "/loans/applications")
		statuses := make(chan int, 50)
		var all sync.WaitGroup
		for i := range cap(statuses) {
			page := []*apptest.Page{p, &other}[i%2]
			all.Go(func() { statuses <- page.Call(plain).HTTP })
		}
		all.Wait()
		close(statuses)
		count := map[int]int{}
		for s := range statuses {
			count[s]++
		}
		if count[200] != 1 || count[409] != 49 || len(w.Bank.Seen()) != 1 {
			t.Errorf("answers %v; the bank was asked %d times", count, len(w.Bank.Seen()))
		}
	})
}

func TestABankThatIsDown(t *testing.T) {
	t.Parallel()
	w := newWorld(t, seeded(func(s *apptest.Seed) { s.Upstreams[0].BaseURL = "http://127.0.0.1:1" }))
	p := w.NewVisit(apptest.Travel, nil)
	circuit := func(state string) {
		t.Helper()
		metrics := w.Internal(httptest.NewRequest(http.MethodGet, "/metrics", nil)).Body.String()
		if line := `postern_upstream_circuit{upstream="urn:h5:loan production"} ` + state + "\n"; !strings.Contains(metrics, line) {
			t.Errorf("the metrics have no line %s", line)
		}
	}
	expect(t, p.Get("/loans/offers"), 502, "upstream_unavailable", sealed)
	circuit("0")
	for range 7 { // the circuit opens on the way
		expect(t, p.Get("/loans/offers"), 502, "upstream_unavailable", sealed)
	}
	circuit("2")
	expect(t, p.Call(p.Plain("POST", "/loans/applications")), 502, "upstream_unavailable", sealed)
}

func TestAServiceWithoutAnUpstream(t *testing.T) {
	t.Parallel()
	w := newWorld(t, seeded(func(s *apptest.Seed) { s.Upstreams[0].Environment = models.Sandbox }))
	expect(t, w.NewVisit(apptest.Travel, nil).Get("/loans/offers"), 502, "upstream_unavailable", sealed)
	if n := len(w.Bank.Seen()); n != 0 {
		t.Error("a production call reached the sandbox's upstream")
	}
}

func TestEarlyHintsAreNotTheAnswer(t *testing.T) {
	t.Parallel()
	w := newWorld(t, apptest.Options{})
	p := w.NewVisit(apptest.Travel, nil)
	w.Bank.Answer(func(rw http.ResponseWriter, _ *http.Request) {
		conn, buffer, err := rw.(http.Hijacker).Hijack()
		if err != nil {
			panic(err) // the test server always can
		}
		defer conn.Close()
		writeAll(buffer, "HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\nHTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 15\r\n\r\n{\"balance\":\"7\"}")
	})
	a := p.Get("/accounts/1/balance")
	expect(t, a, 200, "", sealed)
	if !strings.Contains(string(a.Plain), `"balance":"7"`) {
		t.Errorf("reply %s", a.Plain)
	}
}

func writeAll(b *bufio.ReadWriter, text string) {
	_, _ = b.WriteString(text) // a peer that is gone is part of the test
	_ = b.Flush()
}
