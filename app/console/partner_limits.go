package console

import (
	"postern/models"
	"postern/views/console"
	"postern/views/i18n"
	"postern/views/ui"
)

func (s *Console) limitsTab(v partnerView) []console.Section {
	ctx := v.ctx
	var list []console.Section
	for _, a := range v.registry.Applications.All() {
		facts := ui.KeyValuesView{Rows: limitFacts(ctx, a)}
		may := (v.canMake || v.stop.may()) && v.row.Status != models.Closed && a.Status != models.Closed
		list = append(list, console.Section{
			Card:  ui.CardView{Title: a.Name, Action: small(may, i18n.T(ctx, v.stop.word(i18n.PartnerChange, i18n.LimitAskLower)), "pencil", applicationPath(v.row.ID, a.ID)+"/limits")},
			Facts: &facts,
		})
	}
	if len(list) == 0 {
		list = []console.Section{{Empty: &ui.EmptyView{Title: i18n.T(ctx, i18n.PartnerNoApplications), Text: i18n.T(ctx, i18n.PartnerNoApplicationsText)}}}
	}
	return list
}
