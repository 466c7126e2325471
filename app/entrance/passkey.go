package entrance

import (
	"errors"
	"net/http"
	"time"

	"github.com/gin-gonic/gin"

	"postern/app/errs"
	"postern/app/identity"
	"postern/app/web"
	"postern/views/entrance"
	"postern/views/i18n"
)

// challengeLife is that of the cookie that the answer to a question has to come with.
const challengeLife = 5 * time.Minute

// PasskeyAsk asks for a passkey of whoever wants to come in: JSON, for the script.
func (e *Entrance) PasskeyAsk(c *gin.Context) error {
	if err := e.slowQuestions(c); err != nil {
		return err
	}
	return e.pose(c, func() (identity.Ceremony, error) { return e.o.Identity.AskPasskey(c.Request.Context()) })
}

// slowQuestions bounds how many rows an address can have made that has said
// nothing about itself.
func (e *Entrance) slowQuestions(c *gin.Context) error {
	now := e.o.Now()
	if blocked, retry := e.o.Questions.Blocked(web.ClientAddress(c), now); blocked {
		return errTooMany.With(errs.Help{RetryAfter: retry})
	}
	e.o.Questions.Fail(web.ClientAddress(c), now)
	return nil
}

// OwnPasskeyAsk asks for a passkey of whom the session is.
func (e *Entrance) OwnPasskeyAsk(c *gin.Context) error {
	return e.pose(c, func() (identity.Ceremony, error) {
		return e.o.Identity.AskOwnPasskey(c.Request.Context(), e.o.Realm, e.session(c))
	})
}

// PasskeyOffer asks for a new passkey.
func (e *Entrance) PasskeyOffer(c *gin.Context) error {
	return e.pose(c, func() (identity.Ceremony, error) {
		return e.o.Identity.OfferPasskey(c.Request.Context(), e.o.Realm, e.session(c))
	})
}

func (e *Entrance) pose(c *gin.Context, ask func() (identity.Ceremony, error)) error {
	question, err := ask()
	if err != nil {
		return err
	}
	e.o.Cookies.Set(c, e.cookie("-challenge"), question.Cookie, challengeLife)
	c.Data(http.StatusOK, "application/json", question.Options)
	return nil
}

// given is the answer that a form brings, with its cookie, which is used up.
func (e *Entrance) given(c *gin.Context, field string) identity.Answer {
	a := identity.Answer{Cookie: e.o.Cookies.Get(c, e.cookie("-challenge")), Text: []byte(c.PostForm(field))}
	e.o.Cookies.Set(c, e.cookie("-challenge"), "", -time.Second)
	return a
}

// PasskeySubmit lets in by a passkey alone.
func (e *Entrance) PasskeySubmit(c *gin.Context) error {
	page := entrance.SignInPage{Next: e.Inside(c.PostForm("next"))}
	if err := e.slowDown(c); err != nil {
		return err
	}

	cookie, err := e.o.Identity.SignInPasskey(c.Request.Context(), e.o.Realm, e.given(c, "answer"), e.client(c))
	if errors.Is(err, identity.ErrCredentials) {
		e.failed(c)
		page.Refused = i18n.T(c.Request.Context(), i18n.SignPasskeyRefused)
		return e.showSignIn(c, http.StatusUnauthorized, page)
	}
	if err != nil {
		return err
	}

	e.keep(c, cookie)
	return web.SeeOther(c, page.Next)
}

// SecondPasskeySubmit takes a passkey for the second factor.
func (e *Entrance) SecondPasskeySubmit(c *gin.Context) error {
	page := entrance.SecondPage{Next: e.Inside(c.PostForm("next"))}
	if err := e.slowDown(c); err != nil {
		return err
	}

	cookie, err := e.o.Identity.SecondPasskey(c.Request.Context(), e.o.Realm, e.session(c), e.given(c, "answer"), e.client(c))
	if errors.Is(err, identity.ErrCredentials) {
		e.failed(c)
		page.Refused = i18n.T(c.Request.Context(), i18n.SignPasskeyRefused)
		return e.showSecond(c, http.StatusUnauthorized, page)
	}
	if err != nil {
		return err
	}

	e.keep(c, cookie)
	return web.SeeOther(c, page.Next)
}

// EnrolPasskeySubmit takes a passkey in the place of an authenticator: from here
// on its owner is in.
func (e *Entrance) EnrolPasskeySubmit(c *gin.Context) error {
	cookie, codes, err := e.o.Identity.EnrolPasskey(c.Request.Context(), e.o.Realm, e.session(c), c.PostForm("name"),
		e.given(c, "answer"), e.client(c))
	return e.enrolled(c, cookie, codes, err)
}

// PasskeyNew offers to add a passkey to one's own account.
func (e *Entrance) PasskeyNew(c *gin.Context) error {
	if due, err := e.ProveFirst(c, e.to("/account/passkeys/new")); due {
		return err
	}
	return e.showPasskeyNew(c, http.StatusOK, Browser(c.Request.UserAgent()), nil)
}

func (e *Entrance) showPasskeyNew(c *gin.Context, status int, name string, faults map[string]string) error {
	return web.Render(c, status, entrance.PasskeyNew(entrance.PasskeyPage{
		Room: e.accountRoom(c, i18n.T(c.Request.Context(), i18n.SignAddPasskey)), Name: name, Faults: faults,
	}))
}

// PasskeyAdd adds it.
func (e *Entrance) PasskeyAdd(c *gin.Context) error {
	if due, err := e.ProveFirst(c, e.to("/account/passkeys/new")); due {
		return err
	}
	name := c.PostForm("name")
	err := e.o.Identity.AddPasskey(c.Request.Context(), e.o.Realm, e.session(c), name, e.given(c, "answer"))
	if faults := errs.FieldsOf(err); faults != nil {
		return e.showPasskeyNew(c, http.StatusUnprocessableEntity, name, e.Words(c, faults))
	}
	if err != nil {
		return err
	}
	return Done(c, e.o.Base+"/account", "passkey-added")
}
