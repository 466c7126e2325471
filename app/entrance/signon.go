package entrance

import (
	"cmp"
	"errors"
	"net/http"
	"time"

	"github.com/gin-gonic/gin"

	"postern/app/identity"
	"postern/app/signon"
	"postern/app/web"
	"postern/models"
	"postern/views/entrance"
	"postern/views/i18n"
)

// signOnName is what the staff call the bank's sign-on; empty where there is none.
func (e *Entrance) signOnName(c *gin.Context) string {
	if !e.o.SignOn {
		return ""
	}
	return cmp.Or(e.o.SignOnName, i18n.T(c.Request.Context(), i18n.ConsoleOIDC))
}

// SignOnLeave sends a browser to the bank's sign-on. Nothing is changed by that,
// so it is a link: a form would not be let off to another host by the policy.
func (e *Entrance) SignOnLeave(c *gin.Context) error {
	if err := e.slowQuestions(c); err != nil {
		return err
	}
	next := e.Inside(c.Query("next"))
	to, err := e.o.Identity.LeaveToSignIn(c.Request.Context(), next)
	if why := signOnWords(err); why != (i18n.Key{}) {
		return e.showSignIn(c, web.Status(err), entrance.SignInPage{Next: next, Refused: i18n.T(c.Request.Context(), why)})
	}
	if err != nil {
		return err
	}

	e.o.Cookies.Set(c, e.cookie("-challenge"), to.Cookie, challengeLife)
	c.Redirect(http.StatusSeeOther, to.Address)
	return nil
}

// signOnWords says what came of a sign-on that let nobody in; none for another error.
func signOnWords(err error) i18n.Key {
	switch {
	case errors.Is(err, signon.ErrUnreachable):
		return i18n.SignOnUnreachable
	case errors.Is(err, signon.ErrRefused), errors.Is(err, identity.ErrChallenge):
		return i18n.SignOnRefused
	case errors.Is(err, identity.ErrUnlinked):
		return i18n.SignOnUnlinked
	}
	return i18n.Key{}
}

// SignOnReturn takes in a browser that comes back.
func (e *Entrance) SignOnReturn(c *gin.Context) error {
	if err := e.slowDown(c); err != nil {
		return err
	}
	back := identity.Return{
		Cookie: e.o.Cookies.Get(c, e.cookie("-challenge")), State: c.Query("state"), Code: c.Query("code"), Issuer: c.Query("iss"),
	}
	e.o.Cookies.Set(c, e.cookie("-challenge"), "", -time.Second)
	a, err := e.o.Identity.Arrive(c.Request.Context(), e.o.Realm, e.session(c), back, e.client(c))
	if why := signOnWords(err); why != (i18n.Key{}) {
		e.failed(c)
		return e.nobodyIn(c, web.Status(err), i18n.T(c.Request.Context(), why))
	}
	if err != nil {
		return err
	}

	switch {
	case a.Linked:
		return Done(c, e.o.Base+"/account", "sign-on-linked")
	case a.Full:
		e.keep(c, a.Cookie)
		return web.SeeOther(c, e.Inside(a.Next))
	}
	e.keep(c, a.Cookie)
	return web.SeeOther(c, e.to("/second?")+nextQuery(e.Inside(a.Next)))
}

// nobodyIn says why a sign-on came to nothing: to who is in, that nothing is linked.
func (e *Entrance) nobodyIn(c *gin.Context, status int, why string) error {
	if v := VisitOf(c); v.In && v.Who.Session.Stage == models.StageFull {
		return e.showSignOnLink(c, status, entrance.SignOnPage{Refused: why})
	}
	return e.showSignIn(c, status, entrance.SignInPage{Next: e.o.Base, Refused: why})
}

// SignOnLink offers the way to the sign-on that is to be linked to one's account. It
// takes a form to get here: a link of somebody else's must not begin this.
func (e *Entrance) SignOnLink(c *gin.Context) error {
	if due, err := e.ProveFirst(c, e.to("/account")); due {
		return err
	}
	to, err := e.o.Identity.LeaveToLink(c.Request.Context(), e.o.Realm, e.session(c))
	if why := signOnWords(err); why != (i18n.Key{}) {
		return e.showSignOnLink(c, web.Status(err), entrance.SignOnPage{Refused: i18n.T(c.Request.Context(), why)})
	}
	if err != nil {
		return err
	}

	e.o.Cookies.Set(c, e.cookie("-challenge"), to.Cookie, challengeLife)
	return e.showSignOnLink(c, http.StatusOK, entrance.SignOnPage{Address: to.Address})
}

func (e *Entrance) showSignOnLink(c *gin.Context, status int, page entrance.SignOnPage) error {
	page.Name = e.signOnName(c)
	page.Room = e.accountRoom(c, i18n.T(c.Request.Context(), i18n.SignLink, page.Name))
	return web.Render(c, status, entrance.SignOn(page))
}
