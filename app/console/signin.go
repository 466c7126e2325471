package console

import (
	"errors"
	"net/http"

	"github.com/gin-gonic/gin"

	"postern/app/errs"
	"postern/app/identity"
	"postern/app/web"
	"postern/models"
	"postern/views/console"
	"postern/views/i18n"
)

// errTooMany slows down who fails too often from one address.
var errTooMany = errs.New(errs.RateLimited, "too_many", "Too many failed attempts came from your address.")

// SignIn asks for login and password.
func (s *Console) SignIn(c *gin.Context) error {
	if v := visitOf(c); v.in {
		return web.SeeOther(c, s.entrance(c))
	}
	return s.showSignIn(c, http.StatusOK, console.SignInPage{Next: inside(c.Query("next"))})
}

func (s *Console) showSignIn(c *gin.Context, status int, page console.SignInPage) error {
	page.Frame, page.Passkey, page.SignOn = s.outside(c), s.o.Identity.Passkeys(), s.signOnName(c)
	return web.Render(c, status, console.SignIn(page))
}

// SignInSubmit checks them.
func (s *Console) SignInSubmit(c *gin.Context) error {
	page := console.SignInPage{Login: c.PostForm("login"), Next: inside(c.PostForm("next"))}
	if err := s.slowDown(c); err != nil {
		return err
	}

	cookie, err := s.o.Identity.SignIn(c.Request.Context(), models.StaffRealm, page.Login, c.PostForm("password"), s.client(c))
	if errors.Is(err, identity.ErrCredentials) {
		s.failed(c)
		page.Refused = i18n.T(c.Request.Context(), i18n.ConsoleRefused)
		return s.showSignIn(c, http.StatusUnauthorized, page)
	}
	if err != nil {
		return err
	}

	s.keep(c, cookie)
	return web.SeeOther(c, "/console/second?"+nextQuery(page.Next))
}

// Second asks for the second factor.
func (s *Console) Second(c *gin.Context) error {
	return s.showSecond(c, http.StatusOK, console.SecondPage{Next: inside(c.Query("next"))})
}

func (s *Console) showSecond(c *gin.Context, status int, page console.SecondPage) (err error) {
	a := visitOf(c).who.Account
	page.Frame, page.Name = s.outside(c), a.Name
	if page.Passkey, err = s.hasPasskey(c, a); err != nil {
		return err
	}
	return web.Render(c, status, console.Second(page))
}

// SecondSubmit checks it.
func (s *Console) SecondSubmit(c *gin.Context) error {
	page := console.SecondPage{Next: inside(c.PostForm("next"))}
	if err := s.slowDown(c); err != nil {
		return err
	}

	cookie, err := s.o.Identity.Second(c.Request.Context(), models.StaffRealm, s.session(c), c.PostForm("code"), s.client(c))
	if errors.Is(err, identity.ErrCredentials) {
		s.failed(c)
		page.Refused = i18n.T(c.Request.Context(), i18n.ConsoleCodeRefused)
		return s.showSecond(c, http.StatusUnauthorized, page)
	}
	if err != nil {
		return err
	}

	s.keep(c, cookie)
	return web.SeeOther(c, page.Next)
}

// SignOut ends the session; one that is over already is no fault.
func (s *Console) SignOut(c *gin.Context) error {
	if v := visitOf(c); v.in {
		if err := s.o.Identity.SignOut(c.Request.Context(), v.who); err != nil {
			return err
		}
	}
	s.forget(c)
	return web.SeeOther(c, "/console/sign-in")
}

func (s *Console) slowDown(c *gin.Context) error {
	if blocked, retry := s.o.Failures.Blocked(web.ClientAddress(c), s.o.Now()); blocked {
		return errTooMany.With(errs.Help{RetryAfter: retry})
	}
	return nil
}

func (s *Console) failed(c *gin.Context) { s.o.Failures.Fail(web.ClientAddress(c), s.o.Now()) }
