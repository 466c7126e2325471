package console

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"image/png"
	"net/http"

	"github.com/gin-gonic/gin"
	"github.com/pquerna/otp"

	"postern/app/errs"
	"postern/app/identity"
	"postern/app/web"
	"postern/models"
	"postern/views/console"
)

// Link shows whose set-up link this is. Looking does not spend it: a mail
// program that looks at links must not.
func (s *Console) Link(c *gin.Context) error {
	a, err := s.o.Identity.LinkAccount(c.Request.Context(), c.Param("token"))
	if err != nil {
		return err
	}
	return web.Render(c, http.StatusOK, console.Link(console.LinkPage{Frame: s.outside(c), Name: a.Name, Action: c.Request.URL.Path}))
}

// LinkOpen spends the link and begins setting up.
func (s *Console) LinkOpen(c *gin.Context) error {
	cookie, err := s.o.Identity.OpenLink(c.Request.Context(), c.Param("token"), s.client(c))
	if err != nil {
		return err
	}
	s.keep(c, cookie)
	return web.SeeOther(c, "/console/enrol")
}

// Enrol asks for login, name and password.
func (s *Console) Enrol(c *gin.Context) error {
	a := visitOf(c).who.Account
	return s.showEnrol(c, http.StatusOK, console.EnrolPage{Login: a.Login, Name: a.Name})
}

func (s *Console) showEnrol(c *gin.Context, status int, page console.EnrolPage) error {
	a := visitOf(c).who.Account
	page.Frame = s.outside(c)
	if page.Again = a.Status == models.AccountActive; page.Again {
		page.Login = a.Login
	}
	return web.Render(c, status, console.Enrol(page))
}

// EnrolSubmit keeps them.
func (s *Console) EnrolSubmit(c *gin.Context) error {
	e := identity.Enrolment{
		Login: c.PostForm("login"), Name: c.PostForm("name"), Password: c.PostForm("password"), Again: c.PostForm("again"),
	}
	err := s.o.Identity.SetPassword(c.Request.Context(), models.StaffRealm, s.session(c), e)
	if faults := errs.FieldsOf(err); faults != nil {
		page := console.EnrolPage{Login: e.Login, Name: e.Name, Faults: s.words(c, faults)}
		return s.showEnrol(c, http.StatusUnprocessableEntity, page)
	}
	if err != nil {
		return err
	}
	return web.SeeOther(c, "/console/enrol/authenticator")
}

// Authenticator shows the seed to put into an authenticator.
func (s *Console) Authenticator(c *gin.Context) error {
	return s.showAuthenticator(c, http.StatusOK, nil)
}

func (s *Console) showAuthenticator(c *gin.Context, status int, faults map[string]string) error {
	seed, err := s.o.Identity.OfferTOTP(c.Request.Context(), models.StaffRealm, s.session(c))
	if err != nil {
		return err
	}
	picture, err := qrCode(seed.URL)
	if err != nil {
		return err
	}
	return web.Render(c, status, console.Authenticator(console.AuthenticatorPage{
		Frame: s.outside(c), Picture: picture, Secret: seed.Secret, Faults: faults,
		Passkey: s.o.Identity.Passkeys(), Device: browser(c.Request.UserAgent()),
	}))
}

// AuthenticatorSubmit takes the first code: from here on its owner is in. The
// recovery codes are shown this once.
func (s *Console) AuthenticatorSubmit(c *gin.Context) error {
	cookie, codes, err := s.o.Identity.ConfirmTOTP(c.Request.Context(), models.StaffRealm,
		s.session(c), c.PostForm("code"), s.client(c))
	return s.enrolled(c, cookie, codes, err)
}

// enrolled shows the recovery codes, this once, or what was wrong.
func (s *Console) enrolled(c *gin.Context, cookie string, codes []string, err error) error {
	if faults := errs.FieldsOf(err); faults != nil {
		return s.showAuthenticator(c, http.StatusUnprocessableEntity, s.words(c, faults))
	}
	if err != nil {
		return err
	}
	s.keep(c, cookie)
	return web.Render(c, http.StatusOK, console.Recovery(console.RecoveryPage{Frame: s.outside(c), Codes: codes}))
}

// EnrolDone leads in, once the recovery codes are kept.
func (s *Console) EnrolDone(c *gin.Context) error { return web.SeeOther(c, "/console") }

// qrSide is the picture's side, pixels.
const qrSide = 220

// qrCode draws text as a PNG in a data URI.
func qrCode(text string) (string, error) {
	key, err := otp.NewKeyFromURL(text)
	if err != nil {
		return "", fmt.Errorf("read otpauth address: %w", err)
	}
	picture, err := key.Image(qrSide, qrSide)
	if err != nil {
		return "", fmt.Errorf("draw QR code: %w", err)
	}
	var b bytes.Buffer
	if err := png.Encode(&b, picture); err != nil {
		return "", fmt.Errorf("draw QR code: %w", err)
	}
	return "data:image/png;base64," + base64.StdEncoding.EncodeToString(b.Bytes()), nil
}
