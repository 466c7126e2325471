package console

import (
	"net/http"

	"github.com/gin-gonic/gin"

	"postern/app/store"
	"postern/app/web"
	"postern/models"
	"postern/views/console"
	"postern/views/i18n"
)

// Overview shows how the gateway does today, beside yesterday up to this time.
func (s *Console) Overview(c *gin.Context) error {
	ctx := c.Request.Context()
	now := s.o.Now().In(s.o.Zone)
	today := store.DayOf(now)
	yesterday := today.AddDate(0, 0, -1)
	// Whole hours are compared: counts by the hour are all there is.
	hours := now.Truncate(hour).Sub(today) + hour
	counts, err := s.o.Store.OutcomeCounts(ctx, today.UnixMilli(), today.Add(hours).UnixMilli())
	if err != nil {
		return err
	}
	before, err := s.o.Store.OutcomeCounts(ctx, yesterday.UnixMilli(), yesterday.Add(hours).UnixMilli())
	if err != nil {
		return err
	}

	page := console.OverviewPage{Frame: s.frame(c, i18n.T(ctx, i18n.ConsoleOverview)), Date: i18n.Date(ctx, now)}
	for _, k := range []struct {
		title i18n.Key
		kind  models.RollupKind
	}{
		{i18n.ConsoleIssuedToday, models.RollupAT}, {i18n.ConsoleVisitsToday, models.RollupVT}, {i18n.ConsoleCallsToday, models.RollupCall},
	} {
		page.Kinds = append(page.Kinds, console.KindCount{
			Title: i18n.T(ctx, k.title), OK: counts.OK(k.kind), Refused: counts.Refused(k.kind), Before: before.OK(k.kind),
		})
	}
	for _, r := range counts.Refusals(maxRefusals) {
		page.Refusals = append(page.Refusals, console.RefusalCount{Kind: i18n.T(ctx, kindWords[r.Kind]), Code: r.Outcome, Count: r.Count})
	}
	return web.Render(c, http.StatusOK, console.Overview(page))
}

// maxRefusals is how many codes the overview names.
const maxRefusals = 8

var kindWords = map[models.RollupKind]i18n.Key{
	models.RollupAT: i18n.ConsoleKindAT, models.RollupVT: i18n.ConsoleKindVT, models.RollupCall: i18n.ConsoleKindCall,
}

// Menu is the list of pages, for phones.
func (s *Console) Menu(c *gin.Context) error {
	return web.Render(c, http.StatusOK, console.Menu(s.frame(c, i18n.T(c.Request.Context(), i18n.ConsoleMenu))))
}
