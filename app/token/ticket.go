package token

import (
	"crypto/aes"
	"crypto/cipher"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"postern/app/seal"
)

// MaxTicket is the longest VT, characters (protocol section 5).
const MaxTicket = 4096

// ErrTicket says that a VT is not one of ours, or was damaged. It never says how.
var ErrTicket = errors.New("not a ticket of this gateway")

// Ticket is what a VT carries: all that a call needs, so that any node serves
// it without reading a database. Times are Unix milliseconds.
type Ticket struct {
	VID, SID    string
	PartnerID   string
	ClientID    string
	ServiceID   string
	Environment string
	Suite       seal.Suite
	Subject     string // the partner's user id; empty when none was given
	Customer    string // opaque id that the bank's sign-in gave; empty before
	Scopes      []string
	R           []byte
	IssuedAt    int64
	ExpiresAt   int64
	RenewUntil  int64
	DeadAfter   int64 // the visit's end at the latest
	AuthTime    int64
	Epoch       int64 // of the application; a raised epoch ends the visit
	// Consents are the person's that held when the ticket was made, at most one for
	// each of Scopes and MaxConsents in all.
	Consents []Consent
}

// Consent is what a ticket knows of a consent: whether it still holds is for the
// caller to check each time.
type Consent struct {
	ID      string
	Scope   string // one of the ticket's
	Version int64  // of the text
	EndsAt  int64  // Unix ms; 0 is open
}

// MaxConsents is how many consents a ticket carries: with more it could grow
// over MaxTicket.
const MaxConsents = 32

// TicketKey seals and opens VTs. Its kid is TicketKIDSize octets in base64url.
type TicketKey struct {
	kid  []byte
	aead cipher.AEAD
}

// TicketKIDSize is the length of a ticket key's id, octets.
const TicketKIDSize = 8

// NewTicketKey makes a key of a 32-octet secret and its kid (11 base64url characters).
func NewTicketKey(kid string, secret []byte) (*TicketKey, error) {
	id, err := base64.RawURLEncoding.DecodeString(kid)
	if err != nil || len(id) != TicketKIDSize || len(secret) != 32 {
		return nil, fmt.Errorf("make ticket key: kid or secret of the wrong size")
	}
	block, err := aes.NewCipher(secret)
	if err != nil {
		return nil, fmt.Errorf("make ticket key: %w", err)
	}
	aead, err := cipher.NewGCM(block)
	if err != nil {
		return nil, fmt.Errorf("make ticket key: %w", err)
	}
	return &TicketKey{kid: id, aead: aead}, nil
}

// A VT is base64url of: version, suite, kid, nonce, sealed fields and tag.
// Everything before the nonce is the additional data.
const (
	ticketVersion = 1
	headSize      = 2 + TicketKIDSize
	nonceSize     = 12
	tagSize       = 16
	aadPrefix     = "postern visit ticket"
)

func suiteByte(s seal.Suite) byte {
	if s == seal.GM {
		return 2
	}
	return 1
}

// Seal returns the VT, at most MaxTicket characters. The caller passes randomness.
func (k *TicketKey) Seal(t Ticket, rand io.Reader) (string, error) {
	b := make([]byte, 0, 768)
	b = append(b, ticketVersion, suiteByte(t.Suite))
	b = append(b, k.kid...)
	b = b[:headSize+nonceSize]
	if _, err := io.ReadFull(rand, b[headSize:]); err != nil {
		return "", fmt.Errorf("seal ticket: %w", err)
	}
	aad := append([]byte(aadPrefix), b[:headSize]...)
	b = k.aead.Seal(b, b[headSize:headSize+nonceSize], t.encode(), aad)
	vt := base64.RawURLEncoding.EncodeToString(b)
	if len(vt) > MaxTicket {
		return "", fmt.Errorf("seal ticket: %d characters", len(vt))
	}
	return vt, nil
}

// OpenTicket opens a VT with the key that its kid names. Every failure is
// ErrTicket. It does not look at the times.
func OpenTicket(vt string, key func(kid string) *TicketKey) (Ticket, error) {
	if len(vt) > MaxTicket {
		return Ticket{}, ErrTicket
	}
	b, err := base64.RawURLEncoding.Strict().DecodeString(vt)
	if err != nil || len(b) < headSize+nonceSize+tagSize || b[0] != ticketVersion || strings.ContainsAny(vt, "\r\n") {
		return Ticket{}, ErrTicket
	}
	k := key(base64.RawURLEncoding.EncodeToString(b[2:headSize]))
	if k == nil {
		return Ticket{}, ErrTicket
	}
	aad := append([]byte(aadPrefix), b[:headSize]...)
	plain, err := k.aead.Open(nil, b[headSize:headSize+nonceSize], b[headSize+nonceSize:], aad)
	if err != nil {
		return Ticket{}, ErrTicket
	}
	t, err := decodeTicket(plain)
	if err != nil || suiteByte(t.Suite) != b[1] {
		return Ticket{}, ErrTicket
	}
	return t, nil
}

// encode writes strings with their length as uvarint and times as varint, in
// the order of the struct. The AEAD answers for its integrity, so there is no
// need of names or of a checksum.
func (t Ticket) encode() []byte {
	b := make([]byte, 0, 512)
	for _, s := range []string{t.VID, t.SID, t.PartnerID, t.ClientID, t.ServiceID, t.Environment,
		string(t.Suite), t.Subject, t.Customer, strings.Join(t.Scopes, " "), string(t.R)} {
		b = binary.AppendUvarint(b, uint64(len(s)))
		b = append(b, s...)
	}
	for _, n := range []int64{t.IssuedAt, t.ExpiresAt, t.RenewUntil, t.DeadAfter, t.AuthTime, t.Epoch} {
		b = binary.AppendVarint(b, n)
	}
	return t.appendConsents(b)
}

// appendConsents writes nothing when there are none: such a ticket is one that a
// gateway without consents can read. Scopes are written as their place in Scopes.
func (t Ticket) appendConsents(b []byte) []byte {
	for _, c := range t.Consents {
		b = binary.AppendUvarint(b, uint64(slices.Index(t.Scopes, c.Scope)))
		b = binary.AppendUvarint(b, uint64(len(c.ID)))
		b = append(b, c.ID...)
		b = binary.AppendVarint(b, c.Version)
		b = binary.AppendVarint(b, c.EndsAt)
	}
	return b
}

// decodeConsents reads to the end of b; t.Scopes is set.
func (t *Ticket) decodeConsents(b []byte) error {
	for len(b) > 0 {
		at, w := binary.Uvarint(b)
		if w <= 0 || at >= uint64(len(t.Scopes)) {
			return ErrTicket
		}
		b = b[w:]
		n, w := binary.Uvarint(b)
		if w <= 0 || n > uint64(len(b)-w) {
			return ErrTicket
		}
		c := Consent{Scope: t.Scopes[at], ID: string(b[w : w+int(n)])}
		b = b[w+int(n):]
		for _, number := range []*int64{&c.Version, &c.EndsAt} {
			v, w := binary.Varint(b)
			if w <= 0 {
				return ErrTicket
			}
			*number, b = v, b[w:]
		}
		t.Consents = append(t.Consents, c)
	}
	return nil
}

func decodeTicket(b []byte) (Ticket, error) {
	var t Ticket
	var suite, scopes, r string
	all := string(b) // one copy: the fields are substrings of it
	for _, s := range []*string{&t.VID, &t.SID, &t.PartnerID, &t.ClientID, &t.ServiceID, &t.Environment,
		&suite, &t.Subject, &t.Customer, &scopes, &r} {
		n, w := binary.Uvarint(b)
		if w <= 0 || n > uint64(len(b)-w) {
			return Ticket{}, ErrTicket
		}
		from := len(all) - len(b) + w
		*s = all[from : from+int(n)]
		b = b[w+int(n):]
	}
	for _, n := range []*int64{&t.IssuedAt, &t.ExpiresAt, &t.RenewUntil, &t.DeadAfter, &t.AuthTime, &t.Epoch} {
		v, w := binary.Varint(b)
		if w <= 0 {
			return Ticket{}, ErrTicket
		}
		*n, b = v, b[w:]
	}
	t.Suite, t.R = seal.Suite(suite), []byte(r)
	if scopes != "" {
		t.Scopes = strings.Split(scopes, " ")
	}
	return t, t.decodeConsents(b)
}
