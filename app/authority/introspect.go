package authority

import (
	"context"
	"strings"

	"postern/app/errs"
	"postern/app/token"
	"postern/models"
)

// Introspector is an upstream that proved to be registered for introspection:
// it sees the tokens of its own service and environment, and no others.
type Introspector struct {
	ServiceID   string
	Environment models.Environment
}

// Introspection is the answer of RFC 7662 section 2.2. All but Active is empty
// when the token is not active.
type Introspection struct {
	Active    bool   `json:"active"`
	TokenType string `json:"token_type,omitempty"`
	ClientID  string `json:"client_id,omitempty"`
	Subject   string `json:"sub,omitempty"`
	Scope     string `json:"scope,omitempty"`
	Consented string `json:"consented_scope,omitempty"` // of Scope, those with the person's consent to what they demand
	Audience  string `json:"aud,omitempty"`
	Issuer    string `json:"iss,omitempty"`
	JTI       string `json:"jti,omitempty"`
	VID       string `json:"vid,omitempty"`
	Customer  string `json:"customer,omitempty"`
	Env       string `json:"env,omitempty"`
	IssuedAt  int64  `json:"iat,omitempty"`
	ExpiresAt int64  `json:"exp,omitempty"`
}

// Introspect tells an upstream about an AT (not active once it is spent) or a
// VT. It fails only when the answer can't be known: errs.Unavailable.
func (a *Authority) Introspect(ctx context.Context, by Introspector, tok string) (Introspection, error) {
	if err := a.Ready(); err != nil {
		return Introspection{}, err
	}
	if strings.Count(tok, ".") == 2 {
		return a.introspectAT(ctx, by, tok)
	}
	return a.introspectVT(ctx, by, tok)
}

func (a *Authority) introspectAT(ctx context.Context, by Introspector, at string) (Introspection, error) {
	row, err := a.Ledger.ATRow(ctx, hashAT(at))
	if errs.KindOf(err) == errs.NotFound {
		return Introspection{}, nil
	}
	if err != nil {
		return Introspection{}, errUnavailable.Because("ledger").Wrap(err)
	}
	live := row.SpentAt == 0 && row.RevokedAt == 0 && a.Now().UnixMilli() < row.ExpiresAt
	if !live || row.ServiceID != by.ServiceID || row.Environment != by.Environment {
		return Introspection{}, nil
	}
	scopes, err := a.stillGranted(ctx, row.ApplicationID, row.ServiceID, splitScope(row.Scope))
	if err != nil || len(scopes) == 0 {
		return Introspection{}, err
	}
	subject, err := a.Ring.Subjects().Open(row.ApplicationID, row.SubjectSealed)
	if err != nil {
		return Introspection{}, errUnavailable.Because("subject").Wrap(err)
	}
	return Introspection{
		Active: true, TokenType: "access_token", ClientID: row.ApplicationID,
		Subject: token.SubjectName(row.ApplicationID, subject), Scope: joinScope(scopes), Audience: row.ServiceID,
		Issuer: a.Issuer, JTI: row.JTI, Env: string(row.Environment),
		IssuedAt: row.IssuedAt / 1000, ExpiresAt: row.ExpiresAt / 1000,
	}, nil
}

func (a *Authority) introspectVT(ctx context.Context, by Introspector, vt string) (Introspection, error) {
	t, err := token.OpenTicket(vt, a.Ring.TicketByID)
	if err != nil || t.ServiceID != by.ServiceID || t.Environment != string(by.Environment) {
		return Introspection{}, nil
	}
	now := a.Now().UnixMilli()
	if now >= t.ExpiresAt || a.Feed.VisitEnded(t.VID) {
		return Introspection{}, nil
	}
	app, err := a.Directory.Application(ctx, t.ClientID)
	if errs.KindOf(err) == errs.NotFound {
		return Introspection{}, nil
	}
	if err != nil {
		return Introspection{}, err
	}
	scopes, err := a.stillGranted(ctx, t.ClientID, t.ServiceID, t.Scopes)
	if err != nil || len(scopes) == 0 {
		return Introspection{}, err
	}
	svc, err := a.Directory.Service(ctx, t.ServiceID)
	if err != nil || over(t.VID, t.Epoch, app, svc) != "" {
		return Introspection{}, err
	}
	return Introspection{
		Consented: joinScope(a.consentedOf(t, svc, scopes)),
		Active:    true, TokenType: "visit_token", ClientID: t.ClientID,
		Subject: token.SubjectName(t.ClientID, t.Subject), Scope: joinScope(scopes), Audience: t.ServiceID,
		Issuer: a.Issuer, VID: t.VID, Customer: t.Customer, Env: t.Environment,
		IssuedAt: t.IssuedAt / 1000, ExpiresAt: t.ExpiresAt / 1000,
	}, nil
}

// stillGranted returns which of a token's scopes it is good for now; none when
// its parties may have no traffic.
func (a *Authority) stillGranted(ctx context.Context, clientID, serviceID string, scopes []string) ([]string, error) {
	app, svc, err := a.parties(ctx, clientID, serviceID)
	if err == nil {
		err = a.checkActive(app, svc, models.FreezeCall)
	}
	if errs.KindOf(err) == errs.Forbidden {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	access, err := a.Directory.Access(app, svc, a.Now())
	if err != nil {
		return nil, errUnavailable.Because("policy").Wrap(err)
	}
	return a.liveScopes(access, scopes), nil
}

// Revoke ends an AT of the calling application, and with it the visit that it
// opened (RFC 7009). A token that is not the application's is left untouched
// and answered alike. It fails with unsupported_token_type for the JWE of step
// B and with errs.Unavailable when nothing could be written.
func (a *Authority) Revoke(ctx context.Context, c Caller, tok, requestID string) error {
	if strings.Count(tok, ".") == 4 {
		return errs.New(errs.Invalid, "unsupported_token_type", "Revoke the AT itself, not the envelope it came in.").Because("jwe")
	}
	if err := a.useOnce(ctx, c, requestID); err != nil {
		return err
	}
	hash := hashAT(tok)
	row, err := a.Ledger.ATRow(ctx, hash)
	if errs.KindOf(err) == errs.NotFound {
		return nil
	}
	if err != nil {
		return errUnavailable.Because("ledger").Wrap(err)
	}
	if row.ApplicationID != c.Application.ID {
		return nil
	}
	event := trail{requestID: requestID}.of(row).event("at.revoked", map[string]string{"jti": row.JTI})
	row, err = a.Ledger.RevokeAT(ctx, hash, a.Now().UnixMilli(), event)
	if err != nil {
		return errUnavailable.Because("ledger").Wrap(err)
	}
	if row.VID != "" {
		a.Feed.EndVisit(row.VID, a.Now().Add(maxVisitAge).UnixMilli())
	}
	return nil
}
