package console

import (
	"errors"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/gin-gonic/gin"

	"postern/app/approval"
	"postern/app/entrance"
	"postern/app/errs"
	"postern/app/records"
	"postern/app/web"
	"postern/views/console"
	"postern/views/i18n"
	"postern/views/layout"
	"postern/views/ui"
)

// LogExport asks why, and in which form.
func (s *Console) LogExport(c *gin.Context) error {
	return s.showExport(c, http.StatusOK, logQueryOf(c), console.ExportPage{Format: string(records.CSV)}, false)
}

func (s *Console) showExport(c *gin.Context, status int, q logQuery, page console.ExportPage, refused bool) (err error) {
	ctx := c.Request.Context()
	if page.Verify, err = s.VerifyView(c, refused); err != nil {
		return err
	}
	f, err := q.filter(s.o.Now().In(s.o.Zone))
	if err != nil {
		return err
	}
	names, err := s.o.Records.Names(ctx)
	if err != nil {
		return err
	}
	back, alone := q.address(logPath), i18n.Number(ctx, records.MaxAlone)
	page.Frame = s.frame(c, i18n.T(ctx, i18n.ExportTitle), layout.Crumb{Text: i18n.T(ctx, i18n.LogTitle), Href: back})
	page.Title, page.Lead = i18n.T(ctx, i18n.ExportTitle), i18n.T(ctx, i18n.ExportLead)
	page.Text, page.Narrow = i18n.T(ctx, i18n.ExportText, alone, i18n.Number(ctx, records.MaxExport)), i18n.T(ctx, i18n.ExportManyText)
	page.Action, page.Back, page.Alone, page.Asks, page.Hidden = logPath+"/export", back, alone, true, hidden(q.values())
	page.Filters = append(page.Filters, ui.KeyValue{Key: i18n.T(ctx, i18n.LogFilterTime), Value: ui.Text(s.logSpan(ctx, f))})
	for _, part := range s.logFilterParts(ctx, logView{query: q, filter: f, names: names})[1:] {
		if part.value != "" {
			page.Filters = append(page.Filters, ui.KeyValue{Key: part.label, Value: ui.Text(part.value)})
		}
	}
	return web.Render(c, status, console.Export(page))
}

// LogExportSubmit streams the log as a file.
func (s *Console) LogExportSubmit(c *gin.Context) error {
	ctx, who := c.Request.Context(), entrance.VisitOf(c).Who
	q := readLogQuery(c.PostForm)
	f, err := q.filter(s.o.Now().In(s.o.Zone))
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
func (s *Console) askForExport(c *gin.Context, q logQuery, t records.Taking, page console.ExportPage) error {
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

// hidden carries values through a form, by name.
func hidden(values url.Values) (list []ui.Hidden) {
	for _, name := range slices.Sorted(maps.Keys(values)) {
		list = append(list, ui.Hidden{Name: name, Value: values.Get(name)})
	}
	return list
}

// sendExport answers with the file of a list that export writes, or with its error
// where it wrote nothing.
func (s *Console) sendExport(c *gin.Context, of string, export func(begin func(records.Format) io.Writer) error) error {
	begun := false
	err := export(func(format records.Format) io.Writer {
		begun = true
		name := fmt.Sprintf("postern-%s-%s.%s", of, s.o.Now().In(s.o.Zone).Format("20060102-150405"), format)
		c.Header("Content-Disposition", `attachment; filename="`+url.PathEscape(name)+`"`)
		return web.SendLong(c, records.Types[format])
	})
	if err != nil && begun {
		// The answer is under way: cutting it off is the only way left to say that it is not whole.
		s.o.Log.WarnContext(c.Request.Context(), "export broke off", slog.String("request_id", web.RequestID(c)), slog.Any("err", err))
		panic(http.ErrAbortHandler)
	}
	return err
}
