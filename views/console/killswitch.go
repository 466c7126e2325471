package console

import (
	"context"

	"postern/views/i18n"
	"postern/views/ui"
)

func frozenTone(rows []FrozenRow) ui.Tone {
	if len(rows) == 0 {
		return ui.Quiet
	}
	return ui.Ice
}

func frozenCount(ctx context.Context, rows []FrozenRow) string {
	if len(rows) == 0 {
		return ""
	}
	return i18n.Number(ctx, int64(len(rows)))
}
