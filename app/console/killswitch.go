package console

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"net/url"
	"slices"
	"strings"

	"github.com/gin-gonic/gin"

	"postern/app/approval"
	"postern/app/entrance"
	"postern/app/errs"
	"postern/app/killswitch"
	"postern/app/ledger"
	"postern/app/records"
	"postern/app/recordview"
	"postern/app/store"
	"postern/app/web"
	"postern/models"
	"postern/policies"
	"postern/views/console"
	"postern/views/i18n"
	"postern/views/layout"
	"postern/views/ui"
)

const killSwitchPath = "/console/kill-switch"

func freezePath(id string) string { return killSwitchPath + "/freezes/" + id }

// Who stops what: everybody with stops:make partners and applications, some the
// rest as well; who only asks files a request.
var (
	readsStops = policies.Permission{Resource: "stops", Action: "read"}
	makesStops = policies.Permission{Resource: "stops", Action: "make"}
	stopsAll   = policies.Permission{Resource: "stops", Action: "all"}
	asksStops  = policies.Permission{Resource: "stops", Action: "ask"}
	asksThaws  = policies.Permission{Resource: "thaw", Action: "make"}
)

// KillSwitch shows what is frozen, and the form that freezes.
func (s *Console) KillSwitch(c *gin.Context) error {
	return s.showKillSwitch(c, c.Query("target"), nil, faulty{})
}

// maxPastFreezes is how many freezes and drills the page lists.
const maxPastFreezes = 20

func (s *Console) showKillSwitch(c *gin.Context, target string, values map[string]string, fault faulty) error {
	ctx := c.Request.Context()
	names, err := s.targetNames(ctx)
	if err != nil {
		return err
	}
	page := console.KillSwitchPage{
		Frame: s.frame(c, i18n.T(ctx, i18n.KillTitle)),
		Header: ui.HeaderView{Title: i18n.T(ctx, i18n.KillTitle), Lead: ui.Text(i18n.T(ctx, i18n.KillLead)),
			Actions: s.drillAction(c)},
		Targets: names.options(ctx, target, i18n.KillWhatFirst, true),
	}
	if t, chosen := parseTarget(target); chosen {
		if err := s.orderForm(c, &page, names, t, values, fault); err != nil {
			return err
		}
	}
	if page.Frozen, err = s.frozenRows(c, names); err != nil {
		return err
	}
	if page.Past, err = s.pastFreezes(ctx, names); err != nil {
		return err
	}
	return web.Render(c, fault.code(), console.KillSwitch(page))
}

func (s *Console) drillAction(c *gin.Context) []ui.ButtonView {
	if !entrance.VisitOf(c).Rights.May(makesStops) {
		return nil
	}
	return []ui.ButtonView{{Text: i18n.T(c.Request.Context(), i18n.KillDrill), Icon: "clock", Href: killSwitchPath + "/drill"}}
}

// orderForm is how far something is frozen, and why.
func (s *Console) orderForm(c *gin.Context, page *console.KillSwitchPage, names targetNames, t killswitch.Target, values map[string]string, fault faulty) error {
	ctx, rights := c.Request.Context(), entrance.VisitOf(c).Rights
	if !names.has(t) {
		page.Note = &ui.NoteView{Tone: ui.Bad, Text: i18n.T(ctx, i18n.KillNoTarget)}
		return nil
	}
	asks := !mayStop(rights, t)
	if theirs, err := s.targetTheirs(c, names, t); err != nil || theirs != nil {
		page.Note = theirs
		return err
	}
	live, more, err := s.liveOf(ctx, t)
	if err != nil {
		return err
	}
	f := s.former(c, killSwitchPath+"/freezes", values, fault)
	f.hidden("target", targetValue(t))
	f.row(f.choices("stops", i18n.KillFar, stopChoices(ctx, t, liveNumber(ctx, live, more), values["stops"])))
	f.reasonWith(i18n.KillReasonHelp)
	name := names.of(ctx, t)
	button := ui.ButtonView{Text: i18n.T(ctx, i18n.KillButton, name), Kind: ui.Danger, Icon: "snowflake"}
	switch {
	case t.Kind == models.FreezeDataScope:
	case more:
		button.Text = i18n.T(ctx, i18n.KillButtonMany, name, liveNumber(ctx, live, more))
	case live > 0:
		button.Text = i18n.T(ctx, i18n.KillButtonEnds, live, name)
	}
	if asks {
		button = ui.ButtonView{Text: i18n.T(ctx, i18n.KillAsk, name), Kind: ui.Primary}
		page.Note = &ui.NoteView{Tone: ui.Accent, Text: i18n.T(ctx, asksWhom(t))}
	}
	if f.form.Verify, err = s.VerifyView(c, fault.refused); err != nil {
		return err
	}
	form := f.done(killSwitchPath, button)
	page.Order = &form
	return nil
}

// mayStop reports whether somebody who stops things may stop this one.
func mayStop(rights policies.Rights, t killswitch.Target) bool {
	narrow := t.Kind == models.FreezePartner || t.Kind == models.FreezeApplication
	return rights.May(makesStops) && (narrow || rights.May(stopsAll))
}

// targetTheirs says that a target is another officer's partner's; nil where it is not.
func (s *Console) targetTheirs(c *gin.Context, names targetNames, t killswitch.Target) (*ui.NoteView, error) {
	partner := t.ID
	switch t.Kind {
	case models.FreezePartner:
	case models.FreezeApplication:
		partner = names.Applications[t.ID].PartnerID
	default:
		return nil, nil
	}
	st, err := s.stanceOn(c, partner)
	if err != nil || st.theirs == nil {
		return nil, err
	}
	return &ui.NoteView{Tone: ui.Warn, Text: theirsWords(c.Request.Context(), st.theirs)}, nil
}

// asksWhom says who decides what somebody only asks for.
func asksWhom(t killswitch.Target) i18n.Key {
	if t.Kind == models.FreezePartner || t.Kind == models.FreezeApplication {
		return i18n.KillAskNote
	}
	return i18n.KillAskWide
}

func stopChoices(ctx context.Context, t killswitch.Target, live, chosen string) (list []ui.Choice) {
	all := i18n.T(ctx, i18n.KillAllHelp, live)
	if t.Kind == models.FreezeDataScope {
		all = i18n.T(ctx, i18n.KillAllScope)
	}
	for _, o := range []struct {
		value       models.FreezeScope
		label, help string
	}{
		{models.FreezeAT, i18n.T(ctx, i18n.KillAT), i18n.T(ctx, i18n.KillATHelp)},
		{models.FreezeVT, i18n.T(ctx, i18n.KillVT), i18n.T(ctx, i18n.KillVTHelp)},
		{models.FreezeCall, i18n.T(ctx, i18n.KillCall), i18n.T(ctx, i18n.KillCallHelp)},
		{models.FreezeAll, i18n.T(ctx, i18n.KillAll), all},
	} {
		list = append(list, ui.Choice{Value: string(o.value), Label: o.label, Help: o.help, Checked: string(o.value) == chosen})
	}
	return list
}

// Freeze stops something at once, or asks for it.
func (s *Console) Freeze(c *gin.Context) error {
	values := typed(c, "target", "stops", "reason")
	t, ok := parseTarget(values["target"])
	if !ok {
		return s.showKillSwitch(c, values["target"], values, faulty{})
	}
	rights := entrance.VisitOf(c).Rights
	asks := !mayStop(rights, t)
	if asks && !rights.May(asksStops) {
		return entrance.ErrForbidden.Because("stops:all")
	}
	if models.FreezeScope(values["stops"]) == models.FreezeNothing {
		values["stops"] = "" // a drill has its own page
	}
	id, out, err := s.order(c, t, models.FreezeScope(values["stops"]), values["reason"], asks)
	if fault, taken := s.faultsOf(c, err, "", ""); err != nil && taken {
		return s.showKillSwitch(c, targetValue(t), values, fault)
	}
	if err != nil {
		return err
	}
	return proposed(c, out, freezePath(id))
}

// order freezes, on a proof of who does it, or runs a drill; it does not answer
// before this node obeys.
func (s *Console) order(c *gin.Context, t killswitch.Target, stops models.FreezeScope, reason string, asks bool) (id string, out approval.Outcome, err error) {
	ctx := c.Request.Context()
	if stops != models.FreezeNothing {
		if err = s.prove(c); err != nil {
			return "", out, err
		}
	}
	if id, err = ledger.NewID(s.o.Now(), s.o.Rand); err != nil {
		return "", out, err
	}
	content, err := killswitch.Order{ID: id, Target: t, Stops: stops}.Content()
	if err != nil {
		return "", out, err
	}
	out, err = s.o.Approvals.Submit(ctx, s.by(c), approval.Ask{
		Kind: killswitch.FreezeKind, Subject: t.Subject(), Content: content, Reason: strings.TrimSpace(reason), Waits: asks,
	})
	if err == nil && out.Applied {
		// Whatever this poll can't do the feed does a moment later.
		_ = s.o.Feed.Poll(context.WithoutCancel(ctx))
	}
	return id, out, err
}

// FreezeDrill asks whether to run a drill.
func (s *Console) FreezeDrill(c *gin.Context) error {
	ctx := c.Request.Context()
	f := s.former(c, killSwitchPath+"/drills", map[string]string{"reason": i18n.T(ctx, i18n.KillDrillReason)}, faulty{})
	f.reason()
	return s.showForm(c, faulty{}, formPage{
		title: i18n.T(ctx, i18n.KillDrillTitle), lead: i18n.T(ctx, i18n.KillDrillText), crumb: killCrumbs(ctx),
		form: f.done(killSwitchPath, ui.ButtonView{Text: i18n.T(ctx, i18n.KillDrill), Kind: ui.Primary, Icon: "clock"}),
	})
}

// FreezeDrillSubmit runs one.
func (s *Console) FreezeDrillSubmit(c *gin.Context) error {
	id, out, err := s.order(c, killswitch.Target{Kind: models.FreezeEverything}, models.FreezeNothing, c.PostForm("reason"), false)
	if fault, taken := s.faultsOf(c, err, "", ""); err != nil && taken {
		ctx := c.Request.Context()
		f := s.former(c, killSwitchPath+"/drills", typed(c, "reason"), fault)
		f.reason()
		return s.showForm(c, fault, formPage{
			title: i18n.T(ctx, i18n.KillDrillTitle), lead: i18n.T(ctx, i18n.KillDrillText), crumb: killCrumbs(ctx),
			form: f.done(killSwitchPath, ui.ButtonView{Text: i18n.T(ctx, i18n.KillDrill), Kind: ui.Primary, Icon: "clock"}),
		})
	}
	if err != nil {
		return err
	}
	return proposed(c, out, freezePath(id))
}

func killCrumbs(ctx context.Context) []layout.Crumb {
	return []layout.Crumb{crumb(ctx, i18n.KillTitle, killSwitchPath)}
}

// FreezeThaw asks that a freeze ends, which another person approves.
func (s *Console) FreezeThaw(c *gin.Context) error {
	ctx := c.Request.Context()
	f, found, err := s.o.Store.Freeze(ctx, c.Param("freeze"))
	if err != nil {
		return err
	}
	if !found || !f.Live() {
		return errNoFreeze
	}
	content, err := killswitch.Thaw{Freeze: f.ID}.Content()
	if err != nil {
		return err
	}
	out, err := s.o.Approvals.Submit(ctx, s.by(c), approval.Ask{
		Kind: killswitch.ThawKind, Subject: killswitch.Target{Kind: f.TargetKind, ID: f.TargetID}.Subject(),
		Content: content, Reason: strings.TrimSpace(c.PostForm("reason")),
	})
	if fault, taken := s.faultsOf(c, err, "", ""); err != nil && taken {
		return s.showFreeze(c, f, typed(c, "reason"), fault)
	}
	if err != nil {
		return err
	}
	return proposed(c, out, freezePath(f.ID))
}

var errNoFreeze = errs.New(errs.NotFound, "no_freeze", "There is no such freeze.")

// frozenRows are the freezes in force.
func (s *Console) frozenRows(c *gin.Context, names targetNames) (rows []console.FrozenRow, err error) {
	ctx := c.Request.Context()
	list, err := s.o.Store.LiveFreezes(ctx)
	if err != nil {
		return nil, err
	}
	waits, err := s.openThaws(ctx)
	if err != nil {
		return nil, err
	}
	for _, f := range list {
		row := console.FrozenRow{
			Name: names.of(ctx, killswitch.Target{Kind: f.TargetKind, ID: f.TargetID}), Href: freezePath(f.ID),
			How: i18n.T(ctx, i18n.KillSince, stopWord(ctx, f.Stops), i18n.Stamp(ctx, s.InZone(f.StartedAt))),
		}
		if request, waiting := waits[f.ID]; waiting {
			row.Waits, row.WaitsHref = &ui.BadgeView{Tone: ui.Accent, Text: i18n.T(ctx, i18n.KillThawWaits)}, requestPath(request)
		} else if entrance.VisitOf(c).Rights.May(asksThaws) {
			row.Thaw = freezePath(f.ID) + "#thaw"
		}
		rows = append(rows, row)
	}
	return rows, nil
}

// thawEffects say, to whoever decides about a thaw, what was frozen, by whom and why.
func (s *Console) thawEffects(ctx context.Context, r models.ChangeRequest) ([]ui.NoteView, error) {
	var t killswitch.Thaw
	if err := json.Unmarshal([]byte(r.Content), &t); err != nil {
		return nil, fmt.Errorf("read thaw: %w", err)
	}
	f, found, err := s.o.Store.Freeze(ctx, t.Freeze)
	if err != nil || !found {
		return nil, err
	}
	names, err := s.targetNames(ctx)
	if err != nil {
		return nil, err
	}
	people, err := s.accountNames(ctx, []string{f.StartedBy})
	if err != nil {
		return nil, err
	}
	return []ui.NoteView{{
		Tone: ui.Warn, Lead: s.frozenWords(ctx, names, f), Text: i18n.T(ctx, i18n.KillFrozenBy, cmp.Or(people[f.StartedBy], f.StartedBy), f.Reason),
		Links: []ui.LinkView{{Text: i18n.T(ctx, i18n.KillToFreeze), Href: freezePath(f.ID)}},
	}}, nil
}

// frozenWords say what is frozen, how far, and since when.
func (s *Console) frozenWords(ctx context.Context, names targetNames, f models.Freeze) string {
	return names.of(ctx, killswitch.Target{Kind: f.TargetKind, ID: f.TargetID}) + " · " +
		i18n.T(ctx, i18n.KillSince, stopWord(ctx, f.Stops), i18n.Stamp(ctx, s.InZone(f.StartedAt)))
}

// frozenNote says that something is frozen which covers takes for its own; nil where
// nothing is.
func (s *Console) frozenNote(c *gin.Context, covers func(models.Freeze) bool) (*ui.NoteView, error) {
	if !entrance.VisitOf(c).Rights.May(readsStops) {
		return nil, nil
	}
	ctx := c.Request.Context()
	list, err := s.o.Store.LiveFreezes(ctx)
	list = slices.DeleteFunc(list, func(f models.Freeze) bool { return !covers(f) })
	if err != nil || len(list) == 0 {
		return nil, err
	}
	names, err := s.targetNames(ctx)
	if err != nil {
		return nil, err
	}
	return &ui.NoteView{
		Tone: ui.Warn, Lead: i18n.T(ctx, i18n.KillInForce, len(list)), Text: s.frozenWords(ctx, names, list[0]),
		Links: []ui.LinkView{{Text: i18n.T(ctx, i18n.KillTitle), Href: killSwitchPath}},
	}, nil
}

// anyFreeze is for who has everything in view.
func anyFreeze(models.Freeze) bool { return true }

// reaches reports whether a freeze stops applications of the partner's.
func (f partnerFile) reaches(z models.Freeze) bool {
	switch z.TargetKind {
	case models.FreezeEverything:
		return true
	case models.FreezePartner:
		return z.TargetID == f.row.ID
	case models.FreezeApplication:
		_, own := f.rows[z.TargetID]
		return own
	case models.FreezeService, models.FreezeDataScope:
	}
	return false
}

// maxOpenThaws bounds the requests that are looked through for thaws.
const maxOpenThaws = 500

// openThaws are the thaws that wait for somebody, by freeze.
func (s *Console) openThaws(ctx context.Context) (map[string]int64, error) {
	list, err := s.o.Store.Requests(ctx, store.RequestFilter{State: models.RequestSubmitted}, 0, maxOpenThaws)
	if err != nil {
		return nil, err
	}
	open := map[string]int64{}
	for _, r := range list {
		var t killswitch.Thaw
		if r.Kind == killswitch.ThawKind && r.ExpiresAt > s.o.Now().UnixMilli() && json.Unmarshal([]byte(r.Content), &t) == nil {
			open[t.Freeze] = r.ID
		}
	}
	return open, nil
}

var stopWords = map[models.FreezeScope]i18n.Key{
	models.FreezeAT: i18n.KillAT, models.FreezeVT: i18n.KillVT, models.FreezeCall: i18n.KillCall, models.FreezeAll: i18n.KillAll,
	models.FreezeNothing: i18n.KillNothing,
}

func stopWord(ctx context.Context, stops models.FreezeScope) string {
	return i18n.T(ctx, stopWords[stops])
}

func (s *Console) pastFreezes(ctx context.Context, names targetNames) (ui.TableView, error) {
	t := ui.TableView{Caption: i18n.T(ctx, i18n.KillPast), Head: []ui.Column{
		{Text: i18n.T(ctx, i18n.KillTarget)}, {Text: i18n.T(ctx, i18n.KillLast), Number: true},
	}, Empty: ui.Empty(ui.EmptyView{Title: i18n.T(ctx, i18n.KillPastEmpty), Text: i18n.T(ctx, i18n.KillPastText)})}
	list, err := s.o.Store.PastFreezes(ctx, maxPastFreezes)
	for _, f := range list {
		name, state := i18n.T(ctx, i18n.KillDrillTitle), i18n.T(ctx, i18n.KillIsDrill)
		if !f.Drill() {
			name, state = names.of(ctx, killswitch.Target{Kind: f.TargetKind, ID: f.TargetID}), i18n.T(ctx, i18n.KillThawed)
			if f.Live() {
				state = i18n.T(ctx, i18n.KillIsFrozen)
			}
		}
		last := ui.Cell{Text: "–"}
		if f.Nodes > 0 {
			last.Text = i18n.T(ctx, i18n.KillSeconds, stopSeconds(f.LastAt-f.StartedAt))
		}
		t.Rows = append(t.Rows, ui.Row{Cells: []ui.Cell{
			{Text: name, Href: freezePath(f.ID), Second: i18n.T(ctx, i18n.KillSince, state, i18n.Stamp(ctx, s.InZone(f.StartedAt)))}, last,
		}})
	}
	return t, err
}

// targetNames are what can be stopped.
type targetNames struct {
	records.Names
	scopes []models.Scope
}

func (s *Console) targetNames(ctx context.Context) (n targetNames, err error) {
	if n.Names, err = s.o.Records.Names(ctx); err != nil {
		return n, err
	}
	err = s.o.Store.Business(ctx, func(b store.Business) error {
		n.scopes, err = b.Scopes(nil)
		return err
	})
	return n, err
}

func (n targetNames) has(t killswitch.Target) bool {
	_, partner := n.Partners[t.ID]
	_, application := n.Applications[t.ID]
	_, service := n.Services[t.ID]
	switch t.Kind {
	case models.FreezePartner:
		return partner
	case models.FreezeApplication:
		return application
	case models.FreezeService:
		return service
	case models.FreezeDataScope:
		return slices.ContainsFunc(n.scopes, func(x models.Scope) bool { return x.ID == t.ID })
	}
	return t.Kind == models.FreezeEverything
}

// of is what a target is called.
func (n targetNames) of(ctx context.Context, t killswitch.Target) string {
	switch t.Kind {
	case models.FreezePartner:
		return n.Partner(t.ID)
	case models.FreezeApplication:
		return n.Application(t.ID)
	case models.FreezeService:
		return n.Service(t.ID)
	case models.FreezeEverything:
		return i18n.T(ctx, i18n.KillEverything)
	}
	return t.ID
}

// options are all targets to choose from, by kind and name.
func (n targetNames) options(ctx context.Context, chosen string, first i18n.Key, scopes bool) []ui.Option {
	list := []ui.Option{{Text: i18n.T(ctx, first)}}
	add := func(kind models.FreezeTarget, word i18n.Key, id, name string) {
		value := targetValue(killswitch.Target{Kind: kind, ID: id})
		list = append(list, ui.Option{Value: value, Text: name, Group: i18n.T(ctx, word), Chosen: value == chosen})
	}
	for _, id := range recordview.ByName(n.Partners, func(p models.Partner) string { return p.Name }) {
		add(models.FreezePartner, i18n.KindPartner, id, n.Partner(id))
	}
	for _, id := range recordview.ByName(n.Applications, func(a models.Application) string { return a.Name }) {
		add(models.FreezeApplication, i18n.KindApplication, id, n.Partner(n.Applications[id].PartnerID)+" · "+n.Application(id))
	}
	for _, id := range recordview.ByName(n.Services, func(x models.Service) string { return x.Name }) {
		add(models.FreezeService, i18n.KindService, id, n.Service(id))
	}
	if scopes {
		for _, x := range n.scopes {
			add(models.FreezeDataScope, i18n.KindScope, x.ID, x.ID)
		}
	}
	value := targetValue(killswitch.Target{Kind: models.FreezeEverything})
	return append(list, ui.Option{Value: value, Text: i18n.T(ctx, i18n.KillEverything), Group: i18n.T(ctx, i18n.KillAll), Chosen: value == chosen})
}

// targetValue is a target as forms name it: "partner:lianhe-travel".
func targetValue(t killswitch.Target) string { return string(t.Kind) + ":" + t.ID }

func parseTarget(value string) (t killswitch.Target, ok bool) {
	kind, id, ok := strings.Cut(value, ":")
	return killswitch.Target{Kind: models.FreezeTarget(kind), ID: id}, ok
}

// targetQuery is the address of the kill switch with something chosen.
func targetQuery(t killswitch.Target) string {
	return killSwitchPath + "?" + url.Values{"target": {targetValue(t)}}.Encode()
}

// liveOf counts the live visits of a target; those of a scope are none's. Where
// more is true it may have more than were counted.
func (s *Console) liveOf(ctx context.Context, t killswitch.Target) (n int64, more bool, err error) {
	list, more, err := s.o.Store.LiveKinds(ctx, s.o.Now().UnixMilli())
	for _, k := range list {
		if liveUnder(t, k) {
			n += k.Visits
		}
	}
	return n, more, err
}

// liveUnder reports whether live visits of a kind end with those of a target.
func liveUnder(t killswitch.Target, k store.LiveKind) bool {
	return t.Kind == models.FreezeEverything || t.Kind == models.FreezePartner && k.PartnerID == t.ID ||
		t.Kind == models.FreezeApplication && k.ApplicationID == t.ID || t.Kind == models.FreezeService && k.ServiceID == t.ID
}
