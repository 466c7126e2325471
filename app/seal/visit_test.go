package seal_test

import (
	"bytes"
	"encoding/json"
	"reflect"
	"testing"

	"postern/app/seal"
)

// visitFile is one whole visit, made by other implementations.
type visitFile struct {
	Keys map[string]json.RawMessage `json:"keys"`
	B    struct {
		Assertion   string         `json:"assertion"`
		AT          string         `json:"at"`
		ATClaims    map[string]any `json:"at_claims"`
		AccessToken string         `json:"access_token"`
	} `json:"B"`
	D struct {
		R         string         `json:"R"`
		Plaintext map[string]any `json:"plaintext"`
		Envelope  string         `json:"envelope"`
	} `json:"D"`
	E         map[string]json.RawMessage `json:"E"`
	VisitKeys struct {
		SID  string `json:"sid"`
		Up   string `json:"K_up"`
		Down string `json:"K_down"`
	} `json:"keys_of_visit"`
	G map[string]json.RawMessage `json:"G"`
}

func TestVisits(t *testing.T) {
	t.Parallel()
	for name, suite := range map[string]seal.Suite{"a256": seal.A256, "gm": seal.GM} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var visit visitFile
			readVectors(t, "visit/"+name+".json", &visit)
			t.Run("B: the assertion and the access token", func(t *testing.T) { t.Parallel(); checkVisitB(t, &visit) })
			t.Run("D: R and the request", func(t *testing.T) { t.Parallel(); checkVisitD(t, &visit, suite) })
			t.Run("E and G: the keys and everything under them", func(t *testing.T) {
				t.Parallel()
				checkVisitDirect(t, &visit, suite)
			})
		})
	}
}

func visitKey(t *testing.T, visit *visitFile, name string) *seal.PrivateKey {
	t.Helper()
	return parsePrivate(t, visit.Keys[name])
}

func checkVisitB(t *testing.T, visit *visitFile) {
	t.Helper()
	verify := func(compact, keyName string) *seal.Signed {
		signed, err := seal.ParseSigned([]byte(compact), maxVector)
		if err != nil {
			t.Fatalf("%s: %s", keyName, seal.Reason(err))
		}
		if err := signed.Verify(visitKey(t, visit, keyName).Public()); err != nil {
			t.Errorf("%s: %s", keyName, seal.Reason(err))
		}
		return signed
	}
	verify(visit.B.Assertion, "partner_assertion")
	at := verify(visit.B.AT, "gateway_signing")
	if at.Header().Typ != "at+jwt" {
		t.Errorf("typ of the AT is %q", at.Header().Typ)
	}
	sameJSON(t, at.Payload(), visit.B.ATClaims)

	envelope, err := seal.ParseEnvelope([]byte(visit.B.AccessToken), maxVector)
	if err != nil {
		t.Fatal(seal.Reason(err))
	}
	plaintext, _, err := envelope.OpenWith(visitKey(t, visit, "partner_encryption"), "at+jwe")
	if err != nil || string(plaintext) != visit.B.AT || envelope.Header().Cty != "at+jwt" {
		t.Errorf("access token opens to %q, %s, cty %q", plaintext, seal.Reason(err), envelope.Header().Cty)
	}
	var claims struct {
		AK json.RawMessage `json:"ak"`
	}
	if err := seal.DecodeObject(at.Payload(), &claims); err != nil {
		t.Fatal(err)
	}
	ak, err := seal.ParsePublicJWK(claims.AK)
	if err != nil || ak.Thumbprint() != visitKey(t, visit, "ak").Public().Thumbprint() {
		t.Errorf("AK of the AT: %v, %v", ak, err)
	}
}

func checkVisitD(t *testing.T, visit *visitFile, suite seal.Suite) {
	t.Helper()
	ak := visitKey(t, visit, "ak")
	if ak.Public().Suite() != suite {
		t.Errorf("suite of AK is %s", ak.Public().Suite())
	}
	envelope, err := seal.ParseEnvelope([]byte(visit.D.Envelope), maxVector)
	if err != nil {
		t.Fatal(seal.Reason(err))
	}
	plaintext, r, err := envelope.OpenWith(ak, "vt-req+jwe")
	if err != nil {
		t.Fatal(seal.Reason(err))
	}
	if !bytes.Equal(r, unbase64(t, visit.D.R)) {
		t.Errorf("R is %x", r)
	}
	sameJSON(t, plaintext, visit.D.Plaintext)
	var request struct {
		JTI string       `json:"jti"`
		IAT seal.Integer `json:"iat"`
	}
	if err := seal.DecodeObject(plaintext, &request); err != nil || !seal.ValidID(request.JTI) || request.IAT < 1767225600 {
		t.Errorf("request decodes to %+v, %v", request, err)
	}
}

func checkVisitDirect(t *testing.T, visit *visitFile, suite seal.Suite) {
	t.Helper()
	r := unbase64(t, visit.D.R)
	up, down, err := seal.DeriveKeys(suite, r, visit.VisitKeys.SID)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(up, unbase64(t, visit.VisitKeys.Up)) || !bytes.Equal(down, unbase64(t, visit.VisitKeys.Down)) {
		t.Errorf("derived %x and %x", up, down)
	}
	opened := 0
	for _, message := range []struct {
		step            map[string]json.RawMessage
		envelope, plain string
		typ             string
		key             []byte
	}{
		{visit.E, "envelope", "plaintext", "vt-resp+jwe", r},
		{visit.E, "error_envelope", "error_plaintext", "error+jwe", r},
		{visit.G, "call_envelope", "call_plaintext", "call+jwe", up},
		{visit.G, "reply_envelope", "reply_plaintext", "reply+jwe", down},
		{visit.G, "renew_envelope", "renew_plaintext", "renew+jwe", up},
		{visit.G, "close_envelope", "close_plaintext", "close+jwe", up},
	} {
		if message.step[message.envelope] == nil {
			continue // the GM visit has no renewal
		}
		var compact string
		if err := json.Unmarshal(message.step[message.envelope], &compact); err != nil {
			t.Fatalf("%s: %v", message.envelope, err)
		}
		envelope, err := seal.ParseEnvelope([]byte(compact), maxVector)
		if err != nil {
			t.Fatalf("%s: %s", message.envelope, seal.Reason(err))
		}
		plaintext, err := envelope.OpenDirect(suite, message.typ, message.key)
		if err != nil {
			t.Errorf("%s: %s", message.envelope, seal.Reason(err))
			continue
		}
		var want any
		if err := json.Unmarshal(message.step[message.plain], &want); err != nil {
			t.Fatal(err)
		}
		sameJSON(t, plaintext, want)
		opened++
	}
	if opened < 4 {
		t.Errorf("only %d envelopes opened", opened)
	}
}

func sameJSON(t *testing.T, text []byte, want any) {
	t.Helper()
	var got any
	if err := json.Unmarshal(text, &got); err != nil {
		t.Fatalf("%v: %s", err, text)
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got %s, want %v", text, want)
	}
}
