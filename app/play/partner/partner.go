package partner

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"postern/app/seal"
)

// Options is what a partner's server knows.
type Options struct {
	Gateway    string // the gateway's issuer and address
	ClientID   string
	Signing    *seal.PrivateKey // signs assertions, ES256; nil for one that has a secret
	Secret     string           // client_secret_basic (RFC 6749 section 2.3.1)
	Encryption *seal.PrivateKey // ATs are sealed to its public half
	Now        func() time.Time
	Rand       io.Reader
	Client     *http.Client // nil means one with a 10 s timeout
}

// Backend is the partner's server. It is safe for concurrent use.
type Backend struct {
	o Options
}

// New returns a back end; it asks for nothing yet.
func New(o Options) *Backend {
	if o.Client == nil {
		o.Client = &http.Client{Timeout: 10 * time.Second}
	}
	return &Backend{o: o}
}

// ClientID is the application that the back end speaks for.
func (b *Backend) ClientID() string { return b.o.ClientID }

// Ask is what an AT is wanted for (protocol section 3).
type Ask struct {
	Resource string // the service's URN
	Scope    string // "" asks for all that is granted
	Subject  string // the partner's own user id; may be ""
	ReturnTo string // a registered return address; may be ""
}

// Exchange is one request to the token endpoint and its answer, as they went
// over the wire.
type Exchange struct {
	Form      url.Values
	Status    int
	Body      []byte      // JSON
	RequestID string      // as the gateway named it; "" when it did not
	Asked     http.Header // of the request
	Head      http.Header // of the answer
	Sent      time.Time
	Answered  time.Time
}

// Ticket is an AT and where to take it.
type Ticket struct {
	AT     string // compact JWS
	Sealed string // the JWE in which it came
	Claims []byte // the AT's claims, JSON; not verified: that is the page's part
	H5URL  string
	Scope  string
}

// Address is what the partner's app opens (protocol section 4).
func (t Ticket) Address() string { return t.H5URL + "#at=" + t.AT }

// Refusal is the gateway's answer to a request it did not grant (RFC 6749
// section 5.2).
type Refusal struct {
	Status      int
	Code        string `json:"error"`
	Description string `json:"error_description"`
	RequestID   string `json:"request_id"`
}

// Error gives status and code.
func (r *Refusal) Error() string { return fmt.Sprintf("gateway refused: %d %s", r.Status, r.Code) }

// Ask obtains an AT. When the gateway refuses, the error is a *Refusal; the
// Exchange is there as far as it went.
func (b *Backend) Ask(ctx context.Context, a Ask) (Ticket, Exchange, error) {
	form := url.Values{"grant_type": {"client_credentials"}, "resource": {a.Resource}}
	if b.o.Signing != nil {
		assertion, err := b.assertion()
		if err != nil {
			return Ticket{}, Exchange{}, err
		}
		form.Set("client_assertion_type", "urn:ietf:params:oauth:client-assertion-type:jwt-bearer")
		form.Set("client_assertion", assertion)
	}
	for name, value := range map[string]string{"scope": a.Scope, "subject": a.Subject, "return_to": a.ReturnTo} {
		if value != "" {
			form.Set(name, value)
		}
	}
	exchange, err := b.post(ctx, form)
	if err != nil {
		return Ticket{}, exchange, err
	}
	ticket, err := b.read(exchange)
	return ticket, exchange, err
}

// assertionLifetime is well under the 300 s that the gateway accepts.
const assertionLifetime = time.Minute

// assertion signs a fresh client assertion (RFC 7523 section 3).
func (b *Backend) assertion() (string, error) {
	id := make([]byte, 16)
	if _, err := io.ReadFull(b.o.Rand, id); err != nil {
		return "", fmt.Errorf("draw jti: %w", err)
	}
	now := b.o.Now()
	claims, err := json.Marshal(map[string]any{
		"iss": b.o.ClientID, "sub": b.o.ClientID, "aud": b.o.Gateway,
		"jti": base64.RawURLEncoding.EncodeToString(id),
		"iat": now.Unix(), "exp": now.Add(assertionLifetime).Unix(),
	})
	if err != nil {
		return "", fmt.Errorf("write assertion: %w", err)
	}
	compact, err := seal.Sign(b.o.Signing, "JWT", claims, b.o.Rand)
	if err != nil {
		return "", fmt.Errorf("sign assertion: %w", err)
	}
	return string(compact), nil
}

const maxAnswer = 64 << 10

func (b *Backend) post(ctx context.Context, form url.Values) (Exchange, error) {
	exchange := Exchange{Form: form, Sent: b.o.Now()}
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, b.o.Gateway+"/oauth/token", strings.NewReader(form.Encode()))
	if err != nil {
		return exchange, fmt.Errorf("make token request: %w", err)
	}
	request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	if b.o.Signing == nil {
		request.SetBasicAuth(url.QueryEscape(b.o.ClientID), url.QueryEscape(b.o.Secret))
	}
	exchange.Asked = request.Header
	answer, err := b.o.Client.Do(request)
	if err != nil {
		return exchange, fmt.Errorf("ask for token: %w", err)
	}
	defer answer.Body.Close()
	exchange.Body, err = io.ReadAll(io.LimitReader(answer.Body, maxAnswer))
	exchange.Status, exchange.Answered = answer.StatusCode, b.o.Now()
	exchange.RequestID, exchange.Head = answer.Header.Get("X-Request-Id"), answer.Header
	if err != nil {
		return exchange, fmt.Errorf("read token answer: %w", err)
	}
	return exchange, nil
}

// read opens what the gateway answered.
func (b *Backend) read(exchange Exchange) (Ticket, error) {
	if exchange.Status != http.StatusOK {
		refusal := &Refusal{Status: exchange.Status}
		if err := json.Unmarshal(exchange.Body, refusal); err != nil {
			return Ticket{}, fmt.Errorf("read refusal of status %d: %w", exchange.Status, err)
		}
		return Ticket{}, refusal
	}
	var answer struct {
		AccessToken string `json:"access_token"`
		Scope       string `json:"scope"`
		H5URL       string `json:"h5_url"`
	}
	if err := json.Unmarshal(exchange.Body, &answer); err != nil {
		return Ticket{}, fmt.Errorf("read token answer: %w", err)
	}
	envelope, err := seal.ParseEnvelope([]byte(answer.AccessToken), maxAnswer)
	if err != nil {
		return Ticket{}, fmt.Errorf("read envelope of the AT: %w", err)
	}
	at, _, err := envelope.OpenWith(b.o.Encryption, "at+jwe")
	if err != nil {
		return Ticket{}, fmt.Errorf("open envelope of the AT: %w", err)
	}
	signed, err := seal.ParseSigned(at, maxAnswer)
	if err != nil {
		return Ticket{}, fmt.Errorf("read AT: %w", err)
	}
	return Ticket{
		AT: string(at), Sealed: answer.AccessToken, Claims: signed.Payload(),
		H5URL: answer.H5URL, Scope: answer.Scope,
	}, nil
}
