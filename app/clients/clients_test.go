package clients_test

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"net/url"
	"testing"
	"time"

	"postern/app/clients"
	"postern/app/directory"
	"postern/app/errs"
	"postern/app/seal"
	"postern/models"
)

// known is a directory of few applications.
type known map[string]*directory.Application

func (k known) Application(_ context.Context, id string) (*directory.Application, error) {
	if app, ok := k[id]; ok {
		return app, nil
	}
	return nil, errs.New(errs.NotFound, "not_found", "no such application")
}

func (k known) SignatureKeys(_ context.Context, partner string, e models.Environment) (list []*seal.PublicKey, _ error) {
	for _, app := range k {
		if app.PartnerID == partner && app.Environment == e {
			list = append(list, app.Credentials[0].Key)
		}
	}
	return list, nil
}

// nothing is frozen, and nothing was restored.
type nothing struct{}

func (nothing) Frozen(models.FreezeTarget, string, models.FreezeScope) bool { return false }
func (nothing) RestoredAt() int64                                           { return 0 }

// application has one signature key.
func application(id string, suite seal.Suite, method models.AuthMethod, key *seal.PublicKey) *directory.Application {
	c := directory.Credential{Key: key}
	c.Use, c.KID = models.SignatureKey, key.KID()
	app := &directory.Application{Credentials: []directory.Credential{c}}
	app.ID, app.PartnerID, app.Suite, app.AuthMethod, app.Environment = id, "p_"+id, string(suite), method, models.Production
	return app
}

func generate(t *testing.T, suite seal.Suite) *seal.PrivateKey {
	t.Helper()
	key, err := seal.Generate(suite, seal.Signing, "k1", rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

// TestUnknownClientsTakeTheWorkOfAVerification counts allocations, which say
// what a clock would, and always the same: a verification has many. It is not
// parallel, for others' allocations would count.
func TestUnknownClientsTakeTheWorkOfAVerification(t *testing.T) {
	own, foreign := generate(t, seal.A256), generate(t, seal.A256)
	now := time.Date(2026, 11, 22, 10, 5, 11, 0, time.UTC)
	// Their partners' applications in the sandbox, one with a kid that production has as well.
	tests, sameKID := generate(t, seal.A256), generate(t, seal.A256)
	box := application("box", seal.A256, models.PrivateKeyJWT, tests.Public())
	box.PartnerID, box.Environment = "p_app_gm", models.Sandbox
	sameBox := application("same_box", seal.A256, models.PrivateKeyJWT, sameKID.Public())
	sameBox.PartnerID, sameBox.Environment = "p_app_same", models.Sandbox
	a, err := clients.New(known{
		"app_known":  application("app_known", seal.A256, models.PrivateKeyJWT, own.Public()),
		"app_secret": application("app_secret", seal.A256, models.ClientSecretBasic, own.Public()),
		"app_gm":     application("app_gm", seal.GM, models.PrivateKeyJWT, own.Public()),
		"app_same":   application("app_same", seal.A256, models.PrivateKeyJWT, own.Public()),
		"box":        box, "same_box": sameBox,
	}, nothing{}, "https://gateway.bank.example", func() time.Time { return now })
	if err != nil {
		t.Fatal(err)
	}
	work := func(id string, key *seal.PrivateKey, reason string) float64 {
		t.Helper()
		payload, err := json.Marshal(map[string]any{
			"iss": id, "sub": id, "aud": "https://gateway.bank.example", "jti": "1", "exp": now.Unix() + 60,
		})
		if err != nil {
			t.Fatal(err)
		}
		assertion, err := seal.Sign(key, "JWT", payload, rand.Reader)
		if err != nil {
			t.Fatal(err)
		}
		r := clients.Request{Form: url.Values{
			"client_assertion_type": {clients.AssertionType}, "client_assertion": {string(assertion)},
		}}
		if _, err := a.Authenticate(t.Context(), r); errs.Of(err).Reason != reason {
			t.Fatalf("%s was refused for %v, want %s", id, err, reason)
		}
		return testing.AllocsPerRun(100, func() { _, _ = a.Authenticate(t.Context(), r) })
	}
	want := work("app_known", foreign, "bad_signature")
	other, err := seal.Generate(seal.A256, seal.Signing, "k2", rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	gm := generate(t, seal.GM)
	if known, unknown := work("app_known", gm, "other_algorithm"), work("app_nobody", gm, "unknown_client"); known < unknown-3 || known > unknown+3 || known < 12 {
		t.Errorf("under another algorithm: a known client takes %v allocations, an unknown one %v", known, unknown)
	}
	for reason, got := range map[string]float64{
		"unknown_client":     work("app_nobody", foreign, "unknown_client"),
		"unknown_kid":        work("app_known", other, "unknown_kid"),
		"wrong_method":       work("app_secret", foreign, "wrong_method"),
		"key_of_other_suite": work("app_gm", foreign, "key_of_other_suite"),
		"sandbox_key":        work("app_same", sameKID, "sandbox_key"),
		"production_key":     work("same_box", own, "production_key"),
		"neither's":          work("app_same", foreign, "bad_signature"),
	} {
		// Three for how the refusal itself is made.
		if got < want-3 || got > want+3 {
			t.Errorf("%s: %v allocations, a wrong signature takes %v", reason, got, want)
		}
	}
}
