package entrance

import (
	"context"
	"time"

	"github.com/a-h/templ"

	"postern/app/errs"
	"postern/app/partners"
	"postern/app/store"
	"postern/views/i18n"
	"postern/views/ui"
)

// Day reads a day, YYYY-MM-DD, in the bank's zone.
func (e *Entrance) Day(text string) (time.Time, bool) {
	day, err := time.ParseInLocation(time.DateOnly, text, e.o.Zone)
	return day, err == nil && day.Year() >= 1970
}

// Days reads a grant's first and last day; what is no day is a fault of its field.
func (e *Entrance) Days(starts, ends string) (from, until time.Time, f errs.Fields) {
	const text = "this is no day: want one such as 2027-06-30"
	if starts != "" {
		day, ok := e.Day(starts)
		f.Check(ok, "starts", "rule.day", text)
		from = day
	}
	if ends != "" {
		day, ok := e.Day(ends)
		f.Check(ok, "ends", "rule.day", text)
		until = day.AddDate(0, 0, 1) // the whole last day
	}
	return from, until, f
}

// LastDay is the last day on which something that ends at a moment holds.
func (e *Entrance) LastDay(ends time.Time) string {
	if ends.IsZero() {
		return ""
	}
	return ends.Add(-time.Millisecond).In(e.o.Zone).Format(time.DateOnly)
}

// GrantState says where a grant stands; over is one that never holds again.
func (e *Entrance) GrantState(ctx context.Context, g partners.Grant) (part templ.Component, over bool) {
	now := e.o.Now()
	switch {
	case g.Ended:
		return ui.Badge(ui.BadgeView{Tone: ui.Outline, Text: i18n.T(ctx, i18n.GrantEndedWord)}), true
	case !g.EndsAt.IsZero() && !g.EndsAt.After(now):
		return ui.Badge(ui.BadgeView{Tone: ui.Outline, Text: i18n.T(ctx, i18n.GrantOverWord)}), true
	case g.StartsAt.After(now):
		return ui.Badge(ui.BadgeView{Tone: ui.Accent, Text: i18n.T(ctx, i18n.GrantLaterWord)}), false
	}
	return ui.Dot(ui.DotView{Tone: ui.Ok, Text: i18n.T(ctx, i18n.GrantHoldsWord)}), false
}

// EndCell is when something ends: its last day, with the moment behind it.
func (e *Entrance) EndCell(ctx context.Context, ends time.Time) ui.Cell {
	if ends.IsZero() {
		return ui.Cell{Text: i18n.T(ctx, i18n.PartnerNever)}
	}
	if local := ends.In(e.o.Zone); store.DayOf(local).Equal(local) {
		return ui.Cell{Text: i18n.Date(ctx, local.AddDate(0, 0, -1))}
	}
	return ui.Cell{Part: ui.Time(e.At(ends.UnixMilli()))}
}
