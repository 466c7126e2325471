package console

import (
	"context"
	"net/url"

	"postern/app/killswitch"
	"postern/app/store"
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
		Second: i18n.T(ctx, i18n.PartnerLiveNow, liveCount(ctx, sum(v.live))),
	}
	if sum(v.live) > 0 && v.readsLog {
		visits.Links = []ui.ButtonView{{Text: i18n.T(ctx, i18n.PartnerLiveShow), Icon: "activity", Href: liveQuery{partner: v.row.ID}.address("")}}
	}
	if total > 0 {
		visits.Bars = &console.HoursView{Values: hours[:max(1, min(24, (until-from)/time.Hour.Milliseconds()))], From: s.InZone(from).Format("15:04")}
	}
	list = append(list, visits)
	if v.row.Status == models.Active {
		list = append(list, v.stopCard(partnerPath(v.row.ID)+"/suspend", sum(v.live), killswitch.Target{Kind: models.FreezePartner, ID: v.row.ID})...)
	}
	return list
}

// stopCard is how the reader stops a partner or an application, asks for it, or who
// does.
func (v partnerView) stopCard(suspend string, live int64, t killswitch.Target) []console.Section {
	ctx := v.ctx
	card := console.Section{Card: ui.CardView{Title: i18n.T(ctx, i18n.PartnerStop), Icon: "player-stop"}, Text: i18n.T(ctx, i18n.PartnerStopText)}
	switch {
	case v.stop.theirs != nil:
		card.Text = theirsWords(ctx, v.stop.theirs)
	case v.stop.does:
		card.Links = []ui.ButtonView{
			{Text: suspendWords(ctx, live), Kind: ui.Risky, Href: suspend},
			{Text: i18n.T(ctx, i18n.KillOpen), Icon: "snowflake", Href: targetQuery(t)},
		}
	case v.stop.asks:
		card.Text = i18n.T(ctx, i18n.PartnerStopAskText)
		card.Links = []ui.ButtonView{
			{Text: i18n.T(ctx, i18n.PartnerAskSuspend), Href: suspend},
			{Text: i18n.T(ctx, i18n.PartnerAskFreeze), Icon: "snowflake", Href: targetQuery(t)},
			{Text: i18n.T(ctx, i18n.PartnerAskEnd), Icon: "player-stop", Href: livePath + "/end?" + url.Values{"target": {targetValue(t)}}.Encode()},
		}
	default:
		return nil
	}
	return []console.Section{card}
}

func suspendWords(ctx context.Context, live int64) string {
	if live >= store.MaxLive {
		return i18n.T(ctx, i18n.PartnerSuspendMany, liveCount(ctx, live))
	}
	return i18n.T(ctx, i18n.PartnerSuspendNow, live)
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
