package entrance

import (
	"context"
	"errors"
	"maps"
	"net/http"
	"slices"
	"strings"

	"github.com/gin-gonic/gin"

	"postern/app/errs"
	"postern/app/identity"
	"postern/app/web"
	"postern/models"
	"postern/views/entrance"
	"postern/views/i18n"
	"postern/views/ui"
)

// Fault is what a page says of an error: first by what it is, else by its kind.
type Fault struct {
	Is          error
	Kind        errs.Kind
	Title, Text i18n.Key
	// Say, if set, makes the text, of an error that has names in it.
	Say func(context.Context, error) string
}

var faults = []Fault{
	{Is: identity.ErrNotYet, Title: i18n.ConsoleNotYet, Text: i18n.ConsoleNotYetText},
	{Is: identity.ErrLink, Title: i18n.ConsoleLinkOver, Text: i18n.ConsoleLinkOverText},
	{Is: identity.ErrVerify, Title: i18n.SignVerifyNeeded, Text: i18n.SignVerifyText},
	{Is: identity.ErrPasskey, Title: i18n.SignPasskeyPage, Text: i18n.SignPasskeyPageText},
	{Is: identity.ErrChallenge, Title: i18n.SignChallenge, Text: i18n.SignChallengeText},
	{Is: identity.ErrLastFactor, Title: i18n.SignLastFactor, Text: i18n.SignRemoveLast},
	{Is: identity.ErrManyFactors, Title: i18n.SignManyFactors, Text: i18n.SignManyText},
	{Is: identity.ErrLinked, Title: i18n.SignOnLinked, Text: i18n.SignOnLinkedText},
	{Is: identity.ErrLoginGone, Title: i18n.SignLoginGone, Text: i18n.SignLoginGoneText},
	{Is: web.ErrLongForm, Title: i18n.ConsoleLongForm, Text: i18n.ConsoleLongFormText},
	{Is: web.ErrForm, Title: i18n.ConsoleBadForm, Text: i18n.ConsoleBadFormText},
	{Kind: errs.Forbidden, Title: i18n.ConsoleForbidden, Text: i18n.ConsoleForbidText},
	{Kind: errs.Unauthenticated, Title: i18n.ConsoleSignedOut, Text: i18n.ConsoleSignedText},
	{Kind: errs.NotFound, Title: i18n.ConsoleNotFound, Text: i18n.ConsoleNotFoundText},
	{Kind: errs.RateLimited, Title: i18n.ConsoleTooMany, Text: i18n.ConsoleTooManyText},
	{Kind: errs.Conflict, Title: i18n.ConsoleConflict, Text: i18n.ConsoleConflictText},
	{Kind: errs.Invalid, Title: i18n.ConsoleBadForm, Text: i18n.ConsoleBadFormText},
}

func (e *Entrance) wordsOf(err error) Fault {
	for _, list := range [][]Fault{e.o.Faults, faults} {
		for _, f := range list {
			if f.Is != nil && errors.Is(err, f.Is) || f.Is == nil && f.Kind == errs.KindOf(err) {
				return f
			}
		}
	}
	return Fault{Title: i18n.ConsoleBroken, Text: i18n.ConsoleBrokenText}
}

func (f Fault) text(ctx context.Context, err error) string {
	if f.Say != nil {
		return f.Say(ctx, err)
	}
	return i18n.T(ctx, f.Text)
}

// showFault writes the page of an error: inside the house for who is in, else on
// the card outside.
func (e *Entrance) showFault(c *gin.Context, status int, err error) error {
	ctx, v, w := c.Request.Context(), VisitOf(c), e.wordsOf(err)
	page := entrance.FaultPage{Text: w.text(ctx, err), RequestID: web.RequestID(c), Again: e.next(c)}
	title := i18n.T(ctx, w.Title)
	if kept := e.kept(c, err); kept != nil {
		page.Text, page.Action, page.Kept = i18n.T(ctx, i18n.SignKeptText), c.Request.URL.RequestURI(), kept
	}
	if c.Request.Method == http.MethodGet && (status >= http.StatusInternalServerError || status == http.StatusTooManyRequests) {
		page.Retry = c.Request.URL.RequestURI()
	}
	if !v.In || v.Who.Session.Stage != models.StageFull {
		page.Outside, page.Title = e.outside(c), title
		return web.Render(c, status, entrance.FaultOutside(page))
	}
	page.Room, page.Again, page.Up = e.room(c, title), e.o.Base, e.above(c, errs.KindOf(err) == errs.NotFound)
	if errors.Is(err, ErrForbidden) {
		comma := i18n.T(ctx, i18n.CommonComma)
		page.Forbidden = true
		page.Name, page.Role = v.Who.Account.Name, strings.Join(e.o.Roles(c, v.Who), comma)
		page.Needed = strings.Join(e.o.Needed(c, accessOf(c)), comma)
	}
	return web.Render(c, status, entrance.Fault(page))
}

// Page notes the pattern of a page that can be read: refusals lead back to it.
func (e *Entrance) Page(pattern string) { e.pages[pattern] = true }

// above is the address of the page from which something was sent, or the nearest above one that
// was asked for; of what is not there, the nearest above the last thing that the address names.
// "" where that is the first page.
func (e *Entrance) above(c *gin.Context, missing bool) string {
	pattern, path := strings.Split(c.FullPath(), "/"), strings.Split(c.Request.URL.EscapedPath(), "/")
	n := len(pattern)
	if len(path) != n {
		return ""
	}
	if missing {
		for n > 0 && !strings.HasPrefix(pattern[n-1], ":") {
			n--
		}
	}
	if missing || c.Request.Method == http.MethodGet {
		n--
	}
	for ; n > 2; n-- { // the empty one before the first slash, and the house
		if e.pages[strings.Join(pattern[:n], "/")] {
			return strings.Join(path[:n], "/")
		}
	}
	return ""
}

// kept is what was typed into a form whose session had ended when it came, so that it
// can be sent again; nil for anything else. Proofs and passwords are not kept.
func (e *Entrance) kept(c *gin.Context, err error) (list []ui.Hidden) {
	a := accessOf(c)
	inner := a.kind == "may" || a.kind == Insider.kind
	if !errors.Is(err, identity.ErrSignedOut) || c.Request.Method != http.MethodPost || !inner || e.session(c) == "" {
		return nil
	}
	if c.GetHeader("HX-Request") != "" || web.Form(c) != nil {
		return nil
	}
	for _, name := range slices.Sorted(maps.Keys(c.Request.PostForm)) {
		if strings.HasPrefix(name, "verify_") || slices.Contains(secretFields, name) {
			continue
		}
		for _, value := range c.Request.PostForm[name] {
			list = append(list, ui.Hidden{Name: name, Value: value})
		}
	}
	return list
}

// secretFields are fields of forms that nobody is shown again.
var secretFields = []string{"old", "password", "again", "code", "answer"}

const accessKey = "postern.access"

// accessOf is what the screen that was asked for needs.
func accessOf(c *gin.Context) Access {
	a, _ := c.Get(accessKey)
	access, _ := a.(Access)
	return access
}
