package console

import (
	"errors"
	"net/http"
	"strings"

	"github.com/gin-gonic/gin"

	"postern/app/approval"
	"postern/app/bankfile"
	"postern/app/entrance"
	"postern/app/errs"
	"postern/app/killswitch"
	"postern/app/store"
	"postern/app/web"
	"postern/views/console"
	"postern/views/i18n"
)

// ChangeNew asks for a change in the form of a bank file: whatever can be set up
// can be changed so. With ?kind=…&id=… it begins with what a thing is now.
func (s *Console) ChangeNew(c *gin.Context) error {
	page := console.ChangePage{}
	if kind := c.Query("kind"); kind != "" {
		text, found, err := bankfile.Entry(c.Request.Context(), s.o.Store, kind, c.Query("id"))
		if err != nil {
			return err
		}
		if found {
			page.Text = text
		}
	}
	return s.showChange(c, http.StatusOK, page)
}

func (s *Console) showChange(c *gin.Context, status int, page console.ChangePage) (err error) {
	if page.Verify, err = s.VerifyView(c, page.Verify.Refused); err != nil {
		return err
	}
	page.Frame = s.frame(c, i18n.T(c.Request.Context(), i18n.ConsoleChange), crumb(c.Request.Context(), i18n.ConsoleApprovals, "/console/approvals"))
	return web.Render(c, status, console.Change(page))
}

// ChangeSubmit says what a file would change, or asks for it.
func (s *Console) ChangeSubmit(c *gin.Context) error {
	ctx := c.Request.Context()
	page := console.ChangePage{Text: c.PostForm("text"), Reason: c.PostForm("reason")}
	if c.PostForm("do") != "submit" {
		err := s.previewChange(c, &page)
		if err != nil {
			return err
		}
		return s.showChange(c, http.StatusOK, page)
	}
	var out approval.Outcome
	err := s.prove(c)
	if err == nil {
		out, err = s.o.Approvals.Submit(ctx, s.by(c), approval.Ask{
			Kind: bankfile.Kind, Subject: changeSubject(page.Text), Content: page.Text, Reason: page.Reason,
		})
	}
	var proof *unproved
	switch {
	case errors.As(err, &proof):
		page.Verify.Refused = proof.refused
		return s.showChange(c, http.StatusUnprocessableEntity, page)
	case s.explainChange(c, &page, err):
		return s.showChange(c, web.Status(err), page)
	case err != nil:
		return err
	case out.Applied:
		return entrance.Done(c, "/console/approvals", "applied")
	}
	return entrance.Done(c, requestPath(out.Request), "asked")
}

// previewChange puts what the file would change, or what is wrong with it, on
// the page.
func (s *Console) previewChange(c *gin.Context, page *console.ChangePage) error {
	names, err := s.o.Records.Names(c.Request.Context())
	if err != nil {
		return err
	}
	err = s.o.Store.Business(c.Request.Context(), func(b store.Business) error {
		plan, err := bankfile.Applier{}.Describe(b, page.Text, s.o.Now())
		page.Things, page.Opens, page.Shared = s.planWords(c.Request.Context(), plan, names), plan.Widening(), killswitch.Asks(plan)
		return err
	})
	if s.explainChange(c, page, err) {
		return nil
	}
	page.Nothing = err == nil && len(page.Things) == 0
	return err
}

// explainChange puts a fault of the writer's on the page; false for other ones.
func (s *Console) explainChange(c *gin.Context, page *console.ChangePage, err error) bool {
	var refusal *bankfile.Refusal
	switch {
	case errors.As(err, &refusal):
		page.Things = nil
		for _, f := range refusal.Faults {
			text := f.Text
			if key, ok := i18n.ByID(f.Message.ID); ok && i18n.From(c.Request.Context()) == i18n.Chinese {
				text = i18n.T(c.Request.Context(), key)
			}
			page.Faults = append(page.Faults, console.LineFault{Line: f.Line, Where: f.Where, Text: text})
		}
		return true
	case errors.Is(err, approval.ErrNothing):
		page.Nothing = true
		return true
	case errs.FieldsOf(err) != nil:
		page.Fields = s.Words(c, errs.FieldsOf(err))
		return true
	}
	return false
}

// changeSubject is what a file is mainly about, for lists: the first thing in it.
func changeSubject(text string) string {
	for line := range strings.Lines(text) {
		if kind, known := sectionKinds[strings.TrimSuffix(strings.TrimSpace(line), ":")]; known {
			if _, rest, found := strings.Cut(text, "id:"); found {
				id, _, _ := strings.Cut(strings.TrimLeft(rest, " "), "\n")
				id, _, _ = strings.Cut(id, ",")
				return kind + " " + strings.Trim(strings.TrimSpace(id), `"'}`)
			}
		}
	}
	return "file"
}

var sectionKinds = func() map[string]string {
	kinds := map[string]string{}
	for _, s := range bankfile.Sections() {
		kinds[s.Key] = s.Kind
	}
	return kinds
}()
