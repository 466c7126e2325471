package app

import (
	"cmp"
	"context"
	"errors"
	"io"
	"time"

	"postern/app/alerts"
	"postern/app/alerts/post"
	"postern/app/clients"
	"postern/app/config"
	"postern/app/console"
	"postern/app/gateway/upstream"
	"postern/app/jobs"
	"postern/app/ledger"
	"postern/policies"
	"postern/views/i18n"
)

// Who looks, and who tells.
func (a *App) openAlerts(context.Context) error {
	senders, err := post.Open(a.config.Alerts, a.config.Now)
	if err != nil {
		return err
	}
	if a.notices, err = NoticesOf(a.config.Alerts, a.config.Console.Address, a.config.Rand); err != nil {
		return err
	}
	a.notices.Portal, a.notices.Bank = a.config.Portal.Address, a.bankName
	a.sources, a.uses = alerts.NewSources(a.store), clients.NewUses(a.store)
	a.alerts = alerts.New(alerts.Options{
		Store: a.store, Config: a.config.Alerts, Node: a.config.Node, Zone: a.config.Zone, Now: a.config.Now, Rand: a.config.Rand,
		Local: a.local(), Rules: a.settings.Rules, Feeds: a.feedsBehind, Evidence: a.vouched, Notices: a.notices,
	})
	a.outbox = alerts.NewOutbox(a.alerts, senders)
	if by := senders[config.ReceiverMail]; by != nil {
		a.mail = a.letters(by)
	}
	return nil
}

// letters sends letters that open an account at once, to one address each, by the server that
// takes alerts.
func (a *App) letters(by post.Sender) func(ctx context.Context, to, title, text string) error {
	return func(ctx context.Context, to, title, text string) error {
		now := a.config.Now()
		id, err := ledger.NewID(now, a.config.Rand)
		if err != nil {
			return err
		}
		return by.Send(ctx, post.Message{ID: id, At: now, Title: title, Text: text, Opens: true, To: []string{to}})
	}
}

// bankName is the bank's name in a language.
func (a *App) bankName(l i18n.Lang) string {
	if l == i18n.Chinese {
		return cmp.Or(a.config.BankZH, a.config.Bank, "Postern")
	}
	return cmp.Or(a.config.Bank, "Postern")
}

// NoticesOf tell the bank's staff of change requests, as the settings have it; for
// commands beside a gateway, too.
func NoticesOf(c config.Alerts, address string, random io.Reader) (alerts.Notices, error) {
	staff, err := policies.NewStaff()
	return alerts.Notices{Config: c, Console: address, Staff: staff, Check: console.CheckOf, Rand: random}, err
}

// feedsBehind is how far the feeds of events are behind, whichever node delivers them.
func (a *App) feedsBehind(ctx context.Context, now time.Time) ([]alerts.Feed, error) {
	lags, err := a.store.FeedLags(ctx)
	if err != nil {
		return nil, err
	}
	list := make([]alerts.Feed, len(lags))
	for i, lag := range lags {
		list[i] = alerts.Feed{Name: lag.Name, Behind: lag.Behind(now)}
	}
	return list, nil
}

// local is what this node can tell of itself.
func (a *App) local() alerts.Local {
	l := alerts.Local{
		Circuits: func() map[string]bool {
			down := map[string]bool{}
			for id, state := range a.upstreams.States() {
				down[id] = state != upstream.Closed
			}
			return down
		},
		Certificates: a.config.Certificates,
		Queue:        func() (int, int) { return a.ledger.Depth() },
		Lost:         func() int64 { return a.authority.Lost() },
		ChangesAge:   func() time.Duration { return a.feed.Age() },
	}
	if _, known, _ := a.config.Store.Free(); known {
		l.Free = func() (int64, error) {
			octets, _, err := a.config.Store.Free()
			return octets, err
		}
	}
	return l
}

// How often the rules are looked at, and messages sent. A theft or a full disk
// should be told of within two minutes.
const (
	lookEvery = time.Minute
	tellEvery = 20 * time.Second
)

// alertJobs look and tell. Each node looks at itself; at the whole database, and
// to the receivers, one turns for all: after the nodes have looked, so that what
// they see again after a start does not count as over.
func (a *App) alertJobs() []jobs.Job {
	return []jobs.Job{
		{
			Name: alerts.JobNode, About: "looks at what this node can tell of itself",
			Every: lookEvery, After: 20 * time.Second, Limit: 30 * time.Second, Do: a.lookHere,
		},
		{
			Name: alerts.JobAll, About: "looks at the whole database for what people should look at",
			Every: lookEvery, After: 40 * time.Second, Limit: 50 * time.Second, Alone: true, Do: a.alerts.LookAtAll,
		},
		{
			Name: alerts.JobMessages, About: "tells receivers of alerts",
			Every: tellEvery, After: tellEvery, Limit: time.Minute, Alone: true, Do: a.outbox.Send,
		},
	}
}

func (a *App) lookHere(ctx context.Context) (string, error) {
	flushed := errors.Join(a.sources.Flush(ctx), a.uses.Flush(ctx))
	said, err := a.alerts.LookAtNode(ctx) // what could not be written down is no reason not to look
	return said, errors.Join(flushed, err)
}

// FlushUses writes down which credentials were used since the last time.
func (a *App) FlushUses(ctx context.Context) error { return a.uses.Flush(ctx) }

// Alerts is the watch of this node.
func (a *App) Alerts() *alerts.Watch { return a.alerts }

// Outbox tells receivers.
func (a *App) Outbox() *alerts.Outbox { return a.outbox }

// withAlerts are the defaults where nothing is said.
func withAlerts(c config.Alerts) config.Alerts {
	if c.Remind == 0 {
		return config.Default().Alerts
	}
	return c
}
