package partners

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"postern/app/change"
	"postern/app/clients"
	"postern/app/ledger"
	"postern/models"
)

// Save writes what was staged and is different, each with its event, in w's
// transaction, which must be the one that everything was read in. It wants Check
// to have found nothing: change.ErrUnchecked.
func (r *Registry) Save(w change.Writer) error {
	if !r.clean {
		return change.ErrUnchecked
	}
	for _, x := range r.Partners.Changes() {
		if err := r.savePartner(w, x); err != nil {
			return fmt.Errorf("partner %s: %w", x.After.ID, err)
		}
	}
	for _, x := range r.Applications.Changes() {
		if err := r.saveApplication(w, x); err != nil {
			return fmt.Errorf("application %s: %w", x.After.ID, err)
		}
	}
	for _, x := range r.Credentials.Changes() {
		if err := r.saveCredential(w, x); err != nil {
			return fmt.Errorf("credential %s: %w", x.After.ID, err)
		}
	}
	for _, x := range r.Grants.Changes() {
		if err := r.saveGrant(w, x); err != nil {
			return fmt.Errorf("grant %s: %w", x.After.ID, err)
		}
	}
	return nil
}

// Each row begins as the one that is there: what no input names stays.

func (r *Registry) savePartner(w change.Writer, x change.Change[Partner]) error {
	row := r.partners[x.After.ID]
	p := x.After
	row.ID, row.Name, row.Status, row.UpdatedAt = p.ID, p.Name, p.Status, w.At()
	row.LegalName, row.CreditCode, row.Contract, row.ContractEnds, row.Risk = p.LegalName, p.CreditCode, p.Contract, p.ContractEnds, p.Risk
	if x.New {
		row.CreatedAt = w.At()
	}
	if x.Before.Officer != p.Officer {
		row.OfficerID = r.officers[p.Officer]
	}
	if err := w.SavePartner(row); err != nil {
		return err
	}
	if stops(x.Before.Status, p.Status) {
		if err := r.endVisits(w, p.ID); err != nil {
			return err
		}
	}
	if !slices.Equal(x.Before.Contacts, p.Contacts) {
		list := make([]models.Contact, len(p.Contacts))
		for i, c := range p.Contacts {
			list[i] = models.Contact{PartnerID: p.ID, Position: int64(i), Kind: c.Kind, Name: c.Name, Phone: c.Phone, Email: c.Email}
		}
		if err := w.SetContacts(p.ID, list, w.At()); err != nil {
			return err
		}
	}
	return w.Record(ledger.Event{Kind: "partner", PartnerID: row.ID}, row.ID, x.New, x.Differences)
}

// stops reports whether a step takes traffic away. Visits that were open end with
// it for good: a raised epoch keeps them from going on when traffic comes back.
func stops(before, after models.Status) bool {
	return before == models.Active && after != models.Active
}

// endVisits raises the epochs of all applications of a partner, those that were
// not read for this change as well.
func (r *Registry) endVisits(w change.Writer, partner string) error {
	rows, err := r.read.ApplicationsOf([]string{partner})
	if err != nil {
		return err
	}
	for _, row := range rows {
		row.Epoch, row.UpdatedAt = row.Epoch+1, w.At()
		if err := w.SaveApplication(row); err != nil {
			return err
		}
		if _, here := r.applications[row.ID]; here {
			r.applications[row.ID] = row
		}
	}
	return nil
}

func (r *Registry) saveApplication(w change.Writer, x change.Change[Application]) error {
	a, row := x.After, r.applications[x.After.ID]
	row.ID, row.PartnerID, row.Name, row.Environment, row.Suite = a.ID, a.Partner, a.Name, a.Environment, a.Suite
	row.AuthMethod, row.Status, row.AddressMode = a.AuthMethod, a.Status, a.AddressMode
	row.ATLifetime, row.DailyQuota, row.ATRate, row.VTRate, row.CallRate = a.ATLifetime, a.DailyQuota, a.ATRate, a.VTRate, a.CallRate
	row.UpdatedAt = w.At()
	if stops(x.Before.Status, a.Status) {
		row.Epoch++
	}
	if x.New {
		row.CreatedAt = w.At()
	}
	if err := w.SaveApplication(row); err != nil {
		return err
	}
	if !slices.Equal(x.Before.Addresses, a.Addresses) {
		if err := w.SetAddresses(a.ID, a.Addresses, w.At()); err != nil {
			return err
		}
	}
	if !slices.Equal(x.Before.ReturnAddresses, a.ReturnAddresses) {
		if err := w.SetReturnAddresses(a.ID, a.ReturnAddresses, w.At()); err != nil {
			return err
		}
	}
	return w.Record(ledger.Event{Kind: "application", PartnerID: a.Partner, ApplicationID: a.ID}, a.ID, x.New, x.Differences)
}

func (r *Registry) saveCredential(w change.Writer, x change.Change[Credential]) error {
	c, row := x.After, r.credentials[x.After.ID]
	if x.New {
		row = models.Credential{ID: c.ID, ApplicationID: c.Application, Use: models.ClientSecret, SecretHash: c.SecretHash, CreatedAt: w.At()}
		row.NotBefore = change.Moment(c.NotBefore)
		if c.NotBefore.IsZero() {
			row.NotBefore = w.At()
		}
		if key, err := clients.ReadKey(c.JWK); err == nil {
			row.Use, row.KID, row.PublicJWK, row.Thumbprint = key.Use, key.KID, key.JWK, key.Thumbprint
		}
	}
	if end := change.Moment(c.NotAfter); end != row.NotAfter || x.New {
		row.NotAfter = end
		if w.Partner == "" || x.New { // that of a certificate, or of a trial, is nobody's to move either
			row.BankEnd = end
		}
		if w.Partner != "" {
			row.WarnedAt = w.At() // whoever chose the end knows it
		}
	}
	row.Frozen = c.Frozen
	if c.Revoked && row.RevokedAt == 0 {
		row.RevokedAt = w.At()
	}
	if err := w.SaveCredential(row, w.At()); err != nil {
		return err
	}
	return w.Record(ledger.Event{Kind: "credential", PartnerID: r.owner(c.Application), ApplicationID: c.Application}, c.ID, x.New, x.Differences)
}

// side is the one on whose word w writes.
func side(w change.Writer) models.Side {
	if w.Partner != "" {
		return models.PartnerSide
	}
	return models.BankSide
}

func (r *Registry) saveGrant(w change.Writer, x change.Change[Grant]) error {
	g, row := x.After, r.grantRow(x, w.At(), w.Actor, side(w))
	if err := w.SaveGrant(row, w.At()); err != nil {
		return err
	}
	return w.Record(ledger.Event{Kind: "grant", PartnerID: r.owner(g.Application), ApplicationID: g.Application}, g.ID, x.New, x.Differences)
}

// grantRow is a grant as the database would hold it from a moment (Unix ms) on.
func (r *Registry) grantRow(x change.Change[Grant], at int64, actor string, by models.Side) models.Grant {
	g, row := x.After, r.grants[x.After.ID]
	if x.New {
		row = models.Grant{
			ID: g.ID, ApplicationID: g.Application, ScopeID: g.Scope, Purpose: g.Purpose, ApprovedBy: g.ApprovedBy,
			StartsAt: change.Moment(g.StartsAt), CreatedAt: at,
		}
		if g.ApprovedBy == "" {
			row.ApprovedBy = actor
		}
		if g.StartsAt.IsZero() {
			row.StartsAt = at
		}
	}
	row.EndsAt = change.Moment(g.EndsAt)
	if g.Ended && row.EndedAt == 0 {
		row.EndedAt, row.EndedBy = at, by
	}
	return row
}

// GrantRows lists the grants that were staged and are different or new, as the
// database would hold them from a moment (Unix ms) on.
func (r *Registry) GrantRows(at int64) []models.Grant {
	var rows []models.Grant
	for _, x := range r.Grants.Changes() {
		rows = append(rows, r.grantRow(x, at, "", ""))
	}
	return rows
}

// CredentialRow is what the database holds of a credential that was read.
func (r *Registry) CredentialRow(id string) models.Credential { return r.credentials[id] }

// owner is the partner of an application.
func (r *Registry) owner(application string) string {
	a, _ := r.Applications.Find(application)
	return a.Partner
}

func partnerOf(m models.Partner, officer string, contacts []Contact) Partner {
	return Partner{
		ID: m.ID, Name: m.Name, Status: m.Status, LegalName: m.LegalName, CreditCode: m.CreditCode,
		Contract: m.Contract, ContractEnds: m.ContractEnds, Risk: m.Risk, Officer: officer, Contacts: contacts,
	}
}

func applicationOf(m models.Application, addresses, returns []string) Application {
	return Application{
		ID: m.ID, Partner: m.PartnerID, Name: m.Name, Environment: m.Environment, Suite: m.Suite, AuthMethod: m.AuthMethod,
		Status: m.Status, AddressMode: m.AddressMode, Addresses: addresses, ReturnAddresses: returns,
		ATLifetime: m.ATLifetime, DailyQuota: m.DailyQuota, ATRate: m.ATRate, VTRate: m.VTRate, CallRate: m.CallRate,
	}
}

// since is the beginning of what may hold from ever: it holds since it is there.
func since(beginning, created int64) time.Time {
	return change.MomentOf(cmp.Or(beginning, created))
}

// CredentialsOf are rows as inputs.
func CredentialsOf(rows []models.Credential) []Credential { return mapped(rows, credentialOf) }

func credentialOf(m models.Credential) Credential {
	return Credential{
		ID: m.ID, Application: m.ApplicationID, JWK: m.PublicJWK, SecretHash: m.SecretHash,
		NotBefore: since(m.NotBefore, m.CreatedAt), NotAfter: change.MomentOf(m.NotAfter), Frozen: m.Frozen, Revoked: m.RevokedAt != 0,
	}.Normalize()
}

func grantOf(m models.Grant) Grant {
	return Grant{
		ID: m.ID, Application: m.ApplicationID, Scope: m.ScopeID, Purpose: m.Purpose, ApprovedBy: m.ApprovedBy,
		StartsAt: since(m.StartsAt, m.CreatedAt), EndsAt: change.MomentOf(m.EndsAt), Ended: m.EndedAt != 0,
	}
}
