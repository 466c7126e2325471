package console

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/a-h/templ"

	"postern/app/entrance"
	"postern/app/store"
	"postern/models"
	"postern/policies"
	"postern/views/console"
	"postern/views/i18n"
	"postern/views/ui"
)

const (
	briefRows = 5
	// endsSoon is within which time something ends that people should know of.
	endsSoon = 30 * 24 * time.Hour
	// sentBackFor is for how long a request that was sent back is remembered.
	sentBackFor = 30 * 24 * time.Hour
	// pressing is from when on a request's end calls for action.
	pressing = 12 * time.Hour
)

// waitingPart is the requests that one may decide, one's own that came back, and how
// many of partners wait for an officer.
func (s *Console) waitingPart(o overview) templ.Component {
	if !entrance.May("business", "read").Or("accounts", "read").Or("keys", "read").Or("settings", "read").Allows(entrance.VisitOf(o.c).Rights) {
		return nil
	}
	return s.part(o, i18n.OverviewWaiting, func() (templ.Component, error) {
		list, open, err := s.waiting(o)
		if err != nil {
			return nil, err
		}
		accounts, err := s.accountNames(o.ctx, makersOf(list))
		if err != nil {
			return nil, err
		}
		v := console.OverviewBrief{Title: i18n.T(o.ctx, i18n.OverviewWaiting), Empty: i18n.T(o.ctx, i18n.OverviewWaitingNot)}
		if open > 0 {
			v.More = &ui.LinkView{Text: i18n.T(o.ctx, i18n.OverviewAllOpen, open), Href: "/console/approvals"}
		}
		asked, err := s.waitingPartners(o.ctx, entrance.VisitOf(o.c))
		if err != nil {
			return nil, err
		}
		if len(asked) > 0 {
			v.Rows = append(v.Rows, s.partnersRow(o, asked))
		}
		for _, r := range list[:min(len(list), briefRows-len(v.Rows))] {
			row := s.requestRow(o.c, r, requestNames{accounts, o.names})
			line := console.BriefRow{Text: row.Subject, Href: row.Href, Second: row.Maker + " · " + i18n.Stamp(o.ctx, s.InZone(r.MadeAt)), Aside: i18n.T(o.ctx, i18n.OverviewSentBack), Tone: ui.Warn}
			if r.State == models.RequestSubmitted {
				left := time.UnixMilli(r.ExpiresAt).Sub(o.span.Now)
				line.Aside, line.Tone = i18n.T(o.ctx, i18n.OverviewExpires, shortly(o.ctx, left)), ""
				if left < pressing {
					line.Tone = ui.Warn
				}
			}
			v.Rows = append(v.Rows, line)
		}
		return console.OverviewList(v), nil
	})
}

// partnersRow counts the partners' requests that wait for an officer.
func (s *Console) partnersRow(o overview, asked []models.PartnerRequest) console.BriefRow {
	text := i18n.T(o.ctx, i18n.OverviewPartnersWait, len(asked))
	if len(asked) >= maxCounted {
		text = i18n.T(o.ctx, i18n.OverviewPartnersMany, len(asked))
	}
	return console.BriefRow{
		Text: text, Href: partnerRequestsPath, Second: i18n.T(o.ctx, i18n.ParcelFromPartners),
		Aside: i18n.T(o.ctx, i18n.OverviewSince, s.shortClock(o.ctx, asked[0].WaitsSince)),
	}
}

// waiting lists what waits for whoever looks, the most pressing first, and counts
// the open requests that they may read.
func (s *Console) waiting(o overview) (list []models.ChangeRequest, open int, err error) {
	v, now := entrance.VisitOf(o.c), o.span.Now.UnixMilli()
	submitted, err := s.o.Store.Requests(o.ctx, store.RequestFilter{State: models.RequestSubmitted}, 0, requestsPage)
	if err != nil {
		return nil, 0, err
	}
	for _, r := range submitted {
		if r.ExpiresAt <= now || !v.Rights.May(requestRights[r.Kind].read) {
			continue
		}
		open++
		own := r.Maker == v.Who.Account.ID || r.MakerPerson == v.Who.Account.PersonID
		if !own && v.Rights.May(requestRights[r.Kind].check) {
			list = append(list, r)
		}
	}
	mine, err := s.o.Store.Requests(o.ctx, store.RequestFilter{Maker: v.Who.Account.ID}, 0, requestsPage)
	for _, r := range mine {
		if r.State == models.RequestSentBack && r.DecidedAt > now-sentBackFor.Milliseconds() {
			list = append(list, r)
		}
	}
	slices.SortStableFunc(list, func(a, b models.ChangeRequest) int { return cmp.Compare(a.ExpiresAt, b.ExpiresAt) })
	return list, open, err
}

// shortly is a time that is left, in the largest unit.
func shortly(ctx context.Context, left time.Duration) string {
	if left >= 24*time.Hour {
		return i18n.T(ctx, i18n.OverviewDays, int(left/(24*time.Hour)))
	}
	return i18n.T(ctx, i18n.OverviewHours, int(max(0, left)/time.Hour))
}

// ending is something that ends.
type ending struct {
	at   time.Time
	text string
	href string
}

// endsPart is what ends within 30 days, and contracts that ended in the last 30.
func (s *Console) endsPart(o overview) templ.Component {
	settings := o.may(policies.Permission{Resource: "settings", Action: "read"})
	if !o.may(readsBusinessRight) && !settings {
		return nil
	}
	return s.part(o, i18n.OverviewEnds, func() (templ.Component, error) {
		var list []ending
		v := console.OverviewBrief{Title: i18n.T(o.ctx, i18n.OverviewEnds), Empty: i18n.T(o.ctx, i18n.OverviewEndsNot)}
		if o.may(readsBusinessRight) {
			v.More = &ui.LinkView{Text: i18n.T(o.ctx, i18n.OverviewContracts), Href: partnersPath + "?sort=contract"}
			var err error
			if list, err = s.businessEnds(o); err != nil {
				return nil, err
			}
		}
		if settings && s.o.Certificates != nil {
			for listener, end := range s.o.Certificates() {
				if end.Before(o.span.Now.Add(endsSoon)) {
					list = append(list, ending{at: end, text: i18n.T(o.ctx, i18n.OverviewCert, listener)})
				}
			}
		}
		slices.SortFunc(list, func(a, b ending) int { return cmp.Or(a.at.Compare(b.at), cmp.Compare(a.text, b.text)) })
		for _, e := range list[:min(len(list), briefRows)] {
			v.Rows = append(v.Rows, s.endRow(o, e))
		}
		return console.OverviewList(v), nil
	})
}

func (s *Console) endRow(o overview, e ending) console.BriefRow {
	left := s.daysLeft(e.at)
	row := console.BriefRow{Text: e.text, Href: e.href, When: i18n.Date(o.ctx, e.at.In(s.o.Zone)), Aside: i18n.T(o.ctx, i18n.OverviewDays, left)}
	switch {
	case left < 0:
		row.Aside, row.Tone = i18n.T(o.ctx, i18n.OverviewOver), ui.Bad
	case left <= 7:
		row.Tone = ui.Bad
	case left <= 14:
		row.Tone = ui.Warn
	}
	return row
}

// businessEnds lists contracts, grants and credentials, a few of each.
func (s *Console) businessEnds(o overview) (list []ending, err error) {
	now := o.span.Now
	soon := store.Ending{After: now.UnixMilli(), Until: now.Add(endsSoon).UnixMilli(), Partner: o.partner, Limit: briefRows}
	contracts, err := s.o.Store.EndingContracts(o.ctx, now.Add(-endsSoon).Format(time.DateOnly), now.Add(endsSoon).Format(time.DateOnly), o.partner, briefRows)
	if err != nil {
		return nil, err
	}
	for _, p := range contracts {
		if end, ok := s.Day(p.ContractEnds); ok {
			list = append(list, ending{end, i18n.T(o.ctx, i18n.OverviewContract, p.Name), partnerPath(p.ID)})
		}
	}
	grants, err := s.o.Store.EndingGrants(o.ctx, soon)
	if err != nil {
		return nil, err
	}
	for _, g := range grants {
		partner := o.names.Applications[g.ApplicationID].PartnerID
		list = append(list, ending{s.InZone(g.EndsAt), i18n.T(o.ctx, i18n.OverviewGrant, g.ScopeID, o.names.Application(g.ApplicationID)), tabPath(partner, "grants")})
	}
	credentials, err := s.o.Store.EndingCredentials(o.ctx, soon)
	for _, x := range credentials {
		partner := o.names.Applications[x.ApplicationID].PartnerID
		list = append(list, ending{s.InZone(x.NotAfter), i18n.T(o.ctx, i18n.OverviewCredential, o.names.Application(x.ApplicationID)), tabPath(partner, "credentials")})
	}
	return list, err
}

// alertsPart is the alerts that nobody has acknowledged.
func (s *Console) alertsPart(o overview) templ.Component {
	if !readsAlerts.Allows(entrance.VisitOf(o.c).Rights) {
		return nil
	}
	return s.part(o, i18n.OverviewAlerts, func() (templ.Component, error) {
		list, err := s.openAlerts(o.ctx)
		if err != nil {
			return nil, err
		}
		v := console.OverviewBrief{Title: i18n.T(o.ctx, i18n.OverviewAlerts), Empty: i18n.T(o.ctx, i18n.OverviewAlertsNot), More: &ui.LinkView{
			Text: i18n.T(o.ctx, i18n.OverviewAllAlerts), Href: alertsPath,
		}}
		for _, a := range list[:min(len(list), briefRows)] {
			row := console.BriefRow{Text: alertTitle(o.ctx, a), Href: alertPath(a.ID), Second: cmp.Or(a.SubjectName, alertAbout(o.ctx, a)), Aside: i18n.T(o.ctx, i18n.OverviewSince, s.shortClock(o.ctx, a.FirstAt))}
			if a.Severity == models.Critical {
				row.Tone = ui.Bad
			}
			v.Rows = append(v.Rows, row)
		}
		return console.OverviewList(v), nil
	})
}

// shortClock is a time of today, or else its day.
func (s *Console) shortClock(ctx context.Context, ms int64) string {
	at := s.InZone(ms)
	if store.DayOf(at).Equal(store.DayOf(s.o.Now().In(s.o.Zone))) {
		return at.Format("15:04")
	}
	return i18n.Date(ctx, at)
}

// liveHealth is the health in the frame that asks for it again.
func (s *Console) liveHealth(o overview) templ.Component {
	return console.OverviewLive(console.OverviewLivePart{
		ID: "now-health", Address: overviewAddress(overviewPath+"/now/health", o.span.Name, o.partner), Body: s.healthPart(o),
	})
}

// healthPart is how upstreams and nodes do.
func (s *Console) healthPart(o overview) templ.Component {
	return s.part(o, i18n.OverviewHealth, func() (templ.Component, error) {
		v := console.OverviewHealth{Title: i18n.T(o.ctx, i18n.OverviewHealth), Empty: i18n.T(o.ctx, i18n.OverviewNoCalls)}
		if o.may(readsBusinessRight) {
			v.Aside = i18n.T(o.ctx, i18n.OverviewHealthOf)
			list, err := s.trafficByService(o, o.upstreamHours())
			if err != nil {
				return nil, err
			}
			v.Upstreams = s.upstreamRows(o, list)
		}
		nodes, err := s.nodeRows(o)
		if err != nil {
			return nil, err
		}
		v.Nodes = nodes
		return console.OverviewHealthCard(v), nil
	})
}

// upstreamFaults are the outcomes of calls that are the upstream's own fault.
var upstreamFaults = []string{"upstream_unavailable", "upstream_timeout"}

// upstreamRows are the services that production called, those in trouble first. In the
// sandbox partners make faults on purpose, and of some services the gateway plays the upstream.
func (s *Console) upstreamRows(o overview, list []store.Traffic) []console.HealthRow {
	type sums struct{ answered, faults, took int64 }
	all := map[string]*sums{}
	for _, t := range list {
		if o.names.Applications[t.ApplicationID].Environment != models.Production {
			continue
		}
		if all[t.ServiceID] == nil {
			all[t.ServiceID] = &sums{}
		}
		x := all[t.ServiceID]
		if t.UpstreamSum > 0 {
			x.answered, x.took = x.answered+t.Count, x.took+t.UpstreamSum
		}
		if slices.Contains(upstreamFaults, t.Outcome) {
			x.faults += t.Count
		}
	}
	rows := []console.HealthRow{}
	for id, x := range all {
		total := max(1, x.answered)
		if x.answered == 0 {
			total = max(1, x.faults)
		}
		row := console.HealthRow{
			Name: o.names.Service(id), Href: servicePath(id), State: s.health(o.ctx, id, models.Production),
			Errors: console.OverviewNumber{Text: percentOf(x.faults, total), Href: callQuery{
				from: whole(o.upstreamHours().From), service: id, partner: o.partner, refused: true,
			}.address()},
			Mean: i18n.T(o.ctx, i18n.OverviewNotCalled), Order: fmt.Sprintf("%020d %s", 1<<40-x.faults*1_000_000/total, id),
		}
		if x.answered > 0 {
			row.Mean = i18n.Duration(o.ctx, time.Duration(x.took/x.answered)*time.Microsecond)
		}
		if x.faults*100 >= total {
			row.State.Tone, row.Errors.Tone = ui.Warn, ui.Warn
		}
		rows = append(rows, row)
	}
	slices.SortFunc(rows, func(a, b console.HealthRow) int { return cmp.Compare(a.Order, b.Order) })
	return rows[:min(len(rows), briefRows)]
}

// Nodes that were not seen for long are forgotten; those that are silent are shown.
const (
	nodeForgotten = 24 * time.Hour
	nodeSilent    = 15 * time.Second
)

// nodeRows are the nodes, as they tell of themselves.
func (s *Console) nodeRows(o overview) (rows []console.NodeRow, err error) {
	now := s.o.Now()
	nodes, err := s.o.Store.Nodes(o.ctx, now.Add(-nodeForgotten).UnixMilli())
	for _, n := range nodes {
		if n.StoppedAt != 0 {
			continue // it ended in order
		}
		version := n.Version
		if version != "" {
			version += " · "
		}
		row := console.NodeRow{
			Name:   i18n.T(o.ctx, i18n.OverviewNode, n.Name),
			Second: i18n.T(o.ctx, i18n.OverviewNodeSays, version, i18n.Duration(o.ctx, time.Duration(n.FeedAge)*time.Millisecond)),
			State:  ui.DotView{Tone: ui.Ok, Text: i18n.T(o.ctx, i18n.OverviewNodeUp)},
		}
		switch silent := now.Sub(time.UnixMilli(n.SeenAt)); {
		case silent > nodeSilent:
			row.State = ui.DotView{Tone: ui.Bad, Text: i18n.T(o.ctx, i18n.OverviewNodeSilent, i18n.Duration(o.ctx, silent.Truncate(time.Second)))}
		case !n.Ready:
			row.State = ui.DotView{Tone: ui.Bad, Text: i18n.T(o.ctx, i18n.OverviewNodeDown)}
		}
		rows = append(rows, row)
	}
	return rows, err
}
