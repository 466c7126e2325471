package post

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"postern/app/config"
)

// The longest texts that robots take, octets; the webhook's is our own.
const (
	roomWebhook  = 64 << 10
	roomWeCom    = 2048
	roomDingTalk = 18_000
)

// maxReply is how much of an answer is read, octets.
const maxReply = 4 << 10

// hook posts JSON to one address, which is a secret.
type hook struct {
	client  *http.Client
	url     config.Secret
	secrets []string // what no error may hold
}

func newHook(address config.Secret, roots *x509.CertPool, more ...string) hook {
	h := hook{url: address, secrets: append(more, address.Reveal())}
	host := ""
	if u, err := url.Parse(address.Reveal()); err == nil { // the configuration was checked
		host = u.Hostname()
		h.secrets = append(h.secrets, u.RequestURI(), u.RawQuery)
		for _, values := range u.Query() {
			h.secrets = append(h.secrets, values...)
		}
	}
	h.client = &http.Client{
		// No proxy of the environment: who sets one there need not see the alarms.
		Transport:     &http.Transport{TLSClientConfig: tlsConfig(roots, host), DisableKeepAlives: true},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	return h
}

// post sends a body and returns the answer to a status of 200 to 299.
func (h hook) post(ctx context.Context, query url.Values, header http.Header, body []byte) ([]byte, error) {
	r, err := h.request(ctx, query, body)
	if err != nil {
		return nil, err
	}
	for name, values := range header {
		r.Header[name] = values
	}
	r.Header.Set("Content-Type", "application/json; charset=utf-8")
	res, err := h.client.Do(r)
	if err != nil {
		return nil, h.clean(err)
	}
	defer res.Body.Close()
	answer, err := io.ReadAll(io.LimitReader(res.Body, maxReply))
	if res.StatusCode < 200 || res.StatusCode > 299 {
		return nil, fmt.Errorf("answered %d: %s", res.StatusCode, said(string(answer), h.secrets...))
	}
	return answer, h.clean(err)
}

func (h hook) request(ctx context.Context, query url.Values, body []byte) (*http.Request, error) {
	u, err := url.Parse(h.url.Reveal())
	if err != nil {
		return nil, errors.New("the address cannot be read")
	}
	if len(query) > 0 {
		all := u.Query()
		for name, values := range query {
			all[name] = values
		}
		u.RawQuery = all.Encode()
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, u.String(), bytes.NewReader(body))
	if err != nil {
		return nil, errors.New("the address cannot be read")
	}
	return r, nil
}

// clean takes the address out of an error: net/http prints it, with its key.
func (h hook) clean(err error) error {
	if err == nil {
		return nil
	}
	var outer *url.Error
	if errors.As(err, &outer) {
		err = outer.Err
	}
	return errors.New(said(err.Error(), h.secrets...))
}

// webhook is a program of the bank's.
type webhook struct {
	hook
	secret config.Secret
	now    func() time.Time
}

func newWebhook(c config.Webhook, roots *x509.CertPool, now func() time.Time) webhook {
	return webhook{newHook(c.URL, roots, c.Secret.Reveal()), c.Secret, now}
}

func (w webhook) Room() int { return roomWebhook }

// payload is the body that a webhook gets.
type payload struct {
	ID     string  `json:"id"`
	At     int64   `json:"at"` // Unix ms
	Title  string  `json:"title"`
	Text   string  `json:"text"`
	Alerts []Entry `json:"alerts"`
	More   int     `json:"more,omitempty"`

	Requests []RequestEntry `json:"requests,omitempty"`

	PartnerRequests []PartnerRequestEntry `json:"partner_requests,omitempty"`
	Credentials     []CredentialEntry     `json:"credentials,omitempty"`
}

// The headers that a webhook verifies by.
const (
	headerTime      = "Postern-Timestamp" // Unix seconds
	headerSignature = "Postern-Signature" // v1=hex(HMAC-SHA256(secret, time "." body))
)

func (w webhook) Send(ctx context.Context, m Message) error {
	if m.Entries == nil {
		m.Entries = []Entry{} // an empty list to programs, not null
	}
	body, err := json.Marshal(payload{m.ID, m.At.UnixMilli(), m.Title, m.Text, m.Entries, m.More, m.Requests, m.PartnerRequests, m.Credentials})
	if err != nil {
		return fmt.Errorf("encode message: %w", err)
	}
	seconds := strconv.FormatInt(w.now().Unix(), 10)
	mac := hmac.New(sha256.New, []byte(w.secret.Reveal()))
	fmt.Fprintf(mac, "%s.%s", seconds, body)
	_, err = w.post(ctx, nil, http.Header{
		headerTime: {seconds}, headerSignature: {"v1=" + hex.EncodeToString(mac.Sum(nil))},
	}, body)
	return err
}

// text is a robot's message; both robots take this form.
type text struct {
	Type string `json:"msgtype"`
	Text struct {
		Content string `json:"content"`
	} `json:"text"`
}

// robot sends a text and reads the robot's own word about it: that is in the
// body of a 200.
func (h hook) robot(ctx context.Context, query url.Values, content string) error {
	t := text{Type: "text"}
	t.Text.Content = content
	body, err := json.Marshal(t)
	if err != nil {
		return fmt.Errorf("encode message: %w", err)
	}
	answer, err := h.post(ctx, query, nil, body)
	if err != nil {
		return err
	}
	var verdict struct {
		Code    *int   `json:"errcode"`
		Message string `json:"errmsg"`
	}
	if err := json.Unmarshal(answer, &verdict); err != nil || verdict.Code == nil {
		return errors.New("the answer is not a robot's")
	}
	if *verdict.Code != 0 {
		return fmt.Errorf("the robot refused it: %d %s", *verdict.Code, said(verdict.Message, h.secrets...))
	}
	return nil
}

// weCom is a robot of a group in WeCom. It gets plain text: a name that holds
// marks cannot become a link.
type weCom struct{ hook }

func newWeCom(c config.WeCom, roots *x509.CertPool) weCom { return weCom{newHook(c.URL, roots)} }

func (w weCom) Room() int { return roomWeCom }

func (w weCom) Send(ctx context.Context, m Message) error { return w.robot(ctx, nil, m.Text) }

// dingTalk is a robot of a group in DingTalk, secured by signatures.
type dingTalk struct {
	hook
	secret config.Secret
	now    func() time.Time
}

func newDingTalk(c config.DingTalk, roots *x509.CertPool, now func() time.Time) dingTalk {
	return dingTalk{newHook(c.URL, roots, c.Secret.Reveal()), c.Secret, now}
}

func (d dingTalk) Room() int { return roomDingTalk }

func (d dingTalk) Send(ctx context.Context, m Message) error {
	stamp := strconv.FormatInt(d.now().UnixMilli(), 10)
	return d.robot(ctx, url.Values{"timestamp": {stamp}, "sign": {dingTalkSign(stamp, d.secret.Reveal())}}, m.Text)
}

// dingTalkSign is DingTalk's signature: base64 of HMAC-SHA256, under the robot's
// secret, of the time (Unix ms), a line's end and the secret again.
func dingTalkSign(stamp, secret string) string {
	mac := hmac.New(sha256.New, []byte(secret))
	mac.Write([]byte(stamp + "\n" + secret))
	return base64.StdEncoding.EncodeToString(mac.Sum(nil))
}
