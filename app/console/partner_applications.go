package console

import (
	"github.com/a-h/templ"

	"postern/models"
	"postern/views/console"
	"postern/views/i18n"
	"postern/views/ui"
)

func environment(e models.Environment) templ.Component {
	return ui.Environment(ui.EnvironmentView{Production: e == models.Production})
}

// small is a button in a card's head; none where the reader may not press it.
func small(may bool, text, icon, href string) templ.Component {
	if !may {
		return nil
	}
	return ui.Button(ui.ButtonView{Text: text, Icon: icon, Href: href, Small: true})
}

func (s *Console) applicationsTab(v partnerView) []console.Section {
	ctx := v.ctx
	t := ui.TableView{Caption: i18n.T(ctx, i18n.PartnerApplications), Head: []ui.Column{
		{Text: i18n.T(ctx, i18n.KindApplication)}, {Text: i18n.T(ctx, i18n.PartnerEnvironment)}, {Text: i18n.T(ctx, i18n.PartnerSuite)},
		{Text: i18n.T(ctx, i18n.PartnerStatus)}, {Text: i18n.T(ctx, i18n.PartnerVisitsToday), Number: true}, {Text: i18n.T(ctx, i18n.PartnerLiveVisits), Number: true},
	}}
	for _, a := range v.registry.Applications.All() {
		t.Rows = append(t.Rows, ui.Row{Cells: []ui.Cell{
			{Text: a.Name, Second: a.ID, Coded: true, Href: applicationPath(v.row.ID, a.ID)}, {Part: environment(a.Environment)},
			{Text: a.Suite, Second: string(a.AuthMethod), Coded: true}, {Part: ui.Status(ui.StatusView{State: ui.State(a.Status)})},
			{Text: i18n.Number(ctx, v.today(a.ID))}, {Text: liveCount(ctx, v.live[a.ID])},
		}})
	}
	if len(t.Rows) == 0 {
		t.Empty = ui.Empty(ui.EmptyView{Title: i18n.T(ctx, i18n.PartnerNoApplications), Text: i18n.T(ctx, i18n.PartnerNoApplicationsText)})
	}
	may := v.canMake && v.row.Status != models.Closed
	return []console.Section{{
		Card: ui.CardView{Title: i18n.T(ctx, i18n.PartnerApplications), Action: small(may, i18n.T(ctx, i18n.ApplicationNew), "plus", partnerPath(v.row.ID)+"/applications/new")}, Table: &t,
	}}
}
