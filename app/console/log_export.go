package console

import (
	"errors"
	"io"
	"net/http"
	"strings"

	"github.com/gin-gonic/gin"

	"postern/app/approval"
	"postern/app/entrance"
	"postern/app/errs"
	"postern/app/records"
	"postern/app/recordview"
	"postern/app/web"
	"postern/views/console"
	"postern/views/i18n"
	"postern/views/layout"
)

// LogExport asks why, and in which form.
func (s *Console) LogExport(c *gin.Context) error {
	return s.showExport(c, http.StatusOK, recordview.QueryOf(c), console.ExportPage{Format: string(records.CSV)}, false)
}

func (s *Console) showExport(c *gin.Context, status int, q recordview.Query, page console.ExportPage, refused bool) (err error) {
	ctx := c.Request.Context()
	if page.Verify, err = s.VerifyView(c, refused); err != nil {
		return err
	}
	f, err := q.Filter(s.o.Now().In(s.o.Zone))
	if err != nil {
		return err
	}
	names, err := s.o.Records.Names(ctx)
	if err != nil {
		return err
	}
	back, alone := q.Address(logPath), i18n.Number(ctx, records.MaxAlone)
	page.Frame = s.frame(c, i18n.T(ctx, i18n.ExportTitle), layout.Crumb{Text: i18n.T(ctx, i18n.LogTitle), Href: back})
	page.Title, page.Lead = i18n.T(ctx, i18n.ExportTitle), i18n.T(ctx, i18n.ExportLead)
	page.Text, page.Narrow = i18n.T(ctx, i18n.ExportText, alone, i18n.Number(ctx, records.MaxExport)), i18n.T(ctx, i18n.ExportManyText)
	page.Action, page.Back, page.Alone, page.Asks, page.Hidden = logPath+"/export", back, alone, true, recordview.Hidden(q.Values())
	page.Filters = s.view.Said(ctx, recordview.List{Query: q, Filter: f, Names: names})
	return web.Render(c, status, console.Export(page))
}

// LogExportSubmit streams the log as a file.
func (s *Console) LogExportSubmit(c *gin.Context) error {
	ctx, who := c.Request.Context(), entrance.VisitOf(c).Who
	q := recordview.ReadQuery(c.PostForm)
	f, err := q.Filter(s.o.Now().In(s.o.Zone))
	if err != nil {
		return err
	}
	t := records.Taking{Filter: f, Format: records.Format(c.PostForm("format"))}
	page := console.ExportPage{Format: string(t.Format), Reason: c.PostForm("reason")}
	if c.PostForm("ask") == "1" {
		return s.askForExport(c, q, t, page)
	}
	ok, refused, err := s.Proved(c)
	if err != nil {
		return err
	}
	if !ok {
		return s.showExport(c, http.StatusUnprocessableEntity, q, page, refused)
	}
	err = s.sendExport(c, "log", func(begin func(records.Format) io.Writer) error {
		return s.o.Records.Export(ctx, t, who.Account.ID, page.Reason, func() io.Writer { return begin(t.Format) })
	})
	switch {
	case errors.Is(err, records.ErrReason):
		page.Faults = map[string]string{"reason": i18n.T(ctx, i18n.ExportWhy)}
		return s.showExport(c, http.StatusUnprocessableEntity, q, page, false)
	case errors.Is(err, records.ErrMany):
		page.Many = true
		return s.showExport(c, http.StatusConflict, q, page, false)
	}
	return err
}

// askForExport asks a second person for more rows than one may take along.
func (s *Console) askForExport(c *gin.Context, q recordview.Query, t records.Taking, page console.ExportPage) error {
	content, err := t.Content(s.o.Now())
	if err != nil {
		return err
	}
	out, err := s.o.Approvals.Submit(c.Request.Context(), s.by(c), approval.Ask{
		Kind: records.ExportKind, Subject: "log_export " + string(t.Format), Content: content, Reason: strings.TrimSpace(page.Reason),
	})
	if err == nil {
		return proposed(c, out, logPath)
	}
	faults := errs.FieldsOf(err)
	if faults == nil {
		return err
	}
	page.Many, page.Faults = true, s.Words(c, faults)
	return s.showExport(c, http.StatusUnprocessableEntity, q, page, false)
}

// LogExportApproved streams what a second person has agreed to, to whoever asked.
func (s *Console) LogExportApproved(c *gin.Context) error {
	r, err := s.shownRequest(c)
	if err != nil {
		return err
	}
	ok, refused, err := s.Proved(c)
	if err != nil {
		return err
	}
	if !ok {
		return s.showApproval(c, http.StatusUnprocessableEntity, "", nil, refused)
	}
	return s.sendExport(c, "log", func(begin func(records.Format) io.Writer) error {
		return s.o.Records.ExportApproved(c.Request.Context(), r, entrance.VisitOf(c).Who.Account.ID, begin)
	})
}

// sendExport answers with the file of a list that export writes.
func (s *Console) sendExport(c *gin.Context, of string, export func(begin func(records.Format) io.Writer) error) error {
	return recordview.Sending{Name: "postern-" + of, Now: s.o.Now().In(s.o.Zone), Log: s.o.Log}.Send(c, export)
}
