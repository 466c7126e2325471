package console

import (
	"context"
	"errors"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/gin-gonic/gin"

	"postern/app/approval"
	"postern/app/bankfile"
	"postern/app/catalog"
	"postern/app/errs"
	"postern/app/store"
	"postern/app/web"
	"postern/views/console"
	"postern/views/i18n"
)

// stillService refuses when a service is not what a form was made from.
func stillService(id, seen string) func(store.Business) error {
	return func(b store.Business) error {
		read, err := catalog.Read(b, []string{id}, []string{})
		if err != nil {
			return err
		}
		v, _ := read.Services.Current(id)
		return still(v, seen)
	}
}

// stillScope is stillService for a scope.
func stillScope(id, seen string) func(store.Business) error {
	return func(b store.Business) error {
		read, err := catalog.Read(b, []string{}, []string{id})
		if err != nil {
			return err
		}
		v, _ := read.Scopes.Current(id)
		return still(v, seen)
	}
}

// proposeThing makes a change of one thing, or asks for it.
func (s *Console) proposeThing(c *gin.Context, subject, reason string, thing any, unless func(store.Business) error) (approval.Outcome, error) {
	content, err := bankfile.Compose(thing)
	if err != nil {
		return approval.Outcome{}, err
	}
	return s.o.Approvals.Submit(c.Request.Context(), s.by(c), approval.Ask{
		Kind: bankfile.Kind, Subject: subject, Content: content, Reason: strings.TrimSpace(reason), Unless: unless,
	})
}

// proposedThing leads to where the change shows, or waits.
func proposedThing(c *gin.Context, out approval.Outcome, path string) error {
	if out.Applied {
		return done(c, path, "applied")
	}
	return done(c, requestPath(out.Request), "asked")
}

// notTaken is what is wrong with a form: a sentence for each field, and what is
// wrong beside its fields. status is 0 for a form that nobody has sent yet.
type notTaken struct {
	status int
	fields map[string]string
	others []string
	moved  bool
}

// notTakenBy sorts an error of a change out for the form of one thing; ok is false
// for an error that is no fault of the form's.
func (s *Console) notTakenBy(c *gin.Context, err error, kind, id string) (n notTaken, ok bool) {
	ctx := c.Request.Context()
	n = notTaken{status: http.StatusUnprocessableEntity, fields: map[string]string{}}
	var refusal *bankfile.Refusal
	switch {
	case errors.Is(err, errMoved):
		n.status, n.moved = http.StatusConflict, true
	case errors.Is(err, approval.ErrNothing):
		n.status, n.others = http.StatusConflict, []string{i18n.T(ctx, i18n.ConsoleNothing)}
	case errors.As(err, &refusal):
		for field, m := range refusal.Fields(kind, id) {
			n.fields[field] = ruleWords(ctx, m)
		}
		for _, fault := range refusal.Faults {
			if fault.Kind == kind && fault.ID == id {
				continue
			}
			n.others = append(n.others, i18n.T(ctx, i18n.CatalogOtherFault, fault.Where, ruleWords(ctx, errs.Message{ID: fault.Message.ID, Text: fault.Text})))
		}
	case errs.FieldsOf(err) != nil:
		n.fields = s.words(c, errs.FieldsOf(err))
	default:
		return n, false
	}
	return n, true
}

// ruleWords say a broken rule. Rules speak English, with the value that breaks them;
// in Chinese there is a sentence for each.
func ruleWords(ctx context.Context, m errs.Message) string {
	if i18n.From(ctx) == i18n.Chinese {
		if key, known := i18n.ByID("rule." + strings.TrimPrefix(m.ID, "rule.")); known {
			return i18n.T(ctx, key)
		}
	}
	first, size := utf8.DecodeRuneInString(m.Text)
	return string(unicode.ToUpper(first)) + m.Text[size:]
}

// filled is a form as its page shows it.
func (n notTaken) filled(values map[string]string) console.Filled {
	f := console.Filled{Values: values, Faults: n.fields, Others: n.others}
	f.Order = slices.Sorted(maps.Keys(n.fields))
	return f
}

func (n notTaken) code() int {
	if n.status == 0 {
		return http.StatusOK
	}
	return n.status
}

// intoLines joins the lines of a text area's faults: entry 1 of a list is line 2.
func (n notTaken) intoLines(ctx context.Context, field string) {
	for name, text := range n.fields {
		index, below := strings.CutPrefix(name, field+".")
		i, err := strconv.Atoi(index)
		if !below || err != nil {
			continue
		}
		delete(n.fields, name)
		text = i18n.T(ctx, i18n.CatalogLine, i+1, text)
		if n.fields[field] == "" || text < n.fields[field] {
			n.fields[field] = text
		}
	}
}

// formValues are all values of a form, the first of each name.
func formValues(form url.Values) map[string]string {
	values := make(map[string]string, len(form))
	for name, list := range form {
		values[name] = list[0]
	}
	return values
}

// part reports whether htmx asks for a part of the page that is open already.
func part(c *gin.Context) bool { return c.GetHeader("HX-Request") == "true" }

// render answers a form with its page, or with the part that htmx asked for.
func render(c *gin.Context, status int, page console.EditorPage) error {
	if part(c) {
		return web.Render(c, http.StatusOK, console.EditorPreview(page))
	}
	return web.Render(c, status, console.ScopeEditor(page))
}
