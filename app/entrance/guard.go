package entrance

import (
	"cmp"
	"context"
	"errors"
	"log/slog"
	"net/http"
	"net/url"
	"path"
	"slices"
	"strings"
	"time"

	"github.com/gin-gonic/gin"

	"postern/app/errs"
	"postern/app/identity"
	"postern/app/ledger"
	"postern/app/web"
	"postern/models"
	"postern/policies"
)

// Access says who may ask for a screen.
type Access struct {
	kind string
	any  []policies.Permission // of which one is enough
	// quiet: a page asks by itself, which does not keep a session from ending.
	quiet bool
}

// The ways to be let through. Everything but Anybody needs a session.
var (
	Anybody  = Access{kind: "anybody"}
	Second   = Access{kind: "password shown"} // the second factor is to come
	Enrolled = Access{kind: "link opened"}    // sets up password and second factor
	Insider  = Access{kind: "signed in"}      // whatever the role
)

// May needs a permission of the house's rules.
func May(resource, action string) Access { return Access{kind: "may"}.Or(resource, action) }

// Or needs this permission or one of a'e.
func (a Access) Or(resource, action string) Access {
	a.any = append(slices.Clone(a.any), policies.Permission{Resource: resource, Action: action})
	return a
}

// Quietly is a for what a page asks by itself while nobody may be there: it does
// not count as a use of the session.
func (a Access) Quietly() Access {
	a.quiet = true
	return a
}

// String is the access as the table of routes tells it.
func (a Access) String() string {
	if a.quiet {
		a.quiet = false
		return a.String() + ", unseen"
	}
	if a.kind != "may" {
		return a.kind
	}
	words := make([]string, len(a.any))
	for i, p := range a.any {
		words[i] = p.Resource + ":" + p.Action
	}
	return "may " + strings.Join(words, " or ")
}

// Allows reports whether somebody who is signed in with the rights gets through.
func (a Access) Allows(r policies.Rights) bool {
	return a.kind != "may" || slices.ContainsFunc(a.any, r.May)
}

const visitKey = "postern.visit"

// Visit is what the guard found out about a request.
type Visit struct {
	Who    identity.Who
	In     bool // a session at whatever stage
	Rights policies.Rights
}

// VisitOf is what the guard found out; nobody before it has looked.
func VisitOf(c *gin.Context) *Visit {
	v, _ := c.Get(visitKey)
	found, _ := v.(*Visit)
	if found == nil {
		return &Visit{}
	}
	return found
}

// Guard mounts a screen behind its access: whoever may not ask for it never
// reaches it, and what it returns as an error becomes a page.
func (e *Entrance) Guard(a Access, screen web.Screen) gin.HandlerFunc {
	return func(c *gin.Context) {
		web.Headers(c)
		c.Set(accessKey, a)
		if err := e.serve(c, a, screen); err != nil {
			e.fault(c, err)
		}
	}
}

func (e *Entrance) serve(c *gin.Context, a Access, screen web.Screen) error {
	v, err := e.recognize(c, a)
	if err != nil {
		return err
	}
	c.Set(visitKey, v)
	web.Speak(c, cmp.Or(v.Who.Account.Language, e.o.Cookies.Get(c, languageCookie)))
	from := ledger.Origin{Role: e.role(c, a, v), Address: e.client(c).Address}
	c.Request = c.Request.WithContext(ledger.ActingFrom(c.Request.Context(), from))
	if err := e.admit(c, a, v); err != nil {
		return err
	}
	if c.Request.Method == http.MethodPost {
		if err := web.Form(c); err != nil {
			return err
		}
	}
	if e.o.Reading != nil && a.kind == "may" && !a.quiet && c.Request.Method == http.MethodGet {
		if err := e.o.Reading(c, v); err != nil {
			return err
		}
	}
	return screen(c)
}

// role is what somebody acts as at a screen: of a partner's user the role in the
// team, of the staff's roles those that the screen is open to.
func (e *Entrance) role(c *gin.Context, a Access, v *Visit) string {
	if e.o.Realm == models.PortalRealm {
		return string(v.Who.Member.Role)
	}
	var as []string
	for _, role := range v.Who.Roles {
		with := v.Who
		with.Roles = []models.StaffRole{role}
		if rights, err := e.o.Rights(c, with); err == nil && a.Allows(rights) {
			as = append(as, string(role))
		}
	}
	return strings.Join(as, " ")
}

// recognize reads the session, if there is one.
func (e *Entrance) recognize(c *gin.Context, a Access) (*Visit, error) {
	know := e.o.Identity.Current
	if a.quiet {
		know = e.o.Identity.Peek
	}
	who, err := know(c.Request.Context(), e.o.Realm, e.session(c))
	if errors.Is(err, identity.ErrSignedOut) {
		return &Visit{}, nil
	}
	if err != nil {
		return nil, err
	}
	rights, err := e.o.Rights(c, who)
	if err != nil {
		return nil, err
	}
	return &Visit{Who: who, In: true, Rights: rights}, nil
}

// stages is at which stage of a session each access is open.
var stages = map[string]models.Stage{Second.kind: models.StageSecond, Enrolled.kind: models.StageEnrol, Insider.kind: models.StageFull, "may": models.StageFull}

// admit refuses whoever may not pass; the zero Access lets nobody.
func (e *Entrance) admit(c *gin.Context, a Access, v *Visit) error {
	if a.kind == Anybody.kind {
		return nil
	}
	stage, known := stages[a.kind]
	if !known || !v.In || v.Who.Session.Stage != stage {
		return identity.ErrSignedOut
	}
	if stage != models.StageFull {
		return nil
	}
	if a.kind == "may" {
		if err := e.open(c); err != nil {
			return err
		}
	}
	if !a.Allows(v.Rights) {
		return ErrForbidden.Because(a.String())
	}
	return nil
}

// ErrForbidden is for who is signed in and may not.
var ErrForbidden = errs.New(errs.Forbidden, "role", "Your role may not do this.")

// open refuses until the house is open.
func (e *Entrance) open(c *gin.Context) error {
	if e.opened.Load() {
		return nil
	}
	if err := e.o.Opened(c); err != nil {
		return err
	}
	e.opened.Store(true)
	return nil
}

// fault shows an error. Whoever only has to sign in is led there, and back.
func (e *Entrance) fault(c *gin.Context, err error) {
	if errors.Is(err, identity.ErrSignedOut) && c.Request.Method == http.MethodGet {
		c.Redirect(http.StatusSeeOther, e.next(c))
		return
	}
	status := web.Status(err)
	if status >= http.StatusInternalServerError {
		e.o.Log.ErrorContext(c.Request.Context(), "screen failed", slog.String("request_id", web.RequestID(c)),
			slog.String("route", c.FullPath()), slog.Any("err", err))
	}
	if renderErr := e.showFault(c, status, err); renderErr != nil {
		c.Status(http.StatusInternalServerError)
	}
}

// next is the step to take for who is not, or not wholly, in.
func (e *Entrance) next(c *gin.Context) string {
	if v := VisitOf(c); v.In {
		switch v.Who.Session.Stage {
		case models.StageSecond:
			return e.to("/second")
		case models.StageEnrol:
			return e.to("/enrol")
		case models.StageFull:
			return e.o.Base
		}
	}
	if c.Request.Method != http.MethodGet || c.Request.URL.Path == e.o.Base {
		return e.to("/sign-in") // what a form was sent to is no page to come back to
	}
	return e.to("/sign-in?") + url.Values{"next": {c.Request.URL.RequestURI()}}.Encode()
}

// Inside is where to go after signing in: a page of the house, or its first.
// Nothing that a browser could read as another host gets through (ASVS 3.7.2).
func (e *Entrance) Inside(next string) string {
	home := e.o.Base
	u, err := url.Parse(next)
	if err != nil || u.Scheme != "" || u.Host != "" || u.User != nil || strings.ContainsAny(next, "\\\r\n\t") || path.Clean(u.Path) != u.Path {
		return home
	}
	if u.Path != home && !strings.HasPrefix(u.Path, home+"/") {
		return home
	}
	return next
}

func (e *Entrance) client(c *gin.Context) identity.Client {
	return identity.Client{Address: web.ClientAddress(c).String(), Agent: c.Request.UserAgent()}
}

const keptKey = "postern.session"

// keep gives the browser its session. It ends with the browser, or before.
func (e *Entrance) keep(c *gin.Context, cookie string) {
	c.Set(keptKey, cookie)
	e.o.Cookies.Set(c, e.cookie(""), cookie, 0)
}

// StillIn reports whether the session of a long answer still lives and may still
// see what the answer is of. It does not count as a use.
func (e *Entrance) StillIn(ctx context.Context, c *gin.Context) bool {
	who, err := e.o.Identity.Peek(ctx, e.o.Realm, e.session(c))
	if err != nil || who.Session.Stage != models.StageFull {
		return false
	}
	rights, err := e.o.Rights(c, who)
	return err == nil && accessOf(c).Allows(rights)
}

// session is the session's cookie: the one that came, or its successor since.
func (e *Entrance) session(c *gin.Context) string {
	return cmp.Or(c.GetString(keptKey), e.o.Cookies.Get(c, e.cookie("")))
}

func (e *Entrance) forget(c *gin.Context) { e.o.Cookies.Set(c, e.cookie(""), "", -time.Second) }
