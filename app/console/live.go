package console

import (
	"context"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/gin-gonic/gin"

	"postern/app/approval"
	"postern/app/directory"
	"postern/app/entrance"
	"postern/app/killswitch"
	"postern/app/records"
	"postern/app/recordview"
	"postern/app/store"
	"postern/app/web"
	"postern/models"
	"postern/views/console"
	"postern/views/i18n"
	"postern/views/ui"
)

const livePath = "/console/live"

// livePage is how many visits a page lists.
const livePage = 50

// Live counts the live visits by kind, and lists those of one application.
func (s *Console) Live(c *gin.Context) error {
	ctx := c.Request.Context()
	names, err := s.o.Records.Names(ctx)
	if err != nil {
		return err
	}
	kinds, more, err := s.liveNow(ctx)
	if err != nil {
		return err
	}
	page := console.LivePage{Frame: s.frame(c, i18n.T(ctx, i18n.LiveTitle)), Kinds: ui.TableView{
		Caption: i18n.T(ctx, i18n.LiveKinds), Head: []ui.Column{
			{Text: i18n.T(ctx, i18n.LiveApp)}, {Text: i18n.T(ctx, i18n.LiveService)}, {Text: i18n.T(ctx, i18n.UIWhere)}, {Text: i18n.T(ctx, i18n.LiveCount), Number: true},
		},
		Empty: ui.Empty(ui.EmptyView{Title: i18n.T(ctx, i18n.LiveNone), Text: i18n.T(ctx, i18n.LiveNoneText)}),
	}}
	q := liveQuery{app: c.Query("app"), service: c.Query("service"), partner: c.Query("partner")}
	var total int64
	for _, k := range kinds {
		if !q.has(k) {
			continue
		}
		total += k.Visits
		page.Kinds.Rows = append(page.Kinds.Rows, ui.Row{Cells: []ui.Cell{
			{Text: names.Application(k.ApplicationID), Second: names.Partner(k.PartnerID), Href: liveQuery{app: k.ApplicationID, service: k.ServiceID}.address("")},
			{Text: names.Service(k.ServiceID)}, {Part: environment(k.Environment)}, {Text: i18n.Number(ctx, k.Visits)},
		}})
	}
	page.Header = ui.HeaderView{Title: i18n.T(ctx, i18n.LiveTitle), Lead: ui.Text(i18n.T(ctx, i18n.LiveLead, liveNumber(ctx, total, more))), Actions: s.endAction(c)}
	switch {
	case q.app != "":
		page.Of = names.Application(q.app)
	case q.partner != "":
		page.Of = names.Partner(q.partner)
	}
	if page.Of != "" {
		page.Header.Lead = ui.Text(i18n.T(ctx, i18n.LiveLeadOf, page.Of, liveNumber(ctx, total, more)))
		page.All = livePath
		if err := s.liveVisitsOf(c, &page, q, names); err != nil {
			return err
		}
	}
	return web.Render(c, http.StatusOK, console.Live(page))
}

// liveNumber says how many visits are live; where more may be, the least.
func liveNumber(ctx context.Context, n int64, more bool) string {
	if more {
		return i18n.T(ctx, i18n.OverviewAtLeast, i18n.Number(ctx, n))
	}
	return i18n.Number(ctx, n)
}

// liveCount is a number of live visits that was counted application by application.
func liveCount(ctx context.Context, n int64) string { return liveNumber(ctx, n, n >= store.MaxLive) }

func (s *Console) endAction(c *gin.Context) []ui.ButtonView {
	if r := entrance.VisitOf(c).Rights; !r.May(makesStops) && !r.May(asksStops) {
		return nil
	}
	return []ui.ButtonView{{Text: i18n.T(c.Request.Context(), i18n.LiveEndAll), Icon: "player-stop", Href: livePath + "/end", Kind: ui.Risky}}
}

// liveQuery is whose live visits are listed: an application's, perhaps of one
// service, or all of a partner's.
type liveQuery struct{ app, service, partner string }

// has reports whether visits of a kind are among those that are listed; without a
// filter all are.
func (q liveQuery) has(k store.LiveKind) bool {
	return (q.app == "" || k.ApplicationID == q.app) && (q.service == "" || k.ServiceID == q.service) && (q.partner == "" || k.PartnerID == q.partner)
}

// address is the list's; after is a cursor, or empty.
func (q liveQuery) address(after string) string {
	v := url.Values{}
	for name, value := range map[string]string{"app": q.app, "service": q.service, "partner": q.partner, "after": after} {
		if value != "" {
			v.Set(name, value)
		}
	}
	return livePath + "?" + v.Encode()
}

// applications are those whose visits are listed, by id.
func (q liveQuery) applications(names records.Names) (ids []string) {
	if q.app != "" {
		return []string{q.app}
	}
	for id, a := range names.Applications {
		if a.PartnerID == q.partner {
			ids = append(ids, id)
		}
	}
	slices.Sort(ids)
	return ids
}

// liveSince is before the opening of any visit that can be live, Unix ms.
func (s *Console) liveSince() int64 {
	return s.o.Now().Add(-directory.MaxMaxAge * time.Second).UnixMilli()
}

func (s *Console) liveVisitsOf(c *gin.Context, page *console.LivePage, of liveQuery, names records.Names) error {
	ctx := c.Request.Context()
	q := store.LiveQuery{Applications: of.applications(names), Service: of.service, Since: s.liveSince(), Now: s.o.Now().UnixMilli(), Limit: livePage + 1}
	place := of.address("")
	at, err := s.place(c, place, 2)
	if err != nil {
		return err
	}
	q.BelowAt, _ = strconv.ParseInt(at[0], 10, 64) // it was written here
	q.BelowVID = at[1]
	list, err := s.o.Store.LiveVisitsOf(ctx, q)
	if err != nil {
		return err
	}
	paging := ui.PagingView{}
	if q.BelowAt > 0 {
		paging.Newer = of.address("")
	}
	if len(list) > livePage {
		list = list[:livePage]
		last := list[livePage-1]
		paging.Older = of.address(s.o.Cursors.Make(place, strconv.FormatInt(last.OpenedAt, 10), last.VID))
	}
	if paging != (ui.PagingView{}) {
		paging.Words = i18n.Number(ctx, int64(len(list)))
		page.Paging = &paging
	}
	if len(list) == 0 {
		page.Visits = s.liveTable(ctx, list, names, stance{})
		return nil
	}
	st, err := s.stanceOn(c, list[0].PartnerID)
	if err != nil {
		return err
	}
	if st.theirs != nil {
		page.Theirs = theirsWords(ctx, st.theirs)
	}
	page.Visits = s.liveTable(ctx, list, names, st)
	return nil
}

func (s *Console) liveTable(ctx context.Context, list []models.Visit, names records.Names, st stance) ui.TableView {
	t := ui.TableView{Caption: i18n.T(ctx, i18n.LiveTitle), Head: []ui.Column{
		{Text: i18n.T(ctx, i18n.LiveOpened)}, {Text: i18n.T(ctx, i18n.LiveApp)}, {Text: i18n.T(ctx, i18n.LiveService)}, {Text: i18n.T(ctx, i18n.LiveUntil)},
	}, Empty: ui.Empty(ui.EmptyView{Title: i18n.T(ctx, i18n.LiveNone), Text: i18n.T(ctx, i18n.LiveNoneText)})}
	if st.may() {
		t.Head = append(t.Head, ui.Column{})
	}
	for _, v := range list {
		row := ui.Row{ID: v.VID, Cells: []ui.Cell{
			{Text: i18n.Stamp(ctx, s.InZone(v.OpenedAt)), Mono: true, Href: visitsPath + "/" + v.VID, Second: recordview.ShortID(v.VID), Coded: true},
			{Text: names.Application(v.ApplicationID)}, {Text: names.Service(v.ServiceID)}, {Part: ui.Time(s.At(v.DeadAfter))},
		}}
		if st.may() {
			row.Cells = append(row.Cells, ui.Cell{Part: ui.Button(ui.ButtonView{
				Text: i18n.T(ctx, st.word(i18n.LiveEnd, i18n.LiveEndAskOne)), Small: true, Kind: ui.Risky, Href: visitsPath + "/" + v.VID + "/end",
			})})
		}
		t.Rows = append(t.Rows, row)
	}
	return t
}

// LiveEnding asks whose live visits end, and why.
func (s *Console) LiveEnding(c *gin.Context) error {
	return s.showLiveEnding(c, c.Query("target"), nil, faulty{})
}

func (s *Console) showLiveEnding(c *gin.Context, target string, values map[string]string, fault faulty) error {
	ctx := c.Request.Context()
	names, err := s.targetNames(ctx)
	if err != nil {
		return err
	}
	title := i18n.T(ctx, i18n.LiveEndTitle)
	page := console.LiveEndPage{
		Frame:   s.frame(c, title, crumb(ctx, i18n.LiveTitle, livePath)),
		Header:  ui.HeaderView{Title: title, Lead: ui.Text(i18n.T(ctx, i18n.LiveEndText)), Actions: []ui.ButtonView{{Text: i18n.T(ctx, i18n.LiveFreeze), Icon: "snowflake", Href: killSwitchPath}}},
		Targets: names.options(ctx, target, i18n.LiveEndFirst, false),
	}
	if t, chosen := parseTarget(target); chosen {
		if err := s.endForm(c, &page, names, t, values, fault); err != nil {
			return err
		}
	}
	return web.Render(c, fault.code(), console.LiveEnd(page))
}

func (s *Console) endForm(c *gin.Context, page *console.LiveEndPage, names targetNames, t killswitch.Target, values map[string]string, fault faulty) error {
	ctx, rights := c.Request.Context(), entrance.VisitOf(c).Rights
	asks := !mayStop(rights, t)
	if !names.has(t) || t.Kind == models.FreezeDataScope {
		page.Note = &ui.NoteView{Tone: ui.Bad, Text: i18n.T(ctx, i18n.KillNoTarget)}
		return nil
	}
	if theirs, err := s.targetTheirs(c, names, t); err != nil || theirs != nil {
		page.Note = theirs
		return err
	}
	live, more, err := s.liveOf(ctx, t)
	if err != nil {
		return err
	}
	f := s.former(c, livePath+"/end", values, fault)
	f.hidden("target", targetValue(t))
	f.reason()
	button := ui.ButtonView{Text: i18n.T(ctx, i18n.LiveEndBtn, names.of(ctx, t), liveNumber(ctx, live, more)), Kind: ui.Danger}
	if asks {
		button = ui.ButtonView{Text: i18n.T(ctx, i18n.LiveEndAsk, names.of(ctx, t)), Kind: ui.Primary}
		page.Note = &ui.NoteView{Tone: ui.Accent, Text: i18n.T(ctx, asksWhom(t))}
	}
	if f.form.Verify, err = s.VerifyView(c, fault.refused); err != nil {
		return err
	}
	form := f.done(livePath, button)
	page.Order = &form
	return nil
}

// LiveEndingSubmit ends them, or asks for it.
func (s *Console) LiveEndingSubmit(c *gin.Context) error {
	values := typed(c, "target", "reason")
	t, ok := parseTarget(values["target"])
	if !ok {
		return s.showLiveEnding(c, "", values, faulty{})
	}
	rights := entrance.VisitOf(c).Rights
	asks := !mayStop(rights, t)
	if asks && !rights.May(asksStops) {
		return entrance.ErrForbidden.Because("stops:all")
	}
	content, err := killswitch.End{Target: t}.Content()
	if err != nil {
		return err
	}
	ctx := c.Request.Context()
	var out approval.Outcome
	if err = s.prove(c); err == nil {
		out, err = s.o.Approvals.Submit(ctx, s.by(c), approval.Ask{
			Kind: killswitch.EndKind, Subject: t.Subject(), Content: content, Reason: strings.TrimSpace(values["reason"]), Waits: asks,
		})
	}
	if fault, taken := s.faultsOf(c, err, "", ""); err != nil && taken {
		return s.showLiveEnding(c, targetValue(t), values, fault)
	}
	if err != nil {
		return err
	}
	if !out.Applied {
		return entrance.Done(c, requestPath(out.Request), "asked")
	}
	_ = s.o.Feed.Poll(context.WithoutCancel(ctx)) // what this can't do the feed does a moment later
	s.live.forget()
	return entrance.Done(c, livePath, "visits-ended")
}
