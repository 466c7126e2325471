package portal

import (
	"errors"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/gin-gonic/gin"

	"postern/app/approval"
	"postern/app/bankfile"
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

// adding is what a reader may add to an application.
type adding struct {
	a       partners.Application
	uses    []models.CredentialUse
	further map[models.CredentialUse]bool // one works already, so a further one is the partner's own to add
}

// addable is what the reader may add to the application that the address names: anything
// in the sandbox; in production further ones as an owner, and first ones by asking.
func (p *Portal) addable(c *gin.Context) (add adding, err error) {
	if add.a, err = p.application(c); err != nil {
		return add, err
	}
	add.further = map[models.CredentialUse]bool{}
	if add.a.Status == models.Closed {
		return add, errNoApplication
	}
	list, _, err := p.credentials(c, add.a.ID)
	rights := entrance.VisitOf(c).Rights
	for _, use := range entrance.CredentialUses(add.a.AuthMethod) {
		add.further[use] = slices.ContainsFunc(list, func(k partners.Credential) bool {
			return k.Use() == use && !models.OfTrial(k.ID) && k.LiveAt(p.o.Now())
		})
		if add.a.Environment == models.Sandbox || add.further[use] && rights.May(addsLive) || !add.further[use] && rights.May(asksProduction) {
			add.uses = append(add.uses, use)
		}
	}
	if err == nil && len(add.uses) == 0 {
		err = entrance.ErrForbidden.Because("production:keys")
	}
	return add, err
}

// next is the use to begin with: the first that nothing is registered for yet.
func (add adding) next() models.CredentialUse {
	at := slices.IndexFunc(add.uses, func(use models.CredentialUse) bool { return !add.further[use] })
	return add.uses[max(at, 0)]
}

// CredentialNew asks for a key or a secret of an application.
func (p *Portal) CredentialNew(c *gin.Context) error {
	add, err := p.addable(c)
	if err != nil {
		return err
	}
	return p.showCredentialNew(c, http.StatusOK, add, portal.CredentialForm{Use: string(add.next())}, false)
}

func (p *Portal) showCredentialNew(c *gin.Context, status int, add adding, f portal.CredentialForm, refused bool) error {
	ctx, a := c.Request.Context(), add.a
	f.Action, f.Back, f.Suite, f.Lead = credentialsPath(a.ID), applicationPath(a.ID), a.Suite, i18n.T(ctx, i18n.PortalCredentialLead)
	f.KindHelp, f.KeyHelp, _ = entrance.CredentialHelp(ctx, a.AuthMethod)
	for _, use := range add.uses {
		text := i18n.T(ctx, entrance.CredentialUseWords[use])
		if a.Environment == models.Production {
			key := i18n.PortalUseFirst
			if f.AsksReason = f.AsksReason || !add.further[use]; add.further[use] {
				key = i18n.PortalUseFurther
			}
			text = i18n.T(ctx, key, text)
		}
		f.Uses = append(f.Uses, ui.Option{Value: string(use), Text: text, Chosen: string(use) == f.Use})
	}
	if a.Environment == models.Production {
		f.Lead = i18n.T(ctx, i18n.PortalLiveLead)
		if entrance.VisitOf(c).Who.Partner.SecondMember {
			f.Lead = i18n.T(ctx, i18n.PortalLiveLeadTwo)
		}
		var err error
		if f.Verify, err = p.VerifyView(c, refused); err != nil {
			return err
		}
	}
	return web.Render(c, status, portal.CredentialNew(portal.CredentialNewPage{
		Frame: p.inWorld(c, i18n.T(ctx, i18n.CredentialNewTitle, a.Name), applicationsPath, a.Environment), Form: f,
	}))
}

// proved is Proved for what is in production; in the sandbox nobody is asked.
func (p *Portal) proved(c *gin.Context, e models.Environment) (ok, refused bool, err error) {
	if e == models.Sandbox {
		return true, false, nil
	}
	return p.Proved(c)
}

// CredentialCreate registers it, or asks for it. A secret is drawn here, and shown this
// once.
func (p *Portal) CredentialCreate(c *gin.Context) error {
	add, err := p.addable(c)
	if err != nil {
		return err
	}
	f := portal.CredentialForm{Use: c.PostForm("kind"), Key: c.PostForm("key"), Reason: strings.TrimSpace(c.PostForm("reason"))}
	if file := c.PostForm("key_file"); file != "" && strings.TrimSpace(f.Key) != "" {
		f.Faults = map[string]string{"key": i18n.T(c.Request.Context(), i18n.PortalKeyTwice)}
		return p.showCredentialNew(c, http.StatusUnprocessableEntity, add, f, false)
	} else if file != "" {
		f.Key = file
	}
	k, secret, wrong, err := entrance.NewCredential(add.a, models.CredentialUse(f.Use), &f.Key, p.o.Now(), p.o.Rand)
	if err != nil {
		return err
	}
	if wrong == nil && !slices.Contains(add.uses, models.CredentialUse(f.Use)) {
		wrong = errs.Fields{"kind": {ID: i18n.PortalNoFurther.ID()}}
	}
	if wrong != nil {
		f.Faults = p.Words(c, wrong)
		return p.showCredentialNew(c, http.StatusUnprocessableEntity, add, f, false)
	}
	ok, refused, err := p.proved(c, add.a.Environment)
	if err != nil {
		return err
	}
	if !ok {
		return p.showCredentialNew(c, http.StatusUnprocessableEntity, add, f, refused)
	}
	request, err := p.register(c, add, k, f.Reason)
	if err != nil {
		status, ok := p.credentialFaults(c, err, k.ID, &f)
		if !ok {
			return err
		}
		return p.showCredentialNew(c, status, add, f, false)
	}
	if secret != "" {
		return p.showSecret(c, add.a, secret, request)
	}
	return p.registered(c, add.a, request)
}

// register adds a credential, or asks for it: request is the number under which it
// waits, 0 once it works.
func (p *Portal) register(c *gin.Context, add adding, k partners.Credential, reason string) (request int64, err error) {
	ctx := c.Request.Context()
	if add.a.Environment == models.Sandbox || add.further[k.Use()] {
		return p.o.SelfService.AddCredential(ctx, user(c), k)
	}
	r, err := p.o.SelfService.AskCredential(ctx, user(c), k, reason)
	return r.ID, err
}

// registered leads on from a credential that works, or waits.
func (p *Portal) registered(c *gin.Context, a partners.Application, request int64) error {
	switch {
	case request != 0:
		return entrance.Done(c, requestPath(request), "asked")
	case a.Environment == models.Production:
		return entrance.Done(c, applicationPath(a.ID), "further")
	}
	return entrance.Done(c, applicationPath(a.ID), "registered")
}

func (p *Portal) showSecret(c *gin.Context, a partners.Application, secret string, request int64) error {
	ctx := c.Request.Context()
	page := portal.SecretPage{
		Frame: p.inWorld(c, i18n.T(ctx, i18n.CredentialSecretTitle, a.Name), applicationsPath, a.Environment),
		Secret: ui.SecretView{
			ID: "secret", Label: i18n.T(ctx, i18n.CredentialSecret), Value: secret, File: a.ID + "-secret.txt", Action: credentialsPath(a.ID) + "/kept",
		},
	}
	if request != 0 {
		page.Later = i18n.T(ctx, i18n.PortalSecretLater, request)
		page.Secret.Hidden = []ui.Hidden{{Name: "request", Value: strconv.FormatInt(request, 10)}}
	}
	return web.Render(c, http.StatusOK, portal.Secret(page))
}

// credentialFaults puts what is wrong beside its fields; ok is false for an error
// that is no fault of the form's.
func (p *Portal) credentialFaults(c *gin.Context, err error, id string, f *portal.CredentialForm) (status int, ok bool) {
	ctx := c.Request.Context()
	var refusal *bankfile.Refusal
	for conflict, text := range map[error]i18n.Key{
		selfservice.ErrCredentials: i18n.PortalCredentialsFull, approval.ErrNothing: i18n.PortalNothing,
		approval.ErrNotOwn: i18n.PortalNotOwn, selfservice.ErrWaiting: i18n.PortalManyWait,
	} {
		if errors.Is(err, conflict) {
			f.Others = []string{i18n.T(ctx, text)}
			return http.StatusConflict, true
		}
	}
	switch {
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
	add, err := p.addable(c)
	if err != nil {
		return err
	}
	request, _ := strconv.ParseInt(c.PostForm("request"), 10, 64) // none: it works
	return p.registered(c, add.a, request)
}
