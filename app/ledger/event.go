package ledger

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"postern/models"
)

// Event is what a caller tells of something that happened. The ledger adds time,
// id, canonical body and leaf hash. Nothing in it may be secret or personal.
type Event struct {
	Kind          string // e.g. "at.issued"
	Outcome       string // "ok" or the wire code of the refusal
	Reason        string // why, for staff
	RequestID     string
	PartnerID     string
	ApplicationID string
	ServiceID     string
	VID           string
	Actor         string // who caused it: an account's id; empty where no person did
	From          Origin // in which role and from where; only in the body
	Alarm         bool
	Detail        map[string]string // small; only in the body
}

// Make gives e its time, id, canonical body and leaf hash without writing it;
// see the function Make.
func (l *Ledger) Make(e Event) (models.Event, error) {
	return Make(e, l.options.Now(), l.options.Rand)
}

// Make gives e its time, id, canonical body and leaf hash without writing it.
// Business changes write the result through their own transaction
// (store.Tx.AppendEvent), in processes without a ledger too. Text that a
// database cannot hold, NUL and what is not UTF-8, becomes U+FFFD.
func Make(e Event, now time.Time, random io.Reader) (models.Event, error) {
	id, err := NewID(now, random)
	if err != nil {
		return models.Event{}, fmt.Errorf("make event: %w", err)
	}
	made := models.Event{
		ID:            id,
		At:            now.UnixMilli(),
		Kind:          storable(e.Kind),
		Outcome:       storable(e.Outcome),
		Reason:        storable(e.Reason),
		RequestID:     storable(e.RequestID),
		PartnerID:     storable(e.PartnerID),
		ApplicationID: storable(e.ApplicationID),
		ServiceID:     storable(e.ServiceID),
		VID:           storable(e.VID),
		Actor:         storable(e.Actor),
		Alarm:         e.Alarm,
	}
	if made.Actor == "" {
		e.From = Origin{} // what nobody does comes from nowhere
	}
	made.Body = canonicalBody(made, e.From, e.Detail)
	made.LeafHash = leafHash(made.Body)
	return made, nil
}

// leafHash is RFC 6962 section 2.1: SHA-256(0x00 || body), base64url.
func leafHash(body string) string {
	h := sha256.New()
	h.Write([]byte{0})
	io.WriteString(h, body) //nolint:errcheck // a hash never fails to be written to
	return base64.RawURLEncoding.EncodeToString(h.Sum(nil))
}

// What is wrong with a row of the ledger. Compare with errors.Is.
var (
	ErrNotCanonical = errors.New("the body is not what this program writes")
	ErrLeafHash     = errors.New("the body is not the one whose hash the row has")
	ErrColumns      = errors.New("the columns say something else than the body")
)

// Check holds a row as it was read against itself: the body has its canonical form,
// its hash is the row's leaf hash, and the columns repeat what it says. seq is no
// part of it: an event gets it later. It fails with one of the errors above.
func Check(e models.Event) error {
	var body struct {
		ID            string            `json:"id"`
		At            int64             `json:"at"`
		Kind          string            `json:"kind"`
		Outcome       string            `json:"outcome"`
		Reason        string            `json:"reason"`
		RequestID     string            `json:"request_id"`
		PartnerID     string            `json:"partner_id"`
		ApplicationID string            `json:"application_id"`
		ServiceID     string            `json:"service_id"`
		VID           string            `json:"vid"`
		Actor         string            `json:"actor"`
		Role          string            `json:"actor_role"`
		Address       string            `json:"actor_address"`
		Alarm         bool              `json:"alarm"`
		Detail        map[string]string `json:"detail"`
	}
	if leafHash(e.Body) != e.LeafHash {
		return ErrLeafHash
	}
	if err := json.Unmarshal([]byte(e.Body), &body); err != nil {
		return fmt.Errorf("%w: %w", ErrNotCanonical, err)
	}
	// Members that a later release has added, beside which this one may run, are in the
	// hash; this one knows no form for them.
	whole := json.NewDecoder(strings.NewReader(e.Body))
	whole.DisallowUnknownFields()
	known := whole.Decode(&body) == nil
	said := models.Event{
		ID: body.ID, At: body.At, Kind: body.Kind, Outcome: body.Outcome, Reason: body.Reason, RequestID: body.RequestID,
		PartnerID: body.PartnerID, ApplicationID: body.ApplicationID, ServiceID: body.ServiceID, VID: body.VID, Actor: body.Actor,
		Alarm: body.Alarm, Body: e.Body, LeafHash: e.LeafHash, Seq: e.Seq,
	}
	switch {
	case known && canonicalBody(said, Origin{body.Role, body.Address}, body.Detail) != e.Body:
		return ErrNotCanonical
	case said != e:
		return ErrColumns
	}
	return nil
}

// canonicalBody is one JSON object without spaces: members in this order, empty
// ones left out, detail's members sorted by name. Anybody can make the same
// octets again, so the leaf hash can be checked without this program. This is the
// first form, and it does not say so; another one would begin with {"v":2. A member
// that is new makes no other form, as it is left out where it is empty.
func canonicalBody(e models.Event, from Origin, detail map[string]string) string {
	b := make([]byte, 0, 384)
	b = append(b, `{"id":`...)
	b = appendQuoted(b, e.ID)
	b = append(b, `,"at":`...)
	b = strconv.AppendInt(b, e.At, 10)
	for _, member := range [...]struct{ name, value string }{
		{"kind", e.Kind},
		{"outcome", e.Outcome},
		{"reason", e.Reason},
		{"request_id", e.RequestID},
		{"partner_id", e.PartnerID},
		{"application_id", e.ApplicationID},
		{"service_id", e.ServiceID},
		{"vid", e.VID},
		{"actor", e.Actor},
		{"actor_role", storable(from.Role)},
		{"actor_address", storable(from.Address)},
	} {
		if member.value != "" {
			b = append(b, `,"`...)
			b = append(b, member.name...)
			b = append(b, `":`...)
			b = appendQuoted(b, member.value)
		}
	}
	if e.Alarm {
		b = append(b, `,"alarm":true`...)
	}
	b = appendDetail(b, detail)
	return string(append(b, '}'))
}

func appendDetail(b []byte, detail map[string]string) []byte {
	if len(detail) == 0 {
		return b
	}
	b = append(b, `,"detail":{`...)
	for i, name := range slices.Sorted(maps.Keys(detail)) {
		if i > 0 {
			b = append(b, ',')
		}
		b = appendQuoted(b, storable(name))
		b = append(b, ':')
		b = appendQuoted(b, storable(detail[name]))
	}
	return append(b, '}')
}

// appendQuoted escapes only what RFC 8259 section 7 says must be; s is UTF-8.
func appendQuoted(b []byte, s string) []byte {
	const hexDigits = "0123456789abcdef"
	b = append(b, '"')
	for i := range len(s) {
		switch c := s[i]; {
		case c == '"' || c == '\\':
			b = append(b, '\\', c)
		case c < 0x20:
			b = append(b, '\\', 'u', '0', '0', hexDigits[c>>4], hexDigits[c&15])
		default:
			b = append(b, c)
		}
	}
	return append(b, '"')
}

// storable replaces what a text column of PostgreSQL refuses.
func storable(s string) string {
	if utf8.ValidString(s) && strings.IndexByte(s, 0) < 0 {
		return s
	}
	return strings.ReplaceAll(strings.ToValidUTF8(s, "\uFFFD"), "\x00", "\uFFFD")
}

// NewID makes a UUIDv7 (RFC 9562 section 5.7): 48 bits of Unix milliseconds,
// 74 random bits.
func NewID(now time.Time, random io.Reader) (string, error) {
	var u [16]byte
	if _, err := io.ReadFull(random, u[6:]); err != nil {
		return "", fmt.Errorf("read random octets: %w", err)
	}
	ms := uint64(now.UnixMilli())
	for i := range 6 {
		u[i] = byte(ms >> (40 - 8*i))
	}
	u[6] = u[6]&0x0f | 0x70
	u[8] = u[8]&0x3f | 0x80

	var text [36]byte
	hex.Encode(text[0:8], u[0:4])
	hex.Encode(text[9:13], u[4:6])
	hex.Encode(text[14:18], u[6:8])
	hex.Encode(text[19:23], u[8:10])
	hex.Encode(text[24:], u[10:])
	text[8], text[13], text[18], text[23] = '-', '-', '-', '-'
	return string(text[:]), nil
}
