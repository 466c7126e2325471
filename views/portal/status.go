package portal

import (
	"context"

	"postern/views/i18n"
	"postern/views/ui"
)

func servicesTable(ctx context.Context, rows []ServiceStatus) ui.TableView {
	t := ui.TableView{Caption: i18n.T(ctx, i18n.StatusServices), Head: []ui.Column{
		{Text: i18n.T(ctx, i18n.StatusService)}, {Text: i18n.T(ctx, i18n.StatusNow)}, {Text: i18n.T(ctx, i18n.CatalogHours)}, {Text: i18n.T(ctx, i18n.StatusStops)},
	}}
	for _, s := range rows {
		name := ui.Cell{Text: s.Name, Second: s.ID, Coded: true}
		if !s.Held {
			name.Second, name.Coded = i18n.T(ctx, i18n.StatusNotHeld), false
		}
		t.Rows = append(t.Rows, ui.Row{Cells: []ui.Cell{name, {Part: s.Now}, {Part: lines(s.Hours, i18n.T(ctx, i18n.StatusAlways))}, {Part: lines(s.Stops, i18n.T(ctx, i18n.StatusNoStops))}}})
	}
	t.Empty = ui.Empty(ui.EmptyView{Title: i18n.T(ctx, i18n.StatusNoServices), Text: i18n.T(ctx, i18n.StatusNoServiceTxt)})
	return t
}

func gatewayKeysTable(ctx context.Context, rows []GatewayKey) ui.TableView {
	t := ui.TableView{Caption: i18n.T(ctx, i18n.StatusKeys), Head: []ui.Column{
		{Text: i18n.T(ctx, i18n.StatusKey)}, {Text: i18n.T(ctx, i18n.PartnerStatus)}, {Text: i18n.T(ctx, i18n.StatusUsedSince)},
		{Text: i18n.T(ctx, i18n.StatusNext)}, {Text: i18n.T(ctx, i18n.StatusOpens)},
	}}
	for _, k := range rows {
		t.Rows = append(t.Rows, ui.Row{Cells: []ui.Cell{
			{Part: inWorld(k.Kind, k.Production), Second: k.KID, Coded: true}, {Part: ui.Badge(k.State)}, {Text: k.Since}, {Text: k.Next}, {Text: k.Opens},
		}})
	}
	t.Empty = ui.Empty(ui.EmptyView{Title: i18n.T(ctx, i18n.StatusNoKeys), Text: i18n.T(ctx, i18n.StatusNoKeysText)})
	return t
}

func ownKeysTable(ctx context.Context, rows []OwnKey) ui.TableView {
	t := ui.TableView{Caption: i18n.T(ctx, i18n.StatusOwn), Head: []ui.Column{
		{Text: i18n.T(ctx, i18n.StatusKey)}, {Text: i18n.T(ctx, i18n.KeysApplications)}, {Text: i18n.T(ctx, i18n.StatusEnds)}, {Text: i18n.T(ctx, i18n.StatusServers)},
	}}
	for _, k := range rows {
		servers := ui.Cell{Text: k.Servers, Second: k.Addresses, Coded: true}
		if k.Still {
			servers.Tone = ui.Warn
		}
		t.Rows = append(t.Rows, ui.Row{Cells: []ui.Cell{{Text: k.Kind, Href: k.Href, Second: k.KID, Coded: true}, {Part: inWorld(k.Application, k.Production)}, {Text: k.Ends}, servers}})
	}
	return t
}
