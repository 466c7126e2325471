package console

import (
	"errors"
	"net/http"
	"time"

	"github.com/gin-gonic/gin"

	"postern/app/errs"
	"postern/app/identity"
	"postern/app/web"
	"postern/models"
	"postern/views/console"
	"postern/views/i18n"
)

// challengeCookie is what the answer to a question has to come with.
const (
	challengeCookie = "postern-challenge"
	challengeLife   = 5 * time.Minute
)

// PasskeyAsk asks for a passkey of whoever wants to come in: JSON, for the script.
func (s *Console) PasskeyAsk(c *gin.Context) error {
	if err := s.slowQuestions(c); err != nil {
		return err
	}
	return s.pose(c, func() (identity.Ceremony, error) { return s.o.Identity.AskPasskey(c.Request.Context()) })
}

// slowQuestions bounds how many rows an address can have made that has said
// nothing about itself.
func (s *Console) slowQuestions(c *gin.Context) error {
	now := s.o.Now()
	if blocked, retry := s.o.Questions.Blocked(web.ClientAddress(c), now); blocked {
		return errTooMany.With(errs.Help{RetryAfter: retry})
	}
	s.o.Questions.Fail(web.ClientAddress(c), now)
	return nil
}

// OwnPasskeyAsk asks for a passkey of whom the session is.
func (s *Console) OwnPasskeyAsk(c *gin.Context) error {
	return s.pose(c, func() (identity.Ceremony, error) {
		return s.o.Identity.AskOwnPasskey(c.Request.Context(), models.StaffRealm, s.session(c))
	})
}

// PasskeyOffer asks for a new passkey.
func (s *Console) PasskeyOffer(c *gin.Context) error {
	return s.pose(c, func() (identity.Ceremony, error) {
		return s.o.Identity.OfferPasskey(c.Request.Context(), models.StaffRealm, s.session(c))
	})
}

func (s *Console) pose(c *gin.Context, ask func() (identity.Ceremony, error)) error {
	question, err := ask()
	if err != nil {
		return err
	}
	s.o.Cookies.Set(c, challengeCookie, question.Cookie, challengeLife)
	c.Data(http.StatusOK, "application/json", question.Options)
	return nil
}

// given is the answer that a form brings, with its cookie, which is used up.
func (s *Console) given(c *gin.Context, field string) identity.Answer {
	a := identity.Answer{Cookie: s.o.Cookies.Get(c, challengeCookie), Text: []byte(c.PostForm(field))}
	s.o.Cookies.Set(c, challengeCookie, "", -time.Second)
	return a
}

// PasskeySubmit lets in by a passkey alone.
func (s *Console) PasskeySubmit(c *gin.Context) error {
	page := console.SignInPage{Next: inside(c.PostForm("next"))}
	if err := s.slowDown(c); err != nil {
		return err
	}

	cookie, err := s.o.Identity.SignInPasskey(c.Request.Context(), models.StaffRealm, s.given(c, "answer"), s.client(c))
	if errors.Is(err, identity.ErrCredentials) {
		s.failed(c)
		page.Refused = i18n.T(c.Request.Context(), i18n.SignPasskeyRefused)
		return s.showSignIn(c, http.StatusUnauthorized, page)
	}
	if err != nil {
		return err
	}

	s.keep(c, cookie)
	return web.SeeOther(c, page.Next)
}

// SecondPasskeySubmit takes a passkey for the second factor.
func (s *Console) SecondPasskeySubmit(c *gin.Context) error {
	page := console.SecondPage{Next: inside(c.PostForm("next"))}
	if err := s.slowDown(c); err != nil {
		return err
	}

	cookie, err := s.o.Identity.SecondPasskey(c.Request.Context(), models.StaffRealm, s.session(c), s.given(c, "answer"), s.client(c))
	if errors.Is(err, identity.ErrCredentials) {
		s.failed(c)
		page.Refused = i18n.T(c.Request.Context(), i18n.SignPasskeyRefused)
		return s.showSecond(c, http.StatusUnauthorized, page)
	}
	if err != nil {
		return err
	}

	s.keep(c, cookie)
	return web.SeeOther(c, page.Next)
}

// EnrolPasskeySubmit takes a passkey in the place of an authenticator: from here
// on its owner is in.
func (s *Console) EnrolPasskeySubmit(c *gin.Context) error {
	cookie, codes, err := s.o.Identity.EnrolPasskey(c.Request.Context(), models.StaffRealm, s.session(c), c.PostForm("name"),
		s.given(c, "answer"), s.client(c))
	return s.enrolled(c, cookie, codes, err)
}

// PasskeyNew offers to add a passkey to one's own account.
func (s *Console) PasskeyNew(c *gin.Context) error {
	if due, err := s.proveFirst(c, "/console/account/passkeys/new"); due {
		return err
	}
	return s.showPasskeyNew(c, http.StatusOK, browser(c.Request.UserAgent()), nil)
}

func (s *Console) showPasskeyNew(c *gin.Context, status int, name string, faults map[string]string) error {
	return web.Render(c, status, console.PasskeyNew(console.PasskeyPage{
		Frame: s.accountFrame(c, i18n.SignAddPasskey), Name: name, Faults: faults,
	}))
}

// PasskeyAdd adds it.
func (s *Console) PasskeyAdd(c *gin.Context) error {
	if due, err := s.proveFirst(c, "/console/account/passkeys/new"); due {
		return err
	}
	name := c.PostForm("name")
	err := s.o.Identity.AddPasskey(c.Request.Context(), models.StaffRealm, s.session(c), name, s.given(c, "answer"))
	if faults := errs.FieldsOf(err); faults != nil {
		return s.showPasskeyNew(c, http.StatusUnprocessableEntity, name, s.words(c, faults))
	}
	if err != nil {
		return err
	}
	return done(c, "/console/account", "passkey-added")
}
