package console

import (
	"cmp"
	"context"

	"postern/views/i18n"
	"postern/views/recordview"
	"postern/views/ui"
)

// within is the X-ray with what the bank alone sees in its places.
func (p XRayPage) within() recordview.XRayView {
	p.XRay.Tools, p.XRay.Visitor = copyForPartner(p.ForPartner), visitor(p.Visitor)
	return p.XRay
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
