package visitor

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"time"

	"postern/app/play/keyset"
	"postern/app/seal"
)

// Options says where pages live and which gateway they believe.
type Options struct {
	Gateway string // issuer and address
	Service string // the URN that must stand in an AT's aud
	Origin  string // sent as Origin, as browsers do
	Now     func() time.Time
	Rand    io.Reader
	Client  *http.Client // nil means one with a 15 s timeout

	// Watch is told of each exchange with the gateway, as far as it went; nil for nobody.
	Watch func(Exchange)
}

// Page opens visits. It is safe for concurrent use.
type Page struct {
	o    Options
	keys *keyset.Set
}

// New returns a page; it asks for nothing yet.
func New(o Options) *Page {
	if o.Client == nil {
		o.Client = &http.Client{Timeout: 15 * time.Second}
	}
	return &Page{o: o, keys: keyset.New(o.Gateway, o.Client, o.Now)}
}

// From returns a page like p whose requests come from another origin.
func (p *Page) From(origin string) *Page {
	o := p.o
	o.Origin = origin
	return &Page{o: o, keys: p.keys}
}

// ErrUnverified is an AT that is not the configured gateway's for this service.
var ErrUnverified = errors.New("access token not verified")

// claims are what the page reads of an AT.
type claims struct {
	Issuer   string          `json:"iss"`
	Audience string          `json:"aud"`
	AK       json.RawMessage `json:"ak"`
}

// Visit is an open visit. It is not safe for concurrent use.
type Visit struct {
	ID    string
	Scope string

	page     *Page
	r        []byte
	vt, sid  string
	up, down *seal.Direct
}

// State is what a page keeps of a visit, to go on with it (protocol section 5). It is as
// secret as the visit.
type State struct {
	ID    string `json:"vid"`
	Scope string `json:"scope"`
	R     []byte `json:"r"`
	VT    string `json:"vt"`
	SID   string `json:"sid"`
}

// State is what Resume goes on from.
func (v *Visit) State() State { return State{ID: v.ID, Scope: v.Scope, R: v.r, VT: v.vt, SID: v.sid} }

// Resume goes on with a visit.
func (p *Page) Resume(s State) (*Visit, error) {
	v := &Visit{ID: s.ID, Scope: s.Scope, page: p, r: s.R}
	return v, v.take(ticket{VT: s.VT, SID: s.SID})
}

// Verify checks an AT as a page does when it is opened (protocol section 4).
// ErrUnverified, or what kept it from asking.
func (p *Page) Verify(ctx context.Context, at string) error {
	_, err := p.verify(ctx, at)
	return err
}

// ticket is the plaintext of E, and what a renewal and a sign-in bring.
type ticket struct {
	JTI   string `json:"jti"`
	VT    string `json:"vt"`
	VID   string `json:"vid"`
	SID   string `json:"sid"`
	Scope string `json:"scope"`
}

// Open exchanges an AT for a visit. A refusal by the gateway is a *Problem.
func (p *Page) Open(ctx context.Context, at string) (*Visit, error) {
	ak, err := p.verify(ctx, at)
	if err != nil {
		return nil, err
	}
	recipient, err := seal.NewRecipient(ak)
	if err != nil {
		return nil, fmt.Errorf("use AK: %w", err)
	}
	r, jti, err := p.draw()
	if err != nil {
		return nil, err
	}
	plaintext, err := json.Marshal(map[string]any{"at": at, "jti": jti, "iat": p.o.Now().Unix()})
	if err != nil {
		return nil, fmt.Errorf("write request: %w", err)
	}
	envelope, err := recipient.Seal(seal.SealHeader{Typ: "vt-req+jwe", Suite: seal.A256}, r, plaintext, p.o.Rand)
	if err != nil {
		return nil, fmt.Errorf("seal request: %w", err)
	}
	key, err := seal.NewDirect(seal.A256, r)
	if err != nil {
		return nil, fmt.Errorf("prepare R: %w", err)
	}
	var answer ticket
	if err := p.exchange(ctx, sent{
		path: "/gateway/v1/visit-tokens", envelope: envelope, plaintext: plaintext, jti: jti, typ: "vt-resp+jwe", key: key,
	}, &answer); err != nil {
		return nil, err
	}
	v := &Visit{ID: answer.VID, Scope: answer.Scope, page: p, r: r}
	return v, v.take(answer)
}

// take goes on with a fresh ticket and the keys that belong to it.
func (v *Visit) take(t ticket) error {
	up, down, err := seal.DeriveKeys(seal.A256, v.r, t.SID)
	if err != nil {
		return fmt.Errorf("derive keys: %w", err)
	}
	if v.up, err = seal.NewDirect(seal.A256, up); err != nil {
		return fmt.Errorf("prepare K_up: %w", err)
	}
	if v.down, err = seal.NewDirect(seal.A256, down); err != nil {
		return fmt.Errorf("prepare K_down: %w", err)
	}
	v.vt, v.sid = t.VT, t.SID
	return nil
}

// verify checks what protocol section 4 asks of a page and returns AK.
func (p *Page) verify(ctx context.Context, at string) (*seal.PublicKey, error) {
	signed, err := seal.ParseSigned([]byte(at), 16<<10)
	if err != nil || signed.Header().Typ != "at+jwt" {
		return nil, ErrUnverified
	}
	key, err := p.keys.Signing(ctx, signed.Header().KID)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrUnverified, err)
	}
	var c claims
	if signed.Verify(key) != nil || seal.DecodeObject(signed.Payload(), &c) != nil {
		return nil, ErrUnverified
	}
	ak, err := seal.ParsePublicJWK(c.AK)
	if err != nil || c.Issuer != p.o.Gateway || c.Audience != p.o.Service || ak.Suite() != seal.A256 {
		return nil, ErrUnverified
	}
	return ak, nil
}

// draw makes R and a jti.
func (p *Page) draw() (r []byte, jti string, err error) {
	r = make([]byte, seal.A256.KeySize())
	if _, err := io.ReadFull(p.o.Rand, r); err != nil {
		return nil, "", fmt.Errorf("draw R: %w", err)
	}
	jti, err = p.id()
	return r, jti, err
}

func (p *Page) id() (string, error) {
	octets := make([]byte, 16)
	if _, err := io.ReadFull(p.o.Rand, octets); err != nil {
		return "", fmt.Errorf("draw jti: %w", err)
	}
	return base64.RawURLEncoding.EncodeToString(octets), nil
}
