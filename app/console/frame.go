package console

import (
	"net/http"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/gin-gonic/gin"

	"postern/app/web"
	"postern/models"
	"postern/views/console"
	"postern/views/i18n"
	"postern/views/layout"
	"postern/views/ui"
)

// outside is what stands around the pages of who is not in yet.
func (s *Console) outside(c *gin.Context) console.Outside {
	return console.Outside{Bank: s.bank(c), Preferences: s.preferences(c)}
}

func (s *Console) bank(c *gin.Context) string {
	if i18n.From(c.Request.Context()) == i18n.Chinese {
		return s.o.BankZH
	}
	return s.o.Bank
}

func (s *Console) preferences(c *gin.Context) layout.Preferences {
	here := c.Request.URL.RequestURI()
	if c.Request.Method != http.MethodGet || strings.HasPrefix(here, "/console/setup/") {
		here = "/console"
	}
	theme := firstOf(visitOf(c).who.Account.Theme, s.o.Cookies.Get(c, themeCookie))
	if theme != "dark" {
		theme = "light"
	}
	return layout.Preferences{Action: "/console/preferences", Here: here, Theme: theme}
}

// choiceLife is how long a browser remembers language and theme.
const choiceLife = 400 * 24 * time.Hour

// Preferences sets language or theme and leads back.
func (s *Console) Preferences(c *gin.Context) error {
	language, theme := "", ""
	if l, ok := i18n.Parse(c.PostForm("lang")); ok && c.PostForm("lang") != "" {
		language = l.Tag()
		s.o.Cookies.Set(c, languageCookie, language, choiceLife)
	}
	if t := c.PostForm("theme"); t == "dark" || t == "light" {
		theme = t
		s.o.Cookies.Set(c, themeCookie, theme, choiceLife)
	}
	if v := visitOf(c); v.in {
		if err := s.o.Identity.Prefer(c.Request.Context(), v.who.Account.ID, language, theme); err != nil {
			return err
		}
	}
	return web.SeeOther(c, inside(c.PostForm("back")))
}

// entry is a page of the sidebar and who sees it there.
type entry struct {
	text       i18n.Key
	href, icon string
	key        string
	access     Access
}

// sidebar is every page that there is, in the order of the screens; a role sees
// what it may open.
var sidebar = []struct {
	title   i18n.Key
	entries []entry
}{
	{i18n.Key{}, []entry{
		{i18n.ConsoleOverview, "/console", "layout-dashboard", "o", Insider},
		{i18n.ConsoleApprovals, approvalsPath, "clipboard-check", "a", May("business", "read").Or("accounts", "read").Or("keys", "read").Or("settings", "read")},
		{i18n.AlertsTitle, alertsPath, "bell", "", readsAlerts},
	}},
	{i18n.ConsoleDirectory, []entry{
		{i18n.PartnerList, partnersPath, "building-store", "p", May("business", "read")},
		{i18n.CatalogServices, servicesPath, "apps", "s", May("business", "read")},
		{i18n.CatalogScopes, scopesPath, "columns", "c", May("business", "read")},
	}},
	{i18n.LogTraffic, []entry{
		{i18n.LogTitle, logPath, "list-details", "l", May("log", "read")},
		{i18n.LiveTitle, livePath, "activity", "v", May("log", "read")},
		{i18n.XRayTitle, visitsPath, "scan", "x", May("log", "read")},
		{i18n.StatementList, statementsPath, "file-text", "", May("business", "read")},
	}},
	{i18n.ConsoleControl, []entry{
		{i18n.KillTitle, killSwitchPath, "snowflake", "k", May("stops", "read")},
		{i18n.SimulatorTitle, simulatorPath, "scale", "", May("business", "read")},
		{i18n.KeysTitle, keysPath, "key", "y", May("keys", "read")},
	}},
	{i18n.ConsoleAdmin, []entry{
		{i18n.ConsoleStaff, "/console/staff", "users", "", May("accounts", "read")},
		{i18n.ActivityTitle, activityPath, "history", "", May("activity", "own")},
		{i18n.SettingsTitle, settingsPath, "settings", "", May("settings", "read")},
	}},
}

// inside is the frame of a page of the console, for who is in it.
func (s *Console) frame(c *gin.Context, title string, above ...layout.Crumb) layout.ConsoleLayout {
	v, ctx := visitOf(c), c.Request.Context()
	l := layout.ConsoleLayout{
		Title: title, Bank: s.bank(c), Home: "/console", Menu: "/console/menu", SignOut: "/console/sign-out",
		Breadcrumb: append(above, layout.Crumb{Text: title}), Preferences: s.preferences(c), Nav: s.nav(c, v),
		User: layout.User{
			Name: v.who.Account.Name, Role: strings.Join(roleNames(c, v.who.Roles), " · "),
			Initial: initial(v.who.Account.Name), Href: "/console/account",
		},
		Nodes: layout.Nodes{Words: i18n.T(ctx, i18n.ConsoleNodeUp), Tone: ui.Ok},
	}
	if !s.o.Ready(ctx) {
		l.Nodes = layout.Nodes{Words: i18n.T(ctx, i18n.ConsoleNodeDown), Tone: ui.Bad}
	}
	if note := flashOf(c); note != nil {
		l.Flash = note
	}
	return l
}

func (s *Console) nav(c *gin.Context, v *visit) (groups []layout.NavGroup) {
	for _, g := range sidebar {
		group := layout.NavGroup{Title: i18n.T(c.Request.Context(), g.title)}
		for _, e := range g.entries {
			if !e.access.Allows(v.rights) {
				continue
			}
			group.Items = append(group.Items, layout.NavItem{
				Text: i18n.T(c.Request.Context(), e.text), Href: e.href, Icon: e.icon, Key: e.key, Current: current(c, e.href),
				Count: s.waitingAt(c, v, e.href),
			})
		}
		if len(group.Items) > 0 {
			groups = append(groups, group)
		}
	}
	return groups
}

// belongs is where pages stand in the sidebar whose address does not say so.
var belongs = strings.NewReplacer("/console/onboarding/", partnersPath+"/", "/console/changes/", "/console/approvals/")

// current reports whether the request is for a page or one below it.
func current(c *gin.Context, href string) bool {
	path := belongs.Replace(c.Request.URL.Path)
	return path == href || (href != "/console" && strings.HasPrefix(path, href+"/"))
}

func initial(name string) string {
	r, _ := utf8.DecodeRuneInString(name)
	return strings.ToUpper(string(r))
}

// mayRole tells the first role that has a permission, for a page that says who may.
func (s *Console) mayRole(a Access) (roles []models.StaffRole) {
	for _, role := range models.StaffRoles {
		if rights, err := s.o.Staff.Rights(string(role)); err == nil && a.Allows(rights) {
			roles = append(roles, role)
		}
	}
	return roles
}
