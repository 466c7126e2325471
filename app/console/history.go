package console

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"github.com/gin-gonic/gin"

	"postern/app/bankfile"
	"postern/app/errs"
	"postern/app/records"
	"postern/app/store"
	"postern/app/web"
	"postern/views/console"
	"postern/views/i18n"
)

// The spans of a preview, days.
const (
	someDays = 7
	manyDays = 30
)

// historyTime bounds a preview: somebody waits for the page.
const historyTime = 5 * time.Second

// historyDays is the span that is asked for.
func historyDays(text string) int {
	if text == "7" {
		return someDays
	}
	return manyDays
}

// preview replays recorded calls against a file. It writes nothing. about is false
// for a file that changes nothing which decides about calls.
func (s *Console) preview(c *gin.Context, content string, days int) (p records.Preview, about bool, err error) {
	ctx, cancel := context.WithTimeout(c.Request.Context(), historyTime)
	defer cancel()
	err = s.o.Store.Business(ctx, func(b store.Business) error {
		draft, err := bankfile.Draft(b, content, s.o.Now())
		if err != nil {
			return err
		}
		about = len(draft.Services) > 0
		p, err = s.o.Records.Preview(ctx, b, s.o.Directory, draft, days)
		return err
	})
	return p, about, err
}

// tryHistory previews what a form says before it is sent. An error is a fault of the
// form, for faultsOf; what else goes wrong stands in the view.
func (s *Console) tryHistory(c *gin.Context, things ...any) (*console.ReplayView, error) {
	ctx := c.Request.Context()
	content, err := bankfile.Compose(things...)
	if err != nil {
		return nil, err
	}
	p, about, err := s.preview(c, content, manyDays)
	var refusal *bankfile.Refusal
	switch {
	case errors.As(err, &refusal), errs.FieldsOf(err) != nil:
		return nil, err
	case err != nil:
		return s.noHistory(ctx, err), nil
	case !about:
		return &console.ReplayView{Failed: i18n.T(ctx, i18n.HistoryUntouched)}, nil
	}
	view, err := s.historyView(c, p, manyDays)
	return &view, err
}

// noHistory says that a preview could not be worked out. Why goes to the log: the
// page is there for everything else.
func (s *Console) noHistory(ctx context.Context, err error) *console.ReplayView {
	s.o.Log.WarnContext(ctx, "preview failed", slog.Any("err", err))
	return &console.ReplayView{Failed: i18n.T(ctx, i18n.HistoryFailed), Help: i18n.T(ctx, i18n.HistoryFailedText)}
}

// asksHistory reports whether a form's button asked for the preview.
func asksHistory(c *gin.Context) bool { return c.PostForm("act") == "history" }

// withHistory puts the preview of what a form says into it, or what is wrong with
// the form. done is true where the answer was given already, to htmx.
func (s *Console) withHistory(c *gin.Context, kind, id string, things ...any) (f faulty, done bool, err error) {
	view, err := s.tryHistory(c, things...)
	if err != nil {
		var known bool
		if f, known = s.faultsOf(c, err, kind, id); !known {
			return f, false, err
		}
		view = &console.ReplayView{Failed: i18n.T(c.Request.Context(), i18n.HistoryFaulty), Help: f.first()}
	}
	if part(c) {
		return f, true, web.Render(c, 200, console.ReplayCard(view))
	}
	f.history = view
	return f, false, nil
}

// first is one of the form's faults, the others stand beside it when it is sent.
func (f faulty) first() string {
	for _, text := range f.others {
		return text
	}
	for _, name := range f.filled(nil).Order {
		return f.fields[name]
	}
	return ""
}
