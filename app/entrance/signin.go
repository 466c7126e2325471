package entrance

import (
	"errors"
	"net/http"

	"github.com/gin-gonic/gin"

	"postern/app/errs"
	"postern/app/identity"
	"postern/app/web"
	"postern/views/entrance"
	"postern/views/i18n"
)

// errTooMany slows down who fails too often from one address.
var errTooMany = errs.New(errs.RateLimited, "too_many", "Too many failed attempts came from your address.")

// SignIn asks for login and password.
func (e *Entrance) SignIn(c *gin.Context) error {
	if v := VisitOf(c); v.In {
		return web.SeeOther(c, e.next(c))
	}
	return e.showSignIn(c, http.StatusOK, entrance.SignInPage{Next: e.Inside(c.Query("next"))})
}

func (e *Entrance) showSignIn(c *gin.Context, status int, page entrance.SignInPage) error {
	page.Frame, page.Passkey, page.SignOn = e.outside(c), e.o.Identity.Passkeys(), e.signOnName(c)
	return web.Render(c, status, entrance.SignIn(page))
}

// SignInSubmit checks them.
func (e *Entrance) SignInSubmit(c *gin.Context) error {
	page := entrance.SignInPage{Login: c.PostForm("login"), Next: e.Inside(c.PostForm("next"))}
	if err := e.slowDown(c); err != nil {
		return err
	}

	cookie, err := e.o.Identity.SignIn(c.Request.Context(), e.o.Realm, page.Login, c.PostForm("password"), e.client(c))
	if errors.Is(err, identity.ErrCredentials) {
		e.failed(c)
		page.Refused = i18n.T(c.Request.Context(), i18n.ConsoleRefused)
		return e.showSignIn(c, http.StatusUnauthorized, page)
	}
	if err != nil {
		return err
	}

	e.keep(c, cookie)
	return web.SeeOther(c, e.to("/second?")+nextQuery(page.Next))
}

// Second asks for the second factor.
func (e *Entrance) Second(c *gin.Context) error {
	return e.showSecond(c, http.StatusOK, entrance.SecondPage{Next: e.Inside(c.Query("next"))})
}

func (e *Entrance) showSecond(c *gin.Context, status int, page entrance.SecondPage) (err error) {
	a := VisitOf(c).Who.Account
	page.Frame, page.Name = e.outside(c), a.Name
	if page.Passkey, err = e.hasPasskey(c, a); err != nil {
		return err
	}
	return web.Render(c, status, entrance.Second(page))
}

// SecondSubmit checks it.
func (e *Entrance) SecondSubmit(c *gin.Context) error {
	page := entrance.SecondPage{Next: e.Inside(c.PostForm("next"))}
	if err := e.slowDown(c); err != nil {
		return err
	}

	cookie, err := e.o.Identity.Second(c.Request.Context(), e.o.Realm, e.session(c), c.PostForm("code"), e.client(c))
	if errors.Is(err, identity.ErrCredentials) {
		e.failed(c)
		page.Refused = i18n.T(c.Request.Context(), i18n.ConsoleCodeRefused)
		return e.showSecond(c, http.StatusUnauthorized, page)
	}
	if err != nil {
		return err
	}

	e.keep(c, cookie)
	return web.SeeOther(c, page.Next)
}

// SignOut ends the session; one that is over already is no fault.
func (e *Entrance) SignOut(c *gin.Context) error {
	if v := VisitOf(c); v.In {
		if err := e.o.Identity.SignOut(c.Request.Context(), v.Who); err != nil {
			return err
		}
	}
	e.forget(c)
	return web.SeeOther(c, e.to("/sign-in"))
}

func (e *Entrance) slowDown(c *gin.Context) error {
	if blocked, retry := e.o.Failures.Blocked(web.ClientAddress(c), e.o.Now()); blocked {
		return errTooMany.With(errs.Help{RetryAfter: retry})
	}
	return nil
}

func (e *Entrance) failed(c *gin.Context) { e.o.Failures.Fail(web.ClientAddress(c), e.o.Now()) }
