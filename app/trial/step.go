package trial

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"postern/app/play/partner"
	"postern/app/play/visitor"
	"postern/app/seal"
	"postern/models"
)

// Step is a step of a visit (protocol section 1).
type Step string

// The steps. E is what the page makes of D's answer.
const (
	StepB     Step = "B" // the back end asks for an AT
	StepC     Step = "C" // the page is opened, and verifies the AT
	StepD     Step = "D" // the page exchanges it
	StepE     Step = "E" // and opens the VT
	StepG     Step = "G" // a call
	StepRenew Step = "renew"
	StepClose Step = "close"
)

// Steps are all of them, in their order.
var Steps = []Step{StepB, StepC, StepD, StepE, StepG, StepRenew, StepClose}

// Message is a step as it went over the wire, and as its two ends see it. Texts are cut
// where they are very long.
type Message struct {
	At        int64    `json:"at"`   // Unix ms
	Took      int64    `json:"took"` // milliseconds
	Status    int      `json:"status,omitempty"`
	Code      string   `json:"code,omitempty"`    // of a refusal
	Weather   bool     `json:"weather,omitempty"` // bad weather is to blame for it
	Asked     []string `json:"asked,omitempty"`   // HTTP header fields of the request, "Name: value"
	Head      []string `json:"head,omitempty"`    // and of the answer
	Path      string   `json:"path,omitempty"`
	RequestID string   `json:"request_id,omitempty"`
	Sent      string   `json:"sent,omitempty"` // the request's body: a form or an envelope; of C the address
	Opened    string   `json:"opened,omitempty"`
	Size      int      `json:"size,omitempty"` // of Sent, octets
	MediaType string   `json:"media_type,omitempty"`
	Answer    string   `json:"answer,omitempty"`
	Read      string   `json:"read,omitempty"` // the answer opened
}

// maxText bounds what is kept of a message, octets each.
const maxText = 24 << 10

func clip(text string) string {
	if len(text) <= maxText {
		return text
	}
	return strings.ToValidUTF8(text[:maxText], "") + "…"
}

// askedFields and headFields are the header fields that tell something about a request and an
// answer.
var (
	askedFields = []string{"Content-Type", "Authorization", "Origin"}
	headFields  = []string{"Content-Type", "Retry-After", "WWW-Authenticate", "Cache-Control", "X-Request-Id"}
)

// fields are some of a header's, as lines. Of an Authorization only the scheme is kept: what
// follows opens doors.
func fields(h http.Header, names []string) (lines []string) {
	for _, name := range names {
		value := h.Get(name)
		if name == "Authorization" && value != "" {
			scheme, _, _ := strings.Cut(value, " ")
			value = scheme + " …"
		}
		if value != "" {
			lines = append(lines, name+": "+clip(value))
		}
	}
	return lines
}

// Ask is what an AT is wanted for.
type Ask struct {
	Service string `json:"service"`
	Scope   string `json:"scope"` // "" asks for all that is granted
	Subject string `json:"subject"`
}

// AskAT is step B. Where no trial is on it begins one; turn is 0 then. What was open of
// the visit before is not shown any more.
func (t *Trials) AskAT(ctx context.Context, w Who, turn int64, a Ask) error {
	row, s, err := t.take(ctx, w, turn)
	if errors.Is(err, ErrNoStep) && turn == 0 {
		row, s, err = t.begin(ctx, w)
	}
	if err != nil {
		return err
	}
	s.Ask, s.AT, s.H5URL, s.Opened, s.Visit, s.Messages = a, "", "", false, nil, map[Step]Message{}
	backend, err := t.backend(w, s)
	if err != nil {
		return err
	}
	ticket, x, err := backend.Ask(ctx, partner.Ask{Resource: a.Service, Scope: a.Scope, Subject: a.Subject})
	var refusal *partner.Refusal
	if err != nil && !errors.As(err, &refusal) {
		return err
	}
	m := Message{
		At: x.Sent.UnixMilli(), Took: x.Answered.Sub(x.Sent).Milliseconds(), Status: x.Status, Path: "/oauth/token", RequestID: x.RequestID,
		Sent: x.Form.Encode(), Size: len(x.Form.Encode()), MediaType: "application/json", Answer: clip(string(x.Body)),
		Asked: fields(x.Asked, askedFields), Head: fields(x.Head, headFields),
	}
	if refusal != nil {
		m.Code = refusal.Code
		if m.Weather, err = t.weather(ctx, w, m); err != nil {
			return err
		}
	} else {
		s.AT, s.H5URL, m.Read = ticket.AT, ticket.H5URL, string(ticket.Claims)
	}
	s.Messages[StepB] = m
	return t.keep(ctx, row, s)
}

func (t *Trials) backend(w Who, s state) (*partner.Backend, error) {
	o := partner.Options{Gateway: t.o.Issuer, ClientID: w.Application.ID, Secret: s.Secret, Now: t.o.Now, Rand: t.o.Rand, Client: t.client(w)}
	var err error
	if len(s.Signing) > 0 {
		if o.Signing, err = seal.ParsePrivateJWK(s.Signing); err != nil {
			return nil, fmt.Errorf("read key: %w", err)
		}
	}
	if o.Encryption, err = seal.ParsePrivateJWK(s.Encryption); err != nil {
		return nil, fmt.Errorf("read key: %w", err)
	}
	return partner.New(o), nil
}

func (t *Trials) client(w Who) *http.Client {
	return &http.Client{Transport: door{t.o.Gateway, w.Address}}
}

// page is the bank's page of the service that the AT is for; seen is given each exchange.
func (t *Trials) page(ctx context.Context, w Who, s state, seen func(visitor.Exchange)) (*visitor.Page, error) {
	svc, err := t.o.Directory.Service(ctx, s.Ask.Service)
	if err != nil {
		return nil, err
	}
	origin := ""
	if u, err := url.Parse(s.H5URL); err == nil && svc.Origins[u.Scheme+"://"+u.Host] {
		origin = u.Scheme + "://" + u.Host
	}
	return visitor.New(visitor.Options{
		Gateway: t.o.Issuer, Service: s.Ask.Service, Origin: origin, Now: t.o.Now, Rand: t.o.Rand, Client: t.client(w), Watch: seen,
	}), nil
}

// Open is step C: the page takes the AT out of its address and verifies it.
func (t *Trials) Open(ctx context.Context, w Who, turn int64) error {
	return t.step(ctx, w, turn, func(s *state) error {
		if s.AT == "" {
			return ErrNoStep
		}
		page, err := t.page(ctx, w, *s, nil)
		if err != nil {
			return err
		}
		began := t.o.Now()
		err = page.Verify(ctx, s.AT)
		m := Message{At: began.UnixMilli(), Took: t.o.Now().Sub(began).Milliseconds(), Path: s.H5URL, Sent: s.H5URL + "#at=" + s.AT}
		if errors.Is(err, visitor.ErrUnverified) {
			m.Code = "invalid_at"
		} else if err != nil {
			return err
		}
		s.Opened, s.Messages[StepC] = m.Code == "", m
		return nil
	})
}

// Exchange is steps D and E.
func (t *Trials) Exchange(ctx context.Context, w Who, turn int64) error {
	return t.step(ctx, w, turn, func(s *state) error {
		if !s.Opened {
			return ErrNoStep
		}
		for _, later := range []Step{StepE, StepG, StepRenew, StepClose} {
			delete(s.Messages, later)
		}
		s.Visit = nil
		page, err := t.page(ctx, w, *s, func(x visitor.Exchange) { s.Messages[StepD] = message(x) })
		if err != nil {
			return err
		}
		visit, err := page.Open(ctx, s.AT)
		if err = t.noted(ctx, w, s, StepD, err); err != nil || visit == nil {
			return err
		}
		d := s.Messages[StepD]
		s.Messages[StepE] = Message{At: d.At + d.Took, MediaType: d.MediaType, Answer: d.Answer, Read: d.Read}
		s.keepVisit(visit)
		return nil
	})
}

// Call is one business call (protocol section 6).
type Call struct {
	Method, Path, Query string
	Body                json.RawMessage // nil for none
}

// Call is step G.
func (t *Trials) Call(ctx context.Context, w Who, turn int64, c Call) error {
	return t.inVisit(ctx, w, turn, StepG, func(v *visitor.Visit) error {
		call := visitor.Call{Method: c.Method, Path: c.Path, Query: c.Query}
		if c.Body != nil {
			call.Body = c.Body
		}
		_, err := v.Call(ctx, call)
		return err
	})
}

// Renew fetches a fresh VT.
func (t *Trials) Renew(ctx context.Context, w Who, turn int64) error {
	return t.inVisit(ctx, w, turn, StepRenew, func(v *visitor.Visit) error { return v.Renew(ctx) })
}

// Close ends the visit.
func (t *Trials) Close(ctx context.Context, w Who, turn int64) error {
	return t.inVisit(ctx, w, turn, StepClose, func(v *visitor.Visit) error { return v.Close(ctx) })
}

func (t *Trials) inVisit(ctx context.Context, w Who, turn int64, step Step, do func(*visitor.Visit) error) error {
	return t.step(ctx, w, turn, func(s *state) error {
		if s.Visit == nil {
			return ErrNoStep
		}
		page, err := t.page(ctx, w, *s, func(x visitor.Exchange) { s.Messages[step] = message(x) })
		if err != nil {
			return err
		}
		v, err := page.Resume(*s.Visit)
		if err != nil {
			return err
		}
		err = do(v)
		if s.keepVisit(v); step == StepClose && err == nil {
			s.Visit = nil
		}
		return t.noted(ctx, w, s, step, err)
	})
}

func (s *state) keepVisit(v *visitor.Visit) {
	kept := v.State()
	s.Visit, s.VID = &kept, kept.ID
}

// noted takes a refusal of the gateway's into the message that it answers: that is what
// somebody tries for. It returns anything else.
func (t *Trials) noted(ctx context.Context, w Who, s *state, step Step, err error) error {
	var problem *visitor.Problem
	if !errors.As(err, &problem) {
		return err
	}
	m := s.Messages[step]
	m.Code = problem.Code
	m.Weather, err = t.weather(ctx, w, m)
	s.Messages[step] = m
	return err
}

// weather reports whether the refusal of a message is one of the bad weather that was over the
// application then.
func (t *Trials) weather(ctx context.Context, w Who, m Message) (bool, error) {
	spells, err := t.o.Store.Weather(ctx, w.Application.ID)
	return slices.ContainsFunc(spells, func(s models.WeatherSpell) bool {
		return s.Kind == models.WeatherOf(m.Code) && s.Until > m.At
	}), err
}

func message(x visitor.Exchange) Message {
	return Message{
		At: x.Sent.UnixMilli(), Took: max(0, x.Answered.Sub(x.Sent).Milliseconds()), Status: x.Status, Path: x.Path, RequestID: x.RequestID,
		Sent: clip(string(x.Sealed)), Opened: clip(string(x.Opened)), Size: len(x.Sealed), MediaType: x.MediaType,
		Answer: clip(string(x.Answer)), Read: clip(string(x.Read)), Asked: fields(x.Asked, askedFields), Head: fields(x.Head, headFields),
	}
}

// step takes a turn, does it, and keeps what came of it.
func (t *Trials) step(ctx context.Context, w Who, turn int64, do func(*state) error) error {
	row, s, err := t.take(ctx, w, turn)
	if err != nil {
		return err
	}
	if err := do(&s); err != nil {
		return err
	}
	return t.keep(ctx, row, s)
}
