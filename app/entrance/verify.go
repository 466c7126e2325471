package entrance

import (
	"errors"
	"net/http"
	"net/url"

	"github.com/gin-gonic/gin"

	"postern/app/identity"
	"postern/app/web"
	"postern/models"
	"postern/views/entrance"
	"postern/views/i18n"
)

// Proved reports whether who sits there has proved it: lately, or by what came
// with the form, a passkey or password and code. On a proof the session gets
// another cookie. refused says that what came was wrong.
func (e *Entrance) Proved(c *gin.Context) (ok, refused bool, err error) {
	v := VisitOf(c)
	if e.o.Identity.Verified(v.Who) {
		return true, false, nil
	}
	password, code, passkey := c.PostForm("verify_password"), c.PostForm("verify_code"), c.PostForm("verify_passkey")
	if password == "" && code == "" && passkey == "" {
		return false, false, nil
	}
	if err := e.slowDown(c); err != nil {
		return false, false, err
	}
	ctx, cookie := c.Request.Context(), ""
	if passkey != "" {
		cookie, err = e.o.Identity.VerifyPasskey(ctx, e.o.Realm, e.session(c), e.given(c, "verify_passkey"), e.client(c))
	} else {
		cookie, err = e.o.Identity.Verify(ctx, v.Who, e.session(c), password, code, e.client(c))
	}
	if errors.Is(err, identity.ErrCredentials) {
		e.failed(c)
		return false, true, nil
	}
	if err != nil {
		return false, false, err
	}
	e.keep(c, cookie)
	v.Who, err = e.o.Identity.Current(ctx, e.o.Realm, cookie)
	return err == nil, false, err
}

// VerifyView is the part of a form that asks for a proof, where one is due.
func (e *Entrance) VerifyView(c *gin.Context, refused bool) (entrance.VerifyView, error) {
	who := VisitOf(c).Who
	v := entrance.VerifyView{Due: !e.o.Identity.Verified(who), Refused: refused}
	if !v.Due {
		return v, nil
	}
	has, err := e.hasPasskey(c, who.Account)
	if has {
		v.Passkey = e.to("/verify/passkey/options")
	}
	return v, err
}

// hasPasskey reports whether somebody can be asked for a passkey.
func (e *Entrance) hasPasskey(c *gin.Context, a models.Account) (bool, error) {
	if !e.o.Identity.Passkeys() {
		return false, nil
	}
	factors, _, err := e.o.Identity.Factors(c.Request.Context(), a.ID)
	for _, f := range factors {
		if f.Kind == models.PasskeyFactor {
			return true, err
		}
	}
	return false, err
}

// ProveFirst leads to the page that asks for a proof, and from there to back,
// where one is due.
func (e *Entrance) ProveFirst(c *gin.Context, back string) (due bool, err error) {
	if e.o.Identity.Verified(VisitOf(c).Who) {
		return false, nil
	}
	return true, web.SeeOther(c, e.to("/verify?")+url.Values{"next": {back}}.Encode())
}

// Verify asks for a proof by itself.
func (e *Entrance) Verify(c *gin.Context) error {
	if e.o.Identity.Verified(VisitOf(c).Who) {
		return web.SeeOther(c, e.Inside(c.Query("next")))
	}
	return e.showVerify(c, http.StatusOK, e.Inside(c.Query("next")), false)
}

func (e *Entrance) showVerify(c *gin.Context, status int, next string, refused bool) error {
	verify, err := e.VerifyView(c, refused)
	if err != nil {
		return err
	}
	return web.Render(c, status, entrance.VerifyFirst(entrance.VerifyPage{
		Room: e.accountRoom(c, i18n.T(c.Request.Context(), i18n.SignVerify)), Verify: verify, Next: next,
	}))
}

// VerifySubmit takes it.
func (e *Entrance) VerifySubmit(c *gin.Context) error {
	next := e.Inside(c.PostForm("next"))
	ok, refused, err := e.Proved(c)
	if err != nil {
		return err
	}
	if !ok {
		return e.showVerify(c, http.StatusUnprocessableEntity, next, refused)
	}
	return web.SeeOther(c, next)
}
