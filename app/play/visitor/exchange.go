package visitor

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"

	"postern/app/seal"
)

// Problem is a refusal of the gateway (protocol section 7).
type Problem struct {
	Sealed     bool   `json:"-"` // told inside an envelope; else it is a hint
	Status     int    `json:"status"`
	Code       string `json:"code"`
	RequestID  string `json:"request_id"`
	JTI        string `json:"jti"`
	Permission string `json:"permission"`
	First      string `json:"first"`
}

// Error gives status and code.
func (p *Problem) Error() string { return fmt.Sprintf("gateway refused: %d %s", p.Status, p.Code) }

// sent is one request on its way: what it carries and how its answer opens.
type sent struct {
	path      string
	vt        string // "" for the exchange of an AT
	envelope  []byte
	plaintext []byte // of the envelope
	jti       string
	typ       string // of a good answer
	key       *seal.Direct
}

const maxAnswer = 4 << 20

// Exchange is one request of a page and its answer, as they went over the wire and as the
// two ends see them.
type Exchange struct {
	Path      string
	Sealed    []byte // compact JWE
	Opened    []byte // JSON
	Status    int    // 0 where no answer came
	RequestID string // as the gateway named it; "" when it did not
	MediaType string
	Asked     http.Header // of the request
	Head      http.Header // of the answer
	Answer    []byte      // compact JWE, or a problem in the clear
	Read      []byte      // the answer opened; nil for one in the clear, or that does not open
	Sent      time.Time
	Answered  time.Time
}

// exchange posts an envelope and opens the answer into into.
func (p *Page) exchange(ctx context.Context, s sent, into any) error {
	x := Exchange{Path: s.path, Sealed: s.envelope, Opened: s.plaintext, Sent: p.o.Now()}
	err := p.post(ctx, s, &x, into)
	if p.o.Watch != nil {
		p.o.Watch(x)
	}
	return err
}

func (p *Page) post(ctx context.Context, s sent, x *Exchange, into any) error {
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, p.o.Gateway+s.path, bytes.NewReader(s.envelope))
	if err != nil {
		return fmt.Errorf("make request: %w", err)
	}
	request.Header.Set("Content-Type", "application/jose")
	request.Header.Set("Origin", p.o.Origin)
	if s.vt != "" {
		request.Header.Set("Authorization", "Visit "+s.vt)
	}
	x.Asked = request.Header
	answer, err := p.o.Client.Do(request)
	if err != nil {
		return fmt.Errorf("post envelope: %w", err)
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(io.LimitReader(answer.Body, maxAnswer))
	x.Status, x.RequestID, x.MediaType = answer.StatusCode, answer.Header.Get("X-Request-Id"), answer.Header.Get("Content-Type")
	x.Answer, x.Answered, x.Head = body, p.o.Now(), answer.Header
	if err != nil {
		return fmt.Errorf("read answer: %w", err)
	}
	if !strings.HasPrefix(answer.Header.Get("Content-Type"), "application/jose") {
		problem := &Problem{Status: answer.StatusCode}
		_ = json.Unmarshal(body, problem) // what is no problem object still has its status
		return problem
	}
	return s.open(body, x, into)
}

// open opens an answer: of the expected typ into into, an error+jwe as a
// *Problem; anything else, and another request's answer, is refused.
func (s sent) open(body []byte, x *Exchange, into any) error {
	envelope, err := seal.ParseEnvelope(body, maxAnswer)
	if err != nil {
		return fmt.Errorf("read answer: %w", err)
	}
	typ := envelope.Header().Typ
	if typ != s.typ && typ != "error+jwe" {
		return fmt.Errorf("answer is of type %q: %w", typ, seal.ErrEnvelope)
	}
	plaintext, err := s.key.Open(envelope, typ)
	if err != nil {
		return fmt.Errorf("open answer: %w", err)
	}
	x.Read = plaintext
	problem := &Problem{Sealed: true}
	if err := seal.DecodeObject(plaintext, problem); err != nil {
		return fmt.Errorf("read answer: %w", err)
	}
	if problem.JTI != s.jti {
		return fmt.Errorf("answer to another request: %w", seal.ErrEnvelope)
	}
	if typ == "error+jwe" {
		return problem
	}
	if err := seal.DecodeObject(plaintext, into); err != nil {
		return fmt.Errorf("read answer: %w", err)
	}
	return nil
}
