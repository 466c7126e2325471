package entrance

import (
	"cmp"
	"net/http"

	"github.com/gin-gonic/gin"

	"postern/app/errs"
	"postern/app/identity"
	"postern/app/web"
	"postern/models"
	"postern/views/entrance"
	"postern/views/i18n"
)

// Password asks for a new password.
func (e *Entrance) Password(c *gin.Context) error {
	return e.showPassword(c, http.StatusOK, nil, false)
}

func (e *Entrance) showPassword(c *gin.Context, status int, faults map[string]string, refused bool) error {
	verify, err := e.VerifyView(c, refused)
	if err != nil {
		return err
	}
	return web.Render(c, status, entrance.PasswordChange(entrance.PasswordPage{
		Room: e.accountRoom(c, i18n.T(c.Request.Context(), i18n.SignChangePassword)), Faults: faults, Verify: verify,
	}))
}

// PasswordSubmit changes it.
func (e *Entrance) PasswordSubmit(c *gin.Context) error {
	ok, refused, err := e.Proved(c)
	if err != nil {
		return err
	}
	if !ok {
		return e.showPassword(c, http.StatusUnprocessableEntity, nil, refused)
	}
	if err := e.slowDown(c); err != nil {
		return err
	}

	cookie, err := e.o.Identity.ChangePassword(c.Request.Context(), VisitOf(c).Who, e.session(c), identity.NewPassword{
		Old: c.PostForm("old"), Password: c.PostForm("password"), Again: c.PostForm("again"),
	}, e.client(c))
	if faults := errs.FieldsOf(err); faults != nil {
		if _, wrong := faults["old"]; wrong {
			e.failed(c)
		}
		return e.showPassword(c, http.StatusUnprocessableEntity, e.Words(c, faults), false)
	}
	if err != nil {
		return err
	}

	e.keep(c, cookie)
	return Done(c, e.o.Base+"/account", "password-changed")
}

// AuthenticatorNew shows a seed for one more authenticator.
func (e *Entrance) AuthenticatorNew(c *gin.Context) error {
	if due, err := e.ProveFirst(c, e.to("/account/authenticators/new")); due {
		return err
	}
	return e.showAuthenticatorNew(c, http.StatusOK, i18n.T(c.Request.Context(), i18n.ConsoleTOTP), nil)
}

func (e *Entrance) showAuthenticatorNew(c *gin.Context, status int, name string, faults map[string]string) error {
	seed, err := e.o.Identity.OfferTOTP(c.Request.Context(), e.o.Realm, e.session(c))
	if err != nil {
		return err
	}
	picture, err := qrCode(seed.URL)
	if err != nil {
		return err
	}
	return web.Render(c, status, entrance.AuthenticatorNew(entrance.SeedPage{
		Room: e.accountRoom(c, i18n.T(c.Request.Context(), i18n.SignAddTOTP)), Picture: picture, Secret: seed.Secret, Name: name, Faults: faults,
	}))
}

// AuthenticatorAdd adds it.
func (e *Entrance) AuthenticatorAdd(c *gin.Context) error {
	if due, err := e.ProveFirst(c, e.to("/account/authenticators/new")); due {
		return err
	}
	name := c.PostForm("name")
	err := e.o.Identity.AddTOTP(c.Request.Context(), e.o.Realm, e.session(c), name, c.PostForm("code"))
	if faults := errs.FieldsOf(err); faults != nil {
		return e.showAuthenticatorNew(c, http.StatusUnprocessableEntity, name, e.Words(c, faults))
	}
	if err != nil {
		return err
	}
	return Done(c, e.o.Base+"/account", "authenticator-added")
}

// Factor shows one of one's own factors.
func (e *Entrance) Factor(c *gin.Context) error {
	return e.showFactor(c, http.StatusOK, nil, nil, false)
}

func (e *Entrance) showFactor(c *gin.Context, status int, typed *string, faults map[string]string, refused bool) error {
	ctx := c.Request.Context()
	factors, _, err := e.o.Identity.Factors(ctx, VisitOf(c).Who.Account.ID)
	if err != nil {
		return err
	}
	var shown models.Factor
	others := 0
	for _, f := range factors {
		switch {
		case f.ID == c.Param("factor"):
			shown = f
		case f.Second():
			others++
		}
	}
	if shown.ID == "" {
		return identity.ErrNoFactor
	}
	verify, err := e.VerifyView(c, refused)
	if err != nil {
		return err
	}

	kind := i18n.T(ctx, factorWords[shown.Kind])
	page := entrance.FactorPage{
		Room: e.accountRoom(c, cmp.Or(shown.Name, kind)), Kind: kind, Name: shown.Name,
		Action: e.factorPath(shown.ID), Last: shown.Second() && others == 0, Faults: faults, Verify: verify,
	}
	if typed != nil {
		page.Name = *typed
	}
	return web.Render(c, status, entrance.Factor(page))
}

func (e *Entrance) factorPath(id string) string { return e.to("/account/factors/") + id }

// FactorRename gives it another name.
func (e *Entrance) FactorRename(c *gin.Context) error {
	name := c.PostForm("name")
	err := e.o.Identity.RenameFactor(c.Request.Context(), e.o.Realm, e.session(c), c.Param("factor"), name)
	if faults := errs.FieldsOf(err); faults != nil {
		return e.showFactor(c, http.StatusUnprocessableEntity, &name, e.Words(c, faults), false)
	}
	if err != nil {
		return err
	}
	return Done(c, e.o.Base+"/account", "factor-renamed")
}

// FactorRemove removes it.
func (e *Entrance) FactorRemove(c *gin.Context) error {
	ok, refused, err := e.Proved(c)
	if err != nil {
		return err
	}
	if !ok {
		return e.showFactor(c, http.StatusUnprocessableEntity, nil, nil, refused)
	}
	if err := e.o.Identity.RemoveFactor(c.Request.Context(), e.o.Realm, e.session(c), c.Param("factor")); err != nil {
		return err
	}
	return Done(c, e.o.Base+"/account", "factor-removed")
}

// RecoveryCodes offers new recovery codes.
func (e *Entrance) RecoveryCodes(c *gin.Context) error {
	return e.showRecovery(c, http.StatusOK, nil, false)
}

func (e *Entrance) showRecovery(c *gin.Context, status int, codes []string, refused bool) error {
	verify, err := e.VerifyView(c, refused)
	if err != nil {
		return err
	}
	return web.Render(c, status, entrance.RecoveryCodes(entrance.CodesPage{
		Room: e.accountRoom(c, i18n.T(c.Request.Context(), i18n.SignRecoveryCodes)), Verify: verify, Codes: codes,
	}))
}

// RecoveryCodesMake makes them, and shows them this once.
func (e *Entrance) RecoveryCodesMake(c *gin.Context) error {
	ok, refused, err := e.Proved(c)
	if err != nil {
		return err
	}
	if !ok {
		return e.showRecovery(c, http.StatusUnprocessableEntity, nil, refused)
	}
	codes, err := e.o.Identity.RenewRecovery(c.Request.Context(), e.o.Realm, e.session(c))
	if err != nil {
		return err
	}
	return e.showRecovery(c, http.StatusOK, codes, false)
}

// RecoveryCodesDone leads back, once they are kept.
func (e *Entrance) RecoveryCodesDone(c *gin.Context) error {
	return Done(c, e.o.Base+"/account", "recovery-made")
}
