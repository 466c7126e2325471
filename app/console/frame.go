package console

import (
	"context"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/gin-gonic/gin"

	"postern/app/entrance"
	"postern/models"
	"postern/views/i18n"
	"postern/views/layout"
	"postern/views/ui"
)

// entry is a page of the sidebar and who sees it there.
type entry struct {
	text       i18n.Key
	href, icon string
	key        string
	access     entrance.Access
}

// sidebar is every page that there is, in the order of the screens; a role sees
// what it may open.
var sidebar = []struct {
	title   i18n.Key
	entries []entry
}{
	{i18n.Key{}, []entry{
		{i18n.ConsoleOverview, "/console", "layout-dashboard", "o", entrance.Insider},
		{i18n.ConsoleApprovals, approvalsPath, "clipboard-check", "a", entrance.May("business", "read").Or("accounts", "read").Or("keys", "read").Or("settings", "read")},
		{i18n.AlertsTitle, alertsPath, "bell", "", readsAlerts},
	}},
	{i18n.ConsoleDirectory, []entry{
		{i18n.PartnerList, partnersPath, "building-store", "p", entrance.May("business", "read")},
		{i18n.CatalogServices, servicesPath, "apps", "s", entrance.May("business", "read")},
		{i18n.CatalogScopes, scopesPath, "columns", "c", entrance.May("business", "read")},
		{i18n.Announcements, announcementsPath, "info-circle", "", entrance.May("business", "read")},
	}},
	{i18n.LogTraffic, []entry{
		{i18n.LogTitle, logPath, "list-details", "l", entrance.May("log", "read")},
		{i18n.LiveTitle, livePath, "activity", "v", entrance.May("log", "read")},
		{i18n.XRayTitle, visitsPath, "scan", "x", entrance.May("log", "read")},
		{i18n.StatementList, statementsPath, "file-text", "", entrance.May("business", "read")},
	}},
	{i18n.ConsoleControl, []entry{
		{i18n.KillTitle, killSwitchPath, "snowflake", "k", entrance.May("stops", "read")},
		{i18n.SimulatorTitle, simulatorPath, "scale", "", entrance.May("business", "read")},
		{i18n.KeysTitle, keysPath, "key", "y", entrance.May("keys", "read")},
	}},
	{i18n.ConsoleAdmin, []entry{
		{i18n.ConsoleStaff, "/console/staff", "users", "", entrance.May("accounts", "read")},
		{i18n.ActivityTitle, activityPath, "history", "", entrance.May("activity", "own")},
		{i18n.EvidenceTitle, evidencePath, "shield-check", "", entrance.May("evidence", "read")},
		{i18n.SettingsTitle, settingsPath, "settings", "", entrance.May("settings", "read")},
	}},
}

// inside is the frame of a page of the console, for who is in it.
func (s *Console) frame(c *gin.Context, title string, above ...layout.Crumb) layout.ConsoleLayout {
	v, ctx := entrance.VisitOf(c), c.Request.Context()
	l := layout.ConsoleLayout{
		Title: title, Bank: s.BankName(c), Home: "/console", Menu: "/console/menu", SignOut: "/console/sign-out", Search: findPath,
		Breadcrumb: append(above, layout.Crumb{Text: title}), Preferences: s.Preferred(c), Nav: s.nav(c, v),
		User: layout.User{
			Name: v.Who.Account.Name, Role: strings.Join(roleNames(c, v.Who.Roles), " · "),
			Initial: initial(v.Who.Account.Name), Href: "/console/account",
		},
		Nodes: s.nodes(ctx),
	}
	l.Flash = s.Note(c)
	return l
}

// nodes is how many of the nodes that were not ended in order answer.
func (s *Console) nodes(ctx context.Context) layout.Nodes {
	if !s.o.Ready(ctx) {
		return layout.Nodes{Words: i18n.T(ctx, i18n.ConsoleNodeDown), Tone: ui.Bad}
	}
	now := s.o.Now()
	list, err := s.o.Store.Nodes(ctx, now.Add(-nodeForgotten).UnixMilli())
	if err != nil {
		list = nil // this one answers
	}
	known, up := 0, 0
	for _, n := range list {
		if n.StoppedAt != 0 {
			continue
		}
		known++
		if n.Ready && now.Sub(time.UnixMilli(n.SeenAt)) <= nodeSilent {
			up++
		}
	}
	switch {
	case known < 2:
		return layout.Nodes{Words: i18n.T(ctx, i18n.ConsoleNodeUp), Tone: ui.Ok}
	case up < known:
		return layout.Nodes{Words: i18n.T(ctx, i18n.ConsoleNodesSome, up, known), Tone: ui.Warn}
	}
	return layout.Nodes{Words: i18n.T(ctx, i18n.ConsoleNodesUp, known), Tone: ui.Ok}
}

func (s *Console) nav(c *gin.Context, v *entrance.Visit) (groups []layout.NavGroup) {
	for _, g := range sidebar {
		group := layout.NavGroup{Title: i18n.T(c.Request.Context(), g.title)}
		for _, e := range g.entries {
			if !e.access.Allows(v.Rights) {
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
func (s *Console) mayRole(a entrance.Access) (roles []models.StaffRole) {
	for _, role := range models.StaffRoles {
		if rights, err := s.o.Staff.Rights(string(role)); err == nil && a.Allows(rights) {
			roles = append(roles, role)
		}
	}
	return roles
}

func roleNames(c *gin.Context, roles []models.StaffRole) []string {
	names := make([]string, len(roles))
	for i, r := range roles {
		names[i] = entrance.StaffRole(c.Request.Context(), r)
	}
	return names
}
