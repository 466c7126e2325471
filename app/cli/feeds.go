package cli

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"text/tabwriter"
	"time"

	"postern/app/approval"
	"postern/app/config"
	"postern/app/feeds"
	"postern/app/ledger"
	"postern/app/store"
	"postern/models"
)

type feedsCommand struct {
	List   listFeedsCommand  `cmd:"" help:"Say how far each feed has come, and what is wrong with it."`
	Forget forgetFeedCommand `cmd:"" help:"Forget how far a feed has come that is configured no more."`
}

type listFeedsCommand struct {
	settings
}

func (c listFeedsCommand) Run(i invocation) error {
	s, configured, err := c.beside(i, "zone", "feeds")
	if err != nil {
		return err
	}
	defer s.Close()
	lags, err := s.FeedLags(i.ctx)
	if err != nil {
		return err
	}
	for _, f := range configured.Feeds {
		if !slices.ContainsFunc(lags, func(l models.FeedLag) bool { return l.Name == f.Name }) {
			lags = append(lags, models.FeedLag{Feed: models.Feed{Name: f.Name, Error: "has not begun"}})
		}
	}
	if len(lags) == 0 {
		_, err := fmt.Fprintln(i.Out, "There are no feeds.")
		return err
	}
	w := tabwriter.NewWriter(i.Out, 0, 4, 2, ' ', 0)
	fmt.Fprintf(w, "feed\ttarget\tposition\twaiting\tbehind\tdelivered\tfault\n")
	for _, f := range lags {
		fmt.Fprintf(w, "%s\t%s\t%d\t%s\t%s\t%s\t%s\n", f.Name, targetOf(configured.Feeds, f.Name), f.Position, waiting(f),
			f.Behind(i.Now()).Round(time.Second), clockTime(f.DeliveredAt, configured.Zone), fault(configured.Zone, f.Feed))
	}
	return w.Flush()
}

// targetOf is where the configuration sends a feed.
func targetOf(list []config.Feed, name string) string {
	for _, f := range list {
		switch {
		case f.Name != name:
		case f.Syslog.Address != "":
			return "syslog " + f.Syslog.Address
		default:
			return "file " + f.File.Path
		}
	}
	return "not configured here"
}

func waiting(f models.FeedLag) string {
	if f.Waiting >= store.MaxUnnumbered {
		return strconv.FormatInt(f.Waiting, 10) + " or more"
	}
	return strconv.FormatInt(f.Waiting, 10)
}

// fault is what is wrong with a feed, on one line, and since when.
func fault(zone *time.Location, f models.Feed) string {
	text := strings.Join(strings.Fields(f.Error), " ")
	if text != "" && f.FailedAt != 0 {
		text = clockTime(f.FailedAt, zone) + " " + text
	}
	return text
}

type forgetFeedCommand struct {
	settings
	Name string `arg:"" help:"The feed, as feeds list shows it."`
}

func (c forgetFeedCommand) Run(i invocation) error {
	s, configured, err := c.beside(i, "feeds")
	if err != nil {
		return err
	}
	defer s.Close()
	if slices.ContainsFunc(configured.Feeds, func(f config.Feed) bool { return f.Name == c.Name }) {
		return fmt.Errorf("%s is still configured; take it out of every node's configuration and restart them first", c.Name)
	}
	event, err := ledger.Make(ledger.Event{
		Kind: "feed.forgotten", Outcome: "ok", Actor: approval.CommandLine, From: ledger.OriginOf(i.ctx), Detail: map[string]string{"by": "cli", "user": operator(), "feed": c.Name},
	}, i.Now(), i.Rand)
	if err != nil {
		return err
	}
	err = s.Write(i.ctx, func(tx *store.Tx) error { return c.forget(i, tx, event) })
	switch {
	case errors.Is(err, store.ErrNoFeed):
		return fmt.Errorf("there is no feed %s; see postern feeds list", c.Name)
	case err != nil:
		return err
	}
	_, err = fmt.Fprintf(i.Out, "%s is forgotten; under this name a feed would begin with the first event.\n", c.Name)
	return err
}

// forget takes the feed's lease first: a node that has it would go on.
func (c forgetFeedCommand) forget(i invocation, tx *store.Tx, event models.Event) error {
	now, lease := i.Now().UnixMilli(), feeds.Lease(c.Name)
	taken, err := tx.TakeLease(lease, "command line", now, now)
	if err != nil {
		return err
	}
	if !taken {
		return fmt.Errorf("a node still delivers %s; if none is configured to any more, try again in a minute", c.Name)
	}
	if err := tx.ForgetFeed(c.Name); err != nil {
		return err
	}
	if err := tx.ReleaseLease(lease, "command line"); err != nil {
		return err
	}
	return tx.AppendEvent(event)
}
