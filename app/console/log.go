package console

import (
	"net/http"
	"slices"

	"github.com/gin-gonic/gin"

	"postern/app/entrance"
	"postern/app/records"
	"postern/app/recordview"
	"postern/app/web"
	"postern/models"
	"postern/policies"
	"postern/views/console"
	"postern/views/i18n"
	"postern/views/layout"
	"postern/views/ui"
)

const (
	logPath    = "/console/log"
	visitsPath = "/console/visits"
)

// LogList shows the issuance log.
func (s *Console) LogList(c *gin.Context) error { return s.showLog(c, nil) }

// LogShow shows it with one row's drawer.
func (s *Console) LogShow(c *gin.Context) error {
	e, err := s.o.Records.Line(c.Request.Context(), c.Param("id"))
	if err != nil {
		return err
	}
	return s.showLog(c, &e)
}

func (s *Console) showLog(c *gin.Context, chosen *models.Event) error {
	ctx, q := c.Request.Context(), recordview.QueryOf(c)
	f, err := q.Filter(s.o.Now().In(s.o.Zone))
	if err != nil {
		return err
	}
	names, err := s.o.Records.Names(ctx)
	if err != nil {
		return err
	}
	list, err := s.view.Load(ctx, s.o.Records, q, f, names)
	if err != nil {
		return err
	}
	if err := s.traceReading(c, f); err != nil {
		return err
	}
	page := console.LogPage{Frame: s.frame(c, i18n.T(ctx, i18n.LogTitle))}
	if page.Log, err = s.view.Show(ctx, s.o.Records, list, chosen); err != nil {
		return err
	}
	if entrance.VisitOf(c).Rights.May(policies.Permission{Resource: "log", Action: "export"}) {
		page.Export = q.But(func(*recordview.Query) {}).Address(logPath + "/export")
	}
	if chosen != nil {
		page.Frame = s.frame(c, recordview.EventWord(ctx, chosen.Kind), layout.Crumb{Text: i18n.T(ctx, i18n.LogTitle), Href: q.Address(logPath)})
		if proof := proofLink(c, *chosen); proof != "" {
			page.Log.Drawer.Facts.Rows = append(page.Log.Drawer.Facts.Rows, ui.KeyValue{
				Key: i18n.T(ctx, i18n.EvidenceProof), Value: ui.Link(ui.LinkView{Text: i18n.T(ctx, i18n.EvidenceGetProof), Href: proof, Icon: "download"}),
			})
		}
	}
	return web.Render(c, http.StatusOK, console.Log(page))
}

// traceReading puts on record what somebody reads who watches over the others.
func (s *Console) traceReading(c *gin.Context, f records.Filter) error {
	who := entrance.VisitOf(c).Who
	if !slices.Contains(who.Roles, models.AuditRole) {
		return nil
	}
	return s.o.Records.Looked(c.Request.Context(), who.Account.ID, f)
}

// LogStream sends the log's new rows as they come, until the page is left, the
// session ends or the node stops.
func (s *Console) LogStream(c *gin.Context) error {
	ctx, q := c.Request.Context(), recordview.QueryOf(c)
	f, err := q.Filter(s.o.Now().In(s.o.Zone))
	if err != nil {
		return err
	}
	if !f.Followed() {
		return records.ErrFilter
	}
	names, err := s.o.Records.Names(ctx)
	if err != nil {
		return err
	}
	follower, err := s.o.Tail.Follow(ctx, f, max(c.Query("after"), c.GetHeader("Last-Event-ID")))
	if err != nil {
		return err
	}
	recordview.Follow(c, follower, func() bool { return s.StillIn(ctx, c) }, func(b records.Batch) ([]byte, error) { return s.view.Rows(ctx, q, names, b.Rows) })
	return nil
}
