package entrance

import (
	"bytes"
	"cmp"
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"image/png"
	"log/slog"
	"net/http"
	"strings"

	"github.com/gin-gonic/gin"
	"github.com/pquerna/otp"

	"postern/app/errs"
	"postern/app/identity"
	"postern/app/limit"
	"postern/app/web"
	"postern/models"
	"postern/views/entrance"
	"postern/views/i18n"
	"postern/views/layout"
)

// Link shows whose set-up link this is. Looking does not spend it: a mail
// program that looks at links must not.
func (e *Entrance) Link(c *gin.Context) error {
	a, err := e.o.Identity.LinkAccount(c.Request.Context(), e.o.Realm, c.Param("token"))
	if err != nil {
		return err
	}
	return web.Render(c, http.StatusOK, entrance.Link(entrance.LinkPage{Frame: e.outside(c), Name: a.Name, Action: c.Request.URL.Path}))
}

// LinkOpen spends the link and begins setting up.
func (e *Entrance) LinkOpen(c *gin.Context) error {
	cookie, err := e.o.Identity.OpenLink(c.Request.Context(), e.o.Realm, c.Param("token"), e.client(c))
	if err != nil {
		return err
	}
	e.keep(c, cookie)
	return web.SeeOther(c, e.to("/enrol"))
}

// HandOver shows a link to whoever made it, once: lead says how it is handed over,
// house where it opens, such as https://console.bank.example/console.
func (e *Entrance) HandOver(c *gin.Context, link identity.Link, house, lead, done string, above ...layout.Crumb) error {
	return e.handOver(c, link, entrance.HandOverPage{Lead: lead, Address: house + "/setup/" + link.Token, Done: done}, above...)
}

// Invite gets a link to whom it is for: by mail to the address that they were invited by, and
// nobody else sees it; or, where no server takes it, by whoever made it, who is shown it. It is
// sent while they wait: what is to be sent later would have to be kept, and it opens an account.
func (e *Entrance) Invite(c *gin.Context, link identity.Link, portal, partner, done string, above ...layout.Crumb) error {
	ctx := c.Request.Context()
	page := entrance.HandOverPage{Lead: i18n.T(ctx, i18n.PortalHandOver), Address: portal + "/setup/" + link.Token, Done: done}
	if to := link.Account.Email; e.o.Mail != nil && to != "" {
		title, text := e.invitation(ctx, partner, page.Address)
		if err := e.mail(c, to, title, text); err == nil {
			page.Address, page.Lead = "", i18n.T(ctx, i18n.PortalMailed, to)
		} else {
			page.Fault = i18n.T(ctx, i18n.PortalNotMailed, to)
			e.o.Log.WarnContext(ctx, "invitation was not mailed", slog.String("account", link.Account.ID), slog.Any("err", err))
		}
	}
	return e.handOver(c, link, page, above...)
}

// How often somebody has letters sent, and of how many that is known.
const maxSenders = 1000

var (
	letterRate = limit.Rate{PerSecond: 1.0 / 60, Burst: 20}
	errLetters = errors.New("so many letters of one account were sent just now")
)

func (e *Entrance) mail(c *gin.Context, to, title, text string) error {
	if ok, _ := e.mailed.Take(VisitOf(c).Who.Account.ID, letterRate, e.o.Now()); !ok {
		return errLetters
	}
	return e.o.Mail(c.Request.Context(), to, title, text)
}

// invitation is the letter, in both languages as nobody knows yet which is read. It says
// nothing that somebody could have typed to have it sent.
func (e *Entrance) invitation(ctx context.Context, partner, address string) (title, text string) {
	var titles, texts []string
	for _, lang := range []i18n.Lang{i18n.Chinese, i18n.English} {
		ctx := i18n.WithLang(ctx, lang)
		bank := cmp.Or(e.bankName(ctx), "Postern")
		titles = append(titles, i18n.T(ctx, i18n.PortalLetterTitle, bank))
		texts = append(texts, i18n.T(ctx, i18n.PortalLetter, bank, partner, address))
	}
	return strings.Join(titles, " / "), strings.Join(texts, "\n\n")
}

func (e *Entrance) handOver(c *gin.Context, link identity.Link, page entrance.HandOverPage, above ...layout.Crumb) error {
	page.Room = e.room(c, link.Account.Name, above...)
	return web.Render(c, http.StatusOK, entrance.HandOver(page))
}

// Enrol asks for login, name and password.
func (e *Entrance) Enrol(c *gin.Context) error {
	a := VisitOf(c).Who.Account
	return e.showEnrol(c, http.StatusOK, entrance.EnrolPage{Login: proposed(a), Name: a.Name})
}

// proposed is a login to begin with: that of the account, or the address of whoever
// was invited without one.
func proposed(a models.Account) string {
	if a.Login == identity.Fold(a.ID) {
		return a.Email
	}
	return a.Login
}

func (e *Entrance) showEnrol(c *gin.Context, status int, page entrance.EnrolPage) error {
	a := VisitOf(c).Who.Account
	page.Frame = e.outside(c)
	if page.Again = a.Status == models.AccountActive; page.Again {
		page.Login = a.Login
	}
	return web.Render(c, status, entrance.Enrol(page))
}

// EnrolSubmit keeps them.
func (e *Entrance) EnrolSubmit(c *gin.Context) error {
	chosen := identity.Enrolment{
		Login: c.PostForm("login"), Name: c.PostForm("name"), Password: c.PostForm("password"), Again: c.PostForm("again"),
	}
	err := e.o.Identity.SetPassword(c.Request.Context(), e.o.Realm, e.session(c), chosen)
	if faults := errs.FieldsOf(err); faults != nil {
		page := entrance.EnrolPage{Login: chosen.Login, Name: chosen.Name, Faults: e.Words(c, faults)}
		return e.showEnrol(c, http.StatusUnprocessableEntity, page)
	}
	if err != nil {
		return err
	}
	return web.SeeOther(c, e.to("/enrol/authenticator"))
}

// Authenticator shows the seed to put into an authenticator.
func (e *Entrance) Authenticator(c *gin.Context) error {
	return e.showAuthenticator(c, http.StatusOK, nil)
}

func (e *Entrance) showAuthenticator(c *gin.Context, status int, faults map[string]string) error {
	seed, err := e.o.Identity.OfferTOTP(c.Request.Context(), e.o.Realm, e.session(c))
	if err != nil {
		return err
	}
	picture, err := qrCode(seed.URL)
	if err != nil {
		return err
	}
	return web.Render(c, status, entrance.Authenticator(entrance.AuthenticatorPage{
		Frame: e.outside(c), Picture: picture, Secret: seed.Secret, Faults: faults,
		Passkey: e.o.Identity.Passkeys(), Device: Browser(c.Request.UserAgent()),
	}))
}

// AuthenticatorSubmit takes the first code: from here on its owner is in. The
// recovery codes are shown this once.
func (e *Entrance) AuthenticatorSubmit(c *gin.Context) error {
	cookie, codes, err := e.o.Identity.ConfirmTOTP(c.Request.Context(), e.o.Realm,
		e.session(c), c.PostForm("code"), e.client(c))
	return e.enrolled(c, cookie, codes, err)
}

// enrolled shows the recovery codes, this once, or what was wrong.
func (e *Entrance) enrolled(c *gin.Context, cookie string, codes []string, err error) error {
	if faults := errs.FieldsOf(err); faults != nil {
		return e.showAuthenticator(c, http.StatusUnprocessableEntity, e.Words(c, faults))
	}
	if err != nil {
		return err
	}
	e.keep(c, cookie)
	return web.Render(c, http.StatusOK, entrance.Recovery(entrance.RecoveryPage{Frame: e.outside(c), Codes: codes}))
}

// EnrolDone leads in, once the recovery codes are kept.
func (e *Entrance) EnrolDone(c *gin.Context) error { return web.SeeOther(c, e.o.Base) }

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
