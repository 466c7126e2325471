package entrance

import (
	"net/http"
	"strings"

	"github.com/gin-gonic/gin"

	"postern/app/errs"
	"postern/app/identity"
	"postern/app/web"
	"postern/models"
	"postern/views/entrance"
	"postern/views/i18n"
	"postern/views/ui"
)

// Account shows one's own sessions and second factors.
func (e *Entrance) Account(c *gin.Context) error {
	return e.showAccount(c, http.StatusOK, VisitOf(c).Who.Account.Email, nil, false)
}

// EmailSet sets where notices for oneself go.
func (e *Entrance) EmailSet(c *gin.Context) error {
	address := strings.TrimSpace(c.PostForm("email"))
	ok, refused, err := e.Proved(c)
	if err != nil {
		return err
	}
	if !ok {
		return e.showAccount(c, http.StatusUnprocessableEntity, address, nil, refused)
	}
	err = e.o.Identity.SetEmail(c.Request.Context(), VisitOf(c).Who, address)
	if faults := errs.FieldsOf(err); faults != nil {
		return e.showAccount(c, http.StatusUnprocessableEntity, address, e.Words(c, faults), false)
	}
	if err != nil {
		return err
	}
	return Done(c, e.o.Base+"/account", "email-set")
}

func (e *Entrance) showAccount(c *gin.Context, status int, email string, faults map[string]string, refused bool) error {
	ctx, who := c.Request.Context(), VisitOf(c).Who
	sessions, err := e.o.Identity.Sessions(ctx, who.Account.ID)
	if err != nil {
		return err
	}
	factors, codes, err := e.o.Identity.Factors(ctx, who.Account.ID)
	if err != nil {
		return err
	}

	verify, err := e.VerifyView(c, refused)
	if err != nil {
		return err
	}
	page := entrance.AccountPage{
		Room: e.room(c, i18n.T(ctx, i18n.ConsoleAccount)), Login: who.Account.Login, Name: who.Account.Name,
		Roles: e.o.Roles(c, who), CodesLeft: codes, PasswordSet: e.At(who.Account.PasswordAt), Passkeys: e.o.Identity.Passkeys(),
		Linkable: e.signOnName(c), Email: email, Faults: faults, Verify: verify,
	}
	page.Sessions = e.SessionRows(who, sessions, e.to("/account"))
	for _, f := range factors {
		page.Factors = append(page.Factors, entrance.FactorRow{
			Kind: i18n.T(ctx, factorWords[f.Kind]), Name: f.Name, Added: e.At(f.CreatedAt), Used: e.At(f.UsedAt), Never: f.UsedAt == 0,
			Manage: e.factorPath(f.ID),
		})
	}
	return web.Render(c, status, entrance.Account(page))
}

var factorWords = map[models.FactorKind]i18n.Key{
	models.TOTPFactor: i18n.ConsoleTOTP, models.PasskeyFactor: i18n.ConsolePasskey, models.OIDCFactor: i18n.ConsoleOIDC,
}

// At is a time as the screens show it.
func (e *Entrance) At(ms int64) ui.TimeView {
	return ui.TimeView{At: e.InZone(ms), Now: e.o.Now().In(e.o.Zone)}
}

// SessionRows are sessions of the account at base, as who, who may end them, sees them.
func (e *Entrance) SessionRows(who identity.Who, sessions []models.Session, base string) (rows []entrance.SessionRow) {
	for _, session := range sessions {
		rows = append(rows, entrance.SessionRow{
			Agent: Browser(session.Agent), From: session.Address, Since: e.At(session.CreatedAt), Seen: e.At(session.SeenAt),
			This: session.ID == who.Session.ID, End: base + "/sessions/" + session.ID + "/end",
		})
	}
	return rows
}

// SessionEnd ends one of one's own sessions.
func (e *Entrance) SessionEnd(c *gin.Context) error {
	who := VisitOf(c).Who
	if err := e.o.Identity.EndSession(c.Request.Context(), who, c.Param("session")); err != nil {
		return err
	}
	return Done(c, e.o.Base+"/account", "session-ended")
}
