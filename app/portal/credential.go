package portal

import (
	"context"
	"net/http"

	"github.com/gin-gonic/gin"

	"postern/app/clients"
	"postern/app/entrance"
	"postern/app/errs"
	"postern/app/partners"
	"postern/app/store"
	"postern/app/web"
	"postern/models"
	"postern/policies"
	"postern/views/i18n"
	"postern/views/portal"
	"postern/views/ui"
)

// What may be done with credentials in production.
var (
	addsLive  = policies.Permission{Resource: "production", Action: "keys"}
	stopsLive = policies.Permission{Resource: "production", Action: "stop"}
	confirms  = policies.Permission{Resource: "production", Action: "confirm"}
)

var errNoCredential = errs.New(errs.NotFound, "no_credential", "There is no such credential.")

func credentialsPath(application string) string { return applicationPath(application) + "/credentials" }

func credentialPath(k partners.Credential) string {
	return credentialsPath(k.Application) + "/" + web.PathPart(k.ID)
}

// credentials are those of the reader's partner's application, with what the database
// holds of each beside.
func (p *Portal) credentials(c *gin.Context, application string) (list []partners.Credential, rows map[string]models.Credential, err error) {
	rows = map[string]models.Credential{}
	err = p.o.Store.Business(c.Request.Context(), func(b store.Business) error {
		found, err := b.CredentialsOf([]string{application})
		for _, row := range found {
			rows[row.ID] = row
		}
		list = partners.CredentialsOf(found)
		return err
	})
	return list, rows, err
}

// maySet reports whether the reader may narrow the credentials of an application, and
// whether they may open more by them.
func maySet(c *gin.Context, a partners.Application) (narrow, widen bool) {
	rights := entrance.VisitOf(c).Rights
	switch {
	case a.Status == models.Closed || !rights.May(makesApplications):
		return false, false
	case a.Environment == models.Sandbox:
		return true, true
	}
	return rights.May(stopsLive), rights.May(addsLive)
}

// credentialRows are an application's credentials as its page lists them.
func (p *Portal) credentialRows(c *gin.Context, a partners.Application) (rows []portal.CredentialRow, err error) {
	list, kept, err := p.credentials(c, a.ID)
	for _, k := range list {
		rows = append(rows, p.credentialRow(c.Request.Context(), k, kept[k.ID]))
	}
	return rows, err
}

func (p *Portal) credentialRow(ctx context.Context, k partners.Credential, row models.Credential) portal.CredentialRow {
	kind, kid := entrance.CredentialWords(ctx, k)
	r := portal.CredentialRow{
		Kind: kind, KID: kid, Href: credentialPath(k), Since: p.At(k.NotBefore.UnixMilli()), State: entrance.CredentialState(ctx, row, p.o.Now()),
	}
	if !k.NotAfter.IsZero() {
		r.Ends = i18n.Stamp(ctx, k.NotAfter.In(p.o.Zone))
	}
	return r
}

// credential is the one that the address names, its application, and what the database
// holds of it.
func (p *Portal) credential(c *gin.Context) (a partners.Application, k partners.Credential, row models.Credential, err error) {
	if a, err = p.application(c); err != nil {
		return a, k, row, err
	}
	list, rows, err := p.credentials(c, a.ID)
	if err != nil {
		return a, k, row, err
	}
	id := web.FromPathPart(c.Param("credential"))
	for _, k := range list {
		if k.ID == id {
			return a, k, rows[id], nil
		}
	}
	return a, k, row, errNoCredential
}

// Credential shows one, and what can be done with it.
func (p *Portal) Credential(c *gin.Context) error {
	a, k, row, err := p.credential(c)
	if err != nil {
		return err
	}
	ctx := c.Request.Context()
	narrow, widen := maySet(c, a)
	page := portal.CredentialPage{CredentialRow: p.credentialRow(ctx, k, row), Application: a.Name, Back: applicationPath(a.ID)}
	page.Frame = p.inWorld(c, page.Kind, applicationsPath, a.Environment)
	if key, err := clients.ReadKey(k.JWK); err == nil {
		page.Fingerprint = key.Thumbprint
	}
	if entrance.CredentialOver(k, p.o.Now()) {
		return web.Render(c, http.StatusOK, portal.Credential(page))
	}
	switch row.Frozen {
	case models.PartnerSide:
		page.Note = &ui.NoteView{Tone: ui.Warn, Text: i18n.T(ctx, i18n.PortalIsFrozen)}
	case models.BankSide:
		page.Note = &ui.NoteView{Tone: ui.Bad, Text: i18n.T(ctx, i18n.PortalBankFroze)}
	}
	if narrow {
		page.End = credentialPath(k) + "/end"
		if row.Frozen == "" {
			page.Freeze = credentialPath(k) + "/freeze"
		}
	}
	if widen && row.Frozen == models.PartnerSide {
		page.Thaw = credentialPath(k) + "/thaw"
	}
	if widen && row.NotAfter != row.BankEnd {
		page.Keep = credentialPath(k) + "/keep"
	}
	return web.Render(c, http.StatusOK, portal.Credential(page))
}
