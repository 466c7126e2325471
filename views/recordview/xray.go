package recordview

import (
	"context"

	"github.com/a-h/templ"

	"postern/views/i18n"
	"postern/views/ui"
)

func xrayActions(ctx context.Context, p XRayView) []ui.ButtonView {
	if p.InLog == "" {
		return p.More
	}
	return append(p.More, ui.ButtonView{Text: i18n.T(ctx, i18n.XRayInLog), Icon: "list-details", Href: p.InLog})
}

// moreCalls is the foot of what came later; nil where all of it is there.
func moreCalls(ctx context.Context, more bool) templ.Component {
	if !more {
		return nil
	}
	return ui.Text(i18n.T(ctx, i18n.XRayMoreCalls))
}
