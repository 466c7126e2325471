package recordview

import (
	"cmp"
	"context"
	"strconv"
	"strings"
	"time"

	"postern/app/records"
	"postern/models"
	"postern/views/i18n"
	"postern/views/recordview"
	"postern/views/ui"
)

// XRay shows a visit from tap to data, or what was to be one.
func (v View) XRay(ctx context.Context, from Source, x records.XRay, names records.Names) (recordview.XRayView, error) {
	show := xray{View: v, ctx: ctx, x: x, names: names}
	page := show.page()
	return page, show.alike(from, &page)
}

// ShortName is an X-ray's id, shortened.
func ShortName(x records.XRay) string { return ShortID(cmp.Or(x.VID, x.Request, x.JTI)) }

// xray makes sentences of an X-ray.
type xray struct {
	View
	ctx   context.Context //nolint:containedctx // of one request, for its language
	x     records.XRay
	names records.Names
}

func (v xray) t(k i18n.Key, args ...any) string { return i18n.T(v.ctx, k, args...) }

func (v xray) span(d time.Duration) string { return i18n.Duration(v.ctx, d) }

// whose is the partner and the application of the visit: the application alone where its
// partner reads, or where both have one name.
func (v xray) whose() string {
	partner, application := v.names.Partner(v.x.PartnerID), v.names.Application(v.x.ApplicationID)
	if v.Own || partner == application {
		return application
	}
	return partner + v.t(i18n.CommonComma) + application
}

func (v xray) page() recordview.XRayView {
	x := v.x
	p := recordview.XRayView{
		Title: v.t(i18n.XRayVisit, ShortID(x.VID)), Badge: v.badge(), Verdict: v.verdict(),
		Lead:     v.t(i18n.XRayWhere, v.whose(), v.names.Service(x.ServiceID), i18n.Stamp(v.ctx, v.inZone(x.Start))),
		Timeline: ui.TimelineView{Label: v.t(i18n.XRayFromTap)}, Scale: v.t(i18n.XRayScale, v.span(time.Duration(x.End-x.Start)*time.Millisecond)),
		IDs: v.ids(), MoreCalls: x.MoreCalls, Other: v.other(), Later: v.later(),
	}
	if x.Attempt {
		p.Title = v.t(i18n.XRayNoVisit)
	}
	if x.ApplicationID == "" {
		p.Lead = i18n.Stamp(v.ctx, v.inZone(x.Start))
	}
	for _, step := range x.Steps {
		p.Timeline.Rows = append(p.Timeline.Rows, v.step(step))
	}
	for _, r := range x.Receipts {
		p.Receipts = append(p.Receipts, v.receipt(r))
	}
	p.NothingWhy = v.t(i18n.XRayNoReply)
	if x.Attempt {
		p.NothingWhy = v.t(i18n.XRayBeforeVT)
	}
	p.InLog = v.inLog(Query{Search: cmp.Or(x.VID, x.JTI, x.Request)})
	return p
}

// badge is where the visit stands.
func (v xray) badge() ui.BadgeView {
	if v.x.Attempt {
		if v.x.Stopped() != nil {
			return ui.BadgeView{Tone: ui.Bad, Icon: "x", Text: v.t(i18n.XRayRefused)}
		}
		return ui.BadgeView{Tone: ui.Warn, Text: v.t(i18n.XRayWaiting)}
	}
	visit, now := v.x.Visit, v.Now().UnixMilli()
	switch {
	case visit.EndedAt != 0 && visit.EndReason == "closed":
		return ui.BadgeView{Tone: ui.Outline, Text: v.t(i18n.XRayClosed)}
	case visit.EndedAt != 0:
		return ui.BadgeView{Tone: ui.Warn, Text: EndWord(v.ctx, visit.EndReason)}
	case v.x.WithOthers:
		return ui.BadgeView{Tone: ui.Warn, Text: v.t(i18n.XRayWithOthers)}
	case now >= visit.DeadAfter:
		return ui.BadgeView{Tone: ui.Outline, Text: v.t(i18n.XRayOver)}
	}
	return ui.BadgeView{Tone: ui.Ok, Text: v.t(i18n.XRayLive, v.span(time.Duration(visit.DeadAfter-now)*time.Millisecond))}
}

// verdict is one sentence of what happened and one of what helps.
func (v xray) verdict() ui.NoteView {
	if stop := v.x.Stopped(); stop != nil {
		run := v.x.RunOf(*stop)
		cause, cure := v.Explain(v.ctx, stop.Code, stop.Reason, run)
		n := ui.NoteView{Tone: ui.Bad, Lead: v.t(i18n.XRayStopped, letter(*stop), stop.Code), Text: cause}
		if cure != "" {
			n.Text += i18n.After(cause) + v.t(i18n.XRayWhatHelps, cure)
		}
		n.Links = v.RunLinks(v.ctx, v.x.ApplicationID, run)
		return n
	}
	switch first := v.x.FirstData(); {
	case v.x.Attempt && v.x.AT != nil:
		n := ui.NoteView{Tone: ui.Warn, Lead: v.t(i18n.XRayNeverIn), Text: v.t(i18n.XRayNeverInText)}
		switch {
		case v.Now().UnixMilli() < v.x.AT.ExpiresAt:
			n.Text = v.t(i18n.XRayWaitingText)
		case v.Own:
			n.Text = v.t(i18n.XRayNeverInOwn)
		}
		return n
	case v.x.Attempt:
		return ui.NoteView{Tone: ui.Accent, Text: v.t(i18n.XRayNothingSaid)}
	case first == nil:
		return ui.NoteView{Tone: ui.Warn, Lead: v.t(i18n.XRayNoCalls), Text: v.t(i18n.XRayNoCallsText)}
	default:
		return v.worked(*first)
	}
}

// worked says where the time went until there was data.
func (v xray) worked(first models.Call) ui.NoteView {
	n := ui.NoteView{Tone: ui.Ok, Lead: v.t(i18n.XRayWorked), Text: v.t(i18n.XRayWorkedShort)}
	if b := v.x.Steps[1]; b.State == records.OK {
		call := time.Duration(first.Duration) * time.Microsecond
		if v.Own {
			n.Text = v.t(i18n.XRayWorkedOwn, v.span(time.Duration(first.At-b.From)*time.Millisecond+call), v.span(b.Took+v.x.Steps[3].Took+call))
			return v.someRefused(n)
		}
		upstream := time.Duration(first.UpstreamTime) * time.Microsecond
		whole := time.Duration(first.At-b.From)*time.Millisecond + call
		gateway := b.Took + v.x.Steps[3].Took + max(0, call-upstream)
		n.Text = v.t(i18n.XRayWorkedText, v.span(whole), v.span(max(0, whole-gateway-upstream)), v.span(upstream), v.span(gateway))
	}
	return v.someRefused(n)
}

func (v xray) someRefused(n ui.NoteView) ui.NoteView {
	if refused := v.x.RefusedCalls(); refused > 0 {
		n.Tone = ui.Warn
		n.Text += " " + v.t(i18n.XRaySomeRefused, refused)
	}
	return n
}

// letter is a step's name: "D", "G3".
func letter(s records.Step) string {
	if s.N > 0 {
		return s.Letter + strconv.Itoa(s.N)
	}
	return s.Letter
}

// alike says how many more failed in the same way today.
func (v xray) alike(from Source, p *recordview.XRayView) error {
	stop := v.x.Stopped()
	if stop == nil || stop.Event == nil {
		return nil
	}
	n, err := from.Alike(v.ctx, *stop.Event)
	if err == nil && n > 1 {
		p.Alike = v.t(i18n.LogAlike, int(n-1), v.names.Partner(v.x.PartnerID))
		p.AlikeTo = v.inLog(Query{App: v.x.ApplicationID, Code: stop.Code})
	}
	return err
}

// inLog is the log with a query, in the X-ray's own world where pages are of one.
func (v xray) inLog(q Query) string {
	if v.Own {
		q.World = string(v.x.Environment)
	}
	return q.Address(v.Log)
}

// ForPartner is what the bank may tell the partner about an X-ray: no personal data, and
// the reason in the partner's own words.
func (v View) ForPartner(ctx context.Context, x records.XRay) string {
	id, when := cmp.Or(x.VID, x.JTI, x.Request), i18n.Exact(ctx, v.inZone(x.Start))
	stop := x.Stopped()
	if stop == nil {
		return i18n.T(ctx, i18n.XRayPartnerOK, id, when)
	}
	request := x.Request
	if stop.Event != nil {
		request = stop.Event.RequestID
	} else if stop.Call != nil {
		request = stop.Call.RequestID
	}
	cause, cure := ExplainToPartner(ctx, stop.Code, stop.Reason, x.RunOf(*stop))
	return strings.TrimSpace(i18n.T(ctx, i18n.XRayPartnerText, request, when, letter(*stop), stop.Code, cause, cure))
}
