package post_test

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"encoding/pem"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"postern/app/alerts/post"
	"postern/app/config"
)

const (
	plantedKey    = "planted-key-693axxx6"
	plantedSecret = "SECplanted000secret111"
)

var testTime = time.Date(2026, 11, 22, 10, 5, 11, 0, time.UTC)

// request is what a receiver got.
type request struct {
	*http.Request
	body string
}

// server is a receiver over TLS; ca is a file with its authority.
func server(t *testing.T, answer http.HandlerFunc) (address, ca string, got func() []request) {
	t.Helper()
	var all []request
	s := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		all = append(all, request{r, string(body)})
		answer(w, r)
	}))
	t.Cleanup(s.Close)
	return s.URL, authority(t, s), func() []request { return all }
}

func authority(t *testing.T, s *httptest.Server) string {
	t.Helper()
	ca := filepath.Join(t.TempDir(), "ca.pem")
	text := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: s.Certificate().Raw})
	if err := os.WriteFile(ca, text, 0o600); err != nil {
		t.Fatal(err)
	}
	return ca
}

// open opens the one sender of a configuration.
func open(t *testing.T, c config.Alerts) post.Sender {
	t.Helper()
	all, err := post.Open(c, func() time.Time { return testTime })
	if err != nil || len(all) != 1 {
		t.Fatalf("%d senders, %v", len(all), err)
	}
	for _, s := range all {
		return s
	}
	return nil
}

var message = post.Message{
	ID: "01937000-0000-7000-8000-000000000001", At: testTime, Title: "Postern：一条告警", Text: "一条告警\n第二行\n",
	Entries: []post.Entry{{ID: "01937000-0000-7000-8000-000000000009", Rule: "disk", News: "raised", Severity: "warning",
		Subject: post.EntrySubject{Kind: "node", ID: "node-1"}, Numbers: map[string]string{"free": "5"}}},
}

func taken(w http.ResponseWriter, _ *http.Request) {
	_, _ = io.WriteString(w, `{"errcode":0,"errmsg":"ok"}`)
}

func webhook(address, ca string) (c config.Alerts) {
	c.Webhook = config.Webhook{URL: config.NewSecret(address), Secret: config.NewSecret(plantedSecret), Telling: config.Telling{CA: ca}}
	return c
}

func weCom(address, ca string) (c config.Alerts) {
	c.WeCom = config.WeCom{URL: config.NewSecret(address), Telling: config.Telling{CA: ca}}
	return c
}

func dingTalk(address, ca string) (c config.Alerts) {
	c.DingTalk = config.DingTalk{URL: config.NewSecret(address), Secret: config.NewSecret(plantedSecret), Telling: config.Telling{CA: ca}}
	return c
}

// As docs/alerts.md tells receivers to verify it.
func TestAWebhookCanVerifyWhoSent(t *testing.T) {
	t.Parallel()
	address, ca, got := server(t, func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNoContent) })
	if err := open(t, webhook(address+"/alerts?key="+plantedKey, ca)).Send(t.Context(), message); err != nil {
		t.Fatal(err)
	}
	r := got()[0]
	stamp := r.Header.Get("Postern-Timestamp")
	mac := hmac.New(sha256.New, []byte(plantedSecret))
	mac.Write([]byte(stamp + "." + r.body))
	if stamp != strconv.FormatInt(testTime.Unix(), 10) || r.Header.Get("Postern-Signature") != "v1="+hex.EncodeToString(mac.Sum(nil)) {
		t.Errorf("signed %q at %q", r.Header.Get("Postern-Signature"), stamp)
	}
	var body map[string]any
	if err := json.Unmarshal([]byte(r.body), &body); err != nil || r.URL.Query().Get("key") != plantedKey || r.Header.Get("Content-Type") != "application/json; charset=utf-8" {
		t.Fatalf("%v: %s", err, r.body)
	}
	if body["id"] != message.ID || body["text"] != message.Text || body["at"] != float64(testTime.UnixMilli()) || len(body["alerts"].([]any)) != 1 {
		t.Errorf("the body is %v", body)
	}
}

func TestRobotsAreSpokenToInTheirOwnWay(t *testing.T) {
	t.Parallel()
	address, ca, got := server(t, taken)
	if err := open(t, weCom(address+"/cgi-bin/webhook/send?key="+plantedKey, ca)).Send(t.Context(), message); err != nil {
		t.Fatal(err)
	}
	if err := open(t, dingTalk(address+"/robot/send?access_token="+plantedKey, ca)).Send(t.Context(), message); err != nil {
		t.Fatal(err)
	}
	for i, r := range got() {
		var body struct {
			Type string `json:"msgtype"`
			Text struct{ Content string }
		}
		if err := json.Unmarshal([]byte(r.body), &body); err != nil || body.Type != "text" || body.Text.Content != message.Text {
			t.Errorf("robot %d got %s", i, r.body)
		}
	}
	if q := got()[0].URL.Query(); q.Get("key") != plantedKey || len(q) != 1 {
		t.Errorf("WeCom's query is %v", q)
	}
	// The robot's page: timestamp in ms, then sign = base64(HMAC-SHA256(secret, timestamp "\n" secret)), URL-encoded.
	q := got()[1].URL.Query()
	if q.Get("access_token") != plantedKey || q.Get("timestamp") != "1795341911000" || q.Get("sign") != byHand("1795341911000\n"+plantedSecret, plantedSecret) {
		t.Errorf("DingTalk's query is %v", q)
	}
	if strings.Contains(got()[1].URL.RawQuery, "+") {
		t.Errorf("the signature is not encoded: %s", got()[1].URL.RawQuery)
	}
}

// byHand is RFC 2104 without the library's HMAC: H(K^opad, H(K^ipad, text)).
func byHand(text, key string) string {
	inner, outer := make([]byte, 64), make([]byte, 64)
	copy(inner, key)
	copy(outer, key)
	for i := range inner {
		inner[i] ^= 0x36
		outer[i] ^= 0x5c
	}
	first := sha256.Sum256(append(inner, text...))
	second := sha256.Sum256(append(outer, first[:]...))
	return base64.StdEncoding.EncodeToString(second[:])
}

// Whatever goes wrong, the fault says what and holds no secret.
func TestFaultsOfReceiversTellNoSecret(t *testing.T) {
	t.Parallel()
	elsewhere, ca, got := server(t, taken)
	for name, tc := range map[string]struct {
		answer http.HandlerFunc
		want   string
	}{
		"a refusal": {func(w http.ResponseWriter, r *http.Request) {
			_, _ = io.WriteString(w, `{"errcode":310000,"errmsg":"sign not match for `+r.URL.RawQuery+" "+theirs(r)+" "+plantedKey+`"}`)
		}, "310000 sign not match"},
		"a status that repeats the address": {func(w http.ResponseWriter, r *http.Request) {
			http.Error(w, "no "+r.RequestURI+"\nat "+r.URL.RawQuery+plantedKey, http.StatusTeapot)
		}, "answered 418: no"},
		"a redirect": {func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, elsewhere+"/?key="+plantedKey, http.StatusTemporaryRedirect)
		}, "answered 307"},
		"a page of a proxy":   {func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "<html>"+plantedKey) }, "is not a robot's"},
		"a broken connection": {func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }, "EOF"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			address, ca, _ := server(t, tc.answer)
			for _, c := range []config.Alerts{dingTalk(address+"/robot/send?access_token="+plantedKey, ca), weCom(address+"/send?key="+plantedKey, ca)} {
				wantFault(t, open(t, c).Send(t.Context(), message), tc.want)
			}
		})
	}
	t.Run("nobody is there", func(t *testing.T) {
		wantFault(t, open(t, webhook("https://127.0.0.1:1/?key="+plantedKey, ca)).Send(t.Context(), message), "connection refused")
	})
	t.Run("a certificate that nobody vouches for", func(t *testing.T) {
		address, _, got := server(t, taken)
		wantFault(t, open(t, weCom(address+"/?key="+plantedKey, "")).Send(t.Context(), message), "certificate")
		if len(got()) != 0 {
			t.Error("it was sent all the same")
		}
	})
	t.Run("time is over", func(t *testing.T) {
		ctx, cancel := context.WithCancelCause(t.Context())
		cancel(errors.New("over"))
		wantFault(t, open(t, weCom(elsewhere+"/?key="+plantedKey, ca)).Send(ctx, message), "over")
	})
	if len(got()) != 0 {
		t.Errorf("a redirect was followed: %+v", got())
	}
}

// theirs is the secret that the receiver shares with who called it.
func theirs(r *http.Request) string {
	if r.URL.Query().Get("sign") != "" {
		return plantedSecret
	}
	return ""
}

func wantFault(t *testing.T, err error, want string) {
	t.Helper()
	if err == nil || !strings.Contains(err.Error(), want) {
		t.Errorf("got %v, want %q", err, want)
		return
	}
	for _, secret := range []string{plantedKey, plantedSecret, "access_token"} {
		if strings.Contains(err.Error(), secret) {
			t.Errorf("the fault holds %q: %v", secret, err)
		}
	}
}

func TestAFileOfAuthoritiesThatIsNoneIsAFault(t *testing.T) {
	t.Parallel()
	for _, file := range []string{filepath.Join(t.TempDir(), "none.pem"), "hook_test.go"} {
		if _, err := post.Open(weCom("https://a.example/?key="+plantedKey, file), nil); err == nil || !strings.Contains(err.Error(), "alerts.wecom.ca: ") {
			t.Errorf("%s: %v", file, err)
		}
	}
}

// PostgreSQL takes no NUL in a text: the delivery could not even be marked as
// failed, and would be tried every twenty seconds for ever.
func TestWhatAReceiverSaysCanBeKept(t *testing.T) {
	t.Parallel()
	address, ca, _ := server(t, func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(http.StatusBadGateway)
		_, _ = io.WriteString(w, "no\x00\x1b[31m\xffway")
	})
	var c config.Alerts
	c.Webhook = config.Webhook{URL: config.NewSecret(address), Secret: config.NewSecret(plantedSecret), Telling: config.Telling{CA: ca}}
	err := open(t, c).Send(t.Context(), message)
	if err == nil || err.Error() != "answered 502: no [31m\uFFFDway" {
		t.Errorf("told %q", err)
	}
}
