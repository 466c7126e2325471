package app

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"postern/app/alerts"
	"postern/app/announcements"
	"postern/app/approval"
	"postern/app/authority"
	"postern/app/bankfile"
	"postern/app/clients"
	"postern/app/config"
	"postern/app/conformance"
	"postern/app/consents"
	"postern/app/console"
	"postern/app/control"
	"postern/app/directory"
	"postern/app/evidence"
	"postern/app/feeds"
	"postern/app/gateway"
	"postern/app/gateway/upstream"
	"postern/app/identity"
	"postern/app/jobs"
	"postern/app/keyring"
	"postern/app/killswitch"
	"postern/app/ledger"
	"postern/app/limit"
	"postern/app/oauth"
	"postern/app/partners"
	"postern/app/portal"
	"postern/app/records"
	"postern/app/selfservice"
	"postern/app/settings"
	"postern/app/signon"
	"postern/app/store"
	"postern/app/trial"
	"postern/app/web"
	"postern/app/webhooks"
	"postern/models"
	"postern/policies"
)

// Config is what a gateway is made of. Issuer, Store, Master, Now and Rand are
// required.
type Config struct {
	Issuer  string // the gateway's address as pages and partners see it, without a trailing slash
	Node    string // this node's name; unique among nodes of one database
	Version string // of the program, for people; may be empty
	Store   store.Config
	Master  *keyring.Master
	Other   *keyring.Master // opens keys that Master did not seal, while one replaces the other; nil for none
	Zone    *time.Location  // the bank's, for daily quotas and services' hours; nil means Asia/Shanghai
	// Who may say whom a request comes from, at each listener; empty is nobody.
	TrustedProxies, InternalProxies, PortalProxies []netip.Prefix

	Keys         config.Keys      // how long keys are used; zero means config's defaults
	Rates        authority.Rates  // zero means config's defaults
	FailureRate  limit.Rate       // failed requests of one address; zero means config's default
	Retention    config.Retention // zero means config's defaults
	Bank, BankZH string           // the bank's name, as the console shows it in each language
	Console      config.Console   // zero means config's defaults, at http://localhost
	Portal       config.Portal    // zero means config's defaults, at http://localhost
	Evidence     config.Evidence  // zero means config's defaults: no anchor
	Feeds        []config.Feed    // where every event goes; empty for nowhere
	Alerts       config.Alerts    // zero means config's defaults: nobody is told
	// Told is everything that the node was told and where, for the page of settings;
	// without the texts of secrets. Zero is made of the rest.
	Told config.Config
	// Certificates are the listeners' own, by listener, and when each ends; nil where none has one.
	Certificates func() map[string]time.Time

	Now   func() time.Time
	Rand  io.Reader           // safe for concurrent use
	Sleep func(time.Duration) // nil means time.Sleep
	Idle  bool                // does no work by the clock: whoever has set it says when a job runs
	Log   *slog.Logger
}

// Bounds of what is kept in memory for limits and replays.
const (
	maxBuckets   = 200_000
	maxAddresses = 200_000
	maxReplays   = 4_000_000
	// replayKeep is longer than a call's iat may be off either way.
	replayKeep = 150 * time.Second
)

// App is a running gateway.
type App struct {
	config      Config
	store       *store.Store
	ring        *keyring.Ring
	ledger      *ledger.Ledger
	feed        *control.Feed
	heart       *control.Heart
	directory   *directory.Directory
	authority   *authority.Authority
	upstreams   *upstream.Pool
	failures    *limit.FailureGate
	metrics     *metrics
	jobs        *jobs.Runner
	feeds       *feeds.Runner
	evidence    *evidence.Keeper
	settings    *settings.Live
	alerts      *alerts.Watch
	outbox      *alerts.Outbox
	mail        func(ctx context.Context, to, title, text string) error // nil where no server takes mail
	sources     *alerts.Sources
	uses        *clients.Uses
	clients     *clients.Authenticator
	notices     alerts.Notices
	oauth       *oauth.OAuth
	gateway     *gateway.Gateway
	identity    *identity.Identity
	records     *records.Records
	tail        *records.Tail
	approvals   *approval.Approvals
	selfService *selfservice.SelfService
	conformance *conformance.Runs
	webhooks    *webhooks.Webhooks
	announced   *announcements.Announcements
	console     *console.Console
	users       *identity.Identity // of partners
	portal      *portal.Portal

	leaving atomic.Bool // the node is about to stop
	stop    context.CancelFunc
	done    sync.WaitGroup
	starve  context.CancelFunc // ends the feeds, after the ledger
	fed     sync.WaitGroup
}

// New opens everything and starts what runs in the background. Close ends it.
func New(ctx context.Context, c Config) (*App, error) {
	a := &App{config: c.withDefaults()}
	if err := a.open(ctx); err != nil {
		return nil, errors.Join(err, a.Close(context.WithoutCancel(ctx)))
	}
	background, stop := context.WithCancel(context.WithoutCancel(ctx))
	a.stop = stop
	a.done.Go(func() { a.feed.Run(background) })
	a.done.Go(func() { a.heart.Run(background) })
	if !c.Idle {
		a.done.Go(func() { a.jobs.Run(background) })
	}
	a.done.Go(func() { a.tail.Run(background) })
	a.done.Go(func() { a.conformance.Run(background) })
	feeding, starve := context.WithCancel(context.WithoutCancel(ctx))
	a.starve = starve
	a.fed.Go(func() { a.feeds.Run(feeding) })
	return a, nil
}

func (c Config) withDefaults() Config {
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	if c.Node == "" {
		c.Node = "node-1"
	}
	if c.Sleep == nil {
		c.Sleep = time.Sleep
	}
	standard := config.Default().Rates
	if c.Rates == (authority.Rates{}) {
		c.Rates = RatesFrom(standard)
	}
	if c.FailureRate == (limit.Rate{}) {
		c.FailureRate = limit.Rate(standard.Failures)
	}
	if c.Retention == (config.Retention{}) {
		c.Retention = config.Default().Retention
	}
	usual := config.Default().Console
	c.Console.IdleTime = cmp.Or(c.Console.IdleTime, usual.IdleTime)
	c.Console.SessionTime = cmp.Or(c.Console.SessionTime, usual.SessionTime)
	c.Console.Address = cmp.Or(c.Console.Address, "http://localhost")
	c.Portal.Address = cmp.Or(c.Portal.Address, "http://localhost")
	c.Portal.IdleTime = cmp.Or(c.Portal.IdleTime, config.Default().Portal.IdleTime)
	c.Portal.SessionTime = cmp.Or(c.Portal.SessionTime, config.Default().Portal.SessionTime)
	c.Alerts = withAlerts(c.Alerts)
	c.Evidence.Every = cmp.Or(c.Evidence.Every, config.Default().Evidence.Every)
	c.Told = c.told()
	c.Store.Log, c.Store.Now = c.Log, c.Now
	return c
}

// told is everything that the node was told, as far as anybody said so: commands
// know it from config.Load, others leave it to the rest of the configuration.
func (c Config) told() config.Config {
	told := c.Told
	if told.Issuer == "" {
		listeners := cmp.Or(told.Listeners.Gateway.Address, told.Listeners.Internal.Address) != ""
		told = config.Default()
		if listeners {
			told.Listeners = c.Told.Listeners
		}
		told.Issuer, told.Node, told.Bank, told.BankZH, told.Console = c.Issuer, c.Node, c.Bank, c.BankZH, c.Console
		told.Zone, told.Feeds = cmp.Or(c.Zone, told.Zone), c.Feeds
		told.MasterKey = config.NewSecret("set") // there is always one
		told.Database = config.Database{Path: c.Store.Path, DSN: config.NewSecret(c.Store.DSN)}
	}
	if c.Keys != (config.Keys{}) {
		told.Keys = c.Keys
	}
	told.Retention, told.Alerts, told.Evidence = c.Retention, c.Alerts, c.Evidence
	return told.Public()
}

// RatesFrom are the rates of applications and visits as they are configured.
func RatesFrom(r config.Rates) authority.Rates {
	return authority.Rates{AT: limit.Rate(r.AT), VT: limit.Rate(r.VT), Call: limit.Rate(r.Call), Visit: limit.Rate(r.Visit)}
}

// open goes from the ground up.
func (a *App) open(ctx context.Context) error {
	for _, step := range []struct {
		name string // "" where the package's own errors say what was being opened
		do   func(context.Context) error
	}{
		// The feed first: what is read after it and kept is told of when it moves.
		{"", a.openStore}, {"feed", a.openFeed}, {"", a.openSettings}, {"keys", a.openRing}, {"", a.openLedger},
		{"directory", a.openDirectory}, {"evidence", a.openEvidence}, {"alerts", a.openAlerts}, {"", a.openJobs}, {"", a.openFeeds}, {"doors", a.openDoors},
		{"", a.openHeart}, {"console", a.openConsole}, {"portal", a.openPortal}, {"changes", a.listen},
	} {
		err := step.do(ctx)
		if err != nil && step.name != "" {
			err = fmt.Errorf("open %s: %w", step.name, err)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func (a *App) openStore(ctx context.Context) (err error) {
	if a.config.Zone == nil {
		if a.config.Zone, err = time.LoadLocation("Asia/Shanghai"); err != nil {
			return err
		}
	}
	a.store, err = store.Open(ctx, a.config.Store)
	return err
}

func (a *App) openRing(ctx context.Context) (err error) {
	a.ring, err = keyring.Open(ctx, keyring.Options{
		Store: a.store, Master: a.config.Master, Other: a.config.Other, Lives: a.config.Keys, Now: a.config.Now, Rand: a.config.Rand,
		Event: a.keyEvent,
	})
	return err
}

// keyEvent tells the ledger what this node did to a key on its own.
func (a *App) keyEvent(kind, reason string, detail map[string]string) (models.Event, error) {
	detail["by"], detail["node"] = "gateway", a.config.Node
	return ledger.Make(ledger.Event{Kind: kind, Outcome: "ok", Reason: reason, Detail: detail}, a.config.Now(), a.config.Rand)
}

func (a *App) openLedger(ctx context.Context) (err error) {
	a.ledger, err = ledger.Open(ctx, a.store, ledger.Options{
		Node: a.config.Node, Now: a.config.Now, Zone: a.config.Zone, Rand: a.config.Rand, Log: a.config.Log,
	})
	return err
}

func (a *App) openDirectory(ctx context.Context) error {
	compiler, err := policies.NewCompiler()
	if err != nil {
		return err
	}
	a.directory, err = directory.Open(ctx, a.store, compiler)
	return err
}

func (a *App) openSettings(ctx context.Context) (err error) {
	a.settings, err = settings.Open(ctx, a.store, a.config.Told, a.config.Log)
	return err
}

func (a *App) openFeed(ctx context.Context) (err error) {
	a.feed, err = control.Open(ctx, a.store, a.config.Now, a.config.Log)
	return err
}

func (a *App) openHeart(context.Context) error {
	a.heart = control.NewHeart(control.HeartOptions{
		Store: a.store, Feed: a.feed, Node: a.config.Node, Version: a.config.Version,
		Ready: func() bool { return a.authority.Ready() == nil && !a.leaving.Load() }, InFlight: a.gateway.InFlight,
		Now: a.config.Now, Log: a.config.Log,
	})
	return nil
}

func (a *App) openJobs(context.Context) (err error) {
	a.announced = &announcements.Announcements{Store: a.store, Now: a.config.Now, Rand: a.config.Rand}
	a.webhooks = webhooks.New(webhooks.Options{
		Store: a.store, Issuer: a.config.Issuer, Private: a.config.Portal.PrivateWebhooks, Now: a.config.Now, Rand: a.config.Rand,
		Sign: a.ring.Sign,
	})
	a.jobs, err = jobs.New(jobs.Options{
		Store: a.store, Node: a.config.Node, Now: a.config.Now, Rand: a.config.Rand, Log: a.config.Log,
		Jobs: append([]jobs.Job{
			TendKeys(a.ring),
			jobs.Days{Store: a.store, Zone: a.config.Zone, Now: a.config.Now}.Job(),
			jobs.History{Store: a.store, Zone: a.config.Zone, Now: a.config.Now}.Job(),
			jobs.Retention{Store: a.store, Days: a.settings.Retention, Zone: a.config.Zone, Now: a.config.Now}.Job(),
			a.expireRequests(), a.warnPartners(), a.tellPartners(), a.prepareOverview(),
		}, slices.Concat(a.evidenceJobs(), a.alertJobs())...),
	})
	return err
}

// expireRequests is the job that puts away change requests that nobody has decided.
func (a *App) expireRequests() jobs.Job {
	return jobs.Job{
		Name: "requests", About: "puts away change requests that nobody has decided in time, and tells of those that end soon",
		Every: time.Hour, After: time.Minute, Limit: 30 * time.Second, Alone: true,
		Do: func(ctx context.Context) (string, error) {
			n, err := a.approvals.Expire(ctx)
			if err != nil {
				return "", err
			}
			warned, err := a.approvals.Warn(ctx)
			return fmt.Sprintf("put away %d, told of %d that end soon", n, warned), err
		},
	}
}

// warnPartners is the job that tells partners of credentials that end.
func (a *App) warnPartners() jobs.Job {
	return jobs.Job{
		Name: "credentials", About: "tells partners of credentials that end in 60, 30, 7 or 1 days",
		Every: time.Hour, After: 2 * time.Minute, Limit: time.Minute, Alone: true,
		Do: func(ctx context.Context) (string, error) {
			n, err := a.selfService.Warn(ctx)
			return fmt.Sprintf("told of %d that end", n), err
		},
	}
}

// tellPartners is the job that tells partners' programs what happened.
func (a *App) tellPartners() jobs.Job {
	return jobs.Job{
		Name: "webhooks", About: "tells partners' programs what becomes of what is theirs",
		Every: 10 * time.Second, After: 5 * time.Second, Limit: time.Minute, Alone: true, Do: a.webhooks.Run,
	}
}

// prepareOverview is the job that adds up what the console's overview shows before
// somebody waits for it: on every node, whose pages keep the sums.
func (a *App) prepareOverview() jobs.Job {
	return jobs.Job{
		Name: "overview", About: "adds up for the console what is settled, before somebody asks",
		Every: 10 * time.Minute, After: 10 * time.Second, Limit: time.Minute,
		Do: func(ctx context.Context) (string, error) { return "", a.console.Prepare(ctx) },
	}
}

func (a *App) openFeeds(ctx context.Context) error {
	a.feeds = feeds.New(ctx, feeds.Options{
		Store: a.store, Node: a.config.Node, Feeds: a.config.Feeds, Now: a.config.Now, Rand: a.config.Rand, Log: a.config.Log,
	})
	return nil
}

// TendKeys is the job that rotates and retires keys by their age: on every node,
// at its start and from then on.
func TendKeys(ring *keyring.Ring) jobs.Job {
	return jobs.Job{
		Name: "keys", About: "rotates and retires keys by their age",
		Every: keyring.TendEvery, Limit: 30 * time.Second,
		Do: func(ctx context.Context) (string, error) { return "", ring.Tend(ctx) },
	}
}

// listen lets whoever keeps something in memory hear what moves, and what has
// moved since the feed was opened.
func (a *App) listen(ctx context.Context) error {
	a.feed.Listen(func(c models.Change) error { return a.heard(context.WithoutCancel(ctx), c) })
	return a.feed.Poll(ctx)
}

// changeTimeout bounds the reads that a change asks for.
const changeTimeout = 3 * time.Second

func (a *App) heard(ctx context.Context, c models.Change) error {
	ctx, cancel := context.WithTimeout(ctx, changeTimeout)
	defer cancel()
	a.directory.Heard(c)
	switch c.Kind {
	case models.ChangeKeys:
		return a.ring.Reload(ctx)
	case models.ChangeSettings:
		return a.settings.Reload(ctx)
	case models.ChangeService:
		return a.directory.ReloadOrigins(ctx)
	case models.ChangeFreeze:
		a.heart.Heard(c)
	}
	return nil
}

func (a *App) openDoors(context.Context) error {
	c := a.config
	a.metrics = newMetrics(a)
	a.failures = limit.NewFailureGate(maxAddresses, c.FailureRate)
	a.upstreams = upstream.NewPool(upstream.Options{})
	a.authority = authority.New(authority.Options{
		Issuer: c.Issuer, Ledger: a.ledger, Ring: a.ring, Directory: a.directory, Feed: a.feed,
		Differs:  a.evidence.Differs,
		Consents: &consents.Registry{Store: a.store, Now: c.Now, Rand: c.Rand},
		Buckets:  limit.NewBuckets(maxBuckets), Replays: limit.NewReplayWindow(maxReplays, replayKeep),
		Rates: c.Rates, Zone: c.Zone, Now: c.Now, Rand: c.Rand, Log: c.Log,
	})
	var err error
	a.clients, err = clients.New(a.directory, a.feed, c.Issuer, c.Now)
	if err != nil {
		return err
	}
	a.oauth = oauth.New(oauth.Options{
		Issuer: c.Issuer, Authority: a.authority, Clients: a.clients, Directory: a.directory,
		Ring: a.ring, Failures: a.failures, Now: c.Now, Log: c.Log, Refused: a.metrics.refused, Issued: a.sources.Note, Used: a.uses.Note,
	})
	a.gateway = gateway.New(gateway.Options{
		Authority: a.authority, Upstreams: a.upstreams, Origins: a.directory, Failures: a.failures,
		Now: c.Now, Log: c.Log, Refused: a.metrics.refused, Preflight: a.metrics.foreignPreflight, Sleep: c.Sleep,
	})
	return nil
}

// Rates of one address at the console's door; a whole office may be behind it.
var (
	signInRate   = limit.Rate{PerSecond: 0.2, Burst: 20} // sign-ins that fail
	questionRate = limit.Rate{PerSecond: 2, Burst: 200}  // questions for a passkey before anybody is known
)

func (a *App) openConsole(context.Context) error {
	c := a.config
	staff, err := policies.NewStaff()
	if err != nil {
		return err
	}
	var elsewhere identity.SignOn
	if c.Console.OIDC.Issuer != "" {
		if elsewhere, err = signon.New(c.Console.OIDC, c.Console.Address+"/console/sign-on", c.Now); err != nil {
			return err
		}
	}
	a.identity = identity.New(identity.Options{
		Store: a.store, Sealer: func() identity.Sealer { return a.ring.Subjects() },
		Name: cmp.Or(c.Bank, "Postern"), Address: c.Console.Address, SignOn: elsewhere,
		Idle: c.Console.IdleTime, Session: c.Console.SessionTime, Now: c.Now, Rand: c.Rand,
	})
	a.records = records.New(records.Options{
		Store: a.store, Subjects: func() records.Subjects { return a.ring.Subjects() }, Now: c.Now, Rand: c.Rand, Zone: c.Zone,
	})
	a.tail = a.records.NewTail(c.Log)
	a.approvals = approval.New(approval.Options{Store: a.store, Kinds: a.approvalKinds(), Tell: a.notices, Own: killswitch.Own, Asks: killswitch.Asks, Now: c.Now, Rand: c.Rand, Applied: a.applied})
	a.selfService = selfservice.New(selfservice.Options{Store: a.store, Approvals: a.approvals, Tell: a.notices, Now: c.Now, Rand: c.Rand})
	a.conformance = conformance.New(conformance.Options{
		Store: a.store, Sign: a.ring.Sign, Verify: a.ring.Verify, Issuer: c.Issuer, Now: c.Now, Rand: c.Rand, Log: c.Log,
	})
	a.console = console.New(console.Options{
		Approvals: a.approvals, SelfService: a.selfService, Conformance: a.conformance, Announcements: a.announced, Records: a.records, Tail: a.tail, Address: c.Console.Address, Portal: c.Portal.Address,
		Cursors:   a.cursors(),
		Directory: a.directory, Feed: a.feed, Upstreams: a.upstreams,
		Identity: a.identity, Store: a.store, Staff: staff, Bank: c.Bank, BankZH: cmp.Or(c.BankZH, c.Bank), Zone: c.Zone,
		Cookies:  web.Cookies{Secure: strings.HasPrefix(c.Console.Address, "https://")},
		Failures: limit.NewFailureGate(maxAddresses, signInRate), Questions: limit.NewFailureGate(maxAddresses, questionRate),
		Keys: a.ring, Evidence: a.evidence, Settings: a.settings, Node: c.Node, Facts: console.Facts{Version: c.Version, Database: string(a.store.Dialect())},
		SignOn: elsewhere != nil, SignOnName: c.Console.OIDC.Name,
		Ready:        func(context.Context) bool { return a.authority.Ready() == nil },
		Certificates: c.Certificates, Mail: a.mail,
		Now: c.Now, Rand: c.Rand, Log: c.Log,
	})
	return nil
}

// openPortal makes the partners' house. Its accounts, passkeys and sessions are its
// own: another realm, another host.
func (a *App) openPortal(context.Context) error {
	c := a.config
	rules, err := policies.NewPortal()
	if err != nil {
		return err
	}
	a.users = identity.New(identity.Options{
		Store: a.store, Sealer: func() identity.Sealer { return a.ring.Subjects() },
		Name: cmp.Or(c.Bank, "Postern"), Address: c.Portal.Address, Idle: c.Portal.IdleTime, Session: c.Portal.SessionTime, Now: c.Now, Rand: c.Rand,
	})
	door, err := a.Gateway() // what is tried goes through the door that everybody comes by
	if err != nil {
		return err
	}
	trials := trial.New(trial.Options{
		Store: a.store, SelfService: a.selfService, Directory: a.directory, Sealer: func() identity.Sealer { return a.ring.Subjects() },
		Gateway: door, Heard: a.feed.Poll, Issuer: c.Issuer, Now: c.Now, Rand: c.Rand,
	})
	a.portal = portal.New(portal.Options{
		Trials: trials, Conformance: a.conformance, Heard: a.feed.Poll,
		Identity: a.users, Store: a.store, SelfService: a.selfService, Webhooks: a.webhooks, Keys: a.ring, Records: a.records, Tail: a.tail, Cursors: a.cursors(), Rules: rules, Address: c.Portal.Address, Issuer: c.Issuer, Bank: c.Bank, BankZH: cmp.Or(c.BankZH, c.Bank), Zone: c.Zone, Rand: c.Rand,
		Cookies:  web.Cookies{Secure: strings.HasPrefix(c.Portal.Address, "https://")},
		Failures: limit.NewFailureGate(maxAddresses, signInRate), Questions: limit.NewFailureGate(maxAddresses, questionRate),
		Now: c.Now, Log: c.Log, Check: a.clients.Check, Examine: a.authority, Mail: a.mail,
	})
	return nil
}

// cursors hand out places in lists, under a key that all nodes share.
func (a *App) cursors() web.Cursors {
	return web.Cursors{MAC: func(text string) string { return a.ring.Subjects().MAC(keyring.Places, text) }}
}

// ApprovalKinds are the changes of the bank's business and staff that can be asked
// for, by their name.
func ApprovalKinds() map[string]approval.Kind {
	return map[string]approval.Kind{
		bankfile.Kind:      {Applier: bankfile.Applier{}},
		identity.RoleKind:  {Applier: identity.Roles{}, Alone: true},
		identity.ResetKind: {Applier: identity.Resets{}, Alone: true},
		partners.CloseKind: {Applier: partners.Closer{}, Alone: true},

		identity.OwnerKind: {Applier: identity.Owners{}, Alone: true},

		records.ExportKind: {Applier: records.Exports{}, Alone: true},

		killswitch.FreezeKind: {Applier: killswitch.Freezes{}},
		killswitch.ThawKind:   {Applier: killswitch.Thaws{}, Alone: true},
		killswitch.EndKind:    {Applier: killswitch.Ends{}},
		killswitch.VisitKind:  {Applier: killswitch.EndVisits{}},
	}
}

// approvalKinds are all of them: those that a running gateway alone can apply too.
func (a *App) approvalKinds() map[string]approval.Kind {
	kinds := ApprovalKinds()
	kinds[keyring.ChangeKind] = approval.Kind{Applier: a.ring.Changes(), Alone: true}
	kinds[settings.Kind] = approval.Kind{Applier: a.settings.Changes(), Alone: true}
	return kinds
}

// applied makes this node take up a change at once. Where that fails the feed does
// so in a moment: the change itself stands.
func (a *App) applied(ctx context.Context) {
	if err := a.Refresh(ctx); err != nil {
		a.config.Log.WarnContext(ctx, "change was not taken up at once", slog.Any("err", err))
	}
}

// Identity knows the bank's staff, for commands beside the doors.
func (a *App) Identity() *identity.Identity { return a.identity }

// Announcements are what partners are told.
func (a *App) Announcements() *announcements.Announcements { return a.announced }

// Users knows partners' users.
func (a *App) Users() *identity.Identity { return a.users }

// Store is the gateway's store, for use cases beside the doors.
func (a *App) Store() *store.Store { return a.store }

// Conformance knows the conformance runs of partners.
func (a *App) Conformance() *conformance.Runs { return a.conformance }

// Refresh makes this node take up at once what was just written, and say so;
// other nodes do so within a second.
func (a *App) Refresh(ctx context.Context) error {
	if err := a.feed.Poll(ctx); err != nil {
		return err
	}
	return a.heart.Beat(ctx)
}

// closeTimeout bounds how long a dead store can hold up the end.
const closeTimeout = 30 * time.Second

// Close ends what runs in the background, commits what waits in the ledger,
// for at most closeTimeout, and closes the store. Stop serving before.
func (a *App) Close(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, closeTimeout)
	defer cancel()
	if a.stop != nil {
		a.stop()
	}
	a.done.Wait()
	var faults []error
	if a.upstreams != nil {
		a.upstreams.Close()
	}
	if a.ledger != nil {
		faults = append(faults, a.ledger.Close(ctx))
	}
	if a.starve != nil {
		a.starve()
	}
	a.fed.Wait() // for seconds at most
	if a.sources != nil {
		faults = append(faults, a.sources.Flush(ctx), a.uses.Flush(ctx))
	}
	if a.store != nil {
		faults = append(faults, a.store.Close())
	}
	return errors.Join(faults...)
}
