package app_test

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/json"
	"encoding/pem"
	"math/big"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/chromedp"

	"postern/app/apptest"
	"postern/app/store/storetest"
)

// uploads sends the form of a new credential with a file.
func (o *office) uploads(name, path, file string) *httptest.ResponseRecorder {
	o.t.Helper()
	var body bytes.Buffer
	w := multipart.NewWriter(&body)
	_ = w.WriteField("kind", "sig")
	_ = w.WriteField("key", "")
	part, _ := w.CreateFormFile("key_file", "public.pem")
	_, _ = part.Write([]byte(file))
	_ = w.Close()
	r := httptest.NewRequest(http.MethodPost, path, &body)
	r.Header.Set("Content-Type", w.FormDataContentType())
	r.Header.Set("Sec-Fetch-Site", "same-origin")
	r.Header.Set("Accept-Language", "en")
	r.AddCookie(&http.Cookie{Name: "postern-portal", Value: o.cookies[name]})
	return o.Portal(r)
}

// certified is a key in a certificate that ends, and the private one, as PEM.
func certified(t *testing.T, from, until time.Time) (certificate, private string) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "gw.lianhe.example"}, NotBefore: from, NotAfter: until}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	secret, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	return string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})), string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: secret}))
}

func TestAKeyIsUploadedAndAnAssertionLookedAt(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, b bank) {
		path := b.ledTo("developer", "/portal/applications", newApplication("Lianhe test"))
		id, now := strings.TrimPrefix(path, "/portal/applications/"), b.Clock.Now()
		certificate, private := certified(t, now.Add(-time.Hour), now.AddDate(0, 3, 0))
		if rec := b.uploads("developer", path+"/credentials", private); rec.Code != http.StatusUnprocessableEntity || strings.Contains(rec.Body.String(), private[40:80]) {
			t.Errorf("a private key: %d", rec.Code)
		}
		if rec := b.uploads("viewer", path+"/credentials", certificate); rec.Code != http.StatusForbidden {
			t.Errorf("by a viewer: %d", rec.Code)
		}
		b.wants("both at once", b.as("developer", path+"/credentials", url.Values{"kind": {"sig"}, "key": {"{}"}, "key_file": {certificate}}), http.StatusUnprocessableEntity)
		over, _ := certified(t, now.AddDate(-1, 0, 0), now.Add(-time.Hour))
		b.wants("a certificate that has ended", b.uploads("developer", path+"/credentials", over), http.StatusUnprocessableEntity)
		b.wants("a certificate", b.uploads("developer", path+"/credentials", certificate), http.StatusSeeOther)
		if n := b.Count("credentials WHERE not_after > 0 AND bank_end = not_after AND application_id = '" + id + "'"); n != 1 {
			t.Error("the certificate's end is not the credential's, for good")
		}

		b.ledTo("developer", path+"/credentials", b.keyed("probe", ""))
		b.Refresh()
		check, before := "/portal/explain", b.Count("events")
		says := func(what string, change map[string]any, want ...string) {
			t.Helper()
			claims := map[string]any{"iss": id, "sub": id, "aud": apptest.Issuer, "jti": "once", "exp": now.Unix() + 60}
			for name, value := range change {
				claims[name] = value
			}
			page := b.as("viewer", check, url.Values{"text": {b.SignWith("probe", "sig", "JWT", claims)}}).Body.String()
			for _, text := range want {
				if !strings.Contains(page, text) {
					t.Errorf("%s: the page lacks %q\n%.2500s", what, text, page[max(0, strings.Index(page, "<main")):])
				}
			}
		}
		says("a good one", nil, "It would be taken")
		says("two faults", map[string]any{"aud": "https://elsewhere.example", "exp": now.Unix() - 60}, "2 parts are wrong", "exactly the gateway", "It has expired", "https://elsewhere.example")
		says("another's id", map[string]any{"iss": apptest.Nanfeng, "sub": apptest.Nanfeng}, "another client_id") // known by its key
		says("no jti", map[string]any{"jti": ""}, "jti is missing")
		page := b.as("viewer", check, url.Values{"text": {b.SignWith("stranger", "sig", "JWT", map[string]any{"iss": id})}}).Body.String()
		if !strings.Contains(page, "has this kid") {
			t.Error("a key of nobody's")
		}
		b.wants("no assertion at all", b.as("viewer", check, url.Values{"text": {"<script>"}}), http.StatusOK)
		if n := b.Count("events") - before; n != 0 {
			t.Errorf("looking at assertions left %d events", n)
		}
	})
}

// The private part of a key that is made in the page goes into a download and nowhere else.
func TestAKeyIsMadeInTheBrowserAndStaysThere(t *testing.T) {
	t.Parallel()
	o := newOffice(t, apptest.New(t, storetest.SQLiteConfig(t), apptest.Options{}))
	server := httptest.NewServer(o.PortalHandler())
	t.Cleanup(server.Close)
	path := o.ledTo("developer", "/portal/applications", newApplication("Lianhe test"))
	b := newTab(t, server.URL)
	var mutex sync.Mutex
	var sent []string
	chromedp.ListenTarget(b.ctx, func(event any) {
		if e, ok := event.(*network.EventRequestWillBeSent); ok {
			mutex.Lock()
			defer mutex.Unlock()
			sent = append(sent, e.Request.URL)
			for _, entry := range e.Request.PostDataEntries {
				sent = append(sent, entry.Bytes)
			}
		}
	})
	b.run(network.Enable(), chromedp.ActionFunc(func(ctx context.Context) error {
		return network.SetCookie("postern-portal", o.cookies["developer"]).WithURL(server.URL).Do(ctx)
	}))
	b.open(path + "/credentials/new")
	b.eval(`(window.real = URL.createObjectURL, URL.createObjectURL = blob => { blob.text().then(text => { window.saved = text }); return window.real.call(URL, blob) }, 1)`)
	b.press(`[data-make="jwk"]`)
	b.until(`window.saved && document.querySelector("#key").value`)
	var private struct{ D, X, KID string }
	saved := b.eval("window.saved")
	if err := json.Unmarshal([]byte(saved), &private); err != nil || len(private.D) < 40 {
		t.Fatal("what was downloaded is no private key", err)
	}
	if public := b.eval(`document.querySelector("#key").value`); strings.Contains(public, private.D) || !strings.Contains(public, private.X) {
		t.Error("the form has another key, or the private one")
	}
	for _, width := range []int64{1440, 390} {
		b.run(chromedp.EmulateViewport(width, 900))
		b.fits("a made key", width)
	}
	b.run(chromedp.Evaluate(`document.querySelector("main form").requestSubmit()`, nil))
	b.until(`location.search === "?done=registered"`)
	b.until(`[...document.querySelectorAll("a")].some(a => a.href.includes("/credentials/") && !a.href.endsWith("/new"))`)
	b.run(chromedp.Evaluate(`[...document.querySelectorAll("a")].find(a => a.href.includes("/credentials/") && !a.href.endsWith("/new")).click()`, nil))
	b.until(`document.querySelector("[data-key-fit]") && !document.querySelector("[data-key-fit]").hidden`)
	b.run(chromedp.SetValue("#private", saved, chromedp.ByQuery))
	b.press("[data-fit]")
	b.until(`!document.querySelector('[data-said="fits"]').hidden && document.querySelector("#private").value === ""`)
	mutex.Lock()
	defer mutex.Unlock()
	for _, text := range sent {
		if strings.Contains(text, private.D) {
			t.Error("the private part was sent")
		}
	}
	if len(sent) < 5 {
		t.Errorf("only %d requests were seen", len(sent))
	}
	b.calm()
}
