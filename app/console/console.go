package console

import (
	"context"
	"io"
	"log/slog"
	"time"

	"github.com/a-h/templ"
	"github.com/gin-gonic/gin"

	"postern/app/announcements"
	"postern/app/approval"
	"postern/app/conformance"
	"postern/app/directory"
	"postern/app/entrance"
	"postern/app/evidence"
	"postern/app/gateway/upstream"
	"postern/app/identity"
	"postern/app/keyring"
	"postern/app/killswitch"
	"postern/app/limit"
	"postern/app/records"
	"postern/app/recordview"
	"postern/app/selfservice"
	"postern/app/settings"
	"postern/app/store"
	"postern/app/web"
	"postern/models"
	"postern/policies"
	views "postern/views/entrance"
	"postern/views/i18n"
	"postern/views/layout"
)

// Options are what the console works with.
type Options struct {
	Identity    *identity.Identity
	Approvals   *approval.Approvals
	SelfService *selfservice.SelfService
	Records     *records.Records
	Tail        *records.Tail
	Cursors     web.Cursors
	Store       *store.Store

	Conformance   *conformance.Runs
	Announcements *announcements.Announcements
	Directory     *directory.Directory
	Feed          Feed
	Upstreams     *upstream.Pool // this node's
	Keys          *keyring.Ring
	Evidence      *evidence.Keeper
	Settings      *settings.Live
	Node          string // this node's name
	Facts         Facts
	Staff         *policies.Staff
	Address       string // where the console is reached, without a trailing slash
	Portal        string // where the portal is
	Cookies       web.Cookies
	Certificates  func() map[string]time.Time // the listeners' own, by listener, and when each ends; nil where none has one
	Bank, BankZH  string                      // the bank's name in each language
	Zone          *time.Location              // the bank's, in which times are shown
	Failures      *limit.FailureGate
	Questions     *limit.FailureGate         // how often an address may be asked for a passkey, or be sent to sign on
	SignOn        bool                       // the bank's own sign-on is one way in
	SignOnName    string                     // what the staff call it; may be empty
	Ready         func(context.Context) bool // whether this node answers
	Now           func() time.Time
	Rand          io.Reader
	Log           *slog.Logger

	Mail func(ctx context.Context, to, title, text string) error // nil where no server takes mail
}

// Feed knows what is frozen; control.Feed does.
type Feed interface {
	Frozen(kind models.FreezeTarget, id string, what models.FreezeScope) bool
	Thawed(scopes []string, what models.FreezeScope) []string
	Poll(ctx context.Context) error
}

// Console has the staff's screens.
type Console struct {
	*entrance.Entrance
	o     Options
	looks *limit.Buckets // at pages, by account

	view    recordview.View
	counted counted
	live    live
}

// New returns the console's screens.
func New(o Options) *Console {
	s := &Console{o: o, looks: limit.NewBuckets(maxLookers), view: recordview.View{
		Now: o.Now, Zone: o.Zone, Cursors: o.Cursors, Log: logPath, Visits: visitsPath, Explain: recordview.Explain,
	}}
	s.Entrance = entrance.New(entrance.Options{
		Identity: o.Identity, Realm: models.StaffRealm, Base: "/console", Bank: o.Bank, BankZH: o.BankZH, Cookies: o.Cookies, Zone: o.Zone,
		Words: views.Words{
			SignIn: i18n.ConsoleSignIn, SignInLead: i18n.ConsoleSignInLead, NoWayIn: i18n.ConsoleNoWayIn, Login: i18n.ConsoleLogin,
			EmailHelp: i18n.ConsoleEmailHelp, ToStart: i18n.ConsoleToStart,
		},
		Failures: o.Failures, Questions: o.Questions, SignOn: o.SignOn, SignOnName: o.SignOnName, Mail: o.Mail, Now: o.Now, Log: o.Log,
		Rights: s.rights, Opened: s.opened, Roles: func(c *gin.Context, who identity.Who) []string { return roleNames(c, who.Roles) },
		Needed: func(c *gin.Context, a entrance.Access) []string { return roleNames(c, s.mayRole(a)) },
		Frame: func(c *gin.Context, title string, above ...layout.Crumb) templ.Component {
			return layout.Console(s.frame(c, title, above...))
		},
		Faults: faults, Notes: notes, Reading: s.reading,
	})
	return s
}

// rights are what the rules of the staff give to somebody's roles.
func (s *Console) rights(_ *gin.Context, who identity.Who) (policies.Rights, error) {
	roles := make([]string, len(who.Roles))
	for i, r := range who.Roles {
		roles[i] = string(r)
	}
	return s.o.Staff.Rights(roles...)
}

// opened refuses until both administrators are in.
func (s *Console) opened(c *gin.Context) error {
	ready, err := s.o.Identity.Ready(c.Request.Context())
	if err == nil && !ready {
		err = identity.ErrNotYet
	}
	return err
}

// faults are the console's own errors that have words of their own.
var faults = []entrance.Fault{
	{Is: approval.ErrOutdated, Title: i18n.ConsoleConflict, Text: i18n.ConsoleOutdatedText},
	{Is: killswitch.ErrNotYours, Title: i18n.KillTheirsTitle, Say: notYoursWords},
	{Is: killswitch.ErrWide, Title: i18n.ConsoleForbidden, Text: i18n.KillNotYours},
	{Is: approval.ErrOwn, Title: i18n.ConsoleForbidden, Text: i18n.ConsoleOwnText},
	{Is: approval.ErrDecided, Title: i18n.ConsoleConflict, Text: i18n.ConsoleDecidedText},
	{Is: selfservice.ErrOver, Title: i18n.ConsoleConflict, Text: i18n.ParcelOver},
	{Is: selfservice.ErrProposed, Title: i18n.ConsoleConflict, Text: i18n.ParcelOver},
	{Is: approval.ErrAnswered, Title: i18n.ConsoleConflict, Text: i18n.ParcelOver},
	{Is: approval.ErrOther, Title: i18n.ConsoleConflict, Text: i18n.ConsoleDiffersText},
	{Is: announcements.ErrMoved, Title: i18n.ConsoleConflict, Text: i18n.AnnouncementMoved},
	{Is: errHandedIn, Title: i18n.ConsoleConflict, Text: i18n.ConsoleMovedPage},
	{Is: identity.ErrLastAdmin, Title: i18n.ConsoleConflict, Text: i18n.StaffLastAdmin},
	{Is: identity.ErrNoReset, Title: i18n.ConsoleConflict, Text: i18n.StaffNoReset},
	{Is: identity.ErrOwn, Title: i18n.ConsoleConflict, Text: i18n.StaffOwn},
	{Is: errScopeTooLarge, Title: i18n.CatalogTooLarge, Text: i18n.CatalogTooLargeText},
	{Is: evidence.ErrNotYet, Title: i18n.EvidenceProofSoon, Say: notProvableWords},
	{Is: web.ErrCursor, Title: i18n.ConsoleBadPlace, Text: i18n.ConsoleBadPlaceText},
	{Is: records.ErrFilter, Title: i18n.ConsoleBadFilter, Text: i18n.ConsoleBadFilterText},
	{Is: killswitch.ErrVisitOver, Title: i18n.ConsoleConflict, Text: i18n.LiveOver},
}

// notes are what the console's pages say after a change.
var notes = map[string]i18n.Key{
	"approved": i18n.ConsoleDoneApproved, "sent-back": i18n.ConsoleDoneSentBack, "rejected": i18n.ConsoleDoneRejected,
	"withdrawn": i18n.ConsoleDoneWithdrawn, "commented": i18n.ConsoleDoneCommented,
	"noted": i18n.PartnerNoted, "draft-kept": i18n.OnboardingKept, "dropped": i18n.OnboardingDropped,
	"disabled": i18n.StaffDisabled, "enabled": i18n.StaffEnabled, "sessions-ended": i18n.StaffSessionsEnded,
	"visits-ended": i18n.LiveDone, "visit-ended": i18n.LiveDoneOne,
	"alert-acknowledged": i18n.AlertsDone,
	"announcement-made":  i18n.AnnouncementDonePublish, "announcement-planned": i18n.AnnouncementDonePlanned, "announcement-changed": i18n.AnnouncementDoneSaved, "announcement-withdrawn": i18n.AnnouncementDoneWithdraw,
	"taken": i18n.ParcelDoneTaken, "asked-partner": i18n.ParcelDoneAsked, "declined": i18n.ParcelDoneDeclined,
	"asked": i18n.ConsoleDoneAsked, "applied": i18n.ConsoleDoneApplied,
}
