package portal

import (
	"context"
	"io"
	"log/slog"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/a-h/templ"
	"github.com/gin-gonic/gin"

	"postern/app/approval"
	"postern/app/authority"
	"postern/app/change"
	"postern/app/clients"
	"postern/app/conformance"
	"postern/app/entrance"
	"postern/app/identity"
	"postern/app/keyring"
	"postern/app/limit"
	"postern/app/records"
	"postern/app/recordview"
	"postern/app/selfservice"
	"postern/app/store"
	"postern/app/trial"
	"postern/app/web"
	"postern/app/webhooks"
	"postern/models"
	"postern/policies"
	views "postern/views/entrance"
	"postern/views/i18n"
	"postern/views/layout"
)

// Options are what the portal works with.
type Options struct {
	Identity    *identity.Identity
	Store       *store.Store
	SelfService *selfservice.SelfService
	Trials      *trial.Trials
	Conformance *conformance.Runs
	Heard       func(ctx context.Context) error // has this node take up what was just written
	Webhooks    *webhooks.Webhooks
	Keys        *keyring.Ring
	// Check says what the gateway would say to an assertion of an application's.
	Check        func(ctx context.Context, application, compact string) ([]clients.Finding, error)
	Examine      Examiner
	Records      *records.Records
	Tail         *records.Tail
	Cursors      web.Cursors
	Rules        *policies.Portal
	Address      string // where the portal is reached, without a trailing slash
	Issuer       string // of the gateway: the audience of assertions, where it is reached
	Cookies      web.Cookies
	Bank, BankZH string         // the bank's name in each language
	Zone         *time.Location // the bank's, in which times are shown
	Failures     *limit.FailureGate
	Questions    *limit.FailureGate
	Now          func() time.Time
	Rand         io.Reader
	Log          *slog.Logger

	Mail func(ctx context.Context, to, title, text string) error // nil where no server takes mail
}

// Examiner says of an envelope, or of an AT, what the gateway would say to it;
// authority.Authority does.
type Examiner interface {
	ExamineEnvelope(ctx context.Context, partner, compact string) ([]authority.Finding, error)
	ExamineAT(ctx context.Context, partner, at string) ([]authority.Finding, error)
}

// Portal has the partners' screens.
type Portal struct {
	*entrance.Entrance
	o             Options
	events, calls recordview.View // how what is on record is shown
	explained     *limit.Buckets  // by account
	exported      *limit.Buckets  // by partner
}

// New returns the portal's screens.
func New(o Options) *Portal {
	view := recordview.View{
		Now: o.Now, Zone: o.Zone, Cursors: o.Cursors, Log: logPath, Visits: visitsPath, Explain: recordview.ExplainToPartner, Run: runPath, Own: true,
	}
	p := &Portal{o: o, events: view, calls: view, explained: limit.NewBuckets(maxAccounts), exported: limit.NewBuckets(maxAccounts)}
	p.calls.Log, p.calls.Calls = callsPath, true
	p.Entrance = entrance.New(entrance.Options{
		Identity: o.Identity, Realm: models.PortalRealm, Base: homePath, Bank: o.Bank, BankZH: o.BankZH, Cookies: o.Cookies, Zone: o.Zone,
		Words: views.Words{
			SignIn: i18n.PortalSignIn, SignInLead: i18n.PortalSignInLead, NoWayIn: i18n.PortalNoWayIn, Login: i18n.PortalLogin,
			EmailHelp: i18n.PortalEmailHelp, ToStart: i18n.PortalToStart,
		},
		Failures: o.Failures, Questions: o.Questions, Mail: o.Mail, Now: o.Now, Log: o.Log,
		Rights: p.rights, Opened: func(*gin.Context) error { return nil },
		Roles: func(c *gin.Context, who identity.Who) []string {
			return []string{entrance.PortalRole(c.Request.Context(), who.Member.Role)}
		},
		Needed: p.needed,
		Frame: func(c *gin.Context, title string, _ ...layout.Crumb) templ.Component {
			return layout.Portal(p.frame(c, title))
		},
		Faults: faults, Notes: notes,
	})
	return p
}

const (
	homePath         = "/portal"
	applicationsPath = homePath + "/applications"
	requestsPath     = homePath + "/requests"
	teamPath         = homePath + "/team"
)

// rights are what the portal's rules give to somebody's roles at their partner.
func (p *Portal) rights(_ *gin.Context, who identity.Who) (policies.Rights, error) {
	return p.o.Rules.Rights(who.Member.Roles()...)
}

// needed names the roles that may what somebody may not.
func (p *Portal) needed(c *gin.Context, a entrance.Access) (names []string) {
	ctx := c.Request.Context()
	for _, role := range models.PortalRoles {
		may := func(roles ...string) bool {
			rights, err := p.o.Rules.Rights(roles...)
			return err == nil && a.Allows(rights)
		}
		switch {
		case may(string(role)):
			names = append(names, entrance.PortalRole(ctx, role))
		case may(string(role), string(role.Live())):
			names = append(names, i18n.T(ctx, i18n.PortalLiveRole, entrance.PortalRole(ctx, role)))
		}
	}
	return names
}

var faults = []entrance.Fault{
	{Is: entrance.ErrForbidden, Title: i18n.ConsoleForbidden, Text: i18n.PortalAskOwner},
	{Is: identity.ErrLastOwner, Title: i18n.ConsoleConflict, Text: i18n.PortalLastOwner},
	{Is: identity.ErrTeamFull, Title: i18n.ConsoleConflict, Text: i18n.PortalTeamFull},
	{Is: identity.ErrOwn, Title: i18n.ConsoleConflict, Text: i18n.PortalOwn},
	{Is: identity.ErrNoReset, Title: i18n.ConsoleConflict, Text: i18n.PortalNoWayIn},
	{Is: webhooks.ErrFull, Title: i18n.ConsoleConflict, Text: i18n.WebhooksFull},
	{Is: selfservice.ErrHeld, Title: i18n.ConsoleConflict, Text: i18n.PortalScopeHeld},
	{Is: selfservice.ErrTakenOften, Title: i18n.ConsoleConflict, Text: i18n.PortalScopeOften},
	{Is: approval.ErrNotOwn, Title: i18n.ConsoleConflict, Text: i18n.PortalNotOwn},
	{Is: approval.ErrOwn, Title: i18n.ConsoleConflict, Text: i18n.PortalOwnRequest},
	{Is: change.ErrMoved, Title: i18n.ConsoleConflict, Text: i18n.PortalMoved},
	{Is: identity.ErrTooFew, Title: i18n.ConsoleConflict, Text: i18n.PortalSecondFew},
	{Is: selfservice.ErrOver, Title: i18n.ConsoleConflict, Text: i18n.PortalRequestOver},
	{Is: selfservice.ErrCredentials, Title: i18n.ConsoleConflict, Text: i18n.PortalCredentialsFull},
	{Is: selfservice.ErrRun, Title: i18n.ConsoleConflict, Text: i18n.ConformanceIsOn},
	{Is: conformance.ErrOn, Title: i18n.ConsoleConflict, Text: i18n.ConformanceOn},
	{Is: conformance.ErrOff, Title: i18n.ConsoleConflict, Text: i18n.ConformanceOff},
	{Is: conformance.ErrStage, Title: i18n.ConsoleBadForm, Text: i18n.ConformanceNoStage},
	{Is: errSandboxOnly, Title: i18n.ConsoleNotFound, Text: i18n.PortalSandboxOnly},
	{Is: trial.ErrNoStep, Title: i18n.ConsoleConflict, Text: i18n.PortalNoStep},
	{Is: selfservice.ErrWaiting, Title: i18n.ConsoleConflict, Text: i18n.PortalManyWait},
}

var notes = map[string]i18n.Key{
	"role-set": i18n.PortalDoneRole, "removed": i18n.PortalDoneRemoved,
	"made": i18n.PortalDoneMade, "changed": i18n.PortalDoneChanged, "closed": i18n.PortalDoneClosed,
	"registered": i18n.PortalDoneRegistered, "ended": i18n.PortalDoneEnded, "kept": i18n.PortalDoneKept,
	"further": i18n.PortalDoneFurther, "frozen": i18n.PortalDoneFrozen, "thawed": i18n.PortalDoneThawed,
	"confirmed": i18n.PortalDoneConfirmed, "waits": i18n.PortalDoneWaits,
	"second-on": i18n.PortalDoneSecondOn, "second-asked": i18n.PortalDoneSecondAsked, "second-off": i18n.PortalDoneSecondOff, "second-stays": i18n.PortalDoneSecondStays,
	"webhook-made": i18n.WebhookDoneMade, "webhook-test": i18n.WebhookDoneTest, "webhook-again": i18n.WebhookDoneAgain, "webhook-removed": i18n.WebhookDoneRemove,
	"taken-scope": i18n.PortalDoneTaken, "given-back": i18n.PortalDoneGiven,
	"asked": i18n.PortalDoneAsked, "replied": i18n.PortalDoneReplied, "withdrawn": i18n.PortalDoneWithdrawn,
}

// pages are those of the bar at the top; who may not open one does not see it.
var pages = []struct {
	text   i18n.Key
	href   string
	access entrance.Access
	also   []string // pages that belong to it
}{
	{i18n.PortalHome, homePath, entrance.Insider, nil},
	{i18n.Status, statusPath, entrance.May("applications", "read"), nil},
	{i18n.PortalApplications, applicationsPath, entrance.May("applications", "read"), nil},
	{i18n.PortalScopes, scopesPath, entrance.May("applications", "read"), nil},
	{i18n.PortalTry, tryPath, entrance.May("applications", "make"), nil},
	{i18n.OwnLog, logPath, entrance.May("log", "read"), []string{callsPath, usagePath, visitsPath, explainPath}},
	{i18n.Webhooks, webhooksPath, entrance.May("applications", "read"), nil},
	{i18n.PortalRequests, requestsPath, entrance.May("requests", "read"), nil},
	{i18n.PortalTeam, teamPath, entrance.May("team", "read"), nil},
	{i18n.Docs, docsPath, entrance.May("applications", "read"), nil},
}

// user is who asks, for what they change.
func user(c *gin.Context) selfservice.User {
	who := entrance.VisitOf(c).Who
	return selfservice.User{By: approval.By{Account: who.Account.ID, Person: who.Account.PersonID}, Partner: who.Partner.ID}
}

// inWorld is the frame of a page of one of the two worlds, at a path that has both.
func (p *Portal) inWorld(c *gin.Context, title, path string, e models.Environment) layout.PortalLayout {
	l := p.frame(c, title)
	l.Production, l.Sandbox, l.Live = e == models.Production, worldPath(path, models.Sandbox), worldPath(path, models.Production)
	return l
}

func worldPath(path string, e models.Environment) string { return path + "?world=" + string(e) }

// frame is that of a page of neither world.
func (p *Portal) frame(c *gin.Context, title string) layout.PortalLayout {
	v, ctx := entrance.VisitOf(c), c.Request.Context()
	l := layout.PortalLayout{
		Title: title, Partner: v.Who.Partner.Name, Bank: p.BankName(c), Home: homePath, SignOut: homePath + "/sign-out", Preferences: p.Preferred(c),
		User:  layout.User{Name: v.Who.Account.Name, Role: entrance.PortalRole(ctx, v.Who.Member.Role), Initial: initial(v.Who.Account.Name), Href: homePath + "/account"},
		Flash: p.Note(c),
	}
	for _, page := range pages {
		if page.access.Allows(v.Rights) {
			path := c.Request.URL.Path
			under := func(of string) bool { return path == of || strings.HasPrefix(path, of+"/") }
			l.Nav = append(l.Nav, layout.NavItem{
				Text: i18n.T(ctx, page.text), Href: page.href,
				Current: path == page.href || page.href != homePath && under(page.href) || slices.ContainsFunc(page.also, under),
			})
		}
	}
	return l
}

func initial(name string) string {
	first, _ := utf8.DecodeRuneInString(name)
	return strings.ToUpper(string(first))
}
