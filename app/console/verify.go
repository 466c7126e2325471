package console

import (
	"errors"
	"net/http"
	"net/url"

	"github.com/gin-gonic/gin"

	"postern/app/identity"
	"postern/app/web"
	"postern/models"
	"postern/views/console"
	"postern/views/i18n"
)

// proved reports whether who sits there has proved it: lately, or by what came
// with the form, a passkey or password and code. On a proof the session gets
// another cookie. refused says that what came was wrong.
func (s *Console) proved(c *gin.Context) (ok, refused bool, err error) {
	v := visitOf(c)
	if s.o.Identity.Verified(v.who) {
		return true, false, nil
	}
	password, code, passkey := c.PostForm("verify_password"), c.PostForm("verify_code"), c.PostForm("verify_passkey")
	if password == "" && code == "" && passkey == "" {
		return false, false, nil
	}
	if err := s.slowDown(c); err != nil {
		return false, false, err
	}
	ctx, cookie := c.Request.Context(), ""
	if passkey != "" {
		cookie, err = s.o.Identity.VerifyPasskey(ctx, models.StaffRealm, s.session(c), s.given(c, "verify_passkey"), s.client(c))
	} else {
		cookie, err = s.o.Identity.Verify(ctx, v.who, s.session(c), password, code, s.client(c))
	}
	if errors.Is(err, identity.ErrCredentials) {
		s.failed(c)
		return false, true, nil
	}
	if err != nil {
		return false, false, err
	}
	s.keep(c, cookie)
	v.who, err = s.o.Identity.Current(ctx, models.StaffRealm, cookie)
	return err == nil, false, err
}

// verifyView is the part of a form that asks for a proof, where one is due.
func (s *Console) verifyView(c *gin.Context, refused bool) (console.VerifyView, error) {
	who := visitOf(c).who
	v := console.VerifyView{Due: !s.o.Identity.Verified(who), Refused: refused}
	if !v.Due {
		return v, nil
	}
	var err error
	v.Passkey, err = s.hasPasskey(c, who.Account)
	return v, err
}

// hasPasskey reports whether somebody can be asked for a passkey.
func (s *Console) hasPasskey(c *gin.Context, a models.Account) (bool, error) {
	if !s.o.Identity.Passkeys() {
		return false, nil
	}
	factors, _, err := s.o.Identity.Factors(c.Request.Context(), a.ID)
	for _, f := range factors {
		if f.Kind == models.PasskeyFactor {
			return true, err
		}
	}
	return false, err
}

// proveFirst leads to the page that asks for a proof, and from there to back,
// where one is due.
func (s *Console) proveFirst(c *gin.Context, back string) (due bool, err error) {
	if s.o.Identity.Verified(visitOf(c).who) {
		return false, nil
	}
	return true, web.SeeOther(c, "/console/verify?"+url.Values{"next": {back}}.Encode())
}

// Verify asks for a proof by itself.
func (s *Console) Verify(c *gin.Context) error {
	if s.o.Identity.Verified(visitOf(c).who) {
		return web.SeeOther(c, inside(c.Query("next")))
	}
	return s.showVerify(c, http.StatusOK, inside(c.Query("next")), false)
}

func (s *Console) showVerify(c *gin.Context, status int, next string, refused bool) error {
	verify, err := s.verifyView(c, refused)
	if err != nil {
		return err
	}
	return web.Render(c, status, console.VerifyFirst(console.VerifyPage{
		Frame: s.accountFrame(c, i18n.SignVerify), Verify: verify, Next: next,
	}))
}

// VerifySubmit takes it.
func (s *Console) VerifySubmit(c *gin.Context) error {
	next := inside(c.PostForm("next"))
	ok, refused, err := s.proved(c)
	if err != nil {
		return err
	}
	if !ok {
		return s.showVerify(c, http.StatusUnprocessableEntity, next, refused)
	}
	return web.SeeOther(c, next)
}
