package console

import (
	"postern/app/killswitch"
	"postern/models"
	"postern/views/console"
	"postern/views/i18n"
	"postern/views/ui"
	"time"
)

// partnerAside is the facts, today's visits and how to stop it all.
func (s *Console) partnerAside(v partnerView, tab string) (list []console.Section) {
	ctx := v.ctx
	if v.removal != nil {
		list = append(list, s.removalCard(v))
	}
	if tab != "" {
		facts := ui.KeyValuesView{Rows: s.contractFacts(v)}
		list = append(list, console.Section{Card: ui.CardView{Title: i18n.T(ctx, i18n.PartnerProfile)}, Facts: &facts})
	}
	var total int64
	hours := make([]int64, 24)
	from, until := s.today()
	for _, byHour := range v.visits {
		for start, n := range byHour {
			total += n
			if i := (start - from) / time.Hour.Milliseconds(); i >= 0 && i < 24 {
				hours[i] += n
			}
		}
	}
	visits := console.Section{
		Card: ui.CardView{Title: i18n.T(ctx, i18n.PartnerVisitsToday)}, Figure: i18n.Number(ctx, total),
		Second: i18n.T(ctx, i18n.PartnerLiveNow, i18n.Number(ctx, sum(v.live))),
	}
	if total > 0 {
		visits.Bars = &console.HoursView{Values: hours[:max(1, min(24, (until-from)/time.Hour.Milliseconds()))]}
	}
	list = append(list, visits)
	if v.row.Status == models.Active && v.canStop {
		list = append(list, console.Section{
			Card: ui.CardView{Title: i18n.T(ctx, i18n.PartnerStop), Icon: "player-stop"}, Text: i18n.T(ctx, i18n.PartnerStopText),
			Links: []ui.ButtonView{
				{Text: i18n.T(ctx, i18n.PartnerSuspendNow, sum(v.live)), Kind: ui.Risky, Href: partnerPath(v.row.ID) + "/suspend"},
				{Text: i18n.T(ctx, i18n.KillOpen), Icon: "snowflake", Href: targetQuery(killswitch.Target{Kind: models.FreezePartner, ID: v.row.ID})},
			},
		})
	}
	return list
}

func (s *Console) removalCard(v partnerView) console.Section {
	r, ctx := *v.removal, v.ctx
	rows := []ui.KeyValue{
		{Key: i18n.T(ctx, i18n.PartnerClosedAt), Value: ui.Time(s.At(r.At))},
		{Key: i18n.T(ctx, i18n.PartnerApplications), Value: ui.Text(i18n.Number(ctx, r.Applications))},
		{Key: i18n.T(ctx, i18n.PartnerGrants), Value: ui.Text(i18n.Number(ctx, r.Grants))},
		{Key: i18n.T(ctx, i18n.PartnerCredentials), Value: ui.Text(i18n.Number(ctx, r.Credentials))},
		{Key: i18n.T(ctx, i18n.PartnerLiveVisits), Value: ui.Text(i18n.Number(ctx, r.Visits))},
	}
	if r.RequestID != 0 {
		rows = append(rows, ui.KeyValue{Key: i18n.T(ctx, i18n.PartnerRequest), Value: ui.Link(ui.LinkView{
			Text: i18n.T(ctx, i18n.ConsoleRequestNo, r.RequestID), Href: requestPath(r.RequestID),
		})})
	}
	return console.Section{Card: ui.CardView{Title: i18n.T(ctx, i18n.PartnerRemoval)}, Text: r.Reason, Facts: &ui.KeyValuesView{Rows: rows}}
}
