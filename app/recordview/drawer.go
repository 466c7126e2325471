package recordview

import (
	"context"
	"net/url"
	"slices"
	"strings"

	"postern/app/records"
	"postern/models"
	"postern/views/i18n"
	"postern/views/recordview"
	"postern/views/ui"

	"github.com/a-h/templ"
)

// drawer is one row of the log: a sentence first, then what is known.
func (v View) drawer(ctx context.Context, from Source, l List, e models.Event) (*recordview.LogDrawer, error) {
	d := &recordview.LogDrawer{Drawer: ui.DrawerView{Title: EventWord(ctx, e.Kind), Close: l.Query.Address(v.Log)}, Cause: i18n.T(ctx, i18n.LogFine)}
	if e.Outcome != "ok" {
		d.Drawer.Title, d.Drawer.Mono = e.Outcome, true
		d.Drawer.Badge = &ui.BadgeView{Tone: EventTone(e), Text: EventWord(ctx, e.Kind)}
		run, err := from.RunOf(ctx, e.ApplicationID, e.Reason, e.At)
		if err != nil {
			return nil, err
		}
		d.Cause, d.Cure = v.Explain(ctx, e.Outcome, e.Reason, run)
		d.Runs = v.RunLinks(ctx, e.ApplicationID, run)
	}
	if e.Alarm && e.Outcome == "ok" {
		d.Cause += " " + i18n.T(ctx, i18n.LogAlarm)
	}
	rows := l.Page.Rows
	if i := slices.IndexFunc(rows, func(r models.Event) bool { return r.ID == e.ID }); i >= 0 {
		at := func(i int) string { return l.Query.Address(v.Log + "/" + url.PathEscape(rows[i].ID)) }
		if i+1 < len(rows) {
			d.Drawer.Next = at(i + 1)
		}
		if i > 0 {
			d.Drawer.Previous = at(i - 1)
		}
	}
	d.XRay = v.XRayAddress(records.FoundIn(e))
	d.Facts = v.facts(ctx, l, e)
	alike, err := from.Alike(ctx, e)
	if err == nil && alike > 1 {
		d.Alike = i18n.T(ctx, i18n.LogAlike, int(alike-1), l.Names.Partner(e.PartnerID))
		d.AlikeTo = Query{World: l.Query.World, App: e.ApplicationID, Code: e.Outcome}.Address(v.Log)
	}
	return d, err
}

// Facts collects what is known; what is not is left out.
type Facts struct{ Rows []ui.KeyValue }

// Part adds a fact that is shown by a component, where it is there.
func (f *Facts) Part(key string, there bool, value templ.Component) {
	if there {
		f.Rows = append(f.Rows, ui.KeyValue{Key: key, Value: value})
	}
}

// Text adds a text; an empty one is left out, as by the next two.
func (f *Facts) Text(key, value string) { f.Part(key, value != "", ui.Text(value)) }

// Mono adds a text of a machine.
func (f *Facts) Mono(key, value string) { f.Part(key, value != "", ui.Mono(value)) }

// ID adds an id; prefix is what stands before it.
func (f *Facts) ID(key, value, prefix string) {
	f.Part(key, value != "", ui.ID(ui.IDView{ID: value, Prefix: prefix}))
}

func (v View) facts(ctx context.Context, l List, e models.Event) ui.KeyValuesView {
	var f Facts
	n := l.Names
	word := func(k i18n.Key) string { return i18n.T(ctx, k) }
	detail := e.Detail()
	f.Text(word(i18n.LogWhen), i18n.Exact(ctx, v.inZone(e.At)))
	f.Mono(word(i18n.LogReason), e.Reason)
	f.ID(word(i18n.LogRequest), e.RequestID, "")
	if e.PartnerID != "" && !v.Own {
		f.Part(word(i18n.LogPartner), true, ui.Link(ui.LinkView{Text: n.Partner(e.PartnerID), Href: Query{Partner: e.PartnerID}.Address(v.Log)}))
	}
	if a, known := n.Applications[e.ApplicationID]; known {
		f.Part(word(i18n.LogApp), true, ui.Link(ui.LinkView{Text: a.Name, Href: Query{World: l.Query.World, App: a.ID}.Address(v.Log)}))
		f.Part(word(i18n.LogFilterEnv), true, ui.Environment(ui.EnvironmentView{Production: a.Environment == models.Production}))
	} else {
		f.Mono(word(i18n.LogApp), e.ApplicationID)
	}
	f.Mono(word(i18n.LogService), e.ServiceID)
	f.Mono(word(i18n.LogScopes), strings.ReplaceAll(detail["scope"], " ", "\n"))
	f.ID(word(i18n.LogAT), detail["jti"], "jti")
	f.Mono(word(i18n.LogAK), detail["ak"])
	f.ID(word(i18n.LogVisit), e.VID, "")
	f.Mono(word(i18n.LogCredential), detail["credential"])
	f.Mono(word(i18n.LogOrigin), Shown(detail["origin"]))
	f.Text(word(i18n.LogAddress), Shown(detail["address"]))
	f.Text(word(i18n.LogActor), e.Actor)
	f.Text(word(i18n.LogTook), took(ctx, detail))
	f.ID(word(i18n.LogLine), e.ID, "")
	f.ID(word(i18n.LogLeaf), e.LeafHash, "")
	return ui.KeyValuesView{Rows: f.Rows}
}

// Shown is a text that a stranger sent, so that it cannot play with what stands
// around it: control characters, and those that turn or hide text, become U+FFFD.
func Shown(text string) string {
	return strings.Map(func(r rune) rune {
		if !models.ReadableName(string(r)) {
			return '\uFFFD'
		}
		return r
	}, text)
}
