package entrance

import (
	"context"
	"strings"
	"time"

	"postern/app/directory"
	"postern/app/hours"
	"postern/models"
	"postern/views/i18n"
	"postern/views/ui"
)

// OpenNow says whether a service with these hours and stops is open, and until when it is
// not.
func (e *Entrance) OpenNow(ctx context.Context, weekly []models.ServiceHours, stops []models.ServiceStop) ui.DotView {
	plan, err := directory.PlanOf(weekly, stops)
	if err != nil {
		return ui.DotView{Tone: ui.Bad, Text: i18n.T(ctx, i18n.CatalogPlanBroken)}
	}
	closure, closed := plan.Closed(e.o.Now(), e.o.Zone)
	switch {
	case !closed && len(plan.Spans) == 0:
		return ui.DotView{Tone: ui.Ok, Text: i18n.T(ctx, i18n.CatalogAlways)}
	case !closed:
		return ui.DotView{Tone: ui.Ok, Text: i18n.T(ctx, i18n.CatalogOpenNow)}
	case closure.Stop != nil:
		return ui.DotView{Tone: ui.Warn, Text: i18n.T(ctx, i18n.CatalogStoppedUntil, e.Moment(ctx, closure.Until))}
	}
	return ui.DotView{Tone: ui.Warn, Text: i18n.T(ctx, i18n.CatalogClosedUntil, e.Moment(ctx, closure.Until))}
}

// Moment is a time as plans show it, in the bank's zone.
func (e *Entrance) Moment(ctx context.Context, t time.Time) string {
	return i18n.Minute(ctx, t.In(e.o.Zone))
}

// DayKeys are the words of days by their names in files and forms.
var DayKeys = map[string]i18n.Key{
	"mon": i18n.CatalogMon, "tue": i18n.CatalogTue, "wed": i18n.CatalogWed, "thu": i18n.CatalogThu,
	"fri": i18n.CatalogFri, "sat": i18n.CatalogSat, "sun": i18n.CatalogSun,
}

// DayWords names days of the week: all of them, or one by one.
func DayWords(ctx context.Context, days []string) string {
	if len(days) == len(hours.DayNames) {
		return i18n.T(ctx, i18n.CatalogEveryDay)
	}
	words := make([]string, len(days))
	for i, day := range days {
		words[i] = i18n.T(ctx, DayKeys[day])
	}
	return strings.Join(words, i18n.T(ctx, i18n.CommonComma))
}
