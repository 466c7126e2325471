package doctor

import (
	"context"
	"fmt"
	"slices"
	"time"

	"postern/app/config"
	"postern/app/store"
	"postern/models"
)

// feedLate is how long an event may wait for its feed: a syslog receiver
// confirms every half minute, and a node that died is missed after a minute.
const feedLate = 5 * time.Minute

// feeds looks how far the feeds of events have come. A schema of before has none.
func (p Patient) feeds(ctx context.Context, s *store.Store) []Finding {
	lags, err := s.FeedLags(ctx)
	if err != nil {
		if len(p.Config.Feeds) == 0 {
			return nil
		}
		return []Finding{failed("feeds", err.Error(), "Start the gateway: it brings the schema up.")}
	}
	var list []Finding
	for _, f := range lags {
		list = append(list, p.feed(f))
	}
	for _, c := range p.Config.Feeds {
		if !slices.ContainsFunc(lags, func(f models.FeedLag) bool { return f.Name == c.Name }) {
			list = append(list, warning("feed "+c.Name, "it has not begun",
				"A gateway with this configuration begins it within seconds: start it, and look for \"feed failed\" in its log."))
		}
	}
	return list
}

func (p Patient) feed(f models.FeedLag) Finding {
	check, behind := "feed "+f.Name, f.Behind(p.Now()).Round(time.Second)
	found := fmt.Sprintf("%d events wait, the first for %s", f.Waiting, behind)
	switch {
	case !slices.ContainsFunc(p.Config.Feeds, func(c config.Feed) bool { return c.Name == f.Name }):
		return warning(check, "it is not configured here, and "+found,
			"If no node has it any more: postern feeds forget "+f.Name+". Else give every node the same feeds.")
	case f.Waiting > 0 && f.Error != "":
		return warning(check, found+"; it failed: "+f.Error,
			"Mend the receiver or its settings. Nothing is lost meanwhile: what waits is delivered once it can be.")
	case behind > feedLate:
		return warning(check, found, "See that a gateway runs that has this feed in its configuration. Old events of a new feed take their time.")
	}
	return ok(check, "up to %d delivered; %s", f.Position, found)
}
