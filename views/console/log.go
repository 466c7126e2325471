package console

import (
	"context"

	"postern/views/i18n"
	"postern/views/ui"
)

func logActions(ctx context.Context, p LogPage) []ui.ButtonView {
	if p.Export == "" {
		return nil
	}
	return []ui.ButtonView{{Text: i18n.T(ctx, i18n.LogExport), Icon: "download", Href: p.Export}}
}

func exportFormats(ctx context.Context, chosen string) []ui.Option {
	list := []ui.Option{
		{Value: "csv", Text: i18n.T(ctx, i18n.ExportCSV)}, {Value: "xlsx", Text: i18n.T(ctx, i18n.ExportExcel)}, {Value: "jsonl", Text: i18n.T(ctx, i18n.ExportLines)},
	}
	for i := range list {
		list[i].Chosen = list[i].Value == chosen
	}
	return list
}
