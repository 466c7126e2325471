package apptest

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"

	"postern/app/keyring"
	"postern/app/ledger"
	"postern/app/seal"
	"postern/app/store"
	"postern/app/token"
	"postern/models"
)

// The uses of keys, for tests that have no other business with sealing.
const (
	SignatureUse  = seal.Signing
	EncryptionUse = seal.Encryption
)

// PublicJWK is the public part of an application's key.
func (w *World) PublicJWK(client string, use seal.Use) []byte {
	w.T.Helper()
	return mustJSON(w.T, w.key(client, use).Public())
}

// KeySet is what the gateway publishes now.
func (w *World) KeySet() []*seal.PublicKey {
	w.T.Helper()
	rec := w.Do(httptest.NewRequest(http.MethodGet, "/.well-known/jwks.json", nil))
	keys, err := seal.ParsePublicJWKSet(rec.Body.Bytes())
	if rec.Code != http.StatusOK || err != nil {
		w.T.Fatalf("JWKS: %d %v %s", rec.Code, err, rec.Body)
	}
	return keys
}

// KeyIDs lists the kids that are published for a use, newest first.
func (w *World) KeyIDs(use seal.Use) []string {
	w.T.Helper()
	var list []string
	for _, k := range w.KeySet() {
		if k.Use() == use {
			list = append(list, k.KID())
		}
	}
	return list
}

func (w *World) published(kid string) *seal.PublicKey {
	for _, k := range w.KeySet() {
		if k.KID() == kid && k.Use() == seal.Signing {
			return k
		}
	}
	return nil
}

// ReadAT verifies an AT by the published keys, as a page does.
func (w *World) ReadAT(at string) (token.Access, error) {
	return token.ReadAccess([]byte(at), w.Config.Issuer, w.published)
}

// ReadAssertion verifies what the bank got by the published keys, as the bank does.
func (w *World) ReadAssertion(compact string) token.Assertion {
	w.T.Helper()
	a, err := token.ReadAssertion([]byte(compact), w.Config.Issuer, Service, w.published, w.Clock.Now().Unix())
	if err != nil {
		w.T.Fatal(err)
	}
	return a
}

// Ring is the gateway's key ring, opened once more as another node would.
func (w *World) Ring() *keyring.Ring {
	w.T.Helper()
	r, err := keyring.Open(context.Background(), keyring.Options{
		Store: w.App.Store(), Master: w.Config.Master, Now: w.Config.Now, Rand: w.Config.Rand,
		Event: func(kind, reason string, detail map[string]string) (models.Event, error) {
			return ledger.Make(ledger.Event{Kind: kind, Outcome: "ok", Reason: reason, Detail: detail}, w.Config.Now(), w.Config.Rand)
		},
	})
	if err != nil {
		w.T.Fatal(err)
	}
	return r
}

// Rotate makes a new key of production; it returns its kid.
func (w *World) Rotate(use models.KeyUse) string {
	w.T.Helper()
	k, err := w.Ring().Rotate(context.Background(), keyring.KindOf(use, models.Production))
	if err != nil {
		w.T.Fatal(err)
	}
	w.Refresh()
	return k.KID
}

// AddKey gives an application one more key of its own; the kid names it.
func (w *World) AddKey(client string, use seal.Use, kid string, change func(*models.Credential)) {
	w.T.Helper()
	k, err := seal.Generate(seal.A256, use, kid, rand.Reader)
	if err != nil {
		w.T.Fatal(err)
	}
	w.keys.Store(client+"/"+kid, k)
	public, err := json.Marshal(k.Public())
	if err != nil {
		w.T.Fatal(err)
	}
	row := models.Credential{ID: client + "-" + kid, ApplicationID: client, Use: models.CredentialUse(use), KID: kid, PublicJWK: string(public)}
	if change != nil {
		change(&row)
	}
	w.Write(func(tx *store.Tx, now int64) error {
		row.CreatedAt = now
		return tx.SaveCredential(row, now)
	})
}

// SignWith signs claims with a key of AddKey.
func (w *World) SignWith(client, kid, typ string, claims any) string {
	w.T.Helper()
	compact, err := seal.Sign(w.key(client, seal.Use(kid)), typ, mustJSON(w.T, claims), rand.Reader)
	if err != nil {
		w.T.Fatal(err)
	}
	return string(compact)
}

// Opens reports whether an envelope of step B opens with the key of AddKey.
func (w *World) Opens(client, kid, envelope string) bool {
	w.T.Helper()
	e, err := seal.ParseEnvelope([]byte(envelope), 32<<10)
	if err != nil {
		w.T.Fatal(err)
	}
	_, _, err = e.OpenWith(w.key(client, seal.Use(kid)), "at+jwe")
	return err == nil
}

// Header decodes the protected header of a compact JWE or JWS.
func (w *World) Header(compact string) map[string]any {
	w.T.Helper()
	first, _, _ := strings.Cut(compact, ".")
	raw, err := base64.RawURLEncoding.DecodeString(first)
	if err != nil {
		w.T.Fatal(err)
	}
	var h map[string]any
	if err := json.Unmarshal(raw, &h); err != nil {
		w.T.Fatal(err)
	}
	return h
}

// ES256 signs claims with a client's key under a header that may be anything.
func (w *World) ES256(client, header string, claims any) string {
	w.T.Helper()
	key, err := ecdsa.ParseRawPrivateKey(elliptic.P256(), w.privateMember(w.key(client, seal.Signing)))
	if err != nil {
		w.T.Fatal(err)
	}
	input := base64.RawURLEncoding.EncodeToString([]byte(header)) + "." + base64.RawURLEncoding.EncodeToString(mustJSON(w.T, claims))
	digest := sha256.Sum256([]byte(input))
	r, s, err := ecdsa.Sign(rand.Reader, key, digest[:])
	if err != nil {
		w.T.Fatal(err)
	}
	signature := make([]byte, 64)
	r.FillBytes(signature[:32])
	s.FillBytes(signature[32:])
	return input + "." + base64.RawURLEncoding.EncodeToString(signature)
}

// PrivateMembers lists the secret parts of all private keys in this world that
// can be read: the partners' and the gateway's own, raw.
func (w *World) PrivateMembers() map[string][]byte {
	w.T.Helper()
	all := map[string][]byte{}
	take := func(name string, k *seal.PrivateKey) { all[name] = w.privateMember(k) }
	w.keys.Range(func(name, k any) bool { take(name.(string), k.(*seal.PrivateKey)); return true })
	ring := w.Ring()
	newest, err := ring.NewestAK(seal.A256, models.Production)
	if err != nil {
		w.T.Fatal(err)
	}
	ak, _, ok := ring.AK(newest.KID)
	if !ok {
		w.T.Fatal("the newest AK does not open")
	}
	signer, err := ring.Signer(seal.A256, models.Production)
	if err != nil {
		w.T.Fatal(err)
	}
	take("AK", ak)
	take("signing key", signer)
	return all
}

// privateMember is the "d" of a key, raw.
func (w *World) privateMember(k *seal.PrivateKey) []byte {
	w.T.Helper()
	var jwk struct {
		D string `json:"d"`
	}
	if err := json.Unmarshal(mustJSON(w.T, k), &jwk); err != nil {
		w.T.Fatal(err)
	}
	d, err := base64.RawURLEncoding.DecodeString(jwk.D)
	if err != nil || len(d) < 16 {
		w.T.Fatalf("private member: %v", err)
	}
	return d
}
