package bench

import (
	"context"
	"fmt"
	"log/slog"
	"time"

	"postern/app/store"
)

// What else there is beside counts.
const (
	countedNodes  = 2 // that count today
	countedLive   = 100_000
	countedAlerts = 300
)

func (o ConsoleOptions) count(ctx context.Context, s *store.Store) error {
	zone, err := time.LoadLocation("Asia/Shanghai") // the gateway's own
	if err != nil {
		return err
	}
	began := o.Now()
	fill := store.FillOfCounts{
		Days: o.Days, Applications: consolePartners * consoleEach, Each: consoleEach, Nodes: countedNodes,
		Live: countedLive, Alerts: countedAlerts, Now: began.In(zone),
	}
	rows, err := s.FillCounts(ctx, fill, func(day time.Time) { o.Log.InfoContext(ctx, "counts filled", slog.Time("day", day)) })
	if err == nil {
		_, err = fmt.Fprintf(o.Out, "%d counts written in %s\n", rows, o.Now().Sub(began).Round(time.Second))
	}
	return err
}

// countedScreens are those that add counts up.
func countedScreens(now time.Time) consoleScreens {
	month := now.AddDate(0, 0, -now.Day()).Format("2006-01") // the one that is over
	return consoleScreens{
		{name: "overview", path: "/console"},
		{name: "overview, 24 hours", path: "/console?time=24h"},
		{name: "overview, 7 days", path: "/console?time=7d"},
		{name: "overview, 30 days", path: "/console?time=30d"},
		{name: "overview of a partner, 24 hours", path: "/console?time=24h&partner=partner-3"},
		{name: "overview of a partner, 30 days", path: "/console?time=30d&partner=partner-3"},
		{name: "tiles, 24 hours", path: "/console/now/tiles?time=24h"},
		{name: "tiles, 30 days", path: "/console/now/tiles?time=30d"},
		{name: "health", path: "/console/now/health"},
		{name: "partners", path: "/console/partners"},
		{name: "a partner", path: "/console/partners/partner-3"},
		{name: "statements", path: "/console/statements"},
		{name: "statement of a month", path: "/console/partners/partner-3/statement?month=" + month},
		{name: "statement of a month by days", path: "/console/partners/partner-3/statement?by=day&month=" + month},
		{name: "alerts", path: "/console/alerts"},
		{name: "calls", path: "/console/calls"},
		{name: "live visits", path: "/console/live"},
		{name: "live visits of an application", path: "/console/live?app=app-9&service=" + seedService},
	}
}
