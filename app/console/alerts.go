package console

import (
	"cmp"
	"context"
	"errors"
	"net/http"
	"net/url"

	"github.com/gin-gonic/gin"

	"postern/app/alerts"
	"postern/app/entrance"
	"postern/app/errs"
	"postern/app/web"
	"postern/models"
	"postern/views/console"
	"postern/views/i18n"
	"postern/views/ui"
)

const alertsPath = "/console/alerts"

// Whoever may stop what an alert is about, or set it, may say that they have
// looked; everybody who may see either may see alerts.
var (
	readsAlerts = entrance.May("settings", "read").Or("stops", "read")
	acksAlerts  = entrance.May("settings", "make").Or("stops", "make")
)

func alertPath(id string) string { return alertsPath + "/" + url.PathEscape(id) }

func alertTitle(ctx context.Context, a models.Alert) string {
	return cmp.Or(alerts.RuleOf(a.Rule).Title(i18n.From(ctx)), a.Rule)
}

func alertAbout(ctx context.Context, a models.Alert) string {
	return alerts.About(a, i18n.From(ctx))
}

// openAlerts are the alerts that nobody has acknowledged, critical ones first.
func (s *Console) openAlerts(ctx context.Context) (open []models.Alert, err error) {
	list, err := s.o.Store.Alerts(ctx, false)
	for _, urgent := range []bool{true, false} {
		for _, a := range list {
			if a.AckedAt == 0 && (a.Severity == models.Critical) == urgent {
				open = append(open, a)
			}
		}
	}
	return open, err
}

// Alerts lists alerts that last or that nobody has acknowledged; 500 at most.
func (s *Console) Alerts(c *gin.Context) error {
	ctx := c.Request.Context()
	list, err := s.o.Store.Alerts(ctx, false)
	if err != nil {
		return err
	}
	t := ui.TableView{Caption: i18n.T(ctx, i18n.AlertsTitle), Head: []ui.Column{
		{Text: i18n.T(ctx, i18n.AlertsRule)}, {Text: i18n.T(ctx, i18n.AlertsSeverity)}, {Text: i18n.T(ctx, i18n.AlertsState)},
		{Text: i18n.T(ctx, i18n.AlertsSince)}, {Text: i18n.T(ctx, i18n.AlertsLast)},
	}}
	for _, a := range list {
		t.Rows = append(t.Rows, ui.Row{Cells: []ui.Cell{
			{Text: alertTitle(ctx, a), Second: alertAbout(ctx, a), Href: alertPath(a.ID)}, severityCell(ctx, a),
			{Part: ui.Badge(alertState(ctx, a))}, {Part: ui.Time(s.At(a.FirstAt))}, {Part: ui.Time(s.At(a.LastAt))},
		}})
	}
	t.Empty = ui.Empty(ui.EmptyView{Title: i18n.T(ctx, i18n.AlertsNone), Text: i18n.T(ctx, i18n.AlertsNoneText)})
	return web.Render(c, http.StatusOK, console.Partner(console.PartnerPage{
		Frame:  s.frame(c, i18n.T(ctx, i18n.AlertsTitle)),
		Header: ui.HeaderView{Title: i18n.T(ctx, i18n.AlertsTitle), Lead: ui.Text(i18n.T(ctx, i18n.AlertsLead))},
		Main:   []console.Section{{Table: &t}},
	}))
}

func severityCell(ctx context.Context, a models.Alert) ui.Cell {
	if a.Severity == models.Critical {
		return ui.Cell{Text: i18n.T(ctx, i18n.AlertCritical), Tone: ui.Bad}
	}
	return ui.Cell{Text: i18n.T(ctx, i18n.AlertWarning), Tone: ui.Warn}
}

func alertState(ctx context.Context, a models.Alert) ui.BadgeView {
	switch {
	case a.AckedAt == 0:
		return ui.BadgeView{Tone: ui.Warn, Text: i18n.T(ctx, i18n.AlertsWaits)}
	case a.ResolvedAt == 0:
		return ui.BadgeView{Tone: ui.Outline, Text: i18n.T(ctx, i18n.AlertsAcked)}
	}
	return ui.BadgeView{Tone: ui.Outline, Text: i18n.T(ctx, i18n.AlertsOver)}
}

var errNoAlert = errs.New(errs.NotFound, "no_alert", "There is no such alert.")

// Alert shows one alert, and the form to acknowledge it.
func (s *Console) Alert(c *gin.Context) error { return s.showAlert(c, "", faulty{}) }

func (s *Console) showAlert(c *gin.Context, note string, fault faulty) error {
	ctx := c.Request.Context()
	found, err := s.o.Store.AlertsByID(ctx, []string{c.Param("alert")})
	if err != nil {
		return err
	}
	a, known := found[c.Param("alert")]
	if !known {
		return errNoAlert
	}
	facts := s.alertFacts(ctx, a)
	page := console.PartnerPage{
		Frame: s.frame(c, alertTitle(ctx, a), crumb(ctx, i18n.AlertsTitle, alertsPath)),
		Header: ui.HeaderView{
			Title: alertTitle(ctx, a), Lead: ui.Text(alertAbout(ctx, a)),
		},
		Main: []console.Section{{Card: ui.CardView{Title: i18n.T(ctx, i18n.AlertsWhat)}, Facts: &facts}},
	}
	page.Header.Badges = append(page.Header.Badges, ui.Badge(alertState(ctx, a)))
	switch {
	case a.AckedAt != 0:
	case acksAlerts.Allows(entrance.VisitOf(c).Rights):
		f := s.former(c, alertPath(a.ID)+"/acknowledge", map[string]string{"note": note}, fault)
		f.row(f.field("note", i18n.AlertsNote, with(f.help(i18n.AlertsNoteHelp), func(v *ui.FieldView) { v.MaxLength = 500 })))
		form := f.done(alertsPath, ui.ButtonView{Text: i18n.T(ctx, i18n.AlertsButton), Icon: "check", Kind: ui.Primary})
		page.Main = append(page.Main, console.Section{Card: ui.CardView{Title: i18n.T(ctx, i18n.AlertsButton)}, Form: &form})
	default:
		page.Notes = append(page.Notes, ui.NoteView{Tone: ui.Accent, Text: i18n.T(ctx, i18n.AlertsMayNot)})
	}
	if a.AckedAt != 0 && note != "" {
		page.Notes = append(page.Notes, ui.NoteView{Tone: ui.Warn, Text: i18n.T(ctx, i18n.AlertsAlready, a.AckedBy, i18n.Stamp(ctx, s.InZone(a.AckedAt)))})
	}
	return web.Render(c, cmp.Or(fault.status, http.StatusOK), console.Partner(page))
}

func (s *Console) alertFacts(ctx context.Context, a models.Alert) ui.KeyValuesView {
	rule, lang := alerts.RuleOf(a.Rule), i18n.From(ctx)
	rows := []ui.KeyValue{
		{Key: i18n.T(ctx, i18n.AlertsHow), Value: ui.Text(rule.What(lang, a.Numbers))}, {Key: i18n.T(ctx, i18n.AlertsDo), Value: ui.Text(rule.Do(lang))},
		{Key: i18n.T(ctx, i18n.AlertsSeverity), Value: ui.Text(severityCell(ctx, a).Text)},
		{Key: i18n.T(ctx, i18n.AlertsSince), Value: ui.Time(s.At(a.FirstAt))}, {Key: i18n.T(ctx, i18n.AlertsLast), Value: ui.Time(s.At(a.LastAt))},
	}
	if a.ResolvedAt != 0 {
		rows = append(rows, ui.KeyValue{Key: i18n.T(ctx, i18n.AlertsOverAt), Value: ui.Time(s.At(a.ResolvedAt))})
	}
	if a.AckedAt != 0 {
		rows = append(rows, ui.KeyValue{Key: i18n.T(ctx, i18n.AlertsBy), Value: ui.Text(a.AckedBy + " · " + i18n.Stamp(ctx, s.InZone(a.AckedAt)))},
			ui.KeyValue{Key: i18n.T(ctx, i18n.AlertsNote), Value: ui.Text(a.AckNote)})
	}
	return ui.KeyValuesView{Rows: rows}
}

// AlertAcknowledge puts it on record that somebody has looked.
func (s *Console) AlertAcknowledge(c *gin.Context) error {
	ctx, who, note := c.Request.Context(), entrance.VisitOf(c).Who.Account, c.PostForm("note")
	_, err := alerts.Acknowledge(ctx, s.o.Store, alerts.Acknowledgement{
		ID: c.Param("alert"), By: who.Name, Note: note, User: who.Login, Account: who.ID,
	}, s.o.Now(), s.o.Rand)
	switch {
	case errors.Is(err, alerts.ErrNote):
		return s.showAlert(c, note, faulty{status: http.StatusUnprocessableEntity, fields: map[string]string{"note": i18n.T(ctx, i18n.AlertsBadNote)}})
	case errors.Is(err, alerts.ErrDone):
		return s.showAlert(c, note, faulty{status: http.StatusConflict})
	case err != nil:
		return err
	}
	return entrance.Done(c, alertPath(c.Param("alert")), "alert-acknowledged")
}
