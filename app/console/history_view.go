package console

import (
	"cmp"
	"context"
	"fmt"

	"github.com/gin-gonic/gin"

	"postern/app/disclosure"
	"postern/app/records"
	"postern/app/store"
	"postern/models"
	"postern/views/console"
	"postern/views/i18n"
	"postern/views/ui"
)

// maxHistoryRows bounds the table of a preview.
const maxHistoryRows = 100

// historyView is a preview as its card shows it.
func (s *Console) historyView(c *gin.Context, p records.Preview, days int) (console.ReplayView, error) {
	ctx := c.Request.Context()
	view := console.ReplayView{
		Aside: i18n.T(ctx, i18n.HistoryReplayed, i18n.Number(ctx, p.Calls), i18n.Date(ctx, p.Since)),
		Tiles: historyTiles(ctx, p), Unknown: historyUnknown(ctx, s, p),
		Empty: ui.EmptyView{Title: i18n.T(ctx, i18n.HistoryNothing), Text: i18n.T(ctx, i18n.HistorySame)},
	}
	if p.Calls == 0 {
		view.Empty.Text = i18n.T(ctx, i18n.HistoryFewer)
	}
	shown := p.Rows[:min(len(p.Rows), maxHistoryRows)]
	if len(shown) < len(p.Rows) {
		view.Unknown = append(view.Unknown, i18n.T(ctx, i18n.HistoryMore, len(shown), len(p.Rows)))
	}
	names, err := s.callerNames(ctx, shown)
	if err != nil {
		return view, err
	}
	for _, a := range shown {
		view.Rows = append(view.Rows, s.historyRow(ctx, a, names))
	}
	return view, nil
}

// callerNames are the names of applications and partners, by "application a" and
// "partner p".
func (s *Console) callerNames(ctx context.Context, rows []records.AffectedCalls) (map[string]string, error) {
	names := map[string]string{}
	applications, partners := []string{}, []string{}
	for _, a := range rows {
		applications, partners = append(applications, a.Application), append(partners, a.Partner)
	}
	err := s.o.Store.Business(ctx, func(b store.Business) error {
		list, err := b.Applications(applications)
		if err != nil {
			return err
		}
		for _, a := range list {
			names["application "+a.ID] = a.Name
			if a.Environment == models.Sandbox {
				names["application "+a.ID] += " · " + i18n.T(ctx, i18n.UISandbox)
			}
		}
		owners, err := b.Partners(partners)
		for _, one := range owners {
			names["partner "+one.ID] = one.Name
		}
		return err
	})
	return names, err
}

var effectBadges = map[records.Effect]struct {
	word i18n.Key
	tone ui.Tone
	icon string
}{
	records.Fails:  {i18n.HistoryFail, ui.Bad, "x"},
	records.Passes: {i18n.HistoryPass, ui.Ok, "check"},
	records.Leaves: {i18n.HistoryLeave, ui.Warn, "arrow-right"},
	records.Opens:  {i18n.HistoryOpen, ui.Warn, "arrow-right"},
	records.Masks:  {i18n.HistoryMask, ui.Quiet, ""},
	records.Stops:  {i18n.HistoryStop, ui.Quiet, ""},
}

func (s *Console) historyRow(ctx context.Context, a records.AffectedCalls, names map[string]string) console.ReplayRow {
	badge := effectBadges[a.Effect]
	row := console.ReplayRow{
		Effect: ui.BadgeView{Text: i18n.T(ctx, badge.word), Tone: badge.tone, Icon: badge.icon},
		What:   cmp.Or(a.Method+" "+a.Pattern, a.Route), Application: cmp.Or(names["application "+a.Application], a.Application),
		Partner: cmp.Or(names["partner "+a.Partner], a.Partner), Calls: i18n.Number(ctx, a.Calls), Last: s.At(a.LastAt),
	}
	if a.Method == "" {
		row.What = a.Route
	}
	if a.Partner != "" {
		row.Href = partnerPath(a.Partner)
	}
	if a.Path == "" {
		row.Second = whyCalls(ctx, a)
	} else {
		row.Second = a.Method + " " + a.Pattern + " · " + treatmentWord(ctx, a.Before) + " → " + treatmentWord(ctx, a.After)
		row.What, row.Class = a.Path, a.Class
		if !a.Sure {
			row.Calls = i18n.T(ctx, i18n.HistoryUpTo, row.Calls)
		}
	}
	if a.From != 0 {
		row.Second += " · " + i18n.T(ctx, i18n.HistoryFrom, i18n.Stamp(ctx, s.InZone(a.From)))
	}
	return row
}

var historyReasons = map[string]i18n.Key{
	"no_rule": i18n.HistoryNoRule, "denied_by_rule": i18n.HistoryDeniedBy, "not_in_visit": i18n.HistoryNotInVisit,
	"customer": i18n.HistoryNeedCustomer, "bound_customer": i18n.HistoryNeedCustomer,
	"no_route": i18n.HistoryNoRoute, "not_active": i18n.HistoryNotActive,
}

// whyCalls says why calls fail, or failed so far: the code, and in words.
func whyCalls(ctx context.Context, a records.AffectedCalls) string {
	text := a.Code + " · " + i18n.T(ctx, historyReasons[cmp.Or(a.Reason, a.Code)])
	if a.Rule != "" && a.Effect == records.Passes {
		return text + " · " + i18n.T(ctx, i18n.HistoryThen, a.Rule)
	}
	if a.Rule != "" {
		text += " · " + i18n.T(ctx, i18n.HistoryRule, a.Rule)
	}
	return text
}

// treatmentWord is what becomes of a field, in a word.
func treatmentWord(ctx context.Context, treatment string) string {
	switch disclosure.Treatment(treatment) {
	case disclosure.Keep:
		return i18n.T(ctx, i18n.HistoryKept)
	case disclosure.Drop, "":
		return i18n.T(ctx, i18n.HistoryGone)
	}
	return i18n.MaskWord(ctx, treatment)
}

func historyTiles(ctx context.Context, p records.Preview) ui.TilesView {
	leaves := p.Fields(records.Leaves, records.Opens)
	stops, masks := p.Fields(records.Stops), p.Fields(records.Masks)
	fails := ui.Tile{Label: i18n.T(ctx, i18n.HistoryFails), Number: i18n.Number(ctx, p.Failing), Note: i18n.T(ctx, i18n.HistoryNone)}
	if p.Failing > 0 {
		fails.Tone, fails.Note = ui.Bad, i18n.T(ctx, i18n.HistoryOf, callersOf(p, records.Fails), percent(p.Failing, p.Calls))
		if callersOf(p, records.Fails) == 1 {
			fails.Note = i18n.T(ctx, i18n.HistoryOfOne, percent(p.Failing, p.Calls))
		}
	}
	passes := ui.Tile{Label: i18n.T(ctx, i18n.HistoryPasses), Number: i18n.Number(ctx, p.Passing), Note: i18n.T(ctx, i18n.HistoryNone)}
	if p.Passing > 0 {
		passes.Note = i18n.T(ctx, i18n.HistoryCallsToday)
	}
	leaving := ui.Tile{Label: i18n.T(ctx, i18n.HistoryLeaves), Number: fmt.Sprint(len(leaves)), Note: i18n.T(ctx, i18n.HistoryNone)}
	if len(leaves) > 0 {
		leaving.Tone, leaving.Note = ui.Warn, leavingNote(ctx, leaves)
	}
	stopping := ui.Tile{Label: i18n.T(ctx, i18n.HistoryStops), Number: fmt.Sprint(len(stops) + len(masks)), Note: i18n.T(ctx, i18n.HistoryNone)}
	if len(stops)+len(masks) > 0 {
		stopping.Note = i18n.T(ctx, i18n.HistoryAllStop, len(stops), len(masks))
	}
	return ui.TilesView{Tiles: []ui.Tile{fails, passes, leaving, stopping}}
}

// leavingNote counts fields by class, the most guarded first.
func leavingNote(ctx context.Context, fields []records.Affected) (note string) {
	counts, masked := map[string]int{}, 0
	for _, f := range fields {
		counts[f.Class]++
		if f.After != string(disclosure.Keep) {
			masked++
		}
	}
	for _, class := range []string{"C3", "C2", "C1"} {
		if counts[class] > 0 {
			if note != "" {
				note += i18n.T(ctx, i18n.CommonComma)
			}
			note += fmt.Sprintf("%d × %s", counts[class], class)
		}
	}
	if masked > 0 {
		note += i18n.T(ctx, i18n.CommonComma) + i18n.T(ctx, i18n.HistoryMasked, masked)
	}
	return note
}

func callersOf(p records.Preview, e records.Effect) int {
	seen := map[string]bool{}
	for _, row := range p.Rows {
		if row.Effect == e {
			seen[row.Application] = true
		}
	}
	return len(seen)
}

// percent is a share, "0.28%".
func percent(part, whole int64) string {
	if whole == 0 {
		return "0%"
	}
	return fmt.Sprintf("%.3g%%", 100*float64(part)/float64(whole))
}

// historyUnknown lists what the record cannot tell.
func historyUnknown(ctx context.Context, s *Console, p records.Preview) (list []string) {
	say := func(when bool, key i18n.Key, args ...any) {
		if when {
			list = append(list, i18n.T(ctx, key, args...))
		}
	}
	say(p.Cut, i18n.HistoryCut)
	say(p.Behind != 0, i18n.HistoryBehind, i18n.Stamp(ctx, s.InZone(p.Behind)))
	say(p.Begins.IsZero(), i18n.HistoryEmpty)
	say(p.Begins.After(p.Since), i18n.HistoryShort, i18n.Date(ctx, p.Begins))
	possible := false
	for _, row := range p.Rows {
		possible = possible || !row.Sure
	}
	say(possible, i18n.HistoryPossible)
	for _, one := range []struct {
		n   int64
		key i18n.Key
	}{{p.Unshaped, i18n.HistoryUnshaped}, {p.Unrouted, i18n.HistoryUnrouted}, {p.Forgotten, i18n.HistoryForgotten}, {p.Echoed, i18n.HistoryEchoed}} {
		say(one.n > 0, one.key, i18n.Number(ctx, one.n))
	}
	say(p.Consent, i18n.HistoryConsent)
	say(p.Checks, i18n.HistoryChecks)
	return list
}
