package portal

import (
	"errors"
	"net/http"
	"time"

	"github.com/gin-gonic/gin"

	"postern/app/approval"
	"postern/app/bankfile"
	"postern/app/entrance"
	"postern/app/errs"
	"postern/app/partners"
	"postern/app/selfservice"
	"postern/app/store"
	"postern/app/web"
	"postern/models"
	"postern/views/i18n"
	"postern/views/portal"
	"postern/views/ui"
)

var errNoCredential = errs.New(errs.NotFound, "no_credential", "There is no such credential.")

// ends are the times after which a form ends a credential, by their word in the
// form. None is at once and for good.
var ends = []struct {
	word  string
	after time.Duration
	text  i18n.Key
}{
	{"now", 0, i18n.PortalEndNow}, {"1h", time.Hour, i18n.PortalEndHour}, {"24h", 24 * time.Hour, i18n.PortalEndDay}, {"7d", 7 * 24 * time.Hour, i18n.PortalEndWeek},
}

func credentialsPath(application string) string { return applicationPath(application) + "/credentials" }

func credentialPath(k partners.Credential) string {
	return credentialsPath(k.Application) + "/" + web.PathPart(k.ID)
}

// credentials are those of the reader's partner's application.
func (p *Portal) credentials(c *gin.Context, application string) (list []partners.Credential, err error) {
	err = p.o.Store.Business(c.Request.Context(), func(b store.Business) error {
		r, err := partners.Of(b, entrance.VisitOf(c).Who.Partner.ID)
		if err != nil {
			return err
		}
		for _, k := range r.Credentials.All() {
			if k.Application == application {
				list = append(list, k)
			}
		}
		return nil
	})
	return list, err
}

// credentialRows are an application's credentials as its page lists them.
func (p *Portal) credentialRows(c *gin.Context, a partners.Application, mayEnd bool) (rows []portal.CredentialRow, err error) {
	list, err := p.credentials(c, a.ID)
	ctx, now := c.Request.Context(), p.o.Now()
	for _, k := range list {
		kind, kid := entrance.CredentialWords(ctx, k)
		row := portal.CredentialRow{Kind: kind, KID: kid, Since: p.At(k.NotBefore.UnixMilli()), State: entrance.CredentialState(ctx, k, now)}
		if !k.NotAfter.IsZero() {
			row.Ends = i18n.Stamp(ctx, k.NotAfter.In(p.o.Zone))
		}
		if mayEnd && !entrance.CredentialOver(k, now) {
			row.End = credentialPath(k) + "/end"
			if row.Ends != "" {
				row.Keep = credentialPath(k) + "/keep"
			}
		}
		rows = append(rows, row)
	}
	return rows, err
}

// CredentialNew asks for a key or a secret of an application in the sandbox.
func (p *Portal) CredentialNew(c *gin.Context) error {
	a, err := p.sandboxed(c)
	if err != nil {
		return err
	}
	return p.showCredentialNew(c, http.StatusOK, a, portal.CredentialForm{Use: string(models.SignatureKey)})
}

func (p *Portal) showCredentialNew(c *gin.Context, status int, a partners.Application, f portal.CredentialForm) error {
	ctx := c.Request.Context()
	f.Action, f.Back = credentialsPath(a.ID), applicationPath(a.ID)
	for _, use := range entrance.CredentialUses(a.AuthMethod) {
		f.Uses = append(f.Uses, ui.Option{Value: string(use), Text: i18n.T(ctx, entrance.CredentialUseWords[use]), Chosen: string(use) == f.Use})
	}
	return web.Render(c, status, portal.CredentialNew(portal.CredentialNewPage{
		Frame: p.inWorld(c, i18n.T(ctx, i18n.CredentialNewTitle, a.Name), applicationsPath, a.Environment), Form: f,
	}))
}

// CredentialCreate registers it at once. A secret is drawn here, and shown this once.
func (p *Portal) CredentialCreate(c *gin.Context) error {
	a, err := p.sandboxed(c)
	if err != nil {
		return err
	}
	ctx, f := c.Request.Context(), portal.CredentialForm{Use: c.PostForm("kind"), Key: c.PostForm("key")}
	k, secret, wrong, err := entrance.NewCredential(a, models.CredentialUse(f.Use), &f.Key, p.o.Now(), p.o.Rand)
	if err != nil {
		return err
	}
	if wrong == nil {
		err = p.o.SelfService.AddCredential(ctx, user(c), k)
	} else {
		err = wrong.Invalid()
	}
	if err == nil && secret != "" {
		return web.Render(c, http.StatusOK, portal.Secret(portal.SecretPage{
			Frame: p.inWorld(c, i18n.T(ctx, i18n.CredentialSecretTitle, a.Name), applicationsPath, a.Environment),
			Secret: ui.SecretView{
				ID: "secret", Label: i18n.T(ctx, i18n.CredentialSecret), Value: secret, File: a.ID + "-secret.txt", Action: credentialsPath(a.ID) + "/kept",
			},
		}))
	}
	if err == nil {
		return entrance.Done(c, applicationPath(a.ID), "registered")
	}
	status, ok := p.credentialFaults(c, err, k.ID, &f)
	if !ok {
		return err
	}
	return p.showCredentialNew(c, status, a, f)
}

// credentialFaults puts what is wrong beside its fields; ok is false for an error
// that is no fault of the form's.
func (p *Portal) credentialFaults(c *gin.Context, err error, id string, f *portal.CredentialForm) (status int, ok bool) {
	ctx := c.Request.Context()
	var refusal *bankfile.Refusal
	switch {
	case errors.Is(err, selfservice.ErrCredentials):
		f.Others = []string{i18n.T(ctx, i18n.PortalCredentialsFull)}
		return http.StatusConflict, true
	case errors.Is(err, approval.ErrNothing):
		f.Others = []string{i18n.T(ctx, i18n.PortalNothing)}
		return http.StatusConflict, true
	case errors.As(err, &refusal):
		f.Faults = map[string]string{}
		for _, fault := range refusal.Faults {
			text := entrance.Sentence(ctx, errs.Message{ID: fault.Message.ID, Text: fault.Text})
			if fault.Kind == "credential" && fault.ID == id {
				f.Faults["key"] = text
			} else {
				f.Others = append(f.Others, text)
			}
		}
	case errs.FieldsOf(err) != nil:
		f.Faults = p.Words(c, errs.FieldsOf(err))
	default:
		return 0, false
	}
	return http.StatusUnprocessableEntity, true
}

// CredentialKept leads on from a secret that was shown.
func (p *Portal) CredentialKept(c *gin.Context) error {
	a, err := p.sandboxed(c)
	if err != nil {
		return err
	}
	return entrance.Done(c, applicationPath(a.ID), "registered")
}

// credential is the one that the address names, which is not over, and its application.
func (p *Portal) credential(c *gin.Context) (a partners.Application, k partners.Credential, err error) {
	if a, err = p.sandboxed(c); err != nil {
		return a, k, err
	}
	list, err := p.credentials(c, a.ID)
	if err != nil {
		return a, k, err
	}
	id := web.FromPathPart(c.Param("credential"))
	for _, k := range list {
		if k.ID == id && !entrance.CredentialOver(k, p.o.Now()) {
			return a, k, nil
		}
	}
	return a, k, errNoCredential
}

// CredentialEnding asks when a credential is to end.
func (p *Portal) CredentialEnding(c *gin.Context) error {
	a, k, err := p.credential(c)
	if err != nil {
		return err
	}
	ctx := c.Request.Context()
	kind, kid := entrance.CredentialWords(ctx, k)
	page := portal.CredentialEndPage{
		Frame: p.inWorld(c, i18n.T(ctx, i18n.PortalEndTitle, kind), applicationsPath, a.Environment), KID: kid,
		Action: credentialPath(k) + "/end", Back: applicationPath(a.ID),
	}
	for _, end := range ends {
		page.When = append(page.When, ui.Option{Value: end.word, Text: i18n.T(ctx, end.text), Chosen: end.word == "24h"})
	}
	return web.Render(c, http.StatusOK, portal.CredentialEnd(page))
}

// CredentialEnd ends it then.
func (p *Portal) CredentialEnd(c *gin.Context) error {
	a, k, err := p.credential(c)
	if err != nil {
		return err
	}
	for _, end := range ends {
		if end.word != c.PostForm("when") {
			continue
		}
		var at time.Time
		if end.after > 0 {
			at = p.o.Now().Add(end.after)
		}
		if err := p.o.SelfService.EndCredential(c.Request.Context(), user(c), k, at); err != nil {
			return err
		}
		return entrance.Done(c, applicationPath(a.ID), "ended")
	}
	return errNoEnd
}

var errNoEnd = errs.New(errs.Invalid, "no_such_end", "A credential ends now, in an hour, in a day or in a week.")

// CredentialKeep takes its end back.
func (p *Portal) CredentialKeep(c *gin.Context) error {
	a, k, err := p.credential(c)
	if err != nil {
		return err
	}
	if err := p.o.SelfService.KeepCredential(c.Request.Context(), user(c), k); err != nil && !errors.Is(err, approval.ErrNothing) {
		return err
	}
	return entrance.Done(c, applicationPath(a.ID), "kept")
}
