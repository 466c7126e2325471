package portal

import (
	"context"
	"strings"

	"github.com/a-h/templ"

	"postern/views/i18n"
	"postern/views/ui"
)

func scopesTable(ctx context.Context, p ScopesPage) ui.TableView {
	t := ui.TableView{Caption: i18n.T(ctx, i18n.PortalScopes), Head: []ui.Column{
		{Text: i18n.T(ctx, i18n.KindScope)}, {Text: i18n.T(ctx, i18n.KindService)}, {Text: i18n.T(ctx, i18n.GrantClass)}, {Text: i18n.T(ctx, i18n.PortalScopeYours)},
	}}
	for _, s := range p.Rows {
		yours := ui.Cell{Text: strings.Join(s.Held, i18n.T(ctx, i18n.CommonComma))}
		if len(s.Held) == 0 {
			yours = ui.Cell{Part: ui.Faint(i18n.T(ctx, i18n.PortalScopeNobody))}
		}
		if s.Unused {
			yours.Second = i18n.T(ctx, i18n.PortalScopeIdleTag)
		}
		t.Rows = append(t.Rows, ui.Row{Cells: []ui.Cell{{Text: s.Title, Second: s.ID, Coded: true, Href: s.Href}, {Text: s.Service}, {Part: scopeClass(s.Class)}, yours}})
	}
	if len(t.Rows) == 0 {
		t.Empty = ui.Empty(ui.EmptyView{Title: i18n.T(ctx, i18n.PortalNoScopes), Text: i18n.T(ctx, i18n.PortalNoScopesTxt)})
	}
	return t
}

func scopeClass(class string) templ.Component {
	if class == "" {
		return ui.Faint("–")
	}
	return ui.Class(ui.ClassView{Class: class})
}

func scopeFacts(ctx context.Context, p ScopePage) []ui.KeyValue {
	consent, customer := i18n.T(ctx, i18n.PortalScopeNone), i18n.T(ctx, i18n.PortalScopeAnybody)
	if p.Consent != "" {
		consent = i18n.T(ctx, i18n.PortalScopeConsents, p.Consent)
	}
	if p.Customer {
		customer = i18n.T(ctx, i18n.PortalScopeSigned)
	}
	return []ui.KeyValue{
		{Key: i18n.T(ctx, i18n.CatalogClass), Value: ui.Text(p.ServiceClass)}, {Key: i18n.T(ctx, i18n.GrantClass), Value: scopeClass(p.Class)},
		{Key: i18n.T(ctx, i18n.PortalScopeConsent), Value: ui.Text(consent)}, {Key: i18n.T(ctx, i18n.PortalScopeCustomer), Value: ui.Text(customer)},
	}
}

func opensCard(ctx context.Context, first bool) ui.CardView {
	if !first {
		return ui.CardView{}
	}
	return ui.CardView{Title: i18n.T(ctx, i18n.PortalScopeReveals)}
}

func fieldsTable(ctx context.Context, fields []FieldRow) ui.TableView {
	t := ui.TableView{Caption: i18n.T(ctx, i18n.PortalScopeReveals), Head: []ui.Column{
		{Text: i18n.T(ctx, i18n.PortalScopeField)}, {Text: i18n.T(ctx, i18n.PortalScopeClass)}, {Text: i18n.T(ctx, i18n.PortalScopeShown)},
	}}
	for _, f := range fields {
		words := i18n.T(ctx, i18n.PortalScopeWhole)
		if f.Treatment == "mask" {
			words = f.Words
		}
		t.Rows = append(t.Rows, ui.Row{Cells: []ui.Cell{{Text: f.Path, Mono: true}, {Part: scopeClass(f.Class)}, {Part: ui.Treatment(ui.TreatmentView{Treatment: f.Treatment, Words: words})}}})
	}
	return t
}

func holdersTable(ctx context.Context, p ScopePage) ui.TableView {
	t := ui.TableView{Caption: i18n.T(ctx, i18n.PortalScopeYours), Head: []ui.Column{
		{Text: i18n.T(ctx, i18n.KindApplication)}, {Text: i18n.T(ctx, i18n.PartnerStatus)}, {Text: i18n.T(ctx, i18n.GrantEnds)}, {Text: i18n.T(ctx, i18n.PortalLastUsed)}, {Text: i18n.T(ctx, i18n.PartnerActions)},
	}}
	for _, h := range p.Held {
		t.Rows = append(t.Rows, ui.Row{Cells: []ui.Cell{{Text: h.Application, Second: h.Purpose, Href: h.ApplicationHref}, {Part: h.State}, h.Ends, usedCell(h), giveCell(ctx, h)}})
	}
	if len(t.Rows) == 0 {
		t.Empty = ui.Empty(ui.EmptyView{Title: i18n.T(ctx, i18n.PortalScopeNobody)})
	}
	return t
}

func usedCell(h HoldingRow) ui.Cell {
	c := ui.Cell{Text: h.Used}
	if h.Idle {
		c.Tone = ui.Warn
	}
	return c
}

func giveCell(ctx context.Context, h HoldingRow) ui.Cell {
	if h.Give == "" {
		return ui.Cell{Text: ""}
	}
	return ui.Cell{Part: ui.Link(ui.LinkView{Text: i18n.T(ctx, i18n.PortalGive), Href: h.Give})}
}

func labelled(v ui.CodeView, label string) ui.CodeView {
	v.Label = label
	return v
}

func scopeFormTitle(ctx context.Context, f ScopeForm) string {
	if f.Asks {
		return i18n.T(ctx, i18n.PortalScopeAsk)
	}
	return i18n.T(ctx, i18n.PortalScopeGet)
}

func scopeFormTone(f ScopeForm) ui.Tone {
	if f.Asks {
		return ""
	}
	return ui.Sand
}

func scopesCard(ctx context.Context, p ApplicationPage) ui.CardView {
	card := ui.CardView{Title: i18n.T(ctx, i18n.PortalScopes)}
	if p.Catalogue != "" {
		card.Action = ui.Button(ui.ButtonView{Text: i18n.T(ctx, i18n.PortalScopeMore), Icon: "plus", Small: true, Href: p.Catalogue})
	}
	return card
}

// heldTable are the scopes that an application holds.
func heldTable(ctx context.Context, rows []HoldingRow) ui.TableView {
	t := ui.TableView{Caption: i18n.T(ctx, i18n.PortalScopes), Head: []ui.Column{
		{Text: i18n.T(ctx, i18n.KindScope)}, {Text: i18n.T(ctx, i18n.PartnerStatus)}, {Text: i18n.T(ctx, i18n.GrantEnds)}, {Text: i18n.T(ctx, i18n.PortalLastUsed)}, {Text: i18n.T(ctx, i18n.PartnerActions)},
	}}
	for _, h := range rows {
		t.Rows = append(t.Rows, ui.Row{Cells: []ui.Cell{{Text: h.Scope, Second: h.Purpose, Href: h.ScopeHref}, {Part: h.State}, h.Ends, usedCell(h), giveCell(ctx, h)}})
	}
	if len(t.Rows) == 0 {
		t.Empty = ui.Empty(ui.EmptyView{Title: i18n.T(ctx, i18n.PortalNoHeld), Text: i18n.T(ctx, i18n.PortalNoHeldText)})
	}
	return t
}
