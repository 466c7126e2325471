package portal

import (
	"cmp"
	"context"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/gin-gonic/gin"

	"postern/app/announcements"
	"postern/app/entrance"
	"postern/app/store"
	"postern/app/web"
	"postern/models"
	"postern/views/i18n"
	"postern/views/portal"
	"postern/views/ui"
)

const (
	statusPath = homePath + "/status"
	// newsPage is how many announcements a page lists, maxNews the first page at most.
	newsPage = 10
	maxNews  = 2
	// stopsAhead is how far ahead planned stops are listed, maxStops how many of a service.
	stopsAhead = 30 * 24 * time.Hour
	maxStops   = 10
)

// standing is what a partner's status is about: its applications, what they hold, and
// the services that it may know of.
type standing struct {
	applications []models.Application // but for closed ones
	held         []store.Held
	services     []models.Service // those that are held first, by their names
	holds        map[string]bool  // services, by id
	weekly       []models.ServiceHours
	stops        []models.ServiceStop
}

// standing reads it for the reader's partner.
func (p *Portal) standing(c *gin.Context) (s standing, err error) {
	ctx, partner := c.Request.Context(), entrance.VisitOf(c).Who.Partner.ID
	if s.held, err = p.o.Store.Held(ctx, []string{partner}, p.o.Now().UnixMilli()); err != nil {
		return s, err
	}
	s.holds = map[string]bool{}
	for _, h := range s.held {
		s.holds[h.ServiceID] = true
	}
	err = p.o.Store.Business(ctx, func(b store.Business) error {
		list, err := b.ApplicationsOf([]string{partner})
		if err != nil {
			return err
		}
		s.applications = slices.DeleteFunc(list, func(a models.Application) bool { return a.Status == models.Closed })
		offered, err := b.OfferedScopes(maxOffered)
		if err != nil {
			return err
		}
		ids := keysOf(s.holds)
		for _, scope := range offered {
			ids = append(ids, scope.ServiceID)
		}
		if s.services, err = b.Services(ids); err != nil {
			return err
		}
		if s.weekly, err = b.Hours(ids); err != nil {
			return err
		}
		s.stops, err = b.Stops(ids)
		return err
	})
	slices.SortFunc(s.services, func(a, b models.Service) int {
		if s.holds[a.ID] != s.holds[b.ID] {
			if s.holds[a.ID] {
				return -1
			}
			return 1
		}
		return cmp.Or(strings.Compare(a.Name, b.Name), strings.Compare(a.ID, b.ID))
	})
	return s, err
}

// names are what the services are called, by their ids.
func (s standing) names() map[string]string {
	names := map[string]string{}
	for _, service := range s.services {
		names[service.ID] = service.Name
	}
	return names
}

// Status shows what runs of the partner's, what stops and when, what the bank tells, and
// which keys change.
func (p *Portal) Status(c *gin.Context) error {
	ctx := c.Request.Context()
	s, err := p.standing(c)
	if err != nil {
		return err
	}
	freezes, err := p.freezesOf(c, s)
	if err != nil {
		return err
	}
	page := portal.StatusPage{Frame: p.frame(c, i18n.T(ctx, i18n.Status)), Zone: p.o.Zone.String()}
	if partner := entrance.VisitOf(c).Who.Partner; partner.Status == models.Suspended {
		page.Stopped = append(page.Stopped, ui.NoteView{Tone: ui.Bad, Text: i18n.T(ctx, i18n.PortalStopped, partner.Name)})
	}
	for _, f := range freezes {
		page.Stopped = append(page.Stopped, ui.NoteView{
			Tone: ui.Ice, Lead: i18n.T(ctx, i18n.StatusFrozen, p.frozenName(c, s, f)),
			Text: i18n.T(ctx, i18n.StatusFrozenText, i18n.T(ctx, frozenWords[f.Stops]), i18n.Stamp(ctx, p.InZone(f.StartedAt))),
		})
	}
	for _, service := range s.services {
		page.Services = append(page.Services, p.serviceStatus(ctx, s, service, freezes))
	}
	if err := p.news(c, s, &page); err != nil {
		return err
	}
	if page.Keys, page.Adoption, err = p.gatewayKeys(ctx, s); err != nil {
		return err
	}
	page.Own, err = p.endingKeys(c, s)
	if err != nil {
		return err
	}
	return web.Render(c, http.StatusOK, portal.Status(page))
}

// freezesOf are the freezes in force that stop something of the reader's partner's.
func (p *Portal) freezesOf(c *gin.Context, s standing) ([]models.Freeze, error) {
	all, err := p.o.Store.LiveFreezes(c.Request.Context())
	concerned := map[string]bool{string(models.FreezeEverything) + " ": true, string(models.FreezePartner) + " " + entrance.VisitOf(c).Who.Partner.ID: true}
	for _, a := range s.applications {
		concerned[string(models.FreezeApplication)+" "+a.ID] = true
	}
	for _, h := range s.held {
		concerned[string(models.FreezeService)+" "+h.ServiceID] = true
		concerned[string(models.FreezeDataScope)+" "+h.ScopeID] = true
	}
	return slices.DeleteFunc(all, func(f models.Freeze) bool { return !concerned[string(f.TargetKind)+" "+f.TargetID] }), err
}

// frozenName is what is frozen, as the partner calls it.
func (p *Portal) frozenName(c *gin.Context, s standing, f models.Freeze) string {
	switch f.TargetKind {
	case models.FreezePartner:
		return entrance.VisitOf(c).Who.Partner.Name
	case models.FreezeApplication:
		for _, a := range s.applications {
			if a.ID == f.TargetID {
				return a.Name
			}
		}
	case models.FreezeService:
		return s.names()[f.TargetID]
	case models.FreezeEverything:
		return i18n.T(c.Request.Context(), i18n.StatusEverything)
	}
	return f.TargetID
}

// frozenWords say what a freeze stops. Why is the bank's own.
var frozenWords = map[models.FreezeScope]i18n.Key{
	models.FreezeAT: i18n.StatusNoAT, models.FreezeVT: i18n.StatusNoVT, models.FreezeCall: i18n.StatusNoCall, models.FreezeAll: i18n.StatusNoAll,
}

// serviceStatus is where a service stands now, and when it is closed.
func (p *Portal) serviceStatus(ctx context.Context, s standing, v models.Service, freezes []models.Freeze) portal.ServiceStatus {
	row := portal.ServiceStatus{Name: v.Name, ID: v.ID, Held: s.holds[v.ID]}
	weekly := slices.DeleteFunc(slices.Clone(s.weekly), func(h models.ServiceHours) bool { return h.ServiceID != v.ID })
	stops := slices.DeleteFunc(slices.Clone(s.stops), func(x models.ServiceStop) bool { return x.ServiceID != v.ID })
	frozen := slices.IndexFunc(freezes, func(f models.Freeze) bool {
		return f.TargetKind == models.FreezeService && f.TargetID == v.ID || f.TargetKind == models.FreezeEverything
	})
	switch {
	case v.Status != models.Active:
		row.Now = ui.Badge(ui.BadgeView{Tone: ui.Outline, Text: i18n.T(ctx, i18n.StatusNotActive)})
	case frozen >= 0:
		row.Now = ui.Badge(ui.BadgeView{Tone: ui.Ice, Icon: "snowflake", Text: i18n.T(ctx, frozenWords[freezes[frozen].Stops])})
	default:
		row.Now = ui.Dot(p.OpenNow(ctx, weekly, stops))
	}
	for _, h := range weekly {
		row.Hours = append(row.Hours, i18n.T(ctx, i18n.StatusSpan, entrance.DayWords(ctx, strings.Fields(h.Days)), h.Opens, h.Closes))
	}
	now := p.o.Now()
	for _, stop := range stops {
		if stop.EndsAt > now.UnixMilli() && stop.StartsAt < now.Add(stopsAhead).UnixMilli() && len(row.Stops) < maxStops {
			row.Stops = append(row.Stops, i18n.T(ctx, i18n.AnnouncementSpan, p.Moment(ctx, p.InZone(stop.StartsAt)), p.Moment(ctx, p.InZone(stop.EndsAt))))
		}
	}
	return row
}

// news are the announcements for the reader's partner, the newest first; before them those
// that the first page has of older ones.
func (p *Portal) news(c *gin.Context, s standing, page *portal.StatusPage) (err error) {
	ctx, list, below := c.Request.Context(), "announcements", []string{""}
	if cursor := c.Query("below"); cursor != "" {
		if below, err = p.o.Cursors.Open(list, cursor, 1); err != nil {
			return err
		}
		page.Newest = statusPath
	}
	rows, err := p.o.Store.AnnouncementsFor(ctx, keysOf(s.holds), below[0], newsPage+1)
	if err != nil {
		return err
	}
	if len(rows) > newsPage {
		rows = rows[:newsPage]
		page.Older = statusPath + "?below=" + p.o.Cursors.Make(list, rows[newsPage-1].ID)
	}
	if page.Newest == "" {
		first, err := p.urgent(ctx, s.holds)
		if err != nil {
			return err
		}
		for _, a := range slices.Backward(first[:min(len(first), maxNews)]) {
			if !slices.ContainsFunc(rows, func(row models.Announcement) bool { return row.ID == a.ID }) {
				rows = slices.Insert(rows, 0, a)
			}
		}
	}
	names := s.names()
	for _, a := range rows {
		page.News = append(page.News, p.Bulletin(ctx, a, names[a.ServiceID]))
	}
	return nil
}

// urgent are the announcements that are in force, or soon, for who has one of the services:
// incidents first, then maintenance, then the newest; more than maxNews only to tell that
// there are more.
func (p *Portal) urgent(ctx context.Context, services map[string]bool) ([]models.Announcement, error) {
	now := p.o.Now()
	rows, err := p.o.Store.NextAnnouncements(ctx, keysOf(services), now.UnixMilli(), now.Add(announcements.Ahead).UnixMilli(), newsPage)
	slices.SortStableFunc(rows, func(a, b models.Announcement) int { return cmp.Compare(presses(b.Kind), presses(a.Kind)) })
	return rows[:min(len(rows), maxNews+1)], err
}

// presses is how much a kind of announcement does.
func presses(kind models.AnnouncementKind) int {
	return slices.Index([]models.AnnouncementKind{models.Maintenance, models.Incident}, kind)
}

// banners are what the first page says of announcements that are in force, or soon.
func (p *Portal) banners(c *gin.Context) (notes []ui.NoteView, err error) {
	ctx := c.Request.Context()
	held, err := p.o.Store.Held(ctx, []string{entrance.VisitOf(c).Who.Partner.ID}, p.o.Now().UnixMilli())
	if err != nil {
		return nil, err
	}
	services := map[string]bool{}
	for _, h := range held {
		services[h.ServiceID] = true
	}
	rows, err := p.urgent(ctx, services)
	if err != nil {
		return nil, err
	}
	for i, a := range rows[:min(len(rows), maxNews)] {
		news := p.Bulletin(ctx, a, "")
		note := ui.NoteView{Tone: ui.Accent, Lead: news.Title, Text: news.When, Links: []ui.LinkView{{Text: i18n.T(ctx, i18n.StatusRead), Href: statusPath + "#" + a.ID}}}
		if a.Kind == models.Incident {
			note.Tone = ui.Warn
		}
		if i == maxNews-1 && len(rows) > maxNews {
			note.Links = append(note.Links, ui.LinkView{Text: i18n.T(ctx, i18n.StatusMore), Href: statusPath})
		}
		notes = append(notes, note)
	}
	return notes, nil
}
