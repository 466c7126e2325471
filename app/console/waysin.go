package console

import (
	"net/http"

	"github.com/gin-gonic/gin"

	"postern/app/errs"
	"postern/app/identity"
	"postern/app/web"
	"postern/models"
	"postern/views/console"
	"postern/views/i18n"
	"postern/views/layout"
)

// accountFrame is the frame of a page below one's own account.
func (s *Console) accountFrame(c *gin.Context, title i18n.Key) layout.ConsoleLayout {
	ctx := c.Request.Context()
	return s.frame(c, i18n.T(ctx, title), crumb(ctx, i18n.ConsoleAccount, "/console/account"))
}

// Password asks for a new password.
func (s *Console) Password(c *gin.Context) error { return s.showPassword(c, http.StatusOK, nil, false) }

func (s *Console) showPassword(c *gin.Context, status int, faults map[string]string, refused bool) error {
	verify, err := s.verifyView(c, refused)
	if err != nil {
		return err
	}
	return web.Render(c, status, console.PasswordChange(console.PasswordPage{
		Frame: s.accountFrame(c, i18n.SignChangePassword), Faults: faults, Verify: verify,
	}))
}

// PasswordSubmit changes it.
func (s *Console) PasswordSubmit(c *gin.Context) error {
	ok, refused, err := s.proved(c)
	if err != nil {
		return err
	}
	if !ok {
		return s.showPassword(c, http.StatusUnprocessableEntity, nil, refused)
	}
	if err := s.slowDown(c); err != nil {
		return err
	}

	cookie, err := s.o.Identity.ChangePassword(c.Request.Context(), visitOf(c).who, s.session(c), identity.NewPassword{
		Old: c.PostForm("old"), Password: c.PostForm("password"), Again: c.PostForm("again"),
	}, s.client(c))
	if faults := errs.FieldsOf(err); faults != nil {
		if _, wrong := faults["old"]; wrong {
			s.failed(c)
		}
		return s.showPassword(c, http.StatusUnprocessableEntity, s.words(c, faults), false)
	}
	if err != nil {
		return err
	}

	s.keep(c, cookie)
	return done(c, "/console/account", "password-changed")
}

// AuthenticatorNew shows a seed for one more authenticator.
func (s *Console) AuthenticatorNew(c *gin.Context) error {
	if due, err := s.proveFirst(c, "/console/account/authenticators/new"); due {
		return err
	}
	return s.showAuthenticatorNew(c, http.StatusOK, i18n.T(c.Request.Context(), i18n.ConsoleTOTP), nil)
}

func (s *Console) showAuthenticatorNew(c *gin.Context, status int, name string, faults map[string]string) error {
	seed, err := s.o.Identity.OfferTOTP(c.Request.Context(), models.StaffRealm, s.session(c))
	if err != nil {
		return err
	}
	picture, err := qrCode(seed.URL)
	if err != nil {
		return err
	}
	return web.Render(c, status, console.AuthenticatorNew(console.SeedPage{
		Frame: s.accountFrame(c, i18n.SignAddTOTP), Picture: picture, Secret: seed.Secret, Name: name, Faults: faults,
	}))
}

// AuthenticatorAdd adds it.
func (s *Console) AuthenticatorAdd(c *gin.Context) error {
	if due, err := s.proveFirst(c, "/console/account/authenticators/new"); due {
		return err
	}
	name := c.PostForm("name")
	err := s.o.Identity.AddTOTP(c.Request.Context(), models.StaffRealm, s.session(c), name, c.PostForm("code"))
	if faults := errs.FieldsOf(err); faults != nil {
		return s.showAuthenticatorNew(c, http.StatusUnprocessableEntity, name, s.words(c, faults))
	}
	if err != nil {
		return err
	}
	return done(c, "/console/account", "authenticator-added")
}

// Factor shows one of one's own factors.
func (s *Console) Factor(c *gin.Context) error {
	return s.showFactor(c, http.StatusOK, nil, nil, false)
}

func (s *Console) showFactor(c *gin.Context, status int, typed *string, faults map[string]string, refused bool) error {
	ctx := c.Request.Context()
	factors, _, err := s.o.Identity.Factors(ctx, visitOf(c).who.Account.ID)
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
	verify, err := s.verifyView(c, refused)
	if err != nil {
		return err
	}

	kind := i18n.T(ctx, factorWords[shown.Kind])
	page := console.FactorPage{
		Frame: s.frame(c, firstOf(shown.Name, kind), crumb(ctx, i18n.ConsoleAccount, "/console/account")), Kind: kind, Name: shown.Name,
		Action: factorPath(shown.ID), Last: shown.Second() && others == 0, Faults: faults, Verify: verify,
	}
	if typed != nil {
		page.Name = *typed
	}
	return web.Render(c, status, console.Factor(page))
}

func factorPath(id string) string { return "/console/account/factors/" + id }

// FactorRename gives it another name.
func (s *Console) FactorRename(c *gin.Context) error {
	name := c.PostForm("name")
	err := s.o.Identity.RenameFactor(c.Request.Context(), models.StaffRealm, s.session(c), c.Param("factor"), name)
	if faults := errs.FieldsOf(err); faults != nil {
		return s.showFactor(c, http.StatusUnprocessableEntity, &name, s.words(c, faults), false)
	}
	if err != nil {
		return err
	}
	return done(c, "/console/account", "factor-renamed")
}

// FactorRemove removes it.
func (s *Console) FactorRemove(c *gin.Context) error {
	ok, refused, err := s.proved(c)
	if err != nil {
		return err
	}
	if !ok {
		return s.showFactor(c, http.StatusUnprocessableEntity, nil, nil, refused)
	}
	if err := s.o.Identity.RemoveFactor(c.Request.Context(), models.StaffRealm, s.session(c), c.Param("factor")); err != nil {
		return err
	}
	return done(c, "/console/account", "factor-removed")
}

// RecoveryCodes offers new recovery codes.
func (s *Console) RecoveryCodes(c *gin.Context) error {
	return s.showRecovery(c, http.StatusOK, nil, false)
}

func (s *Console) showRecovery(c *gin.Context, status int, codes []string, refused bool) error {
	verify, err := s.verifyView(c, refused)
	if err != nil {
		return err
	}
	return web.Render(c, status, console.RecoveryCodes(console.CodesPage{
		Frame: s.accountFrame(c, i18n.SignRecoveryCodes), Verify: verify, Codes: codes,
	}))
}

// RecoveryCodesMake makes them, and shows them this once.
func (s *Console) RecoveryCodesMake(c *gin.Context) error {
	ok, refused, err := s.proved(c)
	if err != nil {
		return err
	}
	if !ok {
		return s.showRecovery(c, http.StatusUnprocessableEntity, nil, refused)
	}
	codes, err := s.o.Identity.RenewRecovery(c.Request.Context(), models.StaffRealm, s.session(c))
	if err != nil {
		return err
	}
	return s.showRecovery(c, http.StatusOK, codes, false)
}

// RecoveryCodesDone leads back, once they are kept.
func (s *Console) RecoveryCodesDone(c *gin.Context) error {
	return done(c, "/console/account", "recovery-made")
}
