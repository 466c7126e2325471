package portal

import (
	"context"
	"errors"
	"net/http"
	"time"

	"github.com/gin-gonic/gin"

	"postern/app/approval"
	"postern/app/entrance"
	"postern/app/errs"
	"postern/app/partners"
	"postern/app/selfservice"
	"postern/app/web"
	"postern/models"
	"postern/views/i18n"
	"postern/views/portal"
	"postern/views/ui"
)

// ends are the times after which a form ends a credential, by their word in the
// form. None is at once and for good.
var ends = []struct {
	word  string
	after time.Duration
	text  i18n.Key
}{
	{"now", 0, i18n.PortalEndNow}, {"1h", time.Hour, i18n.PortalEndHour}, {"24h", 24 * time.Hour, i18n.PortalEndDay}, {"7d", 7 * 24 * time.Hour, i18n.PortalEndWeek},
}

var errNoEnd = errs.New(errs.Invalid, "no_such_end", "A credential ends now, in an hour, in a day or in a week.")

// settable is the credential that the address names, which is not over, for a reader who
// may narrow it or, where widens, open more by it.
func (p *Portal) settable(c *gin.Context, widens bool) (a partners.Application, k partners.Credential, err error) {
	a, k, _, err = p.credential(c)
	if err == nil && (a.Status == models.Closed || entrance.CredentialOver(k, p.o.Now())) {
		err = errNoCredential
	}
	if err != nil {
		return a, k, err
	}
	switch narrow, widen := maySet(c, a); {
	case widens && !widen:
		return a, k, entrance.ErrForbidden.Because("production:keys")
	case !narrow:
		return a, k, entrance.ErrForbidden.Because("production:stop")
	}
	return a, k, nil
}

// last says what stops once a credential is gone from at on; empty where something else
// of its use works then.
func (p *Portal) last(c *gin.Context, a partners.Application, k partners.Credential, at time.Time) (text string, err error) {
	list, _, err := p.credentials(c, a.ID)
	if err != nil || !k.LastOf(list, p.o.Now(), at) {
		return "", err
	}
	key := i18n.PortalLastSignature
	if k.Use() == models.EncryptionKey {
		key = i18n.PortalLastEncryption
	}
	return i18n.T(c.Request.Context(), key, a.Name), nil
}

// CredentialEnding asks when a credential is to end.
func (p *Portal) CredentialEnding(c *gin.Context) error {
	a, k, err := p.settable(c, false)
	if err != nil {
		return err
	}
	return p.showEnding(c, http.StatusOK, a, k, portal.CredentialEndPage{Chosen: "24h"})
}

func (p *Portal) showEnding(c *gin.Context, status int, a partners.Application, k partners.Credential, page portal.CredentialEndPage) (err error) {
	ctx := c.Request.Context()
	kind, kid := entrance.CredentialWords(ctx, k)
	page.Frame, page.KID = p.inWorld(c, i18n.T(ctx, i18n.PortalEndTitle, kind), applicationsPath, a.Environment), kid
	page.Action, page.Back = credentialPath(k)+"/end", credentialPath(k)
	for _, end := range ends {
		page.When = append(page.When, ui.Option{Value: end.word, Text: i18n.T(ctx, end.text), Chosen: end.word == page.Chosen})
		if page.Last == "" { // whichever end comes after all others
			if page.Last, err = p.last(c, a, k, p.o.Now().Add(end.after)); err != nil {
				return err
			}
		}
	}
	if a.Environment == models.Production {
		if page.Verify, err = p.VerifyView(c, page.Refused); err != nil {
			return err
		}
	}
	return web.Render(c, status, portal.CredentialEnd(page))
}

// CredentialEnd ends it then.
func (p *Portal) CredentialEnd(c *gin.Context) error {
	a, k, err := p.settable(c, false)
	if err != nil {
		return err
	}
	page := portal.CredentialEndPage{Chosen: c.PostForm("when"), Anyway: c.PostForm("anyway") == "yes"}
	for _, end := range ends {
		if end.word != page.Chosen {
			continue
		}
		var at time.Time
		if end.after > 0 {
			at = p.o.Now().Add(end.after)
		}
		ok, refused, err := p.proved(c, a.Environment)
		if err != nil {
			return err
		}
		if page.Refused = refused; !ok {
			return p.showEnding(c, http.StatusUnprocessableEntity, a, k, page)
		}
		err = p.o.SelfService.EndCredential(c.Request.Context(), user(c), k, at, selfservice.Anyway(page.Anyway))
		if errors.Is(err, selfservice.ErrLast) {
			page.Fault = i18n.T(c.Request.Context(), i18n.PortalLastConfirm)
			return p.showEnding(c, http.StatusConflict, a, k, page)
		}
		if err != nil {
			return err
		}
		return entrance.Done(c, credentialPath(k), "ended")
	}
	return errNoEnd
}

// CredentialFreezing asks whether a credential is to rest.
func (p *Portal) CredentialFreezing(c *gin.Context) error {
	a, k, err := p.settable(c, false)
	if err != nil {
		return err
	}
	return p.showFreezing(c, http.StatusOK, a, k, portal.CredentialFreezePage{})
}

func (p *Portal) showFreezing(c *gin.Context, status int, a partners.Application, k partners.Credential, page portal.CredentialFreezePage) (err error) {
	ctx := c.Request.Context()
	kind, kid := entrance.CredentialWords(ctx, k)
	page.Frame, page.KID = p.inWorld(c, i18n.T(ctx, i18n.PortalFreezeTitle, kind), applicationsPath, a.Environment), kid
	page.Action, page.Back = credentialPath(k)+"/freeze", credentialPath(k)
	if page.Last, err = p.last(c, a, k, p.o.Now()); err != nil {
		return err
	}
	return web.Render(c, status, portal.CredentialFreeze(page))
}

// CredentialFreeze lets it rest. Nobody is asked for a proof: it stops, and must be quick.
func (p *Portal) CredentialFreeze(c *gin.Context) error {
	a, k, err := p.settable(c, false)
	if err != nil {
		return err
	}
	page := portal.CredentialFreezePage{Anyway: c.PostForm("anyway") == "yes"}
	err = p.o.SelfService.FreezeCredential(c.Request.Context(), user(c), k, selfservice.Anyway(page.Anyway))
	if errors.Is(err, selfservice.ErrLast) {
		page.Fault = i18n.T(c.Request.Context(), i18n.PortalLastConfirm)
		return p.showFreezing(c, http.StatusConflict, a, k, page)
	}
	if err != nil && !errors.Is(err, approval.ErrNothing) {
		return err
	}
	return entrance.Done(c, credentialPath(k), "frozen")
}

// CredentialKeep takes an end back that the partner has set.
func (p *Portal) CredentialKeep(c *gin.Context) error {
	return p.open(c, "kept", p.o.SelfService.KeepCredential)
}

// CredentialThaw has a credential work again.
func (p *Portal) CredentialThaw(c *gin.Context) error {
	return p.open(c, "thawed", p.o.SelfService.ThawCredential)
}

// open has more be open by a credential, at once or once a second member agrees.
func (p *Portal) open(c *gin.Context, done string, change func(context.Context, selfservice.User, partners.Credential) (int64, error)) error {
	a, k, err := p.settable(c, true)
	if err != nil {
		return err
	}
	if a.Environment == models.Production {
		if due, err := p.ProveFirst(c, credentialPath(k)); due || err != nil {
			return err
		}
	}
	request, err := change(c.Request.Context(), user(c), k)
	switch {
	case err != nil && !errors.Is(err, approval.ErrNothing):
		return err
	case request != 0:
		return entrance.Done(c, requestPath(request), "waits")
	}
	return entrance.Done(c, credentialPath(k), done)
}
