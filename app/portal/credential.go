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

// kept is what the database holds of a credential, and when it was last used.
type kept struct {
	models.Credential
	last models.CredentialLastUse
}

// credentials are those of the reader's partner's application, with what the database
// holds of each beside.
func (p *Portal) credentials(c *gin.Context, application string) (list []partners.Credential, rows map[string]kept, err error) {
	rows = map[string]kept{}
	err = p.o.Store.Business(c.Request.Context(), func(b store.Business) error {
		found, err := b.CredentialsOf([]string{application})
		if err != nil {
			return err
		}
		ids := []string{}
		for _, row := range found {
			ids = append(ids, row.ID)
		}
		last, err := b.LastUses(ids)
		for _, row := range found {
			rows[row.ID] = kept{row, last[row.ID]}
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
	list, found, err := p.credentials(c, a.ID)
	for _, k := range list {
		rows = append(rows, p.credentialRow(c.Request.Context(), k, found[k.ID]))
	}
	return rows, err
}

func (p *Portal) credentialRow(ctx context.Context, k partners.Credential, row kept) portal.CredentialRow {
	kind, kid := entrance.CredentialWords(ctx, k)
	r := portal.CredentialRow{
		Kind: kind, KID: kid, Href: credentialPath(k), Since: p.At(k.NotBefore.UnixMilli()), State: entrance.CredentialState(ctx, row.Credential, p.o.Now()),
	}
	if row.last.At != 0 {
		r.Used, r.From = p.At(row.last.At), row.last.Address
	}
	if !k.NotAfter.IsZero() {
		r.Ends = i18n.Stamp(ctx, k.NotAfter.In(p.o.Zone))
	}
	return r
}

// credential is the one that the address names, its application, and what the database
// holds of it.
func (p *Portal) credential(c *gin.Context) (a partners.Application, k partners.Credential, row kept, err error) {
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
		page.Fingerprint, page.Fit = key.Thumbprint, key.Suite == clients.Suites()[0] // browsers have no SM2
	}
	if page.Uses, err = p.uses(ctx, k); err != nil {
		return err
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

// What a page shows of a credential's uses.
const (
	useSpans     = 30 // of models.UseSpan each
	useAddresses = 20
)

// uses says who has used a credential of late: in spans of ten minutes, and by address
// in the one that runs and the one before.
func (p *Portal) uses(ctx context.Context, k partners.Credential) (v portal.UsesView, err error) {
	running := p.o.Now().Truncate(models.UseSpan)
	lately := running.Add(-models.UseSpan)
	first := running.Add(-(useSpans - 1) * models.UseSpan)
	spans, err := p.o.Store.UsesOverTime(ctx, k.ID, first.UnixMilli(), useSpans)
	if err != nil {
		return v, err
	}
	places, err := p.o.Store.UsesByAddress(ctx, k.ID, lately.UnixMilli(), useAddresses)
	if err != nil {
		return v, err
	}
	var sum int64
	v.Spans = make([]float64, useSpans)
	for _, span := range spans {
		if i := int((span.Since - first.UnixMilli()) / models.UseSpan.Milliseconds()); i >= 0 && i < useSpans {
			v.Spans[i] = float64(span.Uses)
		}
		if span.Since >= lately.UnixMilli() {
			sum += span.Uses
		}
	}
	v.Count = i18n.T(ctx, i18n.PortalUses, sum, lately.In(p.o.Zone).Format("15:04"))
	for _, place := range places {
		v.Rows = append(v.Rows, portal.UseRow{Address: place.Address, Uses: i18n.Number(ctx, place.Uses), Last: p.At(place.LastAt)})
	}
	if !k.NotAfter.IsZero() && len(v.Rows) > 0 && k.LiveAt(p.o.Now()) {
		v.Still = i18n.T(ctx, i18n.PortalStillUsed, i18n.Stamp(ctx, k.NotAfter.In(p.o.Zone)))
	}
	return v, nil
}
