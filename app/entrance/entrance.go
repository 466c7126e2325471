package entrance

import (
	"cmp"
	"context"
	"log/slog"
	"strings"
	"sync/atomic"
	"time"

	"github.com/a-h/templ"
	"github.com/gin-gonic/gin"

	"postern/app/identity"
	"postern/app/limit"
	"postern/app/web"
	"postern/models"
	"postern/policies"
	"postern/views/entrance"
	"postern/views/i18n"
	"postern/views/layout"
)

// Options are what an entrance works with, and what is its house's own.
type Options struct {
	Identity     *identity.Identity
	Realm        models.Realm
	Base         string // of every address, such as e.o.Base
	Words        entrance.Words
	Bank, BankZH string // the bank's name in each language
	Cookies      web.Cookies
	Zone         *time.Location     // in which times are shown
	Failures     *limit.FailureGate // by address
	Questions    *limit.FailureGate // how often an address may be asked for a passkey, or be sent to sign on
	SignOn       bool               // the bank's own sign-on is one way in
	SignOnName   string             // what it is called; may be empty
	Now          func() time.Time
	Log          *slog.Logger

	// Mail sends a letter, which somebody waits for, and repeats none of it in an error: nil
	// where no server takes mail.
	Mail func(ctx context.Context, to, title, text string) error

	// Rights are what somebody may do who is in. An error refuses.
	Rights func(*gin.Context, identity.Who) (policies.Rights, error)
	// Opened refuses what needs a permission for as long as the house is not open;
	// once it does not, it is not asked again.
	Opened func(*gin.Context) error
	// Frame stands around a page of who is in.
	Frame func(c *gin.Context, title string, above ...layout.Crumb) templ.Component
	// Roles names what somebody is, and Needed who may what they may not.
	Roles  func(*gin.Context, identity.Who) []string
	Needed func(*gin.Context, Access) []string
	// Faults are errors of the house's own that have words of their own, Notes what
	// its pages say after a change, by the id in the address.
	Faults []Fault
	Notes  map[string]i18n.Key

	// Reading, if set, is called before somebody is shown a page that takes a
	// permission; where it fails the page is not shown.
	Reading func(c *gin.Context, v *Visit) error
}

// Entrance has the screens by which one comes in.
type Entrance struct {
	o      Options
	opened atomic.Bool     // it does not become untrue
	mailed *limit.Buckets  // letters, by who has them sent
	pages  map[string]bool // patterns that are read, by Page
}

// New returns a house's entrance.
func New(o Options) *Entrance {
	return &Entrance{o: o, mailed: limit.NewBuckets(maxSenders), pages: map[string]bool{}}
}

// to is the address of a page of this house.
func (e *Entrance) to(path string) string { return e.o.Base + path }

// cookie names one of the house's own: two houses may stand on one host.
func (e *Entrance) cookie(name string) string {
	return "postern-" + string(e.o.Realm) + name
}

// outside is what stands around the pages of who is not in yet.
func (e *Entrance) outside(c *gin.Context) entrance.Outside {
	return entrance.Outside{Bank: e.BankName(c), Base: e.o.Base, Preferences: e.Preferred(c), Words: e.o.Words}
}

// room is what stands around a page of who is in.
func (e *Entrance) room(c *gin.Context, title string, above ...layout.Crumb) entrance.Room {
	return entrance.Room{Title: title, Base: e.o.Base, Words: e.o.Words, Frame: e.o.Frame(c, title, above...)}
}

// accountRoom is that of a page below one's own account.
func (e *Entrance) accountRoom(c *gin.Context, title string) entrance.Room {
	return e.room(c, title, layout.Crumb{Text: i18n.T(c.Request.Context(), i18n.ConsoleAccount), Href: e.to("/account")})
}

// BankName is the bank's name in the reader's language.
func (e *Entrance) BankName(c *gin.Context) string { return e.bankName(c.Request.Context()) }

func (e *Entrance) bankName(ctx context.Context) string {
	if i18n.From(ctx) == i18n.Chinese {
		return e.o.BankZH
	}
	return e.o.Bank
}

const (
	languageCookie = "postern-language"
	themeCookie    = "postern-theme"
	// choiceLife is how long a browser remembers them.
	choiceLife = 400 * 24 * time.Hour
)

// Preferred is language and theme as chosen, for the forms that change them.
func (e *Entrance) Preferred(c *gin.Context) layout.Preferences {
	here := c.Request.URL.RequestURI()
	if c.Request.Method != "GET" || strings.HasPrefix(here, e.to("/setup/")) {
		here = e.o.Base
	}
	theme := cmp.Or(VisitOf(c).Who.Account.Theme, e.o.Cookies.Get(c, themeCookie))
	if theme != "dark" {
		theme = "light"
	}
	return layout.Preferences{Action: e.to("/preferences"), Here: here, Theme: theme}
}

// Preferences sets language or theme and leads back.
func (e *Entrance) Preferences(c *gin.Context) error {
	language, theme := "", ""
	if l, ok := i18n.Parse(c.PostForm("lang")); ok && c.PostForm("lang") != "" {
		language = l.Tag()
		e.o.Cookies.Set(c, languageCookie, language, choiceLife)
	}
	if t := c.PostForm("theme"); t == "dark" || t == "light" {
		theme = t
		e.o.Cookies.Set(c, themeCookie, theme, choiceLife)
	}
	if v := VisitOf(c); v.In {
		if err := e.o.Identity.Prefer(c.Request.Context(), v.Who.Account.ID, language, theme); err != nil {
			return err
		}
	}
	return web.SeeOther(c, e.Inside(c.PostForm("back")))
}
