package console

import (
	"context"

	"github.com/gin-gonic/gin"

	"postern/app/web"
	"postern/models"
	"postern/views/console"
	"postern/views/i18n"
	"postern/views/layout"
	"postern/views/ui"
)

// former builds a form: its fields with what was typed, or what is there, and with
// what is wrong. Fields are named here one by one, and nothing else is read.
type former struct {
	ctx    context.Context
	values map[string]string
	faulty faulty
	form   console.FormView
	known  map[string]bool
	prefix string // stands before the names of fields, where one form has those of two things
}

func (s *Console) former(c *gin.Context, action string, values map[string]string, f faulty) *former {
	return &former{ctx: c.Request.Context(), values: values, faulty: f, form: console.FormView{Action: action, Others: f.others}, known: map[string]bool{}}
}

// group begins a group of fields; the zero title has no heading.
func (f *former) group(title, help i18n.Key) {
	f.form.Groups = append(f.form.Groups, console.FormGroup{Title: i18n.T(f.ctx, title), Help: i18n.T(f.ctx, help)})
}

// row puts fields beside each other.
func (f *former) row(fields ...console.FormField) {
	if len(f.form.Groups) == 0 {
		f.group(i18n.Key{}, i18n.Key{})
	}
	g := &f.form.Groups[len(f.form.Groups)-1]
	g.Rows = append(g.Rows, fields)
}

// fault notes that a field is on the form, and returns what is wrong with it.
func (f *former) fault(name, label string) string {
	f.known[name] = true
	text := f.faulty.fields[name]
	if text != "" {
		f.form.Faults = append(f.form.Faults, ui.FieldFault{ID: name, Label: label})
	}
	return text
}

// field is one line, or what set makes of it.
func (f *former) field(name string, label i18n.Key, set func(*ui.FieldView)) console.FormField {
	name = f.prefix + name
	v := ui.FieldView{ID: name, Name: name, Label: i18n.T(f.ctx, label), Value: f.values[name], Required: true}
	if set != nil {
		set(&v)
	}
	v.Error = f.fault(name, v.Label)
	return console.FormField{Field: &v}
}

// help is a field's help, in words.
func (f *former) help(key i18n.Key, args ...any) func(*ui.FieldView) {
	return func(v *ui.FieldView) { v.Help = i18n.T(f.ctx, key, args...) }
}

func optional(v *ui.FieldView) { v.Optional, v.Required = true, false }

func mono(v *ui.FieldView) { v.Mono = true }

func dated(v *ui.FieldView) { v.Control = ui.Date }

// with is several settings as one.
func with(list ...func(*ui.FieldView)) func(*ui.FieldView) {
	return func(v *ui.FieldView) {
		for _, set := range list {
			set(v)
		}
	}
}

func area(rows int) func(*ui.FieldView) {
	return func(v *ui.FieldView) { v.Control, v.Rows = ui.TextArea, rows }
}

// option is a choice of a field by its value.
type option struct {
	value string
	text  i18n.Key
}

// choose is a field with a list to choose from.
func (f *former) choose(name string, label i18n.Key, options []option, set func(*ui.FieldView)) console.FormField {
	return f.field(name, label, func(v *ui.FieldView) {
		v.Control = ui.Select
		for _, o := range options {
			v.Options = append(v.Options, ui.Option{Value: o.value, Text: i18n.T(f.ctx, o.text), Chosen: o.value == v.Value})
		}
		if set != nil {
			set(v)
		}
	})
}

// reason asks why; it stays on record.
func (f *former) reason() { f.reasonWith(i18n.PartnerReasonHelp) }

func (f *former) reasonWith(help i18n.Key) {
	f.row(f.field("reason", i18n.PartnerReason, with(area(2), f.help(help), func(v *ui.FieldView) { v.MaxLength = 1000 })))
}

// choices is a field with a few answers, all of which are seen.
func (f *former) choices(name string, legend i18n.Key, options []ui.Choice) console.FormField {
	v := ui.ChoicesView{ID: name, Name: name, Legend: i18n.T(f.ctx, legend), Options: options}
	v.Error = f.fault(name, v.Legend)
	return console.FormField{Choices: &v}
}

// hidden carries a value along.
func (f *former) hidden(name, value string) {
	f.form.Hidden = append(f.form.Hidden, ui.Hidden{Name: name, Value: value})
}

// done is the form; faults of fields that are not on it are told above.
func (f *former) done(back string, buttons ...ui.ButtonView) console.FormView {
	for name, text := range f.faulty.fields {
		if !f.known[name] {
			f.form.Others = append(f.form.Others, text)
		}
	}
	if back != "" {
		f.form.Back = &ui.ButtonView{Text: i18n.T(f.ctx, i18n.UICancel), Kind: ui.Plain, Href: back}
	}
	f.form.Buttons = buttons
	return f.form
}

// formPage is a page around a form of a partner's.
type formPage struct {
	title string
	lead  string
	card  string
	note  string // a warning above; may be empty
	notes []ui.NoteView
	above []console.ThingView // what the form would do, in words
	form  console.FormView
	proof bool // asks who sits there to prove it, where that is due
	aside []console.Section
	crumb []layout.Crumb

	history *console.ReplayView // the preview that was asked for; may be nil
}

func (s *Console) showForm(c *gin.Context, fault faulty, p formPage) (err error) {
	if p.proof {
		if p.form.Verify, err = s.VerifyView(c, fault.refused); err != nil {
			return err
		}
	}
	page := console.FormPage{
		Frame: s.frame(c, p.title, p.crumb...), Header: ui.HeaderView{Title: p.title}, Card: p.card, Form: p.form, Aside: p.aside,
		Notes: p.notes, Above: p.above, History: p.history,
	}
	if p.lead != "" {
		page.Header.Lead = ui.Text(p.lead)
	}
	if p.note != "" {
		page.Notes = append([]ui.NoteView{{Tone: ui.Warn, Text: p.note}}, p.notes...)
	}
	return web.Render(c, fault.code(), console.FormOf(page))
}

// typed are the values of named fields as they came.
func typed(c *gin.Context, names ...string) map[string]string {
	values := make(map[string]string, len(names))
	for _, name := range names {
		values[name] = c.PostForm(name)
	}
	return values
}

func partnerCrumbs(ctx context.Context, p models.Partner) []layout.Crumb {
	return []layout.Crumb{crumb(ctx, i18n.PartnerList, partnersPath), {Text: p.Name, Href: partnerPath(p.ID)}}
}
