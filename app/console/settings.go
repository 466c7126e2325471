package console

import (
	"cmp"
	"context"
	"net/http"
	"net/url"
	"strings"

	"github.com/gin-gonic/gin"

	"postern/app/config"
	"postern/app/entrance"
	"postern/app/settings"
	"postern/app/web"
	"postern/policies"
	"postern/views/console"
	"postern/views/i18n"
	"postern/views/ui"
)

const settingsPath = "/console/settings"

var makesSettings = policies.Permission{Resource: "settings", Action: "make"}

// Facts are what a node is, beside what it was told.
type Facts struct {
	Version  string // the program's; may be empty
	Database string // "sqlite" or "postgres"
}

// sectionTitles are the sections of the configuration.
var sectionTitles = map[string]i18n.Key{
	"": i18n.SettingsGateway, "database": i18n.SettingsDatabase, "listeners": i18n.SettingsListeners, "console": i18n.SettingsConsole, "portal": i18n.SettingsPortal,
	"limits": i18n.SettingsLimits, "rates": i18n.SettingsRates, "keys": i18n.SettingsKeys, "retention": i18n.SettingsRetention,
	"alerts": i18n.SettingsAlerts, "feeds": i18n.SettingsFeeds,
}

// Settings shows what this node was told and where, and what two persons have set.
func (s *Console) Settings(c *gin.Context) error {
	ctx := c.Request.Context()
	rows := s.o.Settings.Rows()
	names, err := s.accountNames(ctx, settersOf(rows))
	if err != nil {
		return err
	}

	page := console.SettingsPage{Frame: s.frame(c, i18n.T(ctx, i18n.SettingsTitle)), Facts: s.facts(ctx, rows)}
	for _, row := range rows {
		section := sectionOf(row.Key)
		if n := len(page.Groups); n == 0 || page.Groups[n-1].ID != section {
			page.Groups = append(page.Groups, s.settingGroup(c, section))
		}
		g := &page.Groups[len(page.Groups)-1]
		g.Rows = append(g.Rows, s.settingRow(ctx, row, names))
	}
	return web.Render(c, http.StatusOK, console.Settings(page))
}

func settersOf(rows []settings.Row) (ids []string) {
	for _, row := range rows {
		if row.By != "" {
			ids = append(ids, row.By)
		}
	}
	return ids
}

// sectionOf is the first part of a key that has several; else empty.
func sectionOf(key string) string {
	section, _, found := strings.Cut(key, ".")
	if !found {
		return ""
	}
	section, _, _ = strings.Cut(section, "[")
	return section
}

func (s *Console) settingGroup(c *gin.Context, section string) console.SettingGroup {
	g := console.SettingGroup{ID: section, Title: i18n.T(c.Request.Context(), sectionTitles[section])}
	if _, changeable := settingForms[section]; changeable && entrance.VisitOf(c).Rights.May(makesSettings) {
		g.Change = settingsPath + "/" + section + "/edit"
	}
	return g
}

func (s *Console) settingRow(ctx context.Context, row settings.Row, names map[string]string) console.SettingRow {
	v := console.SettingRow{Key: row.Key, Origin: s.originWords(ctx, row, names), Told: row.Origin.Kind != config.FromDefault}
	v.Word, _ = i18n.SettingWord(i18n.From(ctx), row.Key)
	v.Value, v.Faint = shownValue(ctx, row.Shown)
	if v.Told && !row.Secret && row.Default != row.Value {
		v.Default = i18n.T(ctx, i18n.SettingsNoDefault)
		if row.Default != "" {
			v.Default = i18n.T(ctx, i18n.SettingsDefaultV, settingFigure(ctx, row.Shown, row.Default))
		}
	}
	return v
}

// settingFigure is a value of a setting as people read it.
func settingFigure(ctx context.Context, row config.Shown, value string) string {
	if row.Type == "whole number" {
		return i18n.Figure(ctx, value)
	}
	return value
}

// shownValue is a setting's value as people see it; of a secret whether there is one.
func shownValue(ctx context.Context, row config.Shown) (text string, faint bool) {
	switch {
	case row.Secret && row.Set:
		return i18n.T(ctx, i18n.SettingsSet), false
	case row.Secret:
		return i18n.T(ctx, i18n.SettingsNotSet), true
	case row.Value == "":
		return i18n.T(ctx, i18n.SettingsNone), true
	}
	return settingFigure(ctx, row, row.Value), false
}

func (s *Console) originWords(ctx context.Context, row settings.Row, names map[string]string) string {
	switch row.Origin.Kind {
	case config.FromFile:
		return i18n.T(ctx, i18n.SettingsByFile, row.Origin.Where)
	case config.FromEnvironment:
		return i18n.T(ctx, i18n.SettingsByEnv, row.Origin.Where)
	case config.FromFlag:
		return i18n.T(ctx, i18n.SettingsByFlag, row.Origin.Where)
	case config.FromProgram:
		return i18n.T(ctx, i18n.SettingsByProgram)
	case config.FromConsole:
		return i18n.T(ctx, i18n.SettingsByHand, cmp.Or(names[row.By], row.By), i18n.Date(ctx, s.InZone(row.At)))
	}
	return i18n.T(ctx, i18n.SettingsDefault)
}

// facts are what the node is, in a few lines.
func (s *Console) facts(ctx context.Context, rows []settings.Row) ui.KeyValuesView {
	values := map[string]config.Shown{}
	for _, row := range rows {
		values[row.Key] = row.Shown
	}
	fact := func(key i18n.Key, text string) ui.KeyValue {
		return ui.KeyValue{Key: i18n.T(ctx, key), Value: ui.Text(text)}
	}
	signOn := i18n.T(ctx, i18n.SettingsNoSignOn)
	if u, err := url.Parse(values["console.oidc.issuer"].Value); err == nil && u.Host != "" {
		signOn = u.Host
	}
	kinds := map[string]string{"sqlite": "SQLite", "postgres": "PostgreSQL"}
	return ui.KeyValuesView{Rows: []ui.KeyValue{
		fact(i18n.SettingsNode, s.o.Node),
		fact(i18n.SettingsVersion, cmp.Or(s.o.Facts.Version, i18n.T(ctx, i18n.SettingsUnstamped))),
		fact(i18n.SettingsData, cmp.Or(kinds[s.o.Facts.Database], s.o.Facts.Database)),
		fact(i18n.SettingsOuter, listenerWords(ctx, values, "listeners.gateway")),
		fact(i18n.SettingsInner, listenerWords(ctx, values, "listeners.internal")),
		fact(i18n.SettingsSignOn, signOn),
	}}
}

func listenerWords(ctx context.Context, values map[string]config.Shown, key string) string {
	secured := i18n.SettingsClear
	if values[key+".tls.cert"].Value != "" {
		secured = i18n.SettingsTLS
	}
	return values[key+".address"].Value + i18n.T(ctx, i18n.CommonComma) + i18n.T(ctx, secured)
}
