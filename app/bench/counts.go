package bench

import (
	"context"
	"fmt"
	"log/slog"
	"time"

	"postern/app/store"
	"postern/models"
)

// Of whom there are counts.
const (
	countedPartners = 100
	countedEach     = 3 // applications of a partner
	countedNodes    = 2 // that count today
	countedLive     = 100_000
	countedAlerts   = 300
)

// Counts fills a database with days of counts, live visits and alerts, and prints
// how long the pages take that add them up.
func Counts(ctx context.Context, o ConsoleOptions) error {
	return o.with(ctx, func(g staffed) error {
		if err := o.count(ctx, g.Store()); err != nil {
			return err
		}
		roles := []models.StaffRole{models.ReviewerRole, models.OfficerRole}
		cookies, err := o.hire(ctx, g.Identity(), roles...)
		if err != nil {
			return err
		}
		var list []consoleScreen
		for i, cookie := range cookies {
			v, err := visitorOf(g, cookie)
			if err != nil {
				return err
			}
			for _, s := range countedScreens(o.Now()) {
				s.name, s.by = s.name+", "+string(roles[i]), v
				list = append(list, s)
			}
		}
		return o.print(ctx, list)
	})
}

func (o ConsoleOptions) count(ctx context.Context, s *store.Store) error {
	if err := o.settle(ctx, s, countedPartners*countedEach, countedEach); err != nil {
		return err
	}
	zone, err := time.LoadLocation("Asia/Shanghai") // the gateway's own
	if err != nil {
		return err
	}
	began := o.Now()
	fill := store.FillOfCounts{
		Days: o.Days, Applications: countedPartners * countedEach, Each: countedEach, Nodes: countedNodes,
		Live: countedLive, Alerts: countedAlerts, Now: began.In(zone),
	}
	rows, err := s.FillCounts(ctx, fill, func(day time.Time) { o.Log.InfoContext(ctx, "counts filled", slog.Time("day", day)) })
	if err == nil {
		_, err = fmt.Fprintf(o.Out, "%d counts written in %s\n", rows, o.Now().Sub(began).Round(time.Second))
	}
	return err
}

func countedScreens(now time.Time) []consoleScreen {
	month := now.AddDate(0, 0, -now.Day()).Format("2006-01") // the one that is over
	return []consoleScreen{
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
	}
}
