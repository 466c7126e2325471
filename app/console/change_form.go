package console

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/gin-gonic/gin"

	"postern/app/approval"
	"postern/app/bankfile"
	"postern/app/catalog"
	"postern/app/change"
	"postern/app/entrance"
	"postern/app/errs"
	"postern/app/killswitch"
	"postern/app/store"
	"postern/app/web"
	"postern/views/console"
	"postern/views/i18n"
)

// digest names a text in a form.
func digest(text string) string {
	sum := sha256.Sum256([]byte(text))
	return base64.RawURLEncoding.EncodeToString(sum[:])
}

func still(thing any, seen string) error {
	if bankfile.Version(thing) != seen {
		return change.ErrMoved
	}
	return nil
}

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

// proposal is what a form wants to change.
type proposal struct {
	subject string // what it is mainly about: "partner p"
	things  []any  // as they shall be
	reason  string
	narrows bool                       // by somebody who may only stop things
	proof   bool                       // only by who has proved lately that it is they
	unless  func(store.Business) error // refuses what is not any more as the form had it
}

// propose makes a change, or asks for it.
func (s *Console) propose(c *gin.Context, p proposal) (approval.Outcome, error) {
	if p.proof {
		if err := s.prove(c); err != nil {
			return approval.Outcome{}, err
		}
	}
	content, err := bankfile.Compose(p.things...)
	if err != nil {
		return approval.Outcome{}, err
	}
	return s.o.Approvals.Submit(c.Request.Context(), s.by(c), approval.Ask{
		Kind: bankfile.Kind, Subject: p.subject, Content: content, Reason: strings.TrimSpace(p.reason), Narrows: p.narrows, Unless: p.unless,
		Waits: asksStopsOnly(entrance.VisitOf(c).Rights),
	})
}

// unproved refuses a form, and has it shown again with what it takes to prove who
// sits there. refused says that a proof came and was wrong.
type unproved struct{ refused bool }

func (*unproved) Error() string { return "prove first that it is you" }

// prove is nil when who sits there has proved it, lately or with this form; else
// an *unproved, which faultsOf knows.
func (s *Console) prove(c *gin.Context) error {
	ok, refused, err := s.Proved(c)
	if err == nil && !ok {
		err = &unproved{refused: refused}
	}
	return err
}

// proposed leads to where the change shows, or waits.
func proposed(c *gin.Context, out approval.Outcome, path string) error {
	if out.Applied {
		return entrance.Done(c, path, "applied")
	}
	return entrance.Done(c, requestPath(out.Request), "asked")
}

// faulty is a form that was not taken: a sentence for each field, and what is wrong
// beside its fields. status is 0 for a form that nobody has sent yet.
type faulty struct {
	status int
	fields map[string]string
	others []string
	moved  bool
	// refused: the password, code or passkey that came as a proof was wrong
	refused bool

	history *console.ReplayView // the preview that was asked for; may be nil
}

// faultsOf sorts an error of propose out for the form of one thing. ok is false for
// an error that is no fault of the form's.
func (s *Console) faultsOf(c *gin.Context, err error, kind, id string) (f faulty, ok bool) {
	ctx := c.Request.Context()
	f = faulty{status: http.StatusUnprocessableEntity, fields: map[string]string{}}
	var refusal *bankfile.Refusal
	var proof *unproved
	switch {
	case errors.As(err, &proof):
		f.refused = proof.refused
	case errors.Is(err, change.ErrMoved):
		f.status, f.moved = http.StatusConflict, true
	case errors.Is(err, approval.ErrNothing):
		f.status, f.others = http.StatusConflict, []string{i18n.T(ctx, i18n.ConsoleNothing)}
	case errors.Is(err, killswitch.ErrNotYours):
		f.status, f.others = http.StatusForbidden, []string{notYoursWords(ctx, err)}
	case errors.Is(err, killswitch.ErrWide):
		f.status, f.others = http.StatusForbidden, []string{i18n.T(ctx, i18n.KillNotYours)}
	case errors.Is(err, approval.ErrWidens):
		f.status, f.others = http.StatusForbidden, []string{i18n.T(ctx, i18n.PartnerOnlyNarrows)}
	case errors.As(err, &refusal):
		f.fields = s.Words(c, refusal.Fields(kind, id))
		for _, fault := range refusal.Faults {
			if fault.Kind != kind || fault.ID != id {
				f.others = append(f.others, otherFault(ctx, fault))
			}
		}
	case errs.FieldsOf(err) != nil:
		f.fields = s.Words(c, errs.FieldsOf(err))
	default:
		return f, false
	}
	for _, list := range []string{"addresses", "return_addresses", "origins"} {
		entrance.IntoLines(ctx, f.fields, list)
	}
	return f, true
}

// otherFault says what is wrong with something else than the form's thing.
func otherFault(ctx context.Context, fault bankfile.Fault) string {
	return i18n.T(ctx, i18n.CatalogOtherFault, fault.Where, entrance.Sentence(ctx, errs.Message{ID: fault.Message.ID, Text: fault.Text}))
}

// filled is a form as its page shows it.
func (f faulty) filled(values map[string]string) console.Filled {
	return console.Filled{Values: values, Faults: f.fields, Others: f.others, Order: slices.Sorted(maps.Keys(f.fields))}
}

// filled is faulty.filled of a form that asks who sits there, where that is due.
func (s *Console) filled(c *gin.Context, f faulty, values map[string]string) (v console.Filled, err error) {
	v = f.filled(values)
	v.Verify, err = s.VerifyView(c, f.refused)
	return v, err
}

func (f faulty) code() int {
	if f.status == 0 {
		return http.StatusOK
	}
	return f.status
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
