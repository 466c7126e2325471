package seal_test

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"strings"
	"testing"

	"postern/app/seal"
)

// protocolPage is docs/protocol.md as a client's author would use it: the
// named code blocks alone.
type protocolPage struct {
	t      *testing.T
	blocks map[string]string
}

// namedBlock is a fence with a name behind its language, and what it holds.
var namedBlock = regexp.MustCompile("(?ms)^```(?:json|text) ([A-Za-z][A-Za-z_-]*)\n(.*?)\n```$")

func readProtocolPage(t *testing.T) *protocolPage {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("..", "..", "docs", "protocol.md"))
	if err != nil {
		t.Fatal(err)
	}
	page := &protocolPage{t: t, blocks: map[string]string{}}
	for _, block := range namedBlock.FindAllStringSubmatch(string(text), -1) {
		if _, twice := page.blocks[block[1]]; twice {
			t.Fatalf("two blocks are named %s", block[1])
		}
		page.blocks[block[1]] = block[2]
	}
	return page
}

// value is a block's content; the page may leave none out.
func (p *protocolPage) value(name string) string {
	p.t.Helper()
	v, ok := p.blocks[name]
	if !ok {
		p.t.Fatalf("docs/protocol.md has no block named %s", name)
	}
	return v
}

// object is a block of JSON. <AT> stands for the AT of the page.
func (p *protocolPage) object(name string) any {
	p.t.Helper()
	var v any
	if err := json.Unmarshal([]byte(strings.ReplaceAll(p.value(name), "<AT>", p.value("at"))), &v); err != nil {
		p.t.Fatalf("%s: %v", name, err)
	}
	return v
}

func (p *protocolPage) key(name string) *seal.PrivateKey {
	p.t.Helper()
	return parsePrivate(p.t, json.RawMessage(p.value(name)))
}

// checkHeader compares a compact value's protected header with what the page
// shows of it.
func (p *protocolPage) checkHeader(value, header string) {
	p.t.Helper()
	first, _, _ := strings.Cut(p.value(value), ".")
	decoded, err := base64.RawURLEncoding.DecodeString(first)
	if err != nil {
		p.t.Fatalf("%s: %v", value, err)
	}
	sameJSON(p.t, decoded, p.object(header))
}

func (p *protocolPage) envelope(name string) *seal.Envelope {
	p.t.Helper()
	e, err := seal.ParseEnvelope([]byte(p.value(name)), maxVector)
	if err != nil {
		p.t.Fatalf("%s: %s", name, seal.Reason(err))
	}
	return e
}

// verified is the payload of a JWS of the page, signed by the named key.
func (p *protocolPage) verified(name, key string) []byte {
	p.t.Helper()
	signed, err := seal.ParseSigned([]byte(p.value(name)), maxVector)
	if err != nil {
		p.t.Fatalf("%s: %s", name, seal.Reason(err))
	}
	if err := signed.Verify(p.key(key).Public()); err != nil {
		p.t.Fatalf("%s is not signed by %s: %s", name, key, seal.Reason(err))
	}
	return signed.Payload()
}

// The page must not rot: whoever recomputes its values has to arrive at them.
func TestTheProtocolPageCanBeRecomputed(t *testing.T) {
	t.Parallel()
	t.Run("B: the assertion, the AT and its envelope", func(t *testing.T) {
		t.Parallel()
		checkPageB(t, readProtocolPage(t))
	})
	t.Run("D: AK opens the request, and its content key is R", func(t *testing.T) {
		t.Parallel()
		checkPageD(t, readProtocolPage(t))
	})
	t.Run("E and G: R and the keys made from it open the rest", func(t *testing.T) {
		t.Parallel()
		checkPageDirect(t, readProtocolPage(t))
	})
}

func checkPageB(t *testing.T, p *protocolPage) {
	t.Helper()
	var assertion struct {
		Issuer  string       `json:"iss"`
		Subject string       `json:"sub"`
		Expires seal.Integer `json:"exp"`
		Issued  seal.Integer `json:"iat"`
	}
	if err := seal.DecodeObject(p.verified("assertion", "key-partner-assertion"), &assertion); err != nil {
		t.Fatal(err)
	}
	if assertion.Issuer != assertion.Subject || assertion.Expires-assertion.Issued > 300 {
		t.Errorf("assertion says %+v", assertion)
	}
	sameJSON(t, p.verified("at", "key-gateway-signing"), p.object("B-at-claims"))
	p.checkHeader("at", "B-at-header")
	p.checkHeader("access-token", "B-header")

	at, _, err := p.envelope("access-token").OpenWith(p.key("key-partner-encryption"), "at+jwe")
	if err != nil || string(at) != p.value("at") {
		t.Errorf("the access token opens to %q (%s)", at, seal.Reason(err))
	}
	claims, _ := p.object("B-at-claims").(map[string]any)
	ak, err := json.Marshal(claims["ak"])
	if err != nil {
		t.Fatal(err)
	}
	public, err := seal.ParsePublicJWK(ak)
	if err != nil || public.Thumbprint() != p.key("key-ak").Public().Thumbprint() {
		t.Errorf("the AT carries %s: %v", ak, err)
	}
}

func checkPageD(t *testing.T, p *protocolPage) {
	t.Helper()
	plaintext, cek, err := p.envelope("D-envelope").OpenWith(p.key("key-ak"), "vt-req+jwe")
	if err != nil {
		t.Fatal(seal.Reason(err))
	}
	if !bytes.Equal(cek, unbase64(t, p.value("R"))) {
		t.Errorf("the content key is %x", cek)
	}
	sameJSON(t, plaintext, p.object("D-plaintext"))
	p.checkHeader("D-envelope", "D-header")
}

func checkPageDirect(t *testing.T, p *protocolPage) {
	t.Helper()
	r := unbase64(t, p.value("R"))
	up, down, err := seal.DeriveKeys(seal.A256, r, p.value("sid"))
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(up, unbase64(t, p.value("K_up"))) || !bytes.Equal(down, unbase64(t, p.value("K_down"))) {
		t.Errorf("derived %x and %x", up, down)
	}
	for _, message := range []struct {
		name, typ string
		key       []byte
	}{
		{"E", "vt-resp+jwe", r}, {"error", "error+jwe", r},
		{"call", "call+jwe", up}, {"reply", "reply+jwe", down},
		{"renew", "renew+jwe", up}, {"close", "close+jwe", up},
	} {
		plaintext, err := p.envelope(message.name+"-envelope").OpenDirect(seal.A256, message.typ, message.key)
		if err != nil {
			t.Errorf("%s: %s", message.name, seal.Reason(err))
			continue
		}
		sameJSON(t, plaintext, p.object(message.name+"-plaintext"))
		p.checkHeader(message.name+"-envelope", message.name+"-header")
	}
	opened, _ := p.object("E-plaintext").(map[string]any)
	if !reflect.DeepEqual(opened["sid"], p.value("sid")) {
		t.Errorf("E names sid %v, the page %s", opened["sid"], p.value("sid"))
	}
}
