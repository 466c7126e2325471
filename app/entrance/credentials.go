package entrance

import (
	"context"
	"errors"
	"io"
	"slices"
	"time"

	"github.com/a-h/templ"

	"postern/app/clients"
	"postern/app/errs"
	"postern/app/ledger"
	"postern/app/partners"
	"postern/models"
	"postern/views/i18n"
	"postern/views/ui"
)

// CredentialWords say what a credential is, and by what one tells it.
func CredentialWords(ctx context.Context, k partners.Credential) (kind, detail string) {
	if k.JWK == "" {
		return i18n.T(ctx, i18n.CredentialSecret), ""
	}
	key, err := clients.ReadKey(k.JWK)
	if err != nil {
		return i18n.T(ctx, i18n.CredentialUnusable), ""
	}
	if key.Use == models.EncryptionKey {
		return i18n.T(ctx, i18n.CredentialEncryption), key.KID
	}
	return i18n.T(ctx, i18n.CredentialSignature), key.KID
}

// AskedWords say what a partner's request is about: an application, or a credential or a
// scope for one where those have ids.
func AskedWords(ctx context.Context, a partners.Application, k partners.Credential, g partners.Grant) string {
	switch {
	case g.ID != "":
		return i18n.T(ctx, i18n.PortalRequestFor, g.Scope, g.Application)
	case k.ID != "":
		kind, _ := CredentialWords(ctx, k)
		return i18n.T(ctx, i18n.PortalRequestFor, kind, k.Application)
	}
	return a.Name
}

// PartnerRequestState is where a partner's request stands. What the partner decides by
// itself has words of its own.
func PartnerRequestState(ctx context.Context, r models.PartnerRequest) ui.BadgeView {
	word := i18n.ParcelStates[string(r.State)]
	switch {
	case r.Inside && r.State == models.PartnerSubmitted:
		word = i18n.ParcelInsideWaits
	case r.Inside && r.State == models.PartnerApproved:
		word = i18n.ParcelInsideDone
	}
	return ui.BadgeView{Text: i18n.T(ctx, word), Tone: ui.ParcelTones[string(r.State)]}
}

// CredentialOver reports whether a credential is of no use any more.
func CredentialOver(k partners.Credential, now time.Time) bool {
	return k.Revoked || !k.NotAfter.IsZero() && !k.NotAfter.After(now)
}

// CredentialState is how a credential stands.
func CredentialState(ctx context.Context, k models.Credential, now time.Time) templ.Component {
	at := now.UnixMilli()
	switch {
	case k.RevokedAt != 0:
		return ui.Badge(ui.BadgeView{Tone: ui.Outline, Text: i18n.T(ctx, i18n.CredentialRevokedWord)})
	case k.NotAfter != 0 && k.NotAfter <= at:
		return ui.Badge(ui.BadgeView{Tone: ui.Outline, Text: i18n.T(ctx, i18n.GrantOverWord)})
	case k.Frozen == models.BankSide:
		return ui.Badge(ui.BadgeView{Tone: ui.Bad, Text: i18n.T(ctx, i18n.PortalFrozenByBank)})
	case k.Frozen != "":
		return ui.Badge(ui.BadgeView{Tone: ui.Warn, Text: i18n.T(ctx, i18n.PortalFrozenWord)})
	case k.NotBefore > at:
		return ui.Badge(ui.BadgeView{Tone: ui.Accent, Text: i18n.T(ctx, i18n.GrantLaterWord)})
	}
	return ui.Dot(ui.DotView{Tone: ui.Ok, Text: i18n.T(ctx, i18n.GrantHoldsWord)})
}

// CredentialUses are the kinds that an application can have, in the order of forms.
func CredentialUses(method models.AuthMethod) []models.CredentialUse {
	list := []models.CredentialUse{models.SignatureKey, models.EncryptionKey}
	if method == models.ClientSecretBasic {
		list = append(list, models.ClientSecret)
	}
	return list
}

// CredentialHelp is what a form says of an application's new credential: of its kind, and
// of its key, which a secret has not. Of secrets it speaks where there can be one.
func CredentialHelp(ctx context.Context, method models.AuthMethod) (kind, key string, secrets bool) {
	if slices.Contains(CredentialUses(method), models.ClientSecret) {
		return i18n.T(ctx, i18n.CredentialKindHelp), i18n.T(ctx, i18n.CredentialKeyHelp), true
	}
	return "", i18n.T(ctx, i18n.CredentialPublicHelp), false
}

// CredentialUseWords are what the kinds are called.
var CredentialUseWords = map[models.CredentialUse]i18n.Key{
	models.SignatureKey: i18n.CredentialSignature, models.EncryptionKey: i18n.CredentialEncryption, models.ClientSecret: i18n.CredentialSecret,
}

// PastedKey reads a key that was pasted into a field. A private key is taken out of
// the text: it is not kept, not even to be shown again.
func PastedKey(text *string, field string, use models.CredentialUse) (clients.Key, errs.Fields) {
	var f errs.Fields
	key, err := clients.PastedKey(*text, use)
	if errors.Is(err, clients.ErrPrivateKey) {
		*text = ""
		f.Check(false, field, "rule.private_key", err.Error())
		return key, f
	}
	if err != nil {
		f.Check(false, field, "rule.jwk", err.Error())
	}
	return key, f
}

// NewCredential makes a credential of an application, of what a form says in its fields "kind" and
// "key". A secret is drawn, and returned in clear; a key is read of *pasted.
func NewCredential(a partners.Application, use models.CredentialUse, pasted *string, now time.Time, random io.Reader) (k partners.Credential, secret string, f errs.Fields, err error) {
	id, err := ledger.NewID(now, random)
	if err != nil {
		return k, "", nil, err
	}
	k = partners.Credential{ID: id, Application: a.ID}
	switch {
	case !slices.Contains(CredentialUses(a.AuthMethod), use):
		f.Check(false, "kind", "rule.credential_kind", "choose what it is")
	case use == models.ClientSecret:
		if secret, err = clients.NewSecret(random); err != nil {
			return k, "", nil, err
		}
		k.SecretHash = clients.HashSecret(secret)
	default:
		var key clients.Key
		key, f = PastedKey(pasted, "key", use)
		k.JWK, k.NotAfter = key.JWK, key.Ends // what a certificate says of its key holds here, too
		f.Check(key.Ends.IsZero() || key.Ends.After(now), "key", "rule.certificate_over", "this certificate has ended: take a new one")
	}
	return k, secret, f, nil
}
