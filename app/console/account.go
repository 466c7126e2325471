package console

import (
	"net/http"
	"strings"

	"github.com/gin-gonic/gin"

	"postern/app/errs"
	"postern/app/web"
	"postern/models"
	"postern/views/console"
	"postern/views/i18n"
	"postern/views/ui"
)

// Account shows one's own sessions and second factors.
func (s *Console) Account(c *gin.Context) error {
	return s.showAccount(c, http.StatusOK, visitOf(c).who.Account.Email, nil)
}

// EmailSet sets where notices for oneself go.
func (s *Console) EmailSet(c *gin.Context) error {
	address := strings.TrimSpace(c.PostForm("email"))
	err := s.o.Identity.SetEmail(c.Request.Context(), visitOf(c).who, address)
	if faults := errs.FieldsOf(err); faults != nil {
		return s.showAccount(c, http.StatusUnprocessableEntity, address, s.words(c, faults))
	}
	if err != nil {
		return err
	}
	return done(c, "/console/account", "email-set")
}

func (s *Console) showAccount(c *gin.Context, status int, email string, faults map[string]string) error {
	ctx, who := c.Request.Context(), visitOf(c).who
	sessions, err := s.o.Identity.Sessions(ctx, who.Account.ID)
	if err != nil {
		return err
	}
	factors, codes, err := s.o.Identity.Factors(ctx, who.Account.ID)
	if err != nil {
		return err
	}

	page := console.AccountPage{
		Frame: s.frame(c, i18n.T(ctx, i18n.ConsoleAccount)), Login: who.Account.Login, Name: who.Account.Name,
		Roles: roleNames(c, who.Roles), CodesLeft: codes, PasswordSet: s.at(who.Account.PasswordAt), Passkeys: s.o.Identity.Passkeys(),
		Linkable: s.signOnName(c), Email: email, Faults: faults,
	}
	for _, session := range sessions {
		page.Sessions = append(page.Sessions, console.SessionRow{
			Agent: browser(session.Agent), From: session.Address, Since: s.at(session.CreatedAt), Seen: s.at(session.SeenAt),
			This: session.ID == who.Session.ID, End: "/console/account/sessions/" + session.ID + "/end",
		})
	}
	for _, f := range factors {
		page.Factors = append(page.Factors, console.FactorRow{
			Kind: i18n.T(ctx, factorWords[f.Kind]), Name: f.Name, Added: s.at(f.CreatedAt), Used: s.at(f.UsedAt), Never: f.UsedAt == 0,
			Manage: factorPath(f.ID),
		})
	}
	return web.Render(c, status, console.Account(page))
}

var factorWords = map[models.FactorKind]i18n.Key{
	models.TOTPFactor: i18n.ConsoleTOTP, models.PasskeyFactor: i18n.ConsolePasskey, models.OIDCFactor: i18n.ConsoleOIDC,
}

// at is a time as the screens show it.
func (s *Console) at(ms int64) ui.TimeView {
	return ui.TimeView{At: s.inZone(ms), Now: s.o.Now().In(s.o.Zone)}
}

// SessionEnd ends one of one's own sessions.
func (s *Console) SessionEnd(c *gin.Context) error {
	who := visitOf(c).who
	if err := s.o.Identity.EndSession(c.Request.Context(), who, who.Account, c.Param("session")); err != nil {
		return err
	}
	return done(c, "/console/account", "session-ended")
}
