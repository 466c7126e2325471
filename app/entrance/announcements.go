package entrance

import (
	"context"

	"postern/models"
	"postern/views/i18n"
	"postern/views/ui"
)

var announcementKinds = map[models.AnnouncementKind]struct {
	word i18n.Key
	tone ui.Tone
}{
	models.Information: {i18n.AnnouncementInformation, ui.Accent}, models.Maintenance: {i18n.AnnouncementMaintenance, ui.Warn},
	models.Alteration: {i18n.AnnouncementAlteration, ui.Accent}, models.Incident: {i18n.AnnouncementIncident, ui.Bad},
}

// AnnouncementKind is the badge of a kind.
func AnnouncementKind(ctx context.Context, k models.AnnouncementKind) ui.BadgeView {
	kind := announcementKinds[k]
	return ui.BadgeView{Tone: kind.tone, Text: i18n.T(ctx, kind.word)}
}

// AnnouncementState is the badge of where an announcement stands.
func (e *Entrance) AnnouncementState(ctx context.Context, a models.Announcement) ui.BadgeView {
	state := a.State(e.o.Now().UnixMilli())
	switch {
	case a.WithdrawnAt != 0:
		return ui.BadgeView{Tone: ui.Bad, Text: i18n.T(ctx, i18n.AnnouncementWithdrawn)}
	case state == models.AnnouncementPast:
		return ui.BadgeView{Tone: ui.Outline, Text: i18n.T(ctx, i18n.AnnouncementPast)}
	case state == models.AnnouncementPlanned:
		return ui.BadgeView{Tone: ui.Outline, Text: i18n.T(ctx, i18n.AnnouncementPlanned)}
	}
	return ui.BadgeView{Tone: ui.Ok, Text: i18n.T(ctx, i18n.AnnouncementCurrent)}
}

// AnnouncementSpan is from when until when it is in force, in words.
func (e *Entrance) AnnouncementSpan(ctx context.Context, a models.Announcement) string {
	return i18n.T(ctx, i18n.AnnouncementSpan, e.Moment(ctx, e.InZone(a.StartsAt)), e.Moment(ctx, e.InZone(a.EndsAt)))
}

// Bulletin is an announcement as partners read it, about a service of a name or about
// none.
func (e *Entrance) Bulletin(ctx context.Context, a models.Announcement, service string) ui.BulletinView {
	v := ui.BulletinView{
		ID: a.ID, Title: i18n.Either(ctx, a.TitleEN, a.TitleZH), Text: i18n.Either(ctx, a.TextEN, a.TextZH), When: e.AnnouncementSpan(ctx, a),
		Badges: []ui.BadgeView{AnnouncementKind(ctx, a.Kind), e.AnnouncementState(ctx, a)},
	}
	if v.Title == "" {
		other := i18n.English
		if i18n.From(ctx) == other {
			other = i18n.Chinese
		}
		in := i18n.WithLang(ctx, other)
		v.Title, v.Text, v.Lang = i18n.Either(in, a.TitleEN, a.TitleZH), i18n.Either(in, a.TextEN, a.TextZH), other.Tag()
	}
	if service != "" {
		v.For = i18n.T(ctx, i18n.AnnouncementAbout, service)
	}
	return v
}
