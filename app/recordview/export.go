package recordview

import (
	"fmt"
	"io"
	"log/slog"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"time"

	"github.com/gin-gonic/gin"

	"postern/app/records"
	"postern/app/web"
	"postern/views/ui"
)

// Sending is a file of records on its way to a browser.
type Sending struct {
	Name string // how the file's name begins
	Now  time.Time
	Log  *slog.Logger
}

// Send answers with the file that export writes, or with its error where it wrote
// nothing.
func (s Sending) Send(c *gin.Context, export func(begin func(records.Format) io.Writer) error) error {
	begun := false
	err := export(func(format records.Format) io.Writer {
		begun = true
		name := fmt.Sprintf("%s-%s.%s", s.Name, s.Now.Format("20060102-150405"), format)
		c.Header("Content-Disposition", `attachment; filename="`+url.PathEscape(name)+`"`)
		return web.SendLong(c, records.Types[format])
	})
	if err != nil && begun {
		// The answer is under way: cutting it off is the only way left to say that it is not whole.
		s.Log.WarnContext(c.Request.Context(), "export broke off", slog.String("request_id", web.RequestID(c)), slog.Any("err", err))
		panic(http.ErrAbortHandler)
	}
	return err
}

// Hidden carries values through a form, by name.
func Hidden(values url.Values) (fields []ui.Hidden) {
	for _, name := range slices.Sorted(maps.Keys(values)) {
		fields = append(fields, ui.Hidden{Name: name, Value: values.Get(name)})
	}
	return fields
}
