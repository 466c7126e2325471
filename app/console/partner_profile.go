package console

import (
	"strings"

	"postern/views/console"
	"postern/views/i18n"
	"postern/views/ui"
)

func (s *Console) contractFacts(v partnerView) (rows []ui.KeyValue) {
	ctx := v.ctx
	add := func(key i18n.Key, text string) {
		if text != "" {
			rows = append(rows, ui.KeyValue{Key: i18n.T(ctx, key), Value: ui.Text(text)})
		}
	}
	add(i18n.PartnerLegalName, v.partner.LegalName)
	if v.partner.CreditCode != "" {
		rows = append(rows, ui.KeyValue{Key: i18n.T(ctx, i18n.PartnerCreditCode), Value: ui.Mono(v.partner.CreditCode)})
	}
	add(i18n.PartnerContract, v.partner.Contract)
	cell := s.contractCell(ctx, v.partner.ContractEnds)
	add(i18n.PartnerContractEnds, strings.TrimSuffix(cell.Text+" · "+cell.Second, " · "))
	return rows
}

func (s *Console) profileTab(v partnerView) []console.Section {
	ctx := v.ctx
	rows := append([]ui.KeyValue{
		{Key: i18n.T(ctx, i18n.PartnerID), Value: ui.ID(ui.IDView{ID: v.row.ID})},
		{Key: i18n.T(ctx, i18n.PartnerName), Value: ui.Text(v.row.Name)},
	}, s.contractFacts(v)...)
	rows = append(rows,
		ui.KeyValue{Key: i18n.T(ctx, i18n.PartnerKeeper), Value: ui.Text(v.keeper)},
		ui.KeyValue{Key: i18n.T(ctx, i18n.PartnerRisk), Value: riskBadge(ctx, v.row.Risk)},
		ui.KeyValue{Key: i18n.T(ctx, i18n.PartnerSince), Value: ui.Time(s.At(v.row.CreatedAt))},
	)
	contacts := ui.TableView{Caption: i18n.T(ctx, i18n.PartnerContacts), Head: []ui.Column{
		{Text: i18n.T(ctx, i18n.PartnerContactName)}, {Text: i18n.T(ctx, i18n.PartnerContactKind)}, {Text: i18n.T(ctx, i18n.PartnerPhone)}, {Text: i18n.T(ctx, i18n.PartnerEmail)},
	}}
	for _, c := range v.partner.Contacts {
		contacts.Rows = append(contacts.Rows, ui.Row{Cells: []ui.Cell{{Text: c.Name}, {Text: i18n.T(ctx, i18n.ContactKinds[string(c.Kind)])}, {Text: c.Phone, Mono: true}, {Text: c.Email}}})
	}
	if len(contacts.Rows) == 0 {
		contacts.Empty = ui.Empty(ui.EmptyView{Title: i18n.T(ctx, i18n.PartnerNoContacts), Text: i18n.T(ctx, i18n.PartnerNoContactsText)})
	}
	return []console.Section{
		{Card: ui.CardView{Title: i18n.T(ctx, i18n.PartnerProfile)}, Facts: &ui.KeyValuesView{Rows: rows}},
		{Card: ui.CardView{Title: i18n.T(ctx, i18n.PartnerContacts)}, Table: &contacts},
	}
}
