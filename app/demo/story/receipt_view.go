package story

import (
	"context"

	"postern/views/demo"
	"postern/views/i18n"
)

// shownLines is how many fields are named before the rest is folded away.
const shownLines = 8

// receipt is the card of the chosen call's receipt, or else of the first one.
func receipt(ctx context.Context, t Trace, chosen string) *demo.ReceiptCard {
	var found *Receipt
	for i, key := range keys(t) {
		if r := t.Steps[i].Receipt; r != nil && (found == nil || key == chosen) {
			found = r
		}
	}
	if found == nil {
		return nil
	}
	card := &demo.ReceiptCard{Scope: found.Scope}
	for i, line := range found.Lines {
		row := receiptRow(ctx, line)
		if i < shownLines || line.Fate != Dropped {
			card.Rows = append(card.Rows, row)
		} else {
			card.More = append(card.More, row)
		}
	}
	card.MoreLabel = i18n.T(ctx, i18n.DemoMoreDropped, len(card.More))
	return card
}

var classTitles = map[string]i18n.Key{"C1": i18n.CommonClassC1, "C2": i18n.CommonClassC2, "C3": i18n.CommonClassC3}

var maskNames = map[string]i18n.Key{
	"name": i18n.CommonMaskName, "phone": i18n.CommonMaskPhone, "card": i18n.CommonMaskCard, "id_number": i18n.CommonMaskID,
	"email": i18n.CommonMaskEmail, "address": i18n.CommonMaskAddress, "amount": i18n.CommonMaskAmount,
}

func receiptRow(ctx context.Context, line ReceiptLine) demo.ReceiptRow {
	row := demo.ReceiptRow{Path: line.Path, Class: line.Class, Fate: string(line.Fate)}
	title, known := classTitles[line.Class]
	if !known {
		row.Class, title = "C?", i18n.CommonClassNone
	}
	row.ClassTitle = i18n.T(ctx, title)
	switch {
	case line.Fate == Kept:
		row.Words = i18n.T(ctx, i18n.CommonKept)
	case line.Fate == Masked && maskNames[line.Mask] != (i18n.Key{}):
		row.Words = i18n.T(ctx, maskNames[line.Mask])
	case line.Fate == Masked:
		row.Words = i18n.T(ctx, i18n.CommonMasked)
	case !line.Named:
		row.Words = i18n.T(ctx, i18n.DemoUnnamed)
	default:
		row.Words = i18n.T(ctx, i18n.CommonDropped)
	}
	return row
}
