package recordview

import (
	"cmp"
	"slices"
	"strconv"
	"strings"
	"time"

	"postern/app/records"
	"postern/models"
	"postern/views/i18n"
	"postern/views/recordview"
	"postern/views/ui"
)

var stepWords = map[string]i18n.Key{
	"A": i18n.XRayA, "B": i18n.XRayB, "C": i18n.XRayC, "D": i18n.XRayD, "E": i18n.XRayE, "F": i18n.XRayF, "G": i18n.XRayG,
}

// step is one row of the timeline.
func (v xray) step(s records.Step) ui.TimelineRow {
	row := ui.TimelineRow{Letter: letter(s), State: string(s.State), What: v.t(stepWords[s.Letter]), Took: v.took(s)}
	row.From = min(v.share(s.From), 99) // what lasted no time is seen all the same
	row.Width = max(1, v.share(s.To)-row.From)
	if s.State == records.NotReached {
		row.Detail, row.Took = v.t(v.absent(s)), v.t(i18n.LogNone)
		return row
	}
	detail := map[string]string{}
	if s.Event != nil {
		detail = s.Event.Detail()
	}
	switch s.Letter {
	case "A":
		if v.Own {
			row.What = v.t(i18n.XRayOwnA)
		}
		row.Detail, row.Took, row.Note = v.names.Partner(v.x.PartnerID), v.t(i18n.XRayStart), v.t(i18n.XRayBeforeB)
	case "B":
		v.stepB(&row, s, detail)
	case "C":
		row.Detail = v.t(i18n.XRayFragment)
	case "D":
		if kid := cmp.Or(detail["ak"], v.ak()); kid != "" {
			row.Detail = v.t(i18n.XRaySealedTo, kid)
		}
		rule := ""
		if s.State == records.OK {
			rule = v.t(i18n.XRaySpentOnce)
		}
		v.decided(&row, s, rule)
	case "E":
		if v.x.Visit != nil {
			row.Detail = v.t(i18n.XRayUnderR, i18n.Clock(v.ctx, v.inZone(v.x.Visit.DeadAfter)))
			row.Took = v.t(i18n.XRayWithD)
		}
	case "F":
		row.Detail = v.t(i18n.XRayKeys)
	case "G":
		v.stepG(&row, s)
	}
	return row
}

// absent says whether a step did not happen or only has no line.
func (v xray) absent(s records.Step) i18n.Key {
	later := slices.ContainsFunc(v.x.Steps, func(o records.Step) bool {
		return o.Letter > s.Letter && o.State != records.NotReached && (o.Event != nil || o.Call != nil)
	})
	if later {
		return i18n.XRayGone
	}
	return i18n.XRayNotReached
}

func (v xray) stepB(row *ui.TimelineRow, s records.Step, detail map[string]string) {
	if s.State == records.Bad {
		row.What = v.t(i18n.XRayBRefused)
		v.decided(row, s, "")
		return
	}
	if kid := detail["ak"]; kid != "" {
		row.Detail = v.t(i18n.XRayCarries, kid)
	}
	scopes := strings.Fields(detail["scope"])
	row.Note = v.t(i18n.XRayScopes, len(scopes))
	v.decided(row, s, strings.Join(scopes, v.t(i18n.CommonComma)))
}

func (v xray) stepG(row *ui.TimelineRow, s records.Step) {
	if s.Call == nil {
		v.decided(row, s, "")
		return
	}
	call := *s.Call
	row.What = v.call(call)
	row.Detail = v.answered(call)
	if call.UpstreamTime > 0 {
		row.Note = v.t(i18n.XRayUpstream, v.span(time.Duration(call.UpstreamTime)*time.Microsecond))
	}
	rule := ""
	if call.Rule != "" {
		rule = v.t(i18n.XRayRule, call.Rule)
	}
	v.decided(row, s, rule)
}

// call is a call by its method and its route.
func (v xray) call(c models.Call) string {
	where := c.RouteID
	for _, r := range v.x.Receipts {
		if r.Route.ID == c.RouteID && r.Route.Pattern != "" {
			where = r.Route.Pattern
		}
	}
	return strings.TrimSpace(Shown(c.Method) + " " + where)
}

func (v xray) answered(c models.Call) string {
	switch {
	case c.Code == "" && c.Reason == "echo":
		return v.t(i18n.XRayEcho)
	case c.Status != 0:
		return v.t(i18n.XRayAnswered, c.Status)
	}
	return ""
}

// decided adds what was decided, and by what.
func (v xray) decided(row *ui.TimelineRow, s records.Step, rule string) {
	if s.State != records.Bad {
		row.Decision, row.Rule = &ui.BadgeView{Tone: ui.Ok, Icon: "check", Text: v.t(i18n.XRayAllowed)}, rule
		return
	}
	row.Decision = &ui.BadgeView{Tone: ui.Bad, Icon: "x", Text: v.t(i18n.XRayDenied)}
	parts := []string{s.Code, s.Reason}
	if s.Letter == "G" { // of several calls the sentence above is about the last
		cause, _ := v.Explain(v.ctx, s.Code, s.Reason, v.x.RunOf(s))
		parts = append(parts, cause)
	}
	parts = slices.DeleteFunc(append(parts, rule), func(part string) bool { return part == "" })
	row.Rule = strings.Join(slices.Compact(parts), " · ")
}

func (v xray) took(s records.Step) string {
	if s.State == records.NotReached || s.Took <= 0 && s.Letter != "C" && s.Letter != "F" {
		return i18n.Clock(v.ctx, v.inZone(s.To))
	}
	return v.span(s.Took)
}

// share is where a time stands on the timeline's scale, 0 to 100.
func (v xray) share(at int64) int {
	return int(min(100, max(0, 100*(at-v.x.Start)/(v.x.End-v.x.Start))))
}

func (v xray) ak() string {
	if v.x.AT == nil {
		return ""
	}
	return v.x.AT.AKKID
}

func (v xray) ids() ui.KeyValuesView {
	var f Facts
	x := v.x
	f.ID(v.t(i18n.LogVisit), x.VID, "")
	f.ID(v.t(i18n.LogAT), x.JTI, "jti")
	for _, s := range x.Steps {
		if s.Event != nil && s.Letter != "E" {
			f.ID(v.t(i18n.LogRequest)+" "+s.Letter, s.Event.RequestID, "")
		}
		if s.Call != nil {
			f.ID(v.t(i18n.LogRequest)+" "+letter(s), s.Call.RequestID, "")
		}
	}
	f.Mono(v.t(i18n.LogService), x.ServiceID)
	f.Part(v.t(i18n.LogFilterEnv), x.Environment != "", ui.Environment(ui.EnvironmentView{Production: x.Environment == models.Production}))
	if x.AT != nil {
		f.Mono(v.t(i18n.XRayReturnTo), x.AT.ReturnTo)
	}
	if stop := x.Stopped(); stop != nil {
		f.Mono(v.t(i18n.LogReason), stop.Reason)
		if stop.Event != nil {
			f.Mono(v.t(i18n.LogOrigin), Shown(stop.Event.Detail()["origin"]))
		}
	}
	if len(x.Calls) > 0 && x.Calls[0].PolicyVersion > 0 {
		f.Text(v.t(i18n.XRayPolicy), i18n.Number(v.ctx, x.Calls[0].PolicyVersion))
	}
	return ui.KeyValuesView{Rows: f.Rows}
}

// other is the visit that the same AT had opened.
func (v xray) other() *ui.KeyValuesView {
	if v.x.Other == nil {
		return nil
	}
	o := *v.x.Other
	result := ui.BadgeView{Tone: ui.Ok, Text: v.t(i18n.XRayOpenedThen)}
	if o.EndedAt != 0 {
		result = ui.BadgeView{Tone: ui.Warn, Text: v.t(i18n.XRayOpenedEnded)}
	}
	var f Facts
	f.Text(v.t(i18n.CommonTime), i18n.ClockMillis(v.ctx, v.inZone(o.OpenedAt)))
	f.Part(v.t(i18n.LogVisit), true, ui.Link(ui.LinkView{Text: ShortID(o.VID), Href: v.XRayAddress(records.Found{VID: o.VID})}))
	f.Part(v.t(i18n.XRayResult), true, ui.Badge(result))
	return &ui.KeyValuesView{Rows: f.Rows}
}

// laterRow is something beneath the timeline.
type laterRow struct {
	at  int64
	row ui.Row
}

// later are the calls and events that do not stand in the timeline.
func (v xray) later() *ui.TableView {
	var rows []laterRow
	add := func(at int64, request string, bad bool, cells ...ui.Cell) {
		tone := ui.Quiet
		if bad {
			tone = ui.Bad
		}
		first := ui.Cell{Text: i18n.ClockMillis(v.ctx, v.inZone(at)), Mono: true}
		rows = append(rows, laterRow{at, ui.Row{Tone: tone, Cells: append(append([]ui.Cell{first}, cells...), ui.Cell{Part: ui.Mono(ShortID(request))})}})
	}
	for _, s := range v.x.Later() {
		add(s.From, s.Call.RequestID, s.State == records.Bad, ui.Cell{Text: letter(s) + " " + v.call(*s.Call)},
			ui.Cell{Text: cmp.Or(s.Code, v.answered(*s.Call), v.t(i18n.XRayAllowed)), Mono: s.Code != ""}, ui.Cell{Text: v.span(s.Took)})
	}
	for _, e := range v.x.Events {
		if v.inTimeline(e) || records.GroupOf(e.Kind) == "" {
			continue
		}
		code := v.t(i18n.LogNone)
		if e.Outcome != "ok" {
			code = e.Outcome
		}
		add(e.At, e.RequestID, e.Outcome != "ok", EventCell(v.ctx, e), ui.Cell{Text: code, Mono: true}, ui.Cell{Text: took(v.ctx, e.Detail())})
	}
	if len(rows) == 0 {
		return nil
	}
	slices.SortStableFunc(rows, func(a, b laterRow) int { return cmp.Compare(a.at, b.at) })
	t := &ui.TableView{Caption: v.t(i18n.XRayLater), Head: []ui.Column{
		{Text: v.t(i18n.CommonTime)}, {Text: v.t(i18n.XRayWhat)}, {Text: v.t(i18n.XRayResult)}, {Text: v.t(i18n.LogTook), Number: true}, {Text: v.t(i18n.LogRequest)},
	}}
	for _, r := range rows {
		t.Rows = append(t.Rows, r.row)
	}
	return t
}

func (v xray) inTimeline(e models.Event) bool {
	return slices.ContainsFunc(v.x.Steps, func(s records.Step) bool { return s.Event != nil && s.Event.ID == e.ID })
}

// openFields is how many fields of a receipt are shown before one asks for more.
const openFields = 8

func (v xray) receipt(r records.Receipt) recordview.ReceiptView {
	permission := r.Route.ID
	if r.Route.Resource != "" {
		permission = r.Route.Permission()
	}
	view := recordview.ReceiptView{Title: "G" + strconv.Itoa(r.N) + " " + permission}
	for _, f := range r.Fields {
		field := recordview.ReceiptField{Path: f.Path, Class: f.Class, Treatment: f.Treatment, Words: i18n.MaskWord(v.ctx, f.Mask)}
		if f.Undeclared {
			field.Path, field.Words = strings.TrimPrefix(f.Path+".*", "."), v.t(i18n.XRayUndeclared)
		}
		if len(view.Fields) < openFields {
			view.Fields = append(view.Fields, field)
		} else {
			view.More = append(view.More, field)
		}
	}
	return view
}
