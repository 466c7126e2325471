package console

import (
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

// May needs a permission of the staff's rules.
func May(resource, action string) Access { return Access{kind: "may"}.Or(resource, action) }

// Or needs this permission or one of a's.
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

const (
	sessionCookie  = "postern-staff"
	languageCookie = "postern-language"
	themeCookie    = "postern-theme"
	visitKey       = "postern.console"
)

// visit is what the guard found out about a request.
type visit struct {
	who    identity.Who
	in     bool // a session at whatever stage
	rights policies.Rights
}

func visitOf(c *gin.Context) *visit {
	v, _ := c.Get(visitKey)
	found, _ := v.(*visit)
	if found == nil {
		return &visit{}
	}
	return found
}

// Guard mounts a screen behind its access: whoever may not ask for it never
// reaches it, and what it returns as an error becomes a page.
func (s *Console) Guard(a Access, screen web.Screen) gin.HandlerFunc {
	return func(c *gin.Context) {
		web.Headers(c)
		c.Set(accessKey, a)
		if err := s.serve(c, a, screen); err != nil {
			s.fault(c, err)
		}
	}
}

func (s *Console) serve(c *gin.Context, a Access, screen web.Screen) error {
	v, err := s.recognize(c, a)
	if err != nil {
		return err
	}
	c.Set(visitKey, v)
	web.Speak(c, firstOf(v.who.Account.Language, s.o.Cookies.Get(c, languageCookie)))
	if err := s.admit(c, a, v); err != nil {
		return err
	}
	if c.Request.Method == http.MethodPost {
		if err := web.Form(c); err != nil {
			return err
		}
	}
	return screen(c)
}

func firstOf(choices ...string) string {
	for _, choice := range choices {
		if choice != "" {
			return choice
		}
	}
	return ""
}

// recognize reads the session, if there is one.
func (s *Console) recognize(c *gin.Context, a Access) (*visit, error) {
	know := s.o.Identity.Current
	if a.quiet {
		know = s.o.Identity.Peek
	}
	who, err := know(c.Request.Context(), models.StaffRealm, s.session(c))
	if errors.Is(err, identity.ErrSignedOut) {
		return &visit{}, nil
	}
	if err != nil {
		return nil, err
	}
	roles := make([]string, len(who.Roles))
	for i, r := range who.Roles {
		roles[i] = string(r)
	}
	rights, err := s.o.Staff.Rights(roles...)
	if err != nil {
		return nil, err
	}
	return &visit{who: who, in: true, rights: rights}, nil
}

// stages is at which stage of a session each access is open.
var stages = map[string]models.Stage{Second.kind: models.StageSecond, Enrolled.kind: models.StageEnrol, Insider.kind: models.StageFull, "may": models.StageFull}

// admit refuses whoever may not pass; the zero Access lets nobody.
func (s *Console) admit(c *gin.Context, a Access, v *visit) error {
	if a.kind == Anybody.kind {
		return nil
	}
	stage, known := stages[a.kind]
	if !known || !v.in || v.who.Session.Stage != stage {
		return identity.ErrSignedOut
	}
	if stage != models.StageFull {
		return nil
	}
	if a.kind == "may" {
		if err := s.opened(c); err != nil {
			return err
		}
	}
	if !a.Allows(v.rights) {
		return errForbidden.Because(a.String())
	}
	return nil
}

// errForbidden is for who is signed in and may not.
var errForbidden = errs.New(errs.Forbidden, "role", "Your role may not do this.")

// opened refuses until both administrators are in.
func (s *Console) opened(c *gin.Context) error {
	if s.ready.Load() {
		return nil
	}
	ready, err := s.o.Identity.Ready(c.Request.Context())
	if err != nil {
		return err
	}
	if !ready {
		return identity.ErrNotYet
	}
	s.ready.Store(true)
	return nil
}

// fault shows an error. Whoever only has to sign in is led there, and back.
func (s *Console) fault(c *gin.Context, err error) {
	if errors.Is(err, identity.ErrSignedOut) && c.Request.Method == http.MethodGet {
		c.Redirect(http.StatusSeeOther, s.entrance(c))
		return
	}
	status := web.Status(err)
	if status >= http.StatusInternalServerError {
		s.o.Log.ErrorContext(c.Request.Context(), "screen failed", slog.String("request_id", web.RequestID(c)),
			slog.String("route", c.FullPath()), slog.Any("err", err))
	}
	if renderErr := s.showFault(c, status, err); renderErr != nil {
		c.Status(http.StatusInternalServerError)
	}
}

// entrance is the next step for who is not, or not wholly, in.
func (s *Console) entrance(c *gin.Context) string {
	if v := visitOf(c); v.in {
		switch v.who.Session.Stage {
		case models.StageSecond:
			return "/console/second"
		case models.StageEnrol:
			return "/console/enrol"
		case models.StageFull:
			return "/console"
		}
	}
	if c.Request.URL.Path == "/console" {
		return "/console/sign-in"
	}
	return "/console/sign-in?" + url.Values{"next": {c.Request.URL.RequestURI()}}.Encode()
}

// inside is where to go after signing in: a page of the console, or its first.
// Nothing that a browser could read as another host gets through (ASVS 3.7.2).
func inside(next string) string {
	const home = "/console"
	u, err := url.Parse(next)
	if err != nil || u.Scheme != "" || u.Host != "" || u.User != nil || strings.ContainsAny(next, "\\\r\n\t") || path.Clean(u.Path) != u.Path {
		return home
	}
	if u.Path != home && !strings.HasPrefix(u.Path, home+"/") {
		return home
	}
	return next
}

func (s *Console) client(c *gin.Context) identity.Client {
	return identity.Client{Address: web.ClientAddress(c).String(), Agent: c.Request.UserAgent()}
}

const keptKey = "postern.session"

// keep gives the browser its session. It ends with the browser, or before.
func (s *Console) keep(c *gin.Context, cookie string) {
	c.Set(keptKey, cookie)
	s.o.Cookies.Set(c, sessionCookie, cookie, 0)
}

// session is the session's cookie: the one that came, or its successor since.
func (s *Console) session(c *gin.Context) string {
	return firstOf(c.GetString(keptKey), s.o.Cookies.Get(c, sessionCookie))
}

func (s *Console) forget(c *gin.Context) { s.o.Cookies.Set(c, sessionCookie, "", -time.Second) }
