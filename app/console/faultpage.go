package console

import (
	"errors"
	"strings"

	"github.com/gin-gonic/gin"

	"postern/app/approval"
	"postern/app/authority"
	"postern/app/errs"
	"postern/app/identity"
	"postern/app/web"
	"postern/models"
	"postern/views/console"
	"postern/views/i18n"
)

// faultWords are what a page says of an error: first by what it is, else by its kind.
type faultWords struct {
	is          error
	kind        errs.Kind
	title, text i18n.Key
}

var faultPages = []faultWords{
	{is: identity.ErrNotYet, title: i18n.ConsoleNotYet, text: i18n.ConsoleNotYetText},
	{is: identity.ErrLink, title: i18n.ConsoleLinkOver, text: i18n.ConsoleLinkOverText},
	{is: approval.ErrOutdated, title: i18n.ConsoleConflict, text: i18n.ConsoleOutdatedText},
	{is: approval.ErrOwn, title: i18n.ConsoleForbidden, text: i18n.ConsoleOwnText},
	{is: approval.ErrDecided, title: i18n.ConsoleConflict, text: i18n.ConsoleDecidedText},
	{is: approval.ErrOther, title: i18n.ConsoleConflict, text: i18n.ConsoleDiffersText},
	{is: identity.ErrVerify, title: i18n.SignVerifyNeeded, text: i18n.SignVerifyText},
	{is: identity.ErrPasskey, title: i18n.SignPasskeyPage, text: i18n.SignPasskeyPageText},
	{is: identity.ErrChallenge, title: i18n.SignChallenge, text: i18n.SignChallengeText},
	{is: identity.ErrLastFactor, title: i18n.SignLastFactor, text: i18n.SignRemoveLast},
	{is: identity.ErrManyFactors, title: i18n.SignManyFactors, text: i18n.SignManyText},
	{is: identity.ErrLinked, title: i18n.SignOnLinked, text: i18n.SignOnLinkedText},
	{is: identity.ErrLoginGone, title: i18n.SignLoginGone, text: i18n.SignLoginGoneText},
	{is: errHandedIn, title: i18n.ConsoleConflict, text: i18n.ConsoleMovedPage},
	{is: identity.ErrLastAdmin, title: i18n.ConsoleConflict, text: i18n.StaffLastAdmin},
	{is: identity.ErrNoReset, title: i18n.ConsoleConflict, text: i18n.StaffNoReset},
	{is: identity.ErrOwn, title: i18n.ConsoleConflict, text: i18n.StaffOwn},
	{is: errScopeTooLarge, title: i18n.CatalogTooLarge, text: i18n.CatalogTooLargeText},
	{is: authority.ErrVisitOver, title: i18n.ConsoleConflict, text: i18n.LiveOver},
	{is: web.ErrForm, title: i18n.ConsoleBadForm, text: i18n.ConsoleBadFormText},
	{kind: errs.Forbidden, title: i18n.ConsoleForbidden, text: i18n.ConsoleForbidText},
	{kind: errs.Unauthenticated, title: i18n.ConsoleSignedOut, text: i18n.ConsoleSignedText},
	{kind: errs.NotFound, title: i18n.ConsoleNotFound, text: i18n.ConsoleNotFoundText},
	{kind: errs.RateLimited, title: i18n.ConsoleTooMany, text: i18n.ConsoleTooManyText},
	{kind: errs.Conflict, title: i18n.ConsoleConflict, text: i18n.ConsoleConflictText},
	{kind: errs.Invalid, title: i18n.ConsoleBadForm, text: i18n.ConsoleBadFormText},
}

func wordsOf(err error) faultWords {
	for _, w := range faultPages {
		if w.is != nil && errors.Is(err, w.is) || w.is == nil && w.kind == errs.KindOf(err) {
			return w
		}
	}
	return faultWords{title: i18n.ConsoleBroken, text: i18n.ConsoleBrokenText}
}

// showFault writes the page of an error: inside the console for who is in, else
// on the card outside.
func (s *Console) showFault(c *gin.Context, status int, err error) error {
	ctx, v, w := c.Request.Context(), visitOf(c), wordsOf(err)
	page := console.FaultPage{
		Title: i18n.T(ctx, w.title), Text: i18n.T(ctx, w.text), RequestID: web.RequestID(c), Again: s.entrance(c),
	}
	if !v.in || v.who.Session.Stage != models.StageFull {
		page.Outside = s.outside(c)
		return web.Render(c, status, console.FaultOutside(page))
	}
	page.Frame, page.Again = s.frame(c, page.Title), "/console"
	if errors.Is(err, errForbidden) {
		page.Forbidden = true
		page.Name, page.Role = v.who.Account.Name, strings.Join(roleNames(c, v.who.Roles), i18n.T(ctx, i18n.CommonComma))
		page.Needed = strings.Join(roleNames(c, s.mayRole(s.accessOf(c))), i18n.T(ctx, i18n.CommonComma))
	}
	return web.Render(c, status, console.Fault(page))
}

const accessKey = "postern.access"

// accessOf is what the screen that was asked for needs.
func (s *Console) accessOf(c *gin.Context) Access {
	a, _ := c.Get(accessKey)
	access, _ := a.(Access)
	return access
}
