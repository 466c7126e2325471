package clients

import (
	"context"
	"strconv"
	"time"

	"postern/app/directory"
	"postern/app/errs"
	"postern/app/seal"
	"postern/models"
)

// Finding is what the gateway says to one part of an assertion.
type Finding struct {
	Part   Part
	Seen   string // what stands there, as it was sent; may be empty
	Reason string // why it would be refused; empty where it would not
}

// Part is what of an assertion is looked at.
type Part string

// The parts, in the order in which they are looked at.
const (
	PartForm      Part = "form"
	PartKey       Part = "kid"
	PartAlgorithm Part = "alg"
	PartSubject   Part = "sub"
	PartAudience  Part = "aud"
	PartTimes     Part = "exp"
	PartJTI       Part = "jti"
	PartSignature Part = "signature"
	PartClient    Part = "client"
)

// Check says what Authenticate would say to an assertion of an application's now, part by
// part and to the end, where Authenticate stops at the first fault. It uses nothing up
// and writes nothing down; whether the jti was used before, and the caller's address, it
// does not look at.
func (a *Authenticator) Check(ctx context.Context, application, compact string) ([]Finding, error) {
	app, err := a.directory.Application(ctx, application)
	if err != nil {
		return nil, err
	}
	p, err := readAssertion(compact)
	if p.assertion == nil {
		return []Finding{{PartForm, "", errs.Of(err).Reason}}, nil
	}
	found := []Finding{{PartForm, p.assertion.Header().Typ, ""}} // what is wrong with its subject is told there
	found = append(found, a.checkKey(ctx, app, p)...)
	now := a.now().Unix()
	found = append(found,
		Finding{PartSubject, p.claims.Subject, subjectOf(p.claims, app.ID)},
		Finding{PartAudience, p.claims.Audience, a.judgeAudience(p.claims)},
		Finding{PartTimes, moment(p.claims.ExpiresAt), a.judgeTimes(p.claims, now)},
		Finding{PartJTI, p.claims.JTI, judgeJTI(p.claims)},
	)
	return append(found, Finding{PartClient, app.ID, a.stopped(app)}), nil
}

// subjectOf says what is wrong with iss and sub.
func subjectOf(c assertionClaims, application string) (reason string) {
	switch {
	case c.Subject == "" || c.Issuer != c.Subject:
		return "assertion_subject"
	case c.Subject != application:
		return "other_application"
	}
	return ""
}

// stopped says why whoever has proved to be an application is not let in.
func (a *Authenticator) stopped(app *directory.Application) (reason string) {
	switch {
	case app.AuthMethod != models.PrivateKeyJWT:
		return "wrong_method"
	case !app.Active():
		return "not_active"
	case a.frozen(app):
		return "frozen"
	}
	return ""
}

// checkKey says which key was meant, and whether it fits and verifies.
func (a *Authenticator) checkKey(ctx context.Context, app *directory.Application, p presented) []Finding {
	header, now := p.assertion.Header(), a.now().UnixMilli()
	_, key := signatureKey(app.Credentials, header.KID, now)
	if key == nil {
		reason := whyNot(app.Credentials, header.KID, now)
		return []Finding{{PartKey, header.KID, a.whoseKey(ctx, app, p, reason)}}
	}
	found := []Finding{{PartKey, header.KID, ""}, {PartAlgorithm, header.Alg, misfit(key, header.Alg, seal.Suite(app.Suite))}}
	if found[1].Reason != "" {
		return found
	}
	signature := Finding{PartSignature, "", ""}
	if p.assertion.Verify(key) != nil {
		signature.Reason = a.whoseKey(ctx, app, p, "bad_signature")
	}
	return append(found, signature)
}

// moment is a NumericDate as a reader of clocks knows it; empty for none.
func moment(at *seal.Integer) string {
	if at == nil {
		return ""
	}
	return strconv.FormatInt(int64(*at), 10) + " = " + time.Unix(int64(*at), 0).UTC().Format(time.RFC3339)
}
