package console

import (
	"cmp"
	"context"

	"github.com/a-h/templ"

	"postern/views/i18n"
	"postern/views/ui"
)

func xrayActions(ctx context.Context, p XRayPage) []ui.ButtonView {
	if p.InLog == "" {
		return nil
	}
	return []ui.ButtonView{{Text: i18n.T(ctx, i18n.XRayInLog), Icon: "list-details", Href: p.InLog}}
}

// moreCalls is the foot of what came later; nil where all of it is there.
func moreCalls(ctx context.Context, more bool) templ.Component {
	if !more {
		return nil
	}
	return ui.Text(i18n.T(ctx, i18n.XRayMoreCalls))
}

// shownVisitor is a visitor's ids in the clear.
func shownVisitor(ctx context.Context, v VisitorView) []ui.KeyValue {
	none := i18n.T(ctx, i18n.XRayAccount)
	return []ui.KeyValue{
		{Key: i18n.T(ctx, i18n.XRaySubjectOf), Value: ui.Mono(cmp.Or(v.Subject, none))},
		{Key: i18n.T(ctx, i18n.XRayCustomerOf), Value: ui.Mono(cmp.Or(v.Customer, none))},
	}
}

// oneApplication are the applications with none of them meaning all.
func (p VisitsPage) oneApplication() []ui.Option {
	if len(p.Applications) == 0 {
		return nil
	}
	return p.Applications[1:]
}
