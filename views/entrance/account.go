package entrance

import (
	"context"

	"postern/views/i18n"
	"postern/views/ui"
)

// SessionsTable lists browsers that somebody is signed in with.
func SessionsTable(ctx context.Context, caption string, rows []SessionRow) ui.TableView {
	t := ui.TableView{Caption: caption, Head: []ui.Column{
		{Text: i18n.T(ctx, i18n.ConsoleSession)}, {Text: i18n.T(ctx, i18n.ConsoleFrom)},
		{Text: i18n.T(ctx, i18n.ConsoleSince)}, {Text: i18n.T(ctx, i18n.ConsoleSeen)}, {},
	}}
	for _, s := range rows {
		last := ui.Cell{Text: i18n.T(ctx, i18n.ConsoleThisOne)}
		if !s.This {
			last = ui.Cell{Part: endSession(s.End)}
		}
		t.Rows = append(t.Rows, ui.Row{Cells: []ui.Cell{
			{Text: s.Agent}, {Text: s.From, Mono: true}, {Part: ui.Time(s.Since)}, {Part: ui.Time(s.Seen)}, last,
		}})
	}
	return t
}

func factorsTable(ctx context.Context, p AccountPage) ui.TableView {
	t := ui.TableView{Caption: i18n.T(ctx, i18n.ConsoleFactors), Head: []ui.Column{
		{Text: i18n.T(ctx, i18n.ConsoleFactor)}, {Text: i18n.T(ctx, i18n.ConsoleAdded)}, {Text: i18n.T(ctx, i18n.ConsoleSeen)}, {},
	}}
	for _, f := range p.Factors {
		used := ui.Cell{Part: ui.Time(f.Used)}
		if f.Never {
			used = ui.Cell{Part: neverUsed()}
		}
		t.Rows = append(t.Rows, ui.Row{Cells: []ui.Cell{
			{Text: f.Kind, Second: f.Name}, {Part: ui.Time(f.Added)}, used,
			{Part: ui.Link(ui.LinkView{Text: i18n.T(ctx, i18n.SignManage), Href: f.Manage})},
		}})
	}
	return t
}
