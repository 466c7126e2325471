package partners

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"postern/app/change"
	"postern/app/clients"
	"postern/app/errs"
	"postern/models"
)

// Key is the credential's id.
func (c Credential) Key() string { return c.ID }

// Normalize writes a key in the one form that is kept, and times in whole
// milliseconds.
func (c Credential) Normalize() Credential {
	c.ID = strings.TrimSpace(c.ID)
	if key, err := clients.ReadKey(c.JWK); err == nil {
		c.JWK = key.JWK
	}
	c.NotBefore, c.NotAfter = whole(c.NotBefore), whole(c.NotAfter)
	return c
}

func whole(t time.Time) time.Time { return change.MomentOf(change.Moment(t)) }

// Validate checks what can be checked by looking at the credential alone; keys
// as security requires of a registration (no weak one, no private member).
func (c Credential) Validate() errs.Fields {
	var f errs.Fields
	f.Check(models.PrintableID(c.ID), "id", "rule.credential_id", "a credential's id is 1 to 255 visible ASCII characters")
	f.Check(c.Application != "", "application", "rule.application_missing", "name the application that the credential belongs to")
	f.Check(c.JWK != "" || c.SecretHash != "", "jwk", "rule.credential_missing", "enter a public key (jwk or jwk_file) or the hash of a secret (secret_hash)")
	f.Check(c.JWK == "" || c.SecretHash == "", "secret_hash", "rule.credential_both", "a credential is a key or a secret, not both")
	if c.JWK != "" {
		if _, err := clients.ReadKey(c.JWK); err != nil {
			f.Check(false, "jwk", "rule.jwk", err.Error())
		}
	}
	f.Check(c.SecretHash == "" || clients.SecretHash(c.SecretHash), "secret_hash", "rule.secret_hash", "this is no hash of a secret: want its SHA-256 as 43 characters of base64url")
	f.Check(slices.Contains([]models.Side{"", models.PartnerSide, models.BankSide}, c.Frozen), "frozen", "rule.credential_frozen", "want bank or partner, on whose word it rests, or nothing")
	f.Check(c.NotAfter.IsZero() || c.NotAfter.After(c.NotBefore), "not_after", "rule.ends_before_start", "it would end before it begins")
	return f
}

// Follow checks whether the credential may come after before.
func (c Credential) Follow(before Credential) errs.Fields {
	var f errs.Fields
	f.Check(c.Application == before.Application, "application", "rule.credential_moved", fmt.Sprintf("the credential is %s's and stays so: take another id", before.Application))
	f.Check(c.JWK == before.JWK, "jwk", "rule.credential_replaced", "a credential's key stays what it is: register another beside it, then revoke this one")
	f.Check(c.SecretHash == before.SecretHash, "secret_hash", "rule.credential_replaced", "a credential's secret stays what it is: register another beside it, then revoke this one")
	f.Check(c.NotBefore.Equal(before.NotBefore), "not_before", "rule.credential_start", "a credential's beginning stays what it is")
	f.Check(c.Revoked || !before.Revoked, "revoked", "rule.credential_revoked", "what was revoked stays so: register another credential")
	return f
}

// fits checks the credential against its application.
func (c Credential) fits(a Application) errs.Fields {
	var f errs.Fields
	f.Check(!models.OfTrial(c.ID) || a.Environment == models.Sandbox, "id", "rule.credential_trial", "ids that begin with "+models.TrialPrefix+" are for trials in the sandbox: take another")
	if key, err := clients.ReadKey(c.JWK); err == nil {
		f.Check(key.Suite == a.Suite, "jwk", "rule.jwk_suite", fmt.Sprintf("the key is one of suite %s, the application uses %s", key.Suite, a.Suite))
	}
	return f
}

// Compare tells what is different from before.
func (c Credential) Compare(before Credential) []change.Difference {
	d := change.Comparison{New: before.ID == ""}
	if d.New {
		d.Note(change.Widens, "%s of application %s", c.words(), c.Application)
	}
	d.End("not_after", before.NotAfter, c.NotAfter)
	ice := change.Narrows
	if c.Frozen == "" || before.Frozen == models.BankSide {
		ice = change.Widens
	}
	d.Text("frozen", string(before.Frozen), string(c.Frozen), ice)
	d.Flag("revoked", before.Revoked, c.Revoked, change.Narrows)
	return d.List
}

// Use says what it is for; "" for a key that cannot be read.
func (c Credential) Use() models.CredentialUse {
	if c.JWK == "" {
		return models.ClientSecret
	}
	key, err := clients.ReadKey(c.JWK)
	if err != nil {
		return ""
	}
	return key.Use
}

// LiveAt reports whether the credential may be used at a time.
func (c Credential) LiveAt(t time.Time) bool {
	return !c.Revoked && c.Frozen == "" && !c.NotBefore.After(t) && (c.NotAfter.IsZero() || t.Before(c.NotAfter))
}

// LastOf reports whether an application works with none of its credentials for what this
// one is for, once it is gone from at on. One that opens nothing now is not the last.
func (c Credential) LastOf(all []Credential, now, at time.Time) bool {
	if !c.LiveAt(now) {
		return false
	}
	for _, other := range all {
		if other.ID != c.ID && !models.OfTrial(other.ID) && other.Application == c.Application && other.Use() == c.Use() && other.LiveAt(at) {
			return false
		}
	}
	return true
}

// words say what it is, without anything that would help to forge it.
func (c Credential) words() string {
	key, err := clients.ReadKey(c.JWK)
	switch {
	case c.JWK == "":
		return "client secret"
	case err != nil:
		return "unusable key"
	case key.Use == models.EncryptionKey:
		return "encryption key " + key.KID + " (thumbprint " + key.Thumbprint + ")"
	}
	return "signature key " + key.KID + " (thumbprint " + key.Thumbprint + ")"
}
