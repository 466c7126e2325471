package console

import (
	"errors"
	"net/http"
	"time"

	"github.com/gin-gonic/gin"

	"postern/app/identity"
	"postern/app/signon"
	"postern/app/web"
	"postern/models"
	"postern/views/console"
	"postern/views/i18n"
)

// signOnName is what the staff call the bank's sign-on; empty where there is none.
func (s *Console) signOnName(c *gin.Context) string {
	if !s.o.SignOn {
		return ""
	}
	return firstOf(s.o.SignOnName, i18n.T(c.Request.Context(), i18n.ConsoleOIDC))
}

// SignOnLeave sends a browser to the bank's sign-on. Nothing is changed by that,
// so it is a link: a form would not be let off to another host by the policy.
func (s *Console) SignOnLeave(c *gin.Context) error {
	if err := s.slowQuestions(c); err != nil {
		return err
	}
	next := inside(c.Query("next"))
	to, err := s.o.Identity.LeaveToSignIn(c.Request.Context(), next)
	if why := signOnWords(err); why != (i18n.Key{}) {
		return s.showSignIn(c, web.Status(err), console.SignInPage{Next: next, Refused: i18n.T(c.Request.Context(), why)})
	}
	if err != nil {
		return err
	}

	s.o.Cookies.Set(c, challengeCookie, to.Cookie, challengeLife)
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
func (s *Console) SignOnReturn(c *gin.Context) error {
	if err := s.slowDown(c); err != nil {
		return err
	}
	back := identity.Return{
		Cookie: s.o.Cookies.Get(c, challengeCookie), State: c.Query("state"), Code: c.Query("code"), Issuer: c.Query("iss"),
	}
	s.o.Cookies.Set(c, challengeCookie, "", -time.Second)
	a, err := s.o.Identity.Arrive(c.Request.Context(), models.StaffRealm, s.session(c), back, s.client(c))
	if why := signOnWords(err); why != (i18n.Key{}) {
		s.failed(c)
		return s.nobodyIn(c, web.Status(err), i18n.T(c.Request.Context(), why))
	}
	if err != nil {
		return err
	}

	switch {
	case a.Linked:
		return done(c, "/console/account", "sign-on-linked")
	case a.Full:
		s.keep(c, a.Cookie)
		return web.SeeOther(c, inside(a.Next))
	}
	s.keep(c, a.Cookie)
	return web.SeeOther(c, "/console/second?"+nextQuery(inside(a.Next)))
}

// nobodyIn says why a sign-on came to nothing: to who is in, that nothing is linked.
func (s *Console) nobodyIn(c *gin.Context, status int, why string) error {
	if v := visitOf(c); v.in && v.who.Session.Stage == models.StageFull {
		return s.showSignOnLink(c, status, console.SignOnPage{Refused: why})
	}
	return s.showSignIn(c, status, console.SignInPage{Next: "/console", Refused: why})
}

// SignOnLink offers the way to the sign-on that is to be linked to one's account. It
// takes a form to get here: a link of somebody else's must not begin this.
func (s *Console) SignOnLink(c *gin.Context) error {
	if due, err := s.proveFirst(c, "/console/account"); due {
		return err
	}
	to, err := s.o.Identity.LeaveToLink(c.Request.Context(), models.StaffRealm, s.session(c))
	if why := signOnWords(err); why != (i18n.Key{}) {
		return s.showSignOnLink(c, web.Status(err), console.SignOnPage{Refused: i18n.T(c.Request.Context(), why)})
	}
	if err != nil {
		return err
	}

	s.o.Cookies.Set(c, challengeCookie, to.Cookie, challengeLife)
	return s.showSignOnLink(c, http.StatusOK, console.SignOnPage{Address: to.Address})
}

func (s *Console) showSignOnLink(c *gin.Context, status int, page console.SignOnPage) error {
	page.Name = s.signOnName(c)
	page.Frame = s.frame(c, i18n.T(c.Request.Context(), i18n.SignLink, page.Name), crumb(c.Request.Context(), i18n.ConsoleAccount, "/console/account"))
	return web.Render(c, status, console.SignOn(page))
}
