package console

import (
	"cmp"
	"context"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"github.com/a-h/templ"
	"github.com/gin-gonic/gin"

	"postern/app/announcements"
	"postern/app/entrance"
	"postern/app/store"
	"postern/app/web"
	"postern/models"
	"postern/views/console"
	"postern/views/i18n"
	"postern/views/layout"
	"postern/views/ui"
)

const (
	announcementsPath = "/console/announcements"
	announcementsPage = 50
	// maxServiceChoices is how many services a form offers: a bank has tens.
	maxServiceChoices = 500
	// announcedFor is how long an announcement is in force where nobody says otherwise.
	announcedFor = 14 * 24 * time.Hour
)

func announcementPath(id string) string { return announcementsPath + "/" + url.PathEscape(id) }

var announcementShows = []struct {
	show  string
	state models.AnnouncementState
	word  i18n.Key
}{
	{"", "", i18n.AnnouncementEvery}, {"current", models.AnnouncementNow, i18n.AnnouncementCurrent},
	{"planned", models.AnnouncementPlanned, i18n.AnnouncementPlanned}, {"past", models.AnnouncementPast, i18n.AnnouncementDone},
}

// Announcements lists what partners are told, the newest first.
func (s *Console) Announcements(c *gin.Context) error {
	ctx, show := c.Request.Context(), c.Query("show")
	page := console.PartnerPage{
		Frame:  s.frame(c, i18n.T(ctx, i18n.Announcements)),
		Header: ui.HeaderView{Title: i18n.T(ctx, i18n.Announcements), Lead: ui.Text(i18n.T(ctx, i18n.AnnouncementsLead))},
		Tabs:   &ui.TabsView{Label: i18n.T(ctx, i18n.AnnouncementState)},
	}
	var state models.AnnouncementState
	for _, of := range announcementShows {
		tab := ui.Tab{Text: i18n.T(ctx, of.word), Href: announcementsPath, Current: show == of.show}
		if of.show != "" {
			tab.Href += "?show=" + of.show
		}
		if tab.Current {
			state = of.state
		}
		page.Tabs.Tabs = append(page.Tabs.Tabs, tab)
	}
	if mayMake(c) {
		page.Header.Actions = []ui.ButtonView{{Text: i18n.T(ctx, i18n.AnnouncementNew), Icon: "plus", Kind: ui.Primary, Href: announcementsPath + "/new"}}
	}
	section, err := s.announced(c, state, show)
	if err != nil {
		return err
	}
	page.Main = []console.Section{section}
	return web.Render(c, http.StatusOK, console.Partner(page))
}

// announced is a page of announcements of a state.
func (s *Console) announced(c *gin.Context, state models.AnnouncementState, show string) (section console.Section, err error) {
	ctx := c.Request.Context()
	list := announcementsPath + " " + show
	below, err := s.place(c, list, 1)
	if err != nil {
		return section, err
	}
	rows, err := s.o.Store.Announcements(ctx, state, s.o.Now().UnixMilli(), below[0], announcementsPage+1)
	if err != nil {
		return section, err
	}
	paging := ui.PagingView{Words: " "}
	if len(rows) > announcementsPage {
		rows = rows[:announcementsPage]
		paging.Older = announcementsPath + "?" + url.Values{"show": {show}, "after": {s.o.Cursors.Make(list, rows[announcementsPage-1].ID)}}.Encode()
	}
	if below[0] != "" {
		paging.Newer = announcementsPath + "?" + url.Values{"show": {show}}.Encode()
	}
	if paging.Older != "" || paging.Newer != "" {
		section.Paging = &paging
	}
	accounts, services := []string{}, []string{}
	for _, a := range rows {
		accounts, services = append(accounts, a.UpdatedBy), append(services, a.ServiceID)
	}
	people, err := s.accountNames(ctx, accounts)
	if err != nil {
		return section, err
	}
	names, err := s.serviceNames(ctx, services)
	if err != nil {
		return section, err
	}
	t := ui.TableView{Caption: i18n.T(ctx, i18n.Announcements), Head: []ui.Column{
		{Text: i18n.T(ctx, i18n.AnnouncementWhat)}, {Text: i18n.T(ctx, i18n.AnnouncementKind)}, {Text: i18n.T(ctx, i18n.AnnouncementState)},
		{Text: i18n.T(ctx, i18n.AnnouncementFor)}, {Text: i18n.T(ctx, i18n.AnnouncementFrom)}, {Text: i18n.T(ctx, i18n.AnnouncementUntil)}, {Text: i18n.T(ctx, i18n.AnnouncementBy)},
	}}
	for _, a := range rows {
		t.Rows = append(t.Rows, ui.Row{Cells: []ui.Cell{
			{Text: s.Bulletin(ctx, a, "").Title, Href: announcementPath(a.ID)}, {Part: ui.Badge(entrance.AnnouncementKind(ctx, a.Kind))}, {Part: ui.Badge(s.AnnouncementState(ctx, a))},
			{Text: announcedTo(ctx, a, names)}, {Text: s.Moment(ctx, s.InZone(a.StartsAt))}, {Text: s.Moment(ctx, s.InZone(a.EndsAt))},
			{Text: cmp.Or(people[a.UpdatedBy], a.UpdatedBy), Second: i18n.Stamp(ctx, s.InZone(a.UpdatedAt))},
		}})
	}
	t.Empty = ui.Empty(ui.EmptyView{Title: i18n.T(ctx, i18n.AnnouncementNone), Text: i18n.T(ctx, i18n.AnnouncementNoneText)})
	section.Table = &t
	return section, nil
}

// serviceNames are what services are called, by their ids.
func (s *Console) serviceNames(ctx context.Context, ids []string) (map[string]string, error) {
	names := map[string]string{}
	err := s.o.Store.Business(ctx, func(b store.Business) error {
		list, err := b.Services(ids)
		for _, service := range list {
			names[service.ID] = service.Name
		}
		return err
	})
	return names, err
}

func announcedTo(ctx context.Context, a models.Announcement, names map[string]string) string {
	if a.ServiceID == "" {
		return i18n.T(ctx, i18n.AnnouncementAll)
	}
	return i18n.T(ctx, i18n.AnnouncementForOf, cmp.Or(names[a.ServiceID], a.ServiceID))
}

// announcement is the one that the address names, and what its service is called.
func (s *Console) announcement(c *gin.Context) (a models.Announcement, service string, err error) {
	a, found, err := s.o.Store.Announcement(c.Request.Context(), c.Param("announcement"))
	if err == nil && !found {
		err = announcements.ErrGone
	}
	if err != nil || a.ServiceID == "" {
		return a, "", err
	}
	names, err := s.serviceNames(c.Request.Context(), []string{a.ServiceID})
	return a, cmp.Or(names[a.ServiceID], a.ServiceID), err
}

// Announcement shows one as partners read it in each language.
func (s *Console) Announcement(c *gin.Context) error {
	a, service, err := s.announcement(c)
	if err != nil {
		return err
	}
	ctx := c.Request.Context()
	people, err := s.accountNames(ctx, []string{a.CreatedBy, a.UpdatedBy})
	if err != nil {
		return err
	}
	title := s.Bulletin(ctx, a, "").Title
	page := console.PartnerPage{
		Frame:  s.frame(c, title, announcementCrumbs(ctx)...),
		Header: ui.HeaderView{Title: title, Badges: []templ.Component{ui.Badge(s.AnnouncementState(ctx, a))}, Lead: ui.Text(announcedTo(ctx, a, map[string]string{a.ServiceID: service}))},
		Main:   s.bulletins(ctx, a, service),
		Aside: []console.Section{{Facts: &ui.KeyValuesView{Rows: []ui.KeyValue{
			{Key: i18n.T(ctx, i18n.AnnouncementKind), Value: ui.Badge(entrance.AnnouncementKind(ctx, a.Kind))},
			{Key: i18n.T(ctx, i18n.AnnouncementFrom), Value: ui.Text(s.Moment(ctx, s.InZone(a.StartsAt)))},
			{Key: i18n.T(ctx, i18n.AnnouncementUntil), Value: ui.Text(s.Moment(ctx, s.InZone(a.EndsAt)))},
			{Key: i18n.T(ctx, i18n.AnnouncementBy), Value: ui.Text(cmp.Or(people[a.UpdatedBy], a.UpdatedBy) + " · " + i18n.Stamp(ctx, s.InZone(a.UpdatedAt)))},
		}}}},
	}
	if mayMake(c) && a.WithdrawnAt == 0 {
		page.Header.Actions = []ui.ButtonView{{Text: i18n.T(ctx, i18n.PartnerEdit), Icon: "pencil", Href: announcementPath(a.ID) + "/edit"}}
		f := s.former(c, announcementPath(a.ID)+"/withdraw", nil, faulty{})
		f.hidden("seen", strconv.FormatInt(a.UpdatedAt, 10))
		form := f.done("", ui.ButtonView{Text: i18n.T(ctx, i18n.AnnouncementWithdraw), Kind: ui.Risky})
		page.Aside = append(page.Aside, console.Section{Card: ui.CardView{Title: i18n.T(ctx, i18n.AnnouncementWithdraw)}, Text: i18n.T(ctx, i18n.AnnouncementWithdrawText), Form: &form})
	}
	return web.Render(c, http.StatusOK, console.Partner(page))
}

// bulletins are an announcement as partners read it, in both languages.
func (s *Console) bulletins(ctx context.Context, a models.Announcement, service string) (list []console.Section) {
	for _, l := range []i18n.Lang{i18n.Chinese, i18n.English} {
		in := i18n.WithLang(ctx, l)
		news := s.Bulletin(in, a, service)
		news.ID, news.Lang = "in-"+l.Tag(), cmp.Or(news.Lang, l.Tag())
		list = append(list, console.Section{Card: ui.CardView{Title: i18n.T(ctx, i18n.AnnouncementIn, i18n.T(ctx, languageNames[l]))}, News: []ui.BulletinView{news}})
	}
	return list
}

var languageNames = map[i18n.Lang]i18n.Key{i18n.Chinese: i18n.AnnouncementChinese, i18n.English: i18n.AnnouncementEnglish}

func announcementCrumbs(ctx context.Context) []layout.Crumb {
	return []layout.Crumb{crumb(ctx, i18n.Announcements, announcementsPath)}
}
