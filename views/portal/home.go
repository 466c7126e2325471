package portal

import (
	"context"

	"postern/views/i18n"
	"postern/views/ui"
)

func launchHeader(ctx context.Context, p HomePage) ui.HeaderView {
	l, h := p.Launch, ui.HeaderView{Actions: []ui.ButtonView{{Text: i18n.T(ctx, i18n.ExplainTitle), Icon: "alert-circle", Href: p.Explain}}}
	if p.Conformance != "" {
		h.Actions = append(h.Actions, ui.ButtonView{Text: i18n.T(ctx, i18n.Conformance), Icon: "cloud-storm", Href: p.Conformance})
	}
	if l.Next == "" {
		h.Title, h.Lead = p.Frame.Partner, ui.Text(i18n.T(ctx, i18n.LaunchAll))
		return h
	}
	h.Title, h.Lead = i18n.T(ctx, i18n.LaunchTitle, p.Frame.Partner), ui.Text(i18n.T(ctx, i18n.LaunchLead, l.Done, l.Steps, l.Next))
	return h
}

func today(ctx context.Context, w World) []ui.KeyValue {
	if w.Today == "" {
		return nil
	}
	return []ui.KeyValue{{Key: i18n.T(ctx, i18n.LaunchTodayKey), Value: ui.Link(ui.LinkView{Text: w.Today, Href: w.Log})}}
}
