package console

import (
	"context"
	"net/url"
	"slices"
	"strings"

	"postern/app/records"
	"postern/models"
	"postern/views/console"
	"postern/views/i18n"
	"postern/views/ui"

	"github.com/a-h/templ"
)

// logDrawer is one row of the log: a sentence first, then what is known.
func (s *Console) logDrawer(ctx context.Context, v logView, e models.Event) (*console.LogDrawer, error) {
	d := &console.LogDrawer{Drawer: ui.DrawerView{Title: eventWord(ctx, e.Kind), Close: v.query.address(logPath)}, Cause: i18n.T(ctx, i18n.LogFine)}
	if e.Outcome != "ok" {
		d.Drawer.Title, d.Drawer.Mono = e.Outcome, true
		d.Drawer.Badge = &ui.BadgeView{Tone: eventTone(e), Text: eventWord(ctx, e.Kind)}
		d.Cause, d.Cure = explain(ctx, e.Outcome, e.Reason)
	}
	if e.Alarm && e.Outcome == "ok" {
		d.Cause += " " + i18n.T(ctx, i18n.LogAlarm)
	}
	rows := v.page.Rows
	if i := slices.IndexFunc(rows, func(r models.Event) bool { return r.ID == e.ID }); i >= 0 {
		at := func(i int) string { return v.query.address(logPath + "/" + url.PathEscape(rows[i].ID)) }
		if i+1 < len(rows) {
			d.Drawer.Next = at(i + 1)
		}
		if i > 0 {
			d.Drawer.Previous = at(i - 1)
		}
	}
	d.XRay = xrayAddress(records.FoundIn(e))
	d.Facts = s.logFacts(ctx, v.names, e)
	alike, err := s.o.Records.Alike(ctx, e)
	if err == nil && alike > 1 {
		d.Alike = i18n.T(ctx, i18n.LogAlike, int(alike-1), v.names.Partner(e.PartnerID))
		d.AlikeTo = logQuery{app: e.ApplicationID, code: e.Outcome}.address(logPath)
	}
	return d, err
}

// facts collects what is known; what is not is left out.
type facts struct{ rows []ui.KeyValue }

func (f *facts) part(key string, there bool, value templ.Component) {
	if there {
		f.rows = append(f.rows, ui.KeyValue{Key: key, Value: value})
	}
}

func (f *facts) text(key, value string) { f.part(key, value != "", ui.Text(value)) }
func (f *facts) mono(key, value string) { f.part(key, value != "", ui.Mono(value)) }
func (f *facts) id(key, value, prefix string) {
	f.part(key, value != "", ui.ID(ui.IDView{ID: value, Prefix: prefix}))
}

func (s *Console) logFacts(ctx context.Context, n records.Names, e models.Event) ui.KeyValuesView {
	var f facts
	word := func(k i18n.Key) string { return i18n.T(ctx, k) }
	detail := records.DetailOf(e)
	f.text(word(i18n.LogWhen), i18n.Exact(ctx, s.InZone(e.At)))
	f.mono(word(i18n.LogReason), e.Reason)
	f.id(word(i18n.LogRequest), e.RequestID, "")
	if e.PartnerID != "" {
		f.part(word(i18n.LogPartner), true, ui.Link(ui.LinkView{Text: n.Partner(e.PartnerID), Href: logQuery{partner: e.PartnerID}.address(logPath)}))
	}
	if a, known := n.Applications[e.ApplicationID]; known {
		f.part(word(i18n.LogApp), true, ui.Link(ui.LinkView{Text: a.Name, Href: logQuery{app: a.ID}.address(logPath)}))
		f.part(word(i18n.LogFilterEnv), true, ui.Environment(ui.EnvironmentView{Production: a.Environment == models.Production}))
	} else {
		f.mono(word(i18n.LogApp), e.ApplicationID)
	}
	f.mono(word(i18n.LogService), e.ServiceID)
	f.mono(word(i18n.LogScopes), strings.ReplaceAll(detail["scope"], " ", "\n"))
	f.id(word(i18n.LogAT), detail["jti"], "jti")
	f.mono(word(i18n.LogAK), detail["ak"])
	f.id(word(i18n.LogVisit), e.VID, "")
	f.mono(word(i18n.LogOrigin), shown(detail["origin"]))
	f.text(word(i18n.LogAddress), shown(detail["address"]))
	f.text(word(i18n.LogActor), e.Actor)
	f.text(word(i18n.LogTook), took(ctx, detail))
	f.id(word(i18n.LogLine), e.ID, "")
	f.id(word(i18n.LogLeaf), e.LeafHash, "")
	return ui.KeyValuesView{Rows: f.rows}
}

// shown is a text that a stranger sent, so that it cannot play with what stands
// around it: control characters, and those that turn or hide text, become U+FFFD.
func shown(text string) string {
	return strings.Map(func(r rune) rune {
		if !models.ReadableName(string(r)) {
			return '\uFFFD'
		}
		return r
	}, text)
}

const visitsPath = "/console/visits"

// xrayAddress leads to an X-ray; "" where there is nothing to see.
func xrayAddress(f records.Found) string {
	switch {
	case f.VID != "":
		return visitsPath + "/" + url.PathEscape(f.VID)
	case f.JTI != "":
		return visitsPath + "/at/" + url.PathEscape(f.JTI)
	case f.Request != "":
		return visitsPath + "/request/" + url.PathEscape(f.Request)
	}
	return ""
}
