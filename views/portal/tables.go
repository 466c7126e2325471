package portal

import (
	"context"

	"postern/views/i18n"
	"postern/views/ui"
)

func appsTitle(ctx context.Context, p HomePage) string {
	if p.Frame.Production {
		return i18n.T(ctx, i18n.PortalApps)
	}
	return i18n.T(ctx, i18n.PortalAppsSand)
}

func mayWords(ctx context.Context, may bool) string {
	if may {
		return i18n.T(ctx, i18n.PortalMay)
	}
	return i18n.T(ctx, i18n.PortalMayNot)
}

func applicationsTable(ctx context.Context, p HomePage) ui.TableView {
	t := ui.TableView{Caption: appsTitle(ctx, p), Head: []ui.Column{
		{Text: i18n.T(ctx, i18n.PortalAppName)}, {Text: i18n.T(ctx, i18n.PortalAppState)}, {Text: i18n.T(ctx, i18n.PortalSince)},
	}}
	for _, a := range p.Applications {
		t.Rows = append(t.Rows, ui.Row{Cells: []ui.Cell{{Text: a.Name, Second: a.ID, Coded: true}, {Part: ui.Status(a.State)}, {Part: ui.Time(a.Since)}}})
	}
	return t
}

func teamTable(ctx context.Context, p TeamPage) ui.TableView {
	t := ui.TableView{Caption: i18n.T(ctx, i18n.PortalTeam), Head: []ui.Column{
		{Text: i18n.T(ctx, i18n.PortalMember)}, {Text: i18n.T(ctx, i18n.PortalRole)}, {Text: i18n.T(ctx, i18n.PortalMayLive)},
		{Text: i18n.T(ctx, i18n.PortalAppState)},
	}}
	for _, m := range p.Members {
		t.Rows = append(t.Rows, ui.Row{Cells: []ui.Cell{
			{Text: m.Name, Second: m.Email, Href: m.Manage}, {Text: m.Role}, {Text: mayWords(ctx, m.MayChange)}, {Part: ui.Dot(m.State)},
		}})
	}
	return t
}

func inviteButton(ctx context.Context, can bool) []ui.ButtonView {
	if !can {
		return nil
	}
	return []ui.ButtonView{{Text: i18n.T(ctx, i18n.PortalInvite), Icon: "plus", Kind: ui.Primary, Href: "/portal/team/new"}}
}

func backToTeam(ctx context.Context) *ui.ButtonView {
	return &ui.ButtonView{Text: i18n.T(ctx, i18n.UICancel), Kind: ui.Plain, Href: "/portal/team"}
}
