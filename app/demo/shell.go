package demo

import (
	"bytes"
	"context"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/a-h/templ"

	"postern/app/demo/story"
	"postern/app/play/partner"
	"postern/app/play/visitor"
	"postern/static"
	views "postern/views/demo"
	"postern/views/i18n"
)

// shell serves the start page and, on the same origin, the partners' back ends.
type shell struct {
	o        Options
	places   places
	partners map[string]*partner.Backend // by client_id
	answers  answers
	book     story.Book
	ledger   ledger
	thief    *visitor.Page
	staff    []colleague
	users    []user
}

func newShell(o Options, p places, partners map[string]*partner.Backend, a answers, l ledger) *shell {
	return &shell{
		o: o, places: p, partners: partners, answers: a, ledger: l,
		thief: visitor.New(visitor.Options{Gateway: p.gateway, Service: serviceID, Origin: p.h5, Now: o.Now, Rand: o.Rand}),
	}
}

func (s *shell) handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /{$}", s.start)
	mux.HandleFunc("GET /", s.missing)
	mux.HandleFunc("GET /partners/{partner}", s.start)
	mux.HandleFunc("POST /partners/{partner}/visits", s.tap)
	mux.HandleFunc("GET /visits/{visit}", s.visit)
	mux.HandleFunc("POST /visits/{visit}/steps", s.report)
	mux.HandleFunc("GET /staff", s.team)
	mux.HandleFunc("POST /preferences", preferences)
	mux.Handle("GET "+static.Prefix, static.Handler())
	return sameOrigin(s.places.partner, policy(s.policy(), readers(mux)))
}

// policy is the shell's content security policy: its own files, and the bank's
// page in a frame.
func (s *shell) policy() string {
	return "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; connect-src 'self'; " +
		"frame-src " + s.places.h5 + "; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
}

// policy puts the headers on every answer that keep a page to itself.
func policy(content string, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Content-Security-Policy", content)
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Referrer-Policy", "no-referrer")
		h.Set("Cache-Control", "no-store") // pages hold ATs; files set their own
		next.ServeHTTP(w, r)
	})
}

// sameOrigin refuses what another site's page makes a browser send.
func sameOrigin(origin string, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		// Browsers send Origin with every POST; "null" is what a page under
		// no-referrer sends to its own origin, and Sec-Fetch-Site tells it from others.
		from := r.Header.Get("Origin")
		own := from == origin || (from == "null" && r.Header.Get("Sec-Fetch-Site") == "same-origin")
		if r.Method != http.MethodGet && r.Method != http.MethodHead && !own {
			http.Error(w, http.StatusText(http.StatusForbidden), http.StatusForbidden)
			return
		}
		next.ServeHTTP(w, r)
	})
}

// ---- language and theme ----------------------------------------------------

// Cookies of localhost reach all its ports, so the bank's page speaks the
// language that was chosen in the shell.
const (
	langCookie  = "postern_demo_lang"
	themeCookie = "postern_demo_theme"
)

// readers puts the reader's language into the request's context.
func readers(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		lang := i18n.Pick(cookie(r, langCookie), r.Header.Get("Accept-Language"))
		w.Header().Set("Content-Language", lang.Tag())
		next.ServeHTTP(w, r.WithContext(i18n.WithLang(r.Context(), lang)))
	})
}

func cookie(r *http.Request, name string) string {
	c, err := r.Cookie(name)
	if err != nil {
		return ""
	}
	return c.Value
}

func theme(r *http.Request) string {
	if cookie(r, themeCookie) == "dark" {
		return "dark"
	}
	return "light"
}

// preferences keeps a chosen language or theme and leads back.
func preferences(w http.ResponseWriter, r *http.Request) {
	r.Body = http.MaxBytesReader(w, r.Body, 4<<10)
	for name, field := range map[string]string{langCookie: "lang", themeCookie: "theme"} {
		if value := r.PostFormValue(field); len(value) > 0 && len(value) <= 16 {
			http.SetCookie(w, &http.Cookie{
				Name: name, Value: value, Path: "/", MaxAge: int((365 * 24 * time.Hour).Seconds()),
				HttpOnly: true, SameSite: http.SameSiteLaxMode,
			})
		}
	}
	http.Redirect(w, r, localAddress(r.PostFormValue("to")), http.StatusSeeOther)
}

// localAddress is to if it leads to a page of this shell, else the start page.
func localAddress(to string) string {
	u, err := url.Parse(to)
	if err != nil || u.IsAbs() || u.Host != "" || !strings.HasPrefix(to, "/") || strings.HasPrefix(to, "//") || strings.ContainsAny(to, "\\\r\n") {
		return "/"
	}
	return to
}

// ---- answers -----------------------------------------------------------------

// page renders into a buffer first: half a page with status 200 helps nobody.
func page(w http.ResponseWriter, r *http.Request, log *slog.Logger, c templ.Component) {
	var b bytes.Buffer
	if err := c.Render(r.Context(), &b); err != nil {
		log.ErrorContext(r.Context(), "page not drawn", slog.Any("err", err))
		http.Error(w, http.StatusText(http.StatusInternalServerError), http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	if _, err := b.WriteTo(w); err != nil {
		log.DebugContext(r.Context(), "page not sent", slog.Any("err", err))
	}
}

// missing answers for pages that the shell never has.
func (s *shell) missing(w http.ResponseWriter, r *http.Request) {
	s.nothing(w, r, i18n.CommonNotFound, i18n.DemoNotFoundText)
}

// gone answers for visits that are not in the book: of an earlier run, or
// pushed out by newer ones.
func (s *shell) gone(w http.ResponseWriter, r *http.Request) {
	s.nothing(w, r, i18n.DemoGone, i18n.DemoGoneText)
}

func (s *shell) nothing(w http.ResponseWriter, r *http.Request, title, text i18n.Key) {
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.WriteHeader(http.StatusNotFound)
	page(w, r, s.o.Log, views.Missing(views.MissingPage{
		Theme: theme(r), Title: i18n.T(r.Context(), title), Text: i18n.T(r.Context(), text),
	}))
}

// clockForm is how the phones write a time of day.
const clockForm = "15:04"

// clock is the time of day on the phones' status bars.
func (s *shell) clock(context.Context) string { return s.o.Now().Format(clockForm) }
