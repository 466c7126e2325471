package portal

import (
	"context"
	"strings"

	"postern/views/i18n"
	"postern/views/ui"
)

func webhooksActions(ctx context.Context, p WebhooksPage) []ui.ButtonView {
	if !p.CanMake {
		return nil
	}
	return []ui.ButtonView{{Text: i18n.T(ctx, i18n.WebhookNew), Icon: "plus", Kind: ui.Primary, Href: "/portal/webhooks/new"}}
}

func webhooksTable(ctx context.Context, p WebhooksPage) ui.TableView {
	t := ui.TableView{Caption: i18n.T(ctx, i18n.Webhooks), Head: []ui.Column{
		{Text: i18n.T(ctx, i18n.WebhookURL)}, {Text: i18n.T(ctx, i18n.WebhookTopics)}, {Text: i18n.T(ctx, i18n.DeliveryLast)},
	}}
	for _, w := range p.Rows {
		last := ui.Cell{Part: ui.Faint(i18n.T(ctx, i18n.DeliveryNone))}
		if w.Last.Dot.Text != "" {
			last = ui.Cell{Part: deliveryState(w.Last)}
		}
		first := ui.Cell{Text: w.URL, Mono: true, Href: w.Href}
		if w.Paused {
			first.Second = i18n.T(ctx, i18n.WebhookRests)
		}
		t.Rows = append(t.Rows, ui.Row{Cells: []ui.Cell{first, {Text: strings.Join(w.Topics, i18n.T(ctx, i18n.CommonComma))}, last}})
	}
	if len(t.Rows) == 0 {
		t.Empty = ui.Empty(ui.EmptyView{Title: i18n.T(ctx, i18n.WebhookNone), Text: i18n.T(ctx, i18n.WebhookNoneText)})
	}
	return t
}

func webhookActions(ctx context.Context, p WebhookPage) (list []ui.ButtonView) {
	if p.Edit != "" {
		list = append(list, ui.ButtonView{Text: i18n.T(ctx, i18n.PartnerEdit), Icon: "pencil", Href: p.Edit})
	}
	return list
}

func deliveriesTable(ctx context.Context, p WebhookPage) ui.TableView {
	t := ui.TableView{Caption: i18n.T(ctx, i18n.Deliveries), Head: []ui.Column{
		{Text: i18n.T(ctx, i18n.DeliveryTopic)}, {Text: i18n.T(ctx, i18n.PartnerStatus)}, {Text: i18n.T(ctx, i18n.DeliveryAnswer)}, {Text: i18n.T(ctx, i18n.DeliveryTries), Number: true}, {Text: i18n.T(ctx, i18n.PartnerActions)},
	}}
	for _, d := range p.Rows {
		t.Rows = append(t.Rows, ui.Row{Cells: []ui.Cell{{Part: deliveryBody(d)}, {Part: deliveryState(d.State)}, {Text: d.Status, Second: d.Answer}, {Text: d.Attempts}, {Part: again(d.Again)}}})
	}
	if len(t.Rows) == 0 {
		t.Empty = ui.Empty(ui.EmptyView{Title: i18n.T(ctx, i18n.DeliveryNone), Text: i18n.T(ctx, i18n.DeliveryNoneText)})
	}
	return t
}
