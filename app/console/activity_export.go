package console

import (
	"errors"
	"io"
	"net/http"

	"github.com/gin-gonic/gin"

	"postern/app/entrance"
	"postern/app/records"
	"postern/app/recordview"
	"postern/app/web"
	"postern/views/console"
	"postern/views/i18n"
	"postern/views/layout"
	"postern/views/ui"
)

// ActivityExport asks why, and in which form.
func (s *Console) ActivityExport(c *gin.Context) error {
	return s.showActivityExport(c, c.Query, http.StatusOK, console.ExportPage{Format: string(records.CSV)}, false)
}

func (s *Console) showActivityExport(c *gin.Context, value func(string) string, status int, page console.ExportPage, refused bool) error {
	ctx := c.Request.Context()
	q, _, all, err := s.activityAsked(c, value)
	if err != nil {
		return err
	}
	if page.Verify, err = s.VerifyView(c, refused); err != nil {
		return err
	}
	filters, err := s.activityFilters(c, q, all)
	if err != nil {
		return err
	}
	whose := i18n.T(ctx, i18n.ActivityMine)
	if all && q.who == "" {
		whose = i18n.T(ctx, i18n.ActivityAll)
	}
	if q.who == "" || q.who == "me" {
		page.Filters = append(page.Filters, ui.KeyValue{Key: i18n.T(ctx, i18n.ActivityWho), Value: ui.Text(whose)})
	}
	for _, set := range filters.Set {
		page.Filters = append(page.Filters, ui.KeyValue{Key: set.Label, Value: ui.Text(set.Value)})
	}
	back := q.address(activityPath)
	page.Title, page.Alone = i18n.T(ctx, i18n.ActivityExport), i18n.Number(ctx, records.MaxAlone)
	page.Frame = s.frame(c, page.Title, layout.Crumb{Text: i18n.T(ctx, i18n.ActivityTitle), Href: back})
	page.Lead, page.Text = i18n.T(ctx, i18n.ActivityExportLead), i18n.T(ctx, i18n.ActivityExportText, page.Alone)
	page.Narrow = i18n.T(ctx, i18n.ActivityExportNarrow)
	page.Action, page.Back, page.Hidden = activityPath+"/export", back, recordview.Hidden(q.values())
	return web.Render(c, status, console.Export(page))
}

// ActivityExportSubmit streams what people did as a file: to each reader what the
// list shows them, and nobody else's.
func (s *Console) ActivityExportSubmit(c *gin.Context) error {
	ctx := c.Request.Context()
	_, filter, _, err := s.activityAsked(c, c.PostForm)
	if err != nil {
		return err
	}
	format, page := records.Format(c.PostForm("format")), console.ExportPage{Format: c.PostForm("format"), Reason: c.PostForm("reason")}
	ok, refused, err := s.Proved(c)
	if err != nil {
		return err
	}
	if !ok {
		return s.showActivityExport(c, c.PostForm, http.StatusUnprocessableEntity, page, refused)
	}
	err = s.sendExport(c, "activity", func(begin func(records.Format) io.Writer) error {
		return s.o.Records.ExportActivity(ctx, filter, format, entrance.VisitOf(c).Who.Account.ID, page.Reason, func() io.Writer { return begin(format) })
	})
	switch {
	case errors.Is(err, records.ErrReason):
		page.Faults = map[string]string{"reason": i18n.T(ctx, i18n.ExportWhy)}
		return s.showActivityExport(c, c.PostForm, http.StatusUnprocessableEntity, page, false)
	case errors.Is(err, records.ErrMany):
		page.Many = true
		return s.showActivityExport(c, c.PostForm, http.StatusConflict, page, false)
	}
	return err
}
