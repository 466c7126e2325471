package seal

import (
	"bytes"

	"github.com/go-json-experiment/json/jsontext"
)

// maxHeader is the limit of a decoded header in octets (protocol section 2).
const maxHeader = 4096

// Header holds the text members of a protected header. A member that is absent
// is empty. In a JWS, Enc is always empty.
type Header struct {
	Typ string // media type without "application/", compared octet for octet
	Alg string
	Enc string
	KID string // opaque; a look-up value and nothing else
	Cty string
}

// member is a set of header member names.
type member uint16

const (
	memberTyp member = 1 << iota
	memberAlg
	memberEnc
	memberKID
	memberCty
	memberEPK
	memberAPU
	memberAPV
)

const (
	signedMembers   = memberTyp | memberAlg | memberKID | memberCty
	envelopeMembers = signedMembers | memberEnc | agreementMembers
	// agreementMembers belong to ECDH-ES alone (RFC 7518 section 4.6.1).
	agreementMembers = memberEPK | memberAPU | memberAPV
)

// memberOf names the member, or 0 for any other name: crit, zip, jku, jwk, x5c
// and b64 are refused because nothing but this list is accepted, and so is a
// known name in another case.
func memberOf(name []byte) member {
	switch string(name) {
	case "typ":
		return memberTyp
	case "alg":
		return memberAlg
	case "enc":
		return memberEnc
	case "kid":
		return memberKID
	case "cty":
		return memberCty
	case "epk":
		return memberEPK
	case "apu":
		return memberAPU
	case "apv":
		return memberAPV
	default:
		return 0
	}
}

// protectedHeader is a whole parsed header.
type protectedHeader struct {
	Header
	seen     member
	epk      []byte // 0x04 ‖ x ‖ y, 65 octets, not yet known to be on the curve
	apu, apv []byte // decoded
}

// parse reads raw as exactly one JSON object whose members are all in allowed,
// each once. It is written by hand because it stands on the path of every call;
// strings with escapes or beyond ASCII go through jsontext.
func (h *protectedHeader) parse(raw []byte, allowed member) error {
	if len(raw) > maxHeader {
		return errHeader
	}
	c := cursor{text: raw}
	err := c.object(func(name []byte) error { return h.take(&c, name, allowed) })
	if err != nil {
		return err
	}
	c.space()
	if c.at != len(raw) || c.skipped && !jsontext.Value(raw).IsValid() {
		return errHeader
	}
	return nil
}

func (h *protectedHeader) take(c *cursor, name []byte, allowed member) error {
	m := memberOf(name)
	if m&allowed == 0 || m&h.seen != 0 {
		return errHeader
	}
	h.seen |= m
	if m == memberEPK {
		return h.takeEPK(c)
	}
	value, ok := c.quoted()
	if !ok {
		return errHeader
	}
	switch m {
	case memberTyp:
		h.Typ = intern(value)
	case memberAlg:
		h.Alg = intern(value)
	case memberEnc:
		h.Enc = intern(value)
	case memberKID:
		h.KID = string(value)
	case memberCty:
		h.Cty = intern(value)
	case memberAPU:
		h.apu, ok = appendDecoded(nil, value)
	case memberAPV:
		h.apv, ok = appendDecoded(nil, value)
	}
	if !ok {
		return errHeader
	}
	return nil
}

// coordinate names of an epk, as bits.
const (
	epkKty = 1 << iota
	epkCrv
	epkX
	epkY
	epkAll = epkKty | epkCrv | epkX | epkY
)

// takeEPK reads the ephemeral public key: kty EC, crv P-256, both coordinates
// of exactly 32 octets, no private member. Other public members are ignored, as
// RFC 7518 section 4.6.1.1 allows (some libraries write a kid there).
func (h *protectedHeader) takeEPK(c *cursor) error {
	point := make([]byte, 65)
	point[0] = 4 // uncompressed: SEC 1 section 2.3.3
	seen := 0
	err := c.object(func(name []byte) error {
		bit, err := takeEPKMember(c, name, point)
		if err != nil || bit&seen != 0 {
			return errEPK
		}
		seen |= bit
		return nil
	})
	if err != nil || seen != epkAll {
		return errEPK
	}
	h.epk = point
	return nil
}

func takeEPKMember(c *cursor, name, point []byte) (bit int, err error) {
	switch string(name) {
	case "kty":
		return epkKty, c.expect("EC")
	case "crv":
		return epkCrv, c.expect("P-256")
	case "x":
		return epkX, c.coordinate(point[1:33])
	case "y":
		return epkY, c.coordinate(point[33:65])
	case "d", "p", "q", "dp", "dq", "qi", "oth", "k":
		return 0, errEPK
	}
	for _, known := range [...]string{"kty", "crv", "x", "y", "d"} {
		if bytes.EqualFold(name, []byte(known)) {
			return 0, errEPK
		}
	}
	return 0, c.skip()
}

// intern returns the value as a string without allocating for the values that
// the protocol itself uses.
func intern(value []byte) string {
	switch string(value) {
	case algDirect:
		return algDirect
	case encA256:
		return encA256
	case encGM:
		return encGM
	case algECDH:
		return algECDH
	case algSM2:
		return algSM2
	case algES256:
		return algES256
	case algSM2Sign:
		return algSM2Sign
	case "call+jwe":
		return "call+jwe"
	case "vt-req+jwe":
		return "vt-req+jwe"
	case "at+jwt":
		return "at+jwt"
	default:
		return string(value)
	}
}

// cursor walks over JSON text. Its methods leave at behind what they read.
type cursor struct {
	text    []byte
	at      int
	skipped bool // a value was skipped: its own names are still unchecked
}

// space skips the white space of RFC 8259 section 2.
func (c *cursor) space() {
	for c.at < len(c.text) {
		switch c.text[c.at] {
		case ' ', '\t', '\r', '\n':
			c.at++
		default:
			return
		}
	}
}

// punctuation reads one structural character and the white space around it.
func (c *cursor) punctuation(char byte) bool {
	c.space()
	if c.at == len(c.text) || c.text[c.at] != char {
		return false
	}
	c.at++
	c.space()
	return true
}

// object reads an object, calling value for each member's name with the cursor
// at its value.
func (c *cursor) object(value func(name []byte) error) error {
	if !c.punctuation('{') {
		return errHeader
	}
	if c.punctuation('}') {
		return nil
	}
	for {
		name, ok := c.quoted()
		if !ok || !c.punctuation(':') {
			return errHeader
		}
		if err := value(name); err != nil {
			return err
		}
		if c.punctuation(',') {
			continue
		}
		if c.punctuation('}') {
			return nil
		}
		return errHeader
	}
}

// quoted reads a string and returns its unescaped octets: a part of the text
// where it can, a copy where there are escapes.
func (c *cursor) quoted() ([]byte, bool) {
	if c.at == len(c.text) || c.text[c.at] != '"' {
		return nil, false
	}
	start, plain := c.at, true
	for c.at++; c.at < len(c.text); c.at++ {
		switch char := c.text[c.at]; {
		case char == '"':
			c.at++
			if plain {
				return c.text[start+1 : c.at-1], true
			}
			value, err := jsontext.AppendUnquote(nil, c.text[start:c.at])
			return value, err == nil
		case char == '\\':
			plain = false
			c.at++
		case char < 0x20:
			return nil, false
		case char >= 0x80:
			plain = false
		}
	}
	return nil, false
}

// expect reads a string that must equal want.
func (c *cursor) expect(want string) error {
	value, ok := c.quoted()
	if !ok || string(value) != want {
		return errEPK
	}
	return nil
}

// coordinate reads a base64url string of exactly len(dst) octets into dst:
// RFC 7518 section 6.2.1.2 keeps leading zeros.
func (c *cursor) coordinate(dst []byte) error {
	value, ok := c.quoted()
	if !ok || len(value) != base64url.EncodedLen(len(dst)) {
		return errEPK
	}
	if _, ok = appendDecoded(dst[:0], value); !ok {
		return errEPK
	}
	return nil
}

// skip passes over one value of any kind.
func (c *cursor) skip() error {
	decoder := jsontext.NewDecoder(bytes.NewReader(c.text[c.at:]))
	if err := decoder.SkipValue(); err != nil {
		return errHeader
	}
	c.at += int(decoder.InputOffset())
	c.skipped = true
	return nil
}
