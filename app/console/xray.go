package console

import (
	"cmp"
	"context"
	"errors"
	"net/http"
	"net/url"

	"github.com/gin-gonic/gin"

	"postern/app/entrance"
	"postern/app/records"
	"postern/app/recordview"
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
	page := console.XRayPage{
		Frame:   s.frame(c, recordview.ShortName(x), layout.Crumb{Text: i18n.T(ctx, i18n.XRayTitle), Href: visitsPath}),
		Visitor: visitor(x, mayClear(c), show), ForPartner: s.forPartner(ctx, x),
	}
	if page.XRay, err = s.view.XRay(ctx, s.o.Records, x, names); err != nil {
		return err
	}
	if page.Visitor.MayShow {
		if page.Visitor.Verify, err = s.VerifyView(c, show.refused); err != nil {
			return err
		}
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

// forPartner is what the bank may tell the partner, with the address at which the
// partner's users see the same.
func (s *Console) forPartner(ctx context.Context, x records.XRay) string {
	words := s.view.ForPartner(ctx, x)
	if s.o.Portal == "" || x.VID == "" {
		return words
	}
	return words + "\n" + s.o.Portal + "/portal/visits/" + url.PathEscape(x.VID)
}

func visitor(x records.XRay, may bool, show showing) console.VisitorView {
	view := console.VisitorView{
		There: x.HasSubject || x.HasCustomer, MayShow: may, Action: visitsPath + "/subject", Reason: show.reason, Fault: show.fault,
		Subject: show.clear.Subject, Customer: show.clear.Customer, Shown: show.shown,
	}
	switch {
	case x.VID != "":
		view.Hidden = []ui.Hidden{{Name: "visit", Value: x.VID}}
	case x.Request != "":
		view.Hidden = []ui.Hidden{{Name: "request", Value: x.Request}}
	default:
		view.Hidden = []ui.Hidden{{Name: "jti", Value: x.JTI}}
	}
	return view
}
