package console

import (
	"context"

	"postern/app/entrance"
	"postern/app/store"
	"postern/app/web"
	"postern/models"
	"postern/views/console"
	"postern/views/i18n"
	"postern/views/ui"
)

func (s *Console) credentialsTab(v partnerView) ([]console.Section, error) {
	ctx := v.ctx
	last, err := s.lastUses(v)
	if err != nil {
		return nil, err
	}
	var list []console.Section
	for _, a := range v.registry.Applications.All() {
		t := ui.TableView{Caption: a.Name + " · " + i18n.T(ctx, i18n.PartnerCredentials), Head: []ui.Column{
			{Text: i18n.T(ctx, i18n.KindCredential)}, {Text: i18n.T(ctx, i18n.CredentialKind)}, {Text: i18n.T(ctx, i18n.CredentialFrom)},
			{Text: i18n.T(ctx, i18n.CredentialUntil)}, {Text: i18n.T(ctx, i18n.PortalLastUsed)}, {Text: i18n.T(ctx, i18n.PartnerStatus)}, {Text: i18n.T(ctx, i18n.PartnerActions)},
		}}
		for _, k := range v.registry.Credentials.All() {
			if k.Application != a.ID {
				continue
			}
			kind, detail := entrance.CredentialWords(ctx, k)
			if detail == k.ID {
				detail = "" // it stands above
			}
			row := ui.Row{Cells: []ui.Cell{
				{Text: k.ID, Mono: true, Second: detail, Coded: true}, {Text: kind}, {Part: ui.Time(s.At(k.NotBefore.UnixMilli()))},
				s.EndCell(ctx, k.NotAfter), s.usedCell(ctx, last[k.ID]), {Part: entrance.CredentialState(ctx, v.registry.CredentialRow(k.ID), s.o.Now())}, {Text: ""},
			}}
			if !entrance.CredentialOver(k, s.o.Now()) && v.stop.may() {
				row.Cells[len(row.Cells)-1] = ui.Cell{Part: links(ui.LinkView{Text: i18n.T(ctx, v.stop.word(i18n.CredentialRevoke, i18n.CredentialAskRevoke)), Href: partnerPath(v.row.ID) + "/credentials/" + web.PathPart(k.ID) + "/revoke"})}
			}
			t.Rows = append(t.Rows, row)
		}
		if len(t.Rows) == 0 {
			t.Empty = ui.Empty(ui.EmptyView{Title: i18n.T(ctx, i18n.CredentialNone), Text: i18n.T(ctx, i18n.CredentialNoneText)})
		}
		may := v.canMake && v.row.Status != models.Closed && a.Status != models.Closed
		list = append(list, console.Section{
			Card:  ui.CardView{Title: a.Name, Action: small(may, i18n.T(ctx, i18n.CredentialNew), "plus", applicationPath(v.row.ID, a.ID)+"/credentials/new")},
			Table: &t,
		})
	}
	if len(list) == 0 {
		list = []console.Section{{Empty: &ui.EmptyView{Title: i18n.T(ctx, i18n.PartnerNoApplications), Text: i18n.T(ctx, i18n.PartnerNoApplicationsText)}}}
	}
	return list, nil
}

func (s *Console) lastUses(v partnerView) (last map[string]models.CredentialLastUse, err error) {
	ids := []string{}
	for _, k := range v.registry.Credentials.All() {
		ids = append(ids, k.ID)
	}
	err = s.o.Store.Business(v.ctx, func(b store.Business) error {
		last, err = b.LastUses(ids)
		return err
	})
	return last, err
}

func (s *Console) usedCell(ctx context.Context, u models.CredentialLastUse) ui.Cell {
	if u.At == 0 {
		return ui.Cell{Text: i18n.T(ctx, i18n.PortalNeverUsed)}
	}
	return ui.Cell{Part: ui.Time(s.At(u.At)), Second: u.Address, Coded: true}
}
