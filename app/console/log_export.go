package console

import (
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"slices"

	"github.com/gin-gonic/gin"

	"postern/app/entrance"
	"postern/app/records"
	"postern/app/web"
	"postern/views/console"
	"postern/views/i18n"
	"postern/views/layout"
	"postern/views/ui"
)

// LogExport asks why, and in which form.
func (s *Console) LogExport(c *gin.Context) error {
	return s.showExport(c, http.StatusOK, logQueryOf(c), console.ExportPage{Format: string(records.CSV)})
}

func (s *Console) showExport(c *gin.Context, status int, q logQuery, page console.ExportPage) error {
	ctx := c.Request.Context()
	f, err := q.filter(s.o.Now().In(s.o.Zone))
	if err != nil {
		return err
	}
	names, err := s.o.Records.Names(ctx)
	if err != nil {
		return err
	}
	back := q.address(logPath)
	page.Frame = s.frame(c, i18n.T(ctx, i18n.ExportTitle), layout.Crumb{Text: i18n.T(ctx, i18n.LogTitle), Href: back})
	page.Action, page.Back, page.Most = logPath+"/export", back, i18n.Number(ctx, records.MaxExport)
	for name, values := range q.values() {
		page.Hidden = append(page.Hidden, ui.Hidden{Name: name, Value: values[0]})
	}
	slices.SortFunc(page.Hidden, func(a, b ui.Hidden) int {
		if a.Name < b.Name {
			return -1
		}
		return 1
	})
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
	format, reason := records.Format(c.PostForm("format")), c.PostForm("reason")
	begun := false
	err = s.o.Records.Export(ctx, f, format, who.Account.ID, reason, func() io.Writer {
		begun = true
		name := fmt.Sprintf("postern-log-%s.%s", s.o.Now().In(s.o.Zone).Format("20060102-150405"), format)
		c.Header("Content-Disposition", `attachment; filename="`+url.PathEscape(name)+`"`)
		return web.SendLong(c, records.Types[format])
	})
	if errors.Is(err, records.ErrReason) {
		return s.showExport(c, http.StatusUnprocessableEntity, q, console.ExportPage{
			Format: string(format), Reason: reason, Faults: map[string]string{"reason": i18n.T(ctx, i18n.ExportWhy)},
		})
	}
	if err != nil && begun {
		// The answer is under way: cutting it off is the only way left to say that it is not whole.
		s.o.Log.WarnContext(ctx, "export broke off", slog.String("request_id", web.RequestID(c)), slog.Any("err", err))
		panic(http.ErrAbortHandler)
	}
	return err
}
