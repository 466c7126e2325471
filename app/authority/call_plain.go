package authority

import (
	"encoding/base64"
	"strings"

	"github.com/go-json-experiment/json/jsontext"

	"postern/app/seal"
)

// callPlain is what the page sealed under K_up.
type callPlain struct {
	JTI     string            `json:"jti"`
	IAT     *seal.Integer     `json:"iat"`
	Method  string            `json:"method"`
	Path    string            `json:"path"`
	Query   string            `json:"query"`
	Headers map[string]string `json:"headers"`
	Body    jsontext.Value    `json:"body"`
	BodyB64 *string           `json:"body_b64"`

	raw []byte // BodyB64, decoded
}

// read holds the plaintext against the rules of protocol section 6, except for
// the path and the query, which the route judges.
func (c *Call) read(plain []byte) error {
	p := &c.plain
	if err := seal.DecodeObject(plain, p); err != nil || p.IAT == nil || !seal.ValidID(p.JTI) {
		c.s.jti = jtiOf(plain)
		return ErrBadEnvelope.Because("plaintext")
	}
	c.s.jti = p.JTI
	if p.hasBody() && p.BodyB64 != nil {
		return ErrBadEnvelope.Because("two_bodies")
	}
	if !p.decodeBody() {
		return ErrBadEnvelope.Because("body_b64")
	}
	if !validMethod(p.Method) {
		return ErrBadEnvelope.Because("method")
	}
	c.record.Method = p.Method
	for name, value := range p.Headers {
		if !validHeader(name, value) {
			return ErrBadEnvelope.Because("headers")
		}
	}
	return nil
}

// decodeBody decodes body_b64; what is not JSON must say what it is. The decoder
// would skip line breaks.
func (p *callPlain) decodeBody() (ok bool) {
	if p.BodyB64 == nil {
		return true
	}
	var err error
	p.raw, err = base64.StdEncoding.Strict().DecodeString(*p.BodyB64)
	return err == nil && !strings.ContainsAny(*p.BodyB64, "\r\n") && p.Headers["content-type"] != ""
}

func (p *callPlain) hasBody() bool { return len(p.Body) > 0 && p.Body.Kind() != 'n' }

func validMethod(m string) bool {
	return m != "" && len(m) <= 16 && strings.Trim(m, "ABCDEFGHIJKLMNOPQRSTUVWXYZ") == ""
}

// maxHeaderValue bounds one header value of a page, octets.
const maxHeaderValue = 4 << 10

// validHeader: a lower-case token and a value without control characters.
func validHeader(name, value string) bool {
	if name == "" || len(name) > 64 || len(value) > maxHeaderValue {
		return false
	}
	for i := range len(name) {
		c := name[i]
		if (c < 'a' || c > 'z') && (c < '0' || c > '9') && c != '-' {
			return false
		}
	}
	for i := range len(value) {
		if value[i] < 0x20 || value[i] == 0x7F {
			return false
		}
	}
	return true
}
