package console

import (
	"cmp"
	"context"
	"errors"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/gin-gonic/gin"

	"postern/app/entrance"
	"postern/app/records"
	"postern/app/web"
	"postern/models"
	"postern/views/console"
	"postern/views/i18n"
	"postern/views/layout"
	"postern/views/ui"
)

// XRay shows a visit from tap to data.
func (s *Console) XRay(c *gin.Context) error {
	return s.showXRay(c, records.Found{VID: c.Param("id")}, showing{})
}

// XRayOfAT shows what became of an AT that opened no visit.
func (s *Console) XRayOfAT(c *gin.Context) error {
	return s.showXRay(c, records.Found{JTI: c.Param("id")}, showing{})
}

// XRayOfRequest shows an attempt that was refused.
func (s *Console) XRayOfRequest(c *gin.Context) error {
	return s.showXRay(c, records.Found{Request: c.Param("id")}, showing{})
}

// SubjectShow shows whose visit it was, once, to who says why.
func (s *Console) SubjectShow(c *gin.Context) error {
	ctx := c.Request.Context()
	of := records.Found{VID: c.PostForm("visit"), JTI: c.PostForm("jti"), Request: c.PostForm("request")}
	x, err := s.o.Records.XRay(ctx, of)
	if err != nil {
		return err
	}
	reason := c.PostForm("reason")
	var proof *unproved
	if err := s.prove(c); errors.As(err, &proof) {
		return s.showXRay(c, of, showing{reason: reason, refused: proof.refused, status: http.StatusUnprocessableEntity})
	} else if err != nil {
		return err
	}
	clear, err := s.o.Records.Show(ctx, x, entrance.VisitOf(c).Who.Account.ID, reason)
	if errors.Is(err, records.ErrReason) {
		return s.showXRay(c, of, showing{reason: reason, fault: i18n.T(ctx, i18n.ExportWhy), status: http.StatusUnprocessableEntity})
	}
	if err != nil {
		return err
	}
	return s.showXRay(c, of, showing{clear: clear, shown: true})
}

// showing is what came of asking for the visitor.
type showing struct {
	clear   records.Clear
	shown   bool
	reason  string // as it was typed
	fault   string // what is wrong with it
	refused bool   // the proof that came with it was wrong
	status  int    // 0: 200
}

func (s *Console) showXRay(c *gin.Context, of records.Found, show showing) error {
	ctx := c.Request.Context()
	x, err := s.o.Records.XRay(ctx, of)
	if err != nil {
		return err
	}
	if err := s.traceXRay(c, x); err != nil {
		return err
	}
	names, err := s.o.Records.Names(ctx)
	if err != nil {
		return err
	}
	v := xrayView{s: s, ctx: ctx, x: x, names: names}
	page := v.page()
	page.Frame = s.frame(c, v.short(), layout.Crumb{Text: i18n.T(ctx, i18n.XRayTitle), Href: visitsPath})
	page.Visitor = v.visitor(mayClear(c), show)
	if page.Visitor.MayShow {
		if page.Visitor.Verify, err = s.VerifyView(c, show.refused); err != nil {
			return err
		}
	}
	if err := v.alike(&page); err != nil {
		return err
	}
	return web.Render(c, cmp.Or(show.status, http.StatusOK), console.XRay(page))
}

// traceXRay puts on record what somebody reads who watches over the others.
func (s *Console) traceXRay(c *gin.Context, x records.XRay) error {
	if who := entrance.VisitOf(c).Who; holds(who.Roles, models.AuditRole) {
		return s.o.Records.LookedAt(c.Request.Context(), who.Account.ID, x)
	}
	return nil
}

func holds(roles []models.StaffRole, role models.StaffRole) bool {
	for _, r := range roles {
		if r == role {
			return true
		}
	}
	return false
}

// xrayView makes sentences of an X-ray.
type xrayView struct {
	s     *Console
	ctx   context.Context //nolint:containedctx // of one request, for its language
	x     records.XRay
	names records.Names
}

func (v xrayView) t(k i18n.Key, args ...any) string { return i18n.T(v.ctx, k, args...) }

func (v xrayView) span(d time.Duration) string { return i18n.Duration(v.ctx, d) }

// short is the id in the breadcrumb.
func (v xrayView) short() string { return shortID(cmp.Or(v.x.VID, v.x.Request, v.x.JTI)) }

func (v xrayView) page() console.XRayPage {
	x := v.x
	p := console.XRayPage{
		Title: v.t(i18n.XRayVisit, shortID(x.VID)), Badge: v.badge(), Verdict: v.verdict(),
		Lead:     v.t(i18n.XRayWhere, v.names.Partner(x.PartnerID), v.names.Application(x.ApplicationID), v.names.Service(x.ServiceID), i18n.Stamp(v.ctx, v.s.InZone(x.Start))),
		Timeline: ui.TimelineView{Label: v.t(i18n.XRayFromTap)}, Scale: v.t(i18n.XRayScale, v.span(time.Duration(x.End-x.Start)*time.Millisecond)),
		IDs: v.ids(), MoreCalls: x.MoreCalls, ForPartner: v.forPartner(), Other: v.other(), Later: v.later(),
	}
	if x.Attempt {
		p.Title = v.t(i18n.XRayNoVisit)
	}
	if x.ApplicationID == "" {
		p.Lead = i18n.Stamp(v.ctx, v.s.InZone(x.Start))
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
	p.InLog = logQuery{search: cmp.Or(x.VID, x.JTI, x.Request)}.address(logPath)
	return p
}

// badge is where the visit stands.
func (v xrayView) badge() ui.BadgeView {
	if v.x.Attempt {
		if v.x.Stopped() != nil {
			return ui.BadgeView{Tone: ui.Bad, Icon: "x", Text: v.t(i18n.XRayRefused)}
		}
		return ui.BadgeView{Tone: ui.Warn, Text: v.t(i18n.XRayWaiting)}
	}
	visit, now := v.x.Visit, v.s.o.Now().UnixMilli()
	switch {
	case visit.EndedAt != 0 && visit.EndReason == "closed":
		return ui.BadgeView{Tone: ui.Outline, Text: v.t(i18n.XRayClosed)}
	case visit.EndedAt != 0:
		return ui.BadgeView{Tone: ui.Warn, Text: v.s.endWord(v.ctx, visit.EndReason)}
	case v.x.WithOthers:
		return ui.BadgeView{Tone: ui.Warn, Text: v.t(i18n.XRayWithOthers)}
	case now >= visit.DeadAfter:
		return ui.BadgeView{Tone: ui.Outline, Text: v.t(i18n.XRayOver)}
	}
	return ui.BadgeView{Tone: ui.Ok, Text: v.t(i18n.XRayLive, v.span(time.Duration(visit.DeadAfter-now)*time.Millisecond))}
}

// verdict is one sentence of what happened and one of what helps.
func (v xrayView) verdict() ui.NoteView {
	if stop := v.x.Stopped(); stop != nil {
		cause, cure := explain(v.ctx, stop.Code, stop.Reason)
		n := ui.NoteView{Tone: ui.Bad, Lead: v.t(i18n.XRayStopped, letter(*stop), stop.Code), Text: cause}
		if cure != "" {
			n.Text += " " + v.t(i18n.XRayWhatHelps, cure)
		}
		return n
	}
	switch first := v.x.FirstData(); {
	case v.x.Attempt && v.x.AT != nil:
		n := ui.NoteView{Tone: ui.Warn, Lead: v.t(i18n.XRayNeverIn), Text: v.t(i18n.XRayNeverInText)}
		if v.s.o.Now().UnixMilli() < v.x.AT.ExpiresAt {
			n.Text = v.t(i18n.XRayWaitingText)
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
func (v xrayView) worked(first models.Call) ui.NoteView {
	n := ui.NoteView{Tone: ui.Ok, Lead: v.t(i18n.XRayWorked), Text: v.t(i18n.XRayWorkedShort)}
	if b := v.x.Steps[1]; b.State == records.OK {
		call := time.Duration(first.Duration) * time.Microsecond
		upstream := time.Duration(first.UpstreamTime) * time.Microsecond
		whole := time.Duration(first.At-b.From)*time.Millisecond + call
		gateway := b.Took + v.x.Steps[3].Took + max(0, call-upstream)
		n.Text = v.t(i18n.XRayWorkedText, v.span(whole), v.span(max(0, whole-gateway-upstream)), v.span(upstream), v.span(gateway))
	}
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
func (v xrayView) alike(p *console.XRayPage) error {
	stop := v.x.Stopped()
	if stop == nil || stop.Event == nil {
		return nil
	}
	n, err := v.s.o.Records.Alike(v.ctx, *stop.Event)
	if err == nil && n > 1 {
		p.Alike = v.t(i18n.LogAlike, int(n-1), v.names.Partner(v.x.PartnerID))
		p.AlikeTo = logQuery{app: v.x.ApplicationID, code: stop.Code}.address(logPath)
	}
	return err
}

// forPartner is what the bank may tell the partner: no personal data, and the
// reason in the words that the partner's portal would use.
func (v xrayView) forPartner() string {
	when := i18n.Exact(v.ctx, v.s.InZone(v.x.Start))
	stop := v.x.Stopped()
	if stop == nil {
		return v.t(i18n.XRayPartnerOK, cmp.Or(v.x.VID, v.x.JTI, v.x.Request), when)
	}
	request := v.x.Request
	if stop.Event != nil {
		request = stop.Event.RequestID
	} else if stop.Call != nil {
		request = stop.Call.RequestID
	}
	cause, cure := explain(v.ctx, stop.Code, stop.Reason)
	return strings.TrimSpace(v.t(i18n.XRayPartnerText, request, when, letter(*stop), stop.Code, cause, cure))
}
