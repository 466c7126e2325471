package console

import (
	"errors"

	"github.com/gin-gonic/gin"

	"postern/app/identity"
	"postern/views/console"
)

// proved reports whether who sits there has proved it: lately, or by the
// password and the code that came with the form. On a proof the session gets
// another cookie. refused says that what came was wrong.
func (s *Console) proved(c *gin.Context) (ok, refused bool, err error) {
	v := visitOf(c)
	if s.o.Identity.Verified(v.who) {
		return true, false, nil
	}
	password, code := c.PostForm("verify_password"), c.PostForm("verify_code")
	if password == "" && code == "" {
		return false, false, nil
	}
	if err := s.slowDown(c); err != nil {
		return false, false, err
	}
	cookie, err := s.o.Identity.Verify(c.Request.Context(), v.who, s.o.Cookies.Get(c, sessionCookie), password, code, s.client(c))
	if errors.Is(err, identity.ErrCredentials) {
		s.failed(c)
		return false, true, nil
	}
	if err != nil {
		return false, false, err
	}
	s.keep(c, cookie)
	return true, false, nil
}

// verifyView is the part of a form that asks for a proof, where one is due.
func (s *Console) verifyView(c *gin.Context, refused bool) console.VerifyView {
	return console.VerifyView{Due: !s.o.Identity.Verified(visitOf(c).who), Refused: refused}
}
