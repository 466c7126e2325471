package console

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/a-h/templ"
	"github.com/gin-gonic/gin"

	"postern/app/control"
	"postern/app/entrance"
	"postern/app/killswitch"
	"postern/app/store"
	"postern/app/web"
	"postern/models"
	"postern/views/console"
	"postern/views/i18n"
	"postern/views/ui"
)

// FreezeShow shows a freeze: when each node obeyed, and what went through until then.
func (s *Console) FreezeShow(c *gin.Context) error {
	f, found, err := s.o.Store.Freeze(c.Request.Context(), c.Param("freeze"))
	if err != nil {
		return err
	}
	if !found {
		return errNoFreeze
	}
	return s.showFreeze(c, f, nil, faulty{})
}

func (s *Console) showFreeze(c *gin.Context, f models.Freeze, values map[string]string, fault faulty) error {
	ctx := c.Request.Context()
	names, err := s.targetNames(ctx)
	if err != nil {
		return err
	}
	who, err := s.accountNames(ctx, []string{f.StartedBy, f.EndedBy})
	if err != nil {
		return err
	}
	name := i18n.T(ctx, i18n.KillDrillTitle)
	if !f.Drill() {
		name = names.of(ctx, killswitch.Target{Kind: f.TargetKind, ID: f.TargetID})
	}
	page := console.FreezePage{
		Frame:  s.frame(c, name, killCrumbs(ctx)...),
		Header: ui.HeaderView{Title: name, Badges: freezeBadges(ctx, f), Lead: ui.Text(i18n.T(ctx, i18n.KillClocks))},
		Facts:  s.freezeFacts(ctx, f, who),
	}
	if err := s.watch(ctx, &page, f, name, cmp.Or(who[f.StartedBy], f.StartedBy)); err != nil {
		return err
	}
	if err := s.thawPart(c, &page, f, values, fault); err != nil {
		return err
	}
	return web.Render(c, fault.code(), console.Freeze(page))
}

// thawPart is the form that asks for the thaw, or where that waits.
func (s *Console) thawPart(c *gin.Context, page *console.FreezePage, f models.Freeze, values map[string]string, fault faulty) error {
	if !f.Live() {
		return nil
	}
	ctx := c.Request.Context()
	waits, err := s.openThaws(ctx)
	if err != nil {
		return err
	}
	if request, waiting := waits[f.ID]; waiting {
		page.ThawWaits = &ui.NoteView{Tone: ui.Accent, Text: i18n.T(ctx, i18n.KillThawWaits), Links: []ui.LinkView{
			{Text: i18n.T(ctx, i18n.ConsoleRequestNo, request), Href: requestPath(request)},
		}}
		return nil
	}
	if !entrance.VisitOf(c).Rights.May(asksThaws) {
		return nil
	}
	form := s.former(c, freezePath(f.ID)+"/thaw", values, fault)
	form.reason()
	view := form.done("", ui.ButtonView{Text: i18n.T(ctx, i18n.KillAskThaw), Kind: ui.Primary})
	page.Thaw = &view
	return nil
}

func (s *Console) freezeFacts(ctx context.Context, f models.Freeze, who map[string]string) ui.KeyValuesView {
	rows := []ui.KeyValue{
		{Key: i18n.T(ctx, i18n.KillFar), Value: ui.Text(stopWord(ctx, f.Stops))},
		{Key: i18n.T(ctx, i18n.KillStarted), Value: ui.Time(s.At(f.StartedAt))},
		{Key: i18n.T(ctx, i18n.KillWho), Value: ui.Text(cmp.Or(who[f.StartedBy], f.StartedBy, "–"))},
		{Key: i18n.T(ctx, i18n.KillReason), Value: ui.Text(f.Reason)},
	}
	if f.EndedAt != 0 && !f.Drill() {
		rows = append(rows, ui.KeyValue{Key: i18n.T(ctx, i18n.KillEnded), Value: ui.Time(s.At(f.EndedAt))},
			ui.KeyValue{Key: i18n.T(ctx, i18n.KillWho), Value: ui.Text(cmp.Or(who[f.EndedBy], f.EndedBy, "–"))})
	}
	return ui.KeyValuesView{Rows: rows}
}

// How long a freeze is watched: then a node that has not obeyed is a matter for
// people, and what was let through is on record.
const (
	watchFor = time.Minute
	// longestCall is longer than a call can be under way.
	longestCall = time.Minute
	countFor    = 10 * time.Minute
)

// watch reads how far the nodes have come and what went through meanwhile.
func (s *Console) watch(ctx context.Context, page *console.FreezePage, f models.Freeze, name, by string) error {
	stops, err := s.stopNodes(ctx, f)
	if err != nil {
		return err
	}
	v := ui.StopwatchView{
		Title: i18n.T(ctx, i18n.KillOf, name, stopWord(ctx, f.Stops)),
		Text:  i18n.T(ctx, i18n.KillBy, by, i18n.Stamp(ctx, s.InZone(f.StartedAt)), f.Reason),
	}
	took := stops.took
	if stops.waiting > 0 {
		took = max(took, s.o.Now().UnixMilli()-f.StartedAt)
		page.Notes = append(page.Notes, ui.NoteView{Tone: ui.Warn, Text: i18n.T(ctx, i18n.KillWaiting)})
		if took < watchFor.Milliseconds() {
			page.Poll = freezePath(f.ID)
		}
	}
	scale := scaleOf(took)
	v.Seconds, v.Scale, v.Share = stopSeconds(took), i18n.T(ctx, i18n.KillScale, scale), share(int64(stops.obeyed), int64(len(stops.list)))
	for _, n := range stops.list {
		v.Nodes = append(v.Nodes, s.stopNode(ctx, n, took, scale))
		if n.silentSince != 0 {
			page.Notes = append(page.Notes, ui.NoteView{Tone: ui.Warn, Text: i18n.T(ctx, i18n.KillSilent, n.name, i18n.Stamp(ctx, s.InZone(n.silentSince)))})
		}
	}
	v.Facts = []ui.Tile{
		{Label: i18n.T(ctx, i18n.KillObeyed), Number: i18n.T(ctx, i18n.KillOfNodes, stops.obeyed, len(stops.list))},
		{Label: i18n.T(ctx, i18n.KillVisits), Number: i18n.Number(ctx, f.Visits)},
	}
	if f.Stops == models.FreezeCall || f.Stops == models.FreezeAll {
		facts, err := s.throughFacts(ctx, f)
		if err != nil {
			return err
		}
		v.Facts = append(v.Facts, facts...)
	}
	page.Watch = v
	return nil
}

// throughFacts are what became of calls after the click. Of a scope nobody can
// tell: a call may be let through by another.
func (s *Console) throughFacts(ctx context.Context, f models.Freeze) ([]ui.Tile, error) {
	var applications []string
	service := ""
	switch f.TargetKind {
	case models.FreezePartner:
		err := s.o.Store.Business(ctx, func(b store.Business) error {
			list, err := b.ApplicationsOf([]string{f.TargetID})
			for _, a := range list {
				applications = append(applications, a.ID)
			}
			return err
		})
		if err != nil || len(applications) == 0 {
			return nil, err
		}
	case models.FreezeApplication:
		applications = []string{f.TargetID}
	case models.FreezeService:
		service = f.TargetID
	case models.FreezeDataScope:
		return nil, nil
	}
	until := min(f.StartedAt+countFor.Milliseconds(), s.o.Now().UnixMilli()+1)
	if f.EndedAt != 0 {
		until = min(until, f.EndedAt)
	}
	after, err := s.o.Store.AfterFreeze(ctx, applications, service, f.StartedAt, f.StartedAt-longestCall.Milliseconds(), until)
	if err != nil {
		return nil, err
	}
	last := ui.Tile{Label: i18n.T(ctx, i18n.KillAccepted), Number: i18n.T(ctx, i18n.KillNoneThen)}
	if after.LastAnswer > 0 {
		last.Number = i18n.T(ctx, i18n.KillAfter, stopSeconds(after.LastAnswer-f.StartedAt))
	}
	refused := ui.Tile{Label: i18n.T(ctx, i18n.KillRefused), Number: i18n.Number(ctx, after.Refused)}
	if after.Partial {
		refused.Number = i18n.T(ctx, i18n.OverviewAtLeast, refused.Number)
	}
	return []ui.Tile{last, refused}, nil
}

// stop is one node under a freeze.
type stop struct {
	name, version string
	after         int64 // ms; -1 when it has not obeyed
	inFlight      int64
	silentSince   int64 // Unix ms; 0 when it speaks
}

// stops is all of them.
type stops struct {
	list            []stop
	obeyed, waiting int
	took            int64 // until the last that obeyed, ms
}

// stopNodes are the nodes that served when the freeze began, and those that obeyed.
func (s *Console) stopNodes(ctx context.Context, f models.Freeze) (all stops, err error) {
	obeyed, err := s.o.Store.FreezeNodes(ctx, f.ID)
	if err != nil {
		return all, err
	}
	nodes, err := s.o.Store.Nodes(ctx, f.StartedAt-control.Silent.Milliseconds())
	if err != nil {
		return all, err
	}
	for _, o := range obeyed {
		n := stop{name: o.Node, after: max(0, o.ObeyedAt-f.StartedAt), inFlight: o.InFlight}
		if i := slices.IndexFunc(nodes, func(x models.Node) bool { return x.Name == o.Node }); i >= 0 {
			n.version = nodes[i].Version
		}
		all.list, all.obeyed, all.took = append(all.list, n), all.obeyed+1, max(all.took, n.after)
	}
	now := s.o.Now().UnixMilli()
	for _, x := range nodes {
		known := slices.ContainsFunc(obeyed, func(o models.FreezeNode) bool { return o.Node == x.Name })
		if known || x.StartedAt > f.StartedAt || (x.StoppedAt != 0 && x.StoppedAt <= now) {
			continue
		}
		n := stop{name: x.Name, version: x.Version, after: -1}
		if x.SeenAt < now-control.Silent.Milliseconds() {
			n.silentSince = x.SeenAt
		} else {
			all.waiting++
		}
		all.list = append(all.list, n)
	}
	return all, nil
}

func (s *Console) stopNode(ctx context.Context, n stop, took int64, scale string) ui.StopNode {
	v := ui.StopNode{Name: n.name, Place: n.version, Obeyed: n.after >= 0, InFlight: "–"}
	ms := n.after
	if !v.Obeyed {
		ms = took
	} else {
		v.InFlight = i18n.Number(ctx, n.inFlight)
	}
	v.After = i18n.T(ctx, i18n.KillSeconds, fmt.Sprintf("%.3f", float64(ms)/1000))
	var whole int64
	if _, err := fmt.Sscan(scale, &whole); err == nil {
		v.Share = share(ms, whole*1000)
	}
	return v
}

// scaleOf is the round number of seconds that times are drawn against.
func scaleOf(ms int64) string {
	for _, s := range []int64{1, 2, 5, 10, 30, 60} {
		if ms <= s*1000 {
			return fmt.Sprint(s)
		}
	}
	return fmt.Sprint(ms/1000 + 1)
}

func share(part, whole int64) int {
	if whole <= 0 {
		return 0
	}
	return int(min(100, part*100/whole))
}

// stopSeconds are milliseconds as a stopwatch says them: "0.91".
func stopSeconds(ms int64) string { return fmt.Sprintf("%.2f", float64(ms)/1000) }

func freezeBadges(ctx context.Context, f models.Freeze) []templ.Component {
	switch {
	case f.Drill():
		return []templ.Component{ui.Badge(ui.BadgeView{Tone: ui.Outline, Text: i18n.T(ctx, i18n.KillIsDrill)})}
	case f.Live():
		return []templ.Component{ui.Badge(ui.BadgeView{Tone: ui.Ice, Icon: "snowflake", Text: i18n.T(ctx, i18n.KillIsFrozen)})}
	}
	return []templ.Component{ui.Badge(ui.BadgeView{Tone: ui.Quiet, Text: i18n.T(ctx, i18n.KillThawed)})}
}
