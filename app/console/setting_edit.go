package console

import (
	"context"
	"encoding/json"
	"strings"
	"time"

	"github.com/gin-gonic/gin"

	"postern/app/approval"
	"postern/app/change"
	"postern/app/config"
	"postern/app/errs"
	"postern/app/settings"
	"postern/app/store"
	"postern/models"
	"postern/views/console"
	"postern/views/i18n"
	"postern/views/layout"
	"postern/views/ui"
)

// settingForms are the sections of which something may be changed while gateways
// run, and what their forms are called.
var settingForms = map[string]i18n.Key{"retention": i18n.SettingsRetentionTitle, "alerts": i18n.SettingsAlertsTitle}

var errNoSettings = errs.New(errs.NotFound, "no_settings", "There are no such settings.")

// settingForm is a section's settings as they are.
type settingForm struct {
	section      string
	free, locked []settings.Row
	seen         string // names what they are
}

// formOf reads the section that the path names.
func (s *Console) formOf(c *gin.Context) (form settingForm, err error) {
	form.section = c.Param("section")
	if _, known := settingForms[form.section]; !known {
		return form, errNoSettings
	}
	for _, row := range s.o.Settings.Rows() {
		switch {
		case sectionOf(row.Key) != form.section || !config.Changeable(row.Key):
		case row.Origin.Kind == config.FromDefault || row.Origin.Kind == config.FromConsole:
			form.free = append(form.free, row)
		default:
			form.locked = append(form.locked, row)
		}
	}
	form.seen = seenSettings(s.o.Settings.Config(), form.section)
	return form, nil
}

// seenSettings names what a section's changeable settings are.
func seenSettings(c config.Config, section string) string {
	var b strings.Builder
	for _, row := range c.Shown() {
		if sectionOf(row.Key) == section && config.Changeable(row.Key) {
			b.WriteString(row.Key + "=" + row.Value + "\n")
		}
	}
	return digest(b.String())
}

// SettingsEdit shows a section's settings in a form.
func (s *Console) SettingsEdit(c *gin.Context) error {
	form, err := s.formOf(c)
	if err != nil {
		return err
	}
	values := map[string]string{}
	for _, row := range form.free {
		values[row.Key] = row.Value
	}
	return s.showSettingForm(c, form, values, faulty{})
}

func (s *Console) showSettingForm(c *gin.Context, form settingForm, values map[string]string, fault faulty) error {
	ctx := c.Request.Context()
	f := s.former(c, settingsPath+"/"+form.section, values, fault)
	f.hidden("seen", form.seen)
	settingFields(f, form)
	page := formPage{proof: true, title: i18n.T(ctx, settingForms[form.section]), lead: i18n.T(ctx, i18n.SettingsEditLead), crumb: settingCrumbs(ctx)}
	var buttons []ui.ButtonView
	if len(form.free) > 0 {
		f.reason()
		buttons = []ui.ButtonView{{Text: i18n.T(ctx, i18n.ConsoleAskReview), Kind: ui.Primary}}
	}
	page.form = f.done(settingsPath, buttons...)
	page.notes = settingNotes(ctx, form, fault)
	if len(form.locked) > 0 {
		page.aside = []console.Section{lockedSection(ctx, form.locked)}
	}
	return s.showForm(c, fault, page)
}

func settingCrumbs(ctx context.Context) []layout.Crumb {
	return []layout.Crumb{crumb(ctx, i18n.SettingsTitle, settingsPath)}
}

func settingNotes(ctx context.Context, form settingForm, fault faulty) (notes []ui.NoteView) {
	if fault.moved {
		notes = append(notes, ui.NoteView{Tone: ui.Warn, Text: i18n.T(ctx, i18n.SettingsMoved)})
	}
	switch {
	case len(form.free) == 0:
		notes = append(notes, ui.NoteView{Tone: ui.Accent, Text: i18n.T(ctx, i18n.SettingsAllThere)})
	case form.section == "retention":
		notes = append(notes, ui.NoteView{Tone: ui.Warn, Text: i18n.T(ctx, i18n.SettingsShort)})
	}
	return notes
}

// settingFields puts what may be changed on the form: what belongs to one rule of
// alerts under its name.
func settingFields(f *former, form settingForm) {
	section, row := "", []console.FormField{}
	flush := func() {
		if len(row) > 0 {
			f.row(row...)
			row = nil
		}
	}
	for _, setting := range form.free {
		below := setting.Key[:strings.LastIndexByte(setting.Key, '.')]
		if below != section {
			flush()
			section = below
			title := settingWord(f.ctx, below)
			if below == form.section {
				title = "" // the page's own says it
			}
			f.form.Groups = append(f.form.Groups, console.FormGroup{Title: title})
		}
		row = append(row, settingField(f, setting))
		if form.section == "retention" {
			flush() // each has its own line
		}
	}
	flush()
}

func settingWord(ctx context.Context, key string) string {
	word, ok := i18n.SettingWord(i18n.From(ctx), key)
	if !ok {
		return key
	}
	return word
}

// settingField is one setting: a switch, or a line with its bounds.
func settingField(f *former, row settings.Row) console.FormField {
	label := settingWord(f.ctx, row.Key)
	if row.Type == "true or false" {
		return console.FormField{Choices: &ui.ChoicesView{
			ID: row.Key, Name: row.Key, Legend: i18n.T(f.ctx, i18n.ConsoleState), Segmented: true, Error: f.fault(row.Key, label),
			Options: []ui.Choice{
				{Value: "true", Label: i18n.T(f.ctx, i18n.SettingsOn), Checked: f.values[row.Key] == "true"},
				{Value: "false", Label: i18n.T(f.ctx, i18n.SettingsOff), Checked: f.values[row.Key] != "true"},
			},
		}}
	}
	return console.FormField{Field: &ui.FieldView{
		ID: row.Key, Name: row.Key, Label: label, Value: f.values[row.Key], Required: true, MaxLength: 20, Mono: true,
		Help:  i18n.T(f.ctx, i18n.SettingsBounds, boundWords(f.ctx, row.Bounds), i18n.Figure(f.ctx, row.Default)),
		Error: f.fault(row.Key, label),
	}}
}

// boundWords writes the bounds of a setting, "1 to 24", in the reader's language.
func boundWords(ctx context.Context, bounds string) string {
	least, most, _ := strings.Cut(bounds, " to ")
	return i18n.T(ctx, i18n.SettingsFromTo, i18n.Figure(ctx, least), i18n.Figure(ctx, most))
}

func lockedSection(ctx context.Context, rows []settings.Row) console.Section {
	facts := ui.KeyValuesView{}
	for _, row := range rows {
		facts.Rows = append(facts.Rows, ui.KeyValue{Key: row.Key, Value: ui.Text(row.Value + " · " + row.Origin.Where)})
	}
	return console.Section{
		Card: ui.CardView{Title: i18n.T(ctx, i18n.SettingsElsewhere)}, Text: i18n.T(ctx, i18n.SettingsThere), Facts: &facts,
	}
}

// SettingsUpdate asks for what is different from what holds.
func (s *Console) SettingsUpdate(c *gin.Context) error {
	form, err := s.formOf(c)
	if err != nil {
		return err
	}
	values := settingValues(c, form.section)
	content, err := settings.Change{Values: onlySettings(values)}.Content()
	if err != nil {
		return err
	}
	var out approval.Outcome
	if err = s.prove(c); err == nil {
		out, err = s.o.Approvals.Submit(c.Request.Context(), s.by(c), approval.Ask{
			Kind: settings.Kind, Subject: "setting " + form.section, Content: content, Reason: strings.TrimSpace(values["reason"]),
			Unless: s.stillSettings(form.section, c.PostForm("seen")),
		})
	}
	if err == nil {
		return proposed(c, out, settingsPath)
	}
	fault, is := s.faultsOf(c, err, "setting", form.section)
	if !is {
		return err
	}
	s.boundFaults(c, form, errs.FieldsOf(err), fault)
	return s.showSettingForm(c, form, values, fault)
}

// settingValues are what came for a section's settings, whichever may be changed:
// what may not is refused where it would be set.
func settingValues(c *gin.Context, section string) map[string]string {
	values := map[string]string{"reason": c.PostForm("reason")}
	for name, list := range c.Request.PostForm {
		if strings.HasPrefix(name, section+".") {
			values[name] = strings.TrimSpace(list[0])
		}
	}
	return values
}

func onlySettings(values map[string]string) map[string]string {
	list := map[string]string{}
	for name, value := range values {
		if name != "reason" {
			list[name] = value
		}
	}
	return list
}

// stillSettings refuses a form of settings that were set otherwise meanwhile.
func (s *Console) stillSettings(section, seen string) func(store.Business) error {
	return func(b store.Business) error {
		now, err := s.o.Settings.Changes().Now(b)
		if err == nil && seenSettings(now, section) != seen {
			err = change.ErrMoved
		}
		return err
	}
}

// boundFaults says of a value that does not fit between what it must be.
func (s *Console) boundFaults(c *gin.Context, form settingForm, faults errs.Fields, f faulty) {
	for _, row := range form.free {
		if faults[row.Key].ID == "settings.wrong" && row.Bounds != "" {
			f.fields[row.Key] = i18n.T(c.Request.Context(), i18n.SettingsWrongOf, boundWords(c.Request.Context(), row.Bounds))
		}
	}
}

// settingEffects says from when on a change of settings would delete, as of today:
// that moves, so it is no part of what is agreed to.
func (s *Console) settingEffects(ctx context.Context, r models.ChangeRequest) (notes []ui.NoteView) {
	var asked settings.Change
	if json.Unmarshal([]byte(r.Content), &asked) != nil {
		return nil
	}
	for _, row := range s.o.Settings.Rows() {
		value, named := asked.Values[row.Key]
		if days, shorter := settings.Shorter(row.Shown, value); named && shorter {
			before := s.o.Now().In(s.o.Zone).Add(-time.Duration(days) * 24 * time.Hour)
			notes = append(notes, ui.NoteView{Tone: ui.Warn, Text: i18n.T(ctx, i18n.SettingsGone, settingWord(ctx, row.Key), i18n.Date(ctx, before))})
		}
	}
	return notes
}
