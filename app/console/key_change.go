package console

import (
	"net/http"
	"slices"
	"strings"

	"github.com/gin-gonic/gin"

	"postern/app/approval"
	"postern/app/change"
	"postern/app/errs"
	"postern/app/keyring"
	"postern/app/records"
	"postern/app/store"
	"postern/app/web"
	"postern/models"
	"postern/views/i18n"
	"postern/views/ui"
)

var errNoKey = errs.New(errs.NotFound, "no_key", "There is no such key.")

// keyStep is something that can be asked for of keys.
type keyStep struct {
	act                 keyring.Act
	path                string // last part of its address
	title, text, button i18n.Key
	kind                ui.Kind
}

// What can be asked for of keys. The first two are about a kind, the others about
// one key.
var (
	KeyRotation    = keyStep{keyring.ActRotate, "rotate", i18n.KeysRotateTitle, i18n.KeysRotateText, i18n.KeysRotate, ui.Primary}
	KeyReplacement = keyStep{keyring.ActReplace, "replace", i18n.KeysReplaceTitle, i18n.KeysReplaceText, i18n.KeysReplace, ui.Danger}
	KeyEnding      = keyStep{keyring.ActRetire, "retire", i18n.KeysRetireTitle, i18n.KeysRetireText, i18n.KeysRetire, ui.Primary}
	KeyEndingNow   = keyStep{keyring.ActRetireNow, "retire-now", i18n.KeysRetireNowT, i18n.KeysRetireNowText, i18n.KeysRetireNow, ui.Danger}
)

// askedKey is what the path asks for, and what that would do now.
type askedKey struct {
	kind    keyring.Kind
	content string
	plan    change.Plan
	wrong   errs.Fields // why it cannot be done
}

// KeyChange says what would happen to keys, and asks why it should.
func (s *Console) KeyChange(k keyStep) web.Screen {
	return func(c *gin.Context) error {
		asked, err := s.askedKey(c, k)
		if err != nil {
			return err
		}
		return s.showKeyChange(c, k, asked, "", faulty{})
	}
}

// askedKey reads what the path names.
func (s *Console) askedKey(c *gin.Context, k keyStep) (asked askedKey, err error) {
	what := keyring.Change{Do: k.act}
	if asked.kind, err = s.namedKey(c, k); err != nil {
		return asked, err
	}
	if k.act.Makes() {
		what.Use, what.Environment = asked.kind.Use, asked.kind.Environment
	} else {
		what.KID = c.Param("key")
	}
	if asked.content, err = what.Content(); err != nil {
		return asked, err
	}
	err = s.o.Store.Business(c.Request.Context(), func(b store.Business) error {
		var err error
		asked.plan, err = s.o.Keys.Changes().Describe(b, asked.content, s.o.Now())
		return err
	})
	if asked.wrong = errs.FieldsOf(err); asked.wrong != nil {
		err = nil
	}
	return asked, err
}

// namedKey is the kind that the path names, or that of the key that it names.
func (s *Console) namedKey(c *gin.Context, k keyStep) (keyring.Kind, error) {
	name := c.Param("key")
	if k.act.Makes() {
		for _, kind := range keyring.Kinds() {
			if kindSlug(kind) == name && kind.Use != models.SubjectKey {
				return kind, nil
			}
		}
		return keyring.Kind{}, errNoKey
	}
	row, found, err := s.o.Store.KeyByID(c.Request.Context(), name)
	if err != nil {
		return keyring.Kind{}, err
	}
	if !found || row.Use == models.SubjectKey {
		return keyring.Kind{}, errNoKey
	}
	return s.o.Keys.Status(row).Kind, nil
}

func (s *Console) showKeyChange(c *gin.Context, k keyStep, asked askedKey, reason string, fault faulty) error {
	ctx := c.Request.Context()
	f := s.former(c, c.Request.URL.Path, map[string]string{"reason": reason}, fault)
	f.hidden("plan", planVersion(asked.plan))
	if asked.wrong == nil {
		f.reason()
	}
	page := formPage{
		proof: true,
		title: i18n.T(ctx, k.title, keyKindWords(ctx, asked.kind)), lead: i18n.T(ctx, k.text), crumb: keyCrumbs(ctx),
		above: s.planWords(ctx, asked.plan, records.Names{}),
	}
	if fault.moved {
		page.note = i18n.T(ctx, i18n.KeysMoved)
	}
	var buttons []ui.ButtonView
	if asked.wrong == nil {
		buttons = []ui.ButtonView{{Text: i18n.T(ctx, i18n.ConsoleAskReview), Kind: k.kind}}
	} else {
		if fault.status == 0 {
			fault.status = http.StatusConflict
		}
		for _, text := range s.Words(c, asked.wrong) {
			f.form.Others = append(f.form.Others, text)
		}
		slices.Sort(f.form.Others)
		f.form.Others = slices.Compact(f.form.Others)
	}
	page.form = f.done(keysPath, buttons...)
	var err error
	if page.notes, err = s.keyEffects(ctx, asked.content); err != nil {
		return err
	}
	page.notes = append(page.notes, ui.NoteView{Tone: ui.Accent, Text: i18n.T(ctx, i18n.KeysTwoPersons)})
	return s.showForm(c, fault, page)
}

// planVersion names a plan, so that a form can tell later whether it still holds.
func planVersion(plan change.Plan) string { return digest(plan.String()) }

// KeyChangeSubmit asks for the change.
func (s *Console) KeyChangeSubmit(k keyStep) web.Screen {
	return func(c *gin.Context) error {
		asked, err := s.askedKey(c, k)
		if err != nil {
			return err
		}
		reason := c.PostForm("reason")
		var out approval.Outcome
		if err = s.prove(c); err == nil {
			out, err = s.o.Approvals.Submit(c.Request.Context(), s.by(c), approval.Ask{
				Kind: keyring.ChangeKind, Subject: keySubject(asked.kind), Content: asked.content, Reason: strings.TrimSpace(reason),
				Unless: s.stillPlanned(asked.content, c.PostForm("plan")),
			})
		}
		if err == nil {
			return proposed(c, out, keysPath)
		}
		fault, is := s.faultsOf(c, err, "key", "")
		if !is {
			return err
		}
		return s.showKeyChange(c, k, asked, reason, fault)
	}
}

// stillPlanned refuses a form when the change would do something else by now.
func (s *Console) stillPlanned(content, seen string) func(store.Business) error {
	return func(b store.Business) error {
		plan, err := s.o.Keys.Changes().Describe(b, content, s.o.Now())
		if err == nil && planVersion(plan) != seen {
			err = change.ErrMoved
		}
		return err
	}
}
