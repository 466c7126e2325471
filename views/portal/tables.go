package portal

import (
	"context"
	"io"
	"strings"

	"github.com/a-h/templ"

	"postern/views/i18n"
	"postern/views/ui"
)

func mayWords(ctx context.Context, may bool) string {
	if may {
		return i18n.T(ctx, i18n.PortalMay)
	}
	return i18n.T(ctx, i18n.PortalMayNot)
}

func applicationsTable(ctx context.Context, p ApplicationsPage) ui.TableView {
	t := ui.TableView{Caption: i18n.T(ctx, i18n.PortalApplications), Head: []ui.Column{
		{Text: i18n.T(ctx, i18n.PortalAppName)}, {Text: i18n.T(ctx, i18n.PortalAppState)}, {Text: i18n.T(ctx, i18n.PortalSince)},
	}}
	for _, a := range p.Rows {
		t.Rows = append(t.Rows, ui.Row{Cells: []ui.Cell{{Text: a.Name, Second: a.ID, Coded: true, Href: a.Href}, {Part: ui.Status(a.State)}, {Part: ui.Time(a.Since)}}})
	}
	if len(t.Rows) == 0 {
		text := i18n.PortalNoAppsTxt
		if p.Frame.Production {
			text = i18n.PortalNoLiveTxt
		}
		t.Empty = ui.Empty(ui.EmptyView{Title: i18n.T(ctx, i18n.PortalNoApps), Text: i18n.T(ctx, text)})
	}
	return t
}

func applicationsActions(ctx context.Context, p ApplicationsPage) []ui.ButtonView {
	if p.CanMake {
		return []ui.ButtonView{{Text: i18n.T(ctx, i18n.PortalAppNew), Icon: "plus", Kind: ui.Primary, Href: "/portal/applications/new"}}
	}
	return askButton(ctx, p.CanAsk)
}

func askButton(ctx context.Context, can bool) []ui.ButtonView {
	if !can {
		return nil
	}
	return []ui.ButtonView{{Text: i18n.T(ctx, i18n.PortalRequestNew), Icon: "plus", Kind: ui.Primary, Href: "/portal/requests/new"}}
}

func applicationActions(ctx context.Context, p ApplicationPage) (list []ui.ButtonView) {
	list = append(list, ui.ButtonView{Text: i18n.T(ctx, i18n.CodeShow), Icon: "file-text", Href: p.Code})
	if p.Try != "" {
		list = append(list, ui.ButtonView{Text: i18n.T(ctx, i18n.PortalTry), Icon: "player-play", Href: p.Try})
	}
	if p.Conformance != "" {
		list = append(list, ui.ButtonView{Text: i18n.T(ctx, i18n.Conformance), Icon: "cloud-storm", Href: p.Conformance})
	}
	list = append(list,
		ui.ButtonView{Text: i18n.T(ctx, i18n.OwnLog), Icon: "list-details", Href: p.Log},
		ui.ButtonView{Text: i18n.T(ctx, i18n.ExplainTitle), Icon: "alert-circle", Href: p.Explain},
	)
	if p.Close != "" {
		list = append(list, ui.ButtonView{Text: i18n.T(ctx, i18n.PortalAppCloseDo), Icon: "x", Kind: ui.Risky, Href: p.Close})
	}
	if p.Edit != "" {
		list = append(list, ui.ButtonView{Text: i18n.T(ctx, i18n.PartnerEdit), Icon: "pencil", Href: p.Edit})
	}
	return list
}

func requestActions(ctx context.Context, p RequestPage) (list []ui.ButtonView) {
	if p.Action != "" {
		list = append(list, ui.ButtonView{Text: i18n.T(ctx, i18n.PortalWithdraw), Icon: "x", Kind: ui.Risky, Form: "withdraw"})
	}
	if p.Href != "" {
		list = append(list, ui.ButtonView{Text: i18n.T(ctx, i18n.PortalToApplication), Kind: ui.Primary, Href: p.Href})
	}
	return list
}

func requestsTable(ctx context.Context, rows []RequestRow) ui.TableView {
	t := ui.TableView{Caption: i18n.T(ctx, i18n.PortalRequests), Head: []ui.Column{
		{Text: i18n.T(ctx, i18n.PortalRequestWhat)}, {Text: i18n.T(ctx, i18n.PortalAppState)}, {Text: i18n.T(ctx, i18n.PortalAskedAt)},
	}}
	for _, r := range rows {
		t.Rows = append(t.Rows, ui.Row{Cells: []ui.Cell{
			{Text: r.What, Second: r.Number + " · " + r.Application, Href: r.Href}, {Part: ui.Badge(r.State)}, {Part: ui.Time(r.Made)},
		}})
	}
	if len(rows) == 0 {
		t.Empty = ui.Empty(ui.EmptyView{Title: i18n.T(ctx, i18n.PortalNoRequests), Text: i18n.T(ctx, i18n.PortalNoRequestsTxt)})
	}
	return t
}

func requestFacts(ctx context.Context, p RequestPage) []ui.KeyValue {
	rows := []ui.KeyValue{{Key: "client_id", Value: ui.Mono(p.Application)}}
	if k := p.Credential; k != nil {
		rows = append(rows, ui.KeyValue{Key: i18n.T(ctx, i18n.CredentialKind), Value: ui.Text(k.Kind)})
		for _, fact := range []struct {
			key   i18n.Key
			value string
		}{{i18n.CredentialKey, k.KID}, {i18n.PortalFingerprint, k.Fingerprint}, {i18n.CredentialUntil, k.Ends}} {
			if fact.value != "" {
				rows = append(rows, ui.KeyValue{Key: i18n.T(ctx, fact.key), Value: ui.Mono(fact.value)})
			}
		}
	} else if g := p.Grant; g != nil {
		ends := g.Ends.Part
		if ends == nil {
			ends = ui.Text(g.Ends.Text)
		}
		rows = append(rows,
			ui.KeyValue{Key: i18n.T(ctx, i18n.KindScope), Value: ui.Link(ui.LinkView{Text: g.Scope, Href: g.ScopeHref})}, ui.KeyValue{Key: i18n.T(ctx, i18n.GrantPurpose), Value: ui.Text(g.Purpose)},
			ui.KeyValue{Key: i18n.T(ctx, i18n.GrantStarts), Value: ui.Text(g.Starts)}, ui.KeyValue{Key: i18n.T(ctx, i18n.GrantEnds), Value: ends},
		)
	} else {
		rows = append(rows,
			ui.KeyValue{Key: i18n.T(ctx, i18n.ApplicationMethod), Value: ui.Mono(p.Method)}, ui.KeyValue{Key: i18n.T(ctx, i18n.LimitMode), Value: ui.Text(p.Mode)},
			ui.KeyValue{Key: i18n.T(ctx, i18n.LimitAddressList), Value: listed(p.Addresses)}, ui.KeyValue{Key: i18n.T(ctx, i18n.LimitReturnList), Value: listed(p.ReturnAddresses)},
		)
	}
	rows = append(rows, ui.KeyValue{Key: i18n.T(ctx, i18n.PortalPurpose), Value: ui.Text(p.Reason)})
	if p.ConfirmedBy != "" {
		rows = append(rows, ui.KeyValue{Key: i18n.T(ctx, i18n.PortalConfirmedBy), Value: ui.Text(p.ConfirmedBy)})
	}
	return rows
}

// listed are lines one beneath the other.
func listed(lines []string) templ.Component {
	return templ.ComponentFunc(func(ctx context.Context, w io.Writer) error {
		if len(lines) == 0 {
			return ui.Faint(i18n.T(ctx, i18n.LimitNone)).Render(ctx, w)
		}
		return ui.Mono(strings.Join(lines, ", ")).Render(ctx, w)
	})
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

// secondTexts are the steps that an owner can take, by their word in the form.
var secondTexts = map[string]i18n.Key{"on": i18n.PortalSecondTurnOn, "off": i18n.PortalSecondTurnOff, "stay": i18n.PortalSecondStay}

func secondWord(s SecondView) string {
	switch {
	case !s.On:
		return "on"
	case s.Asked != "":
		return "stay"
	}
	return "off"
}

func inviteButton(ctx context.Context, can bool) []ui.ButtonView {
	if !can {
		return nil
	}
	return []ui.ButtonView{{Text: i18n.T(ctx, i18n.PortalInvite), Icon: "plus", Kind: ui.Primary, Href: "/portal/team/new"}}
}

func backToTeam(ctx context.Context) *ui.ButtonView { return back(ctx, "/portal/team") }

func back(ctx context.Context, href string) *ui.ButtonView {
	return &ui.ButtonView{Text: i18n.T(ctx, i18n.UICancel), Kind: ui.Plain, Href: href}
}

func credentialsCard(ctx context.Context, p ApplicationPage) ui.CardView {
	card := ui.CardView{Title: i18n.T(ctx, i18n.PartnerCredentials)}
	if p.NewCredential != "" {
		card.Action = ui.Button(ui.ButtonView{Text: i18n.T(ctx, i18n.CredentialNew), Icon: "plus", Small: true, Href: p.NewCredential})
	}
	return card
}

func credentialsTable(ctx context.Context, p ApplicationPage) ui.TableView {
	t := ui.TableView{Caption: i18n.T(ctx, i18n.PartnerCredentials), Head: []ui.Column{
		{Text: i18n.T(ctx, i18n.CredentialKind)}, {Text: i18n.T(ctx, i18n.CredentialFrom)}, {Text: i18n.T(ctx, i18n.CredentialUntil)},
		{Text: i18n.T(ctx, i18n.PortalLastUsed)}, {Text: i18n.T(ctx, i18n.PartnerStatus)},
	}}
	for _, k := range p.Credentials {
		t.Rows = append(t.Rows, ui.Row{Cells: []ui.Cell{
			{Text: k.Kind, Second: k.KID, Coded: true, Href: k.Href}, {Part: ui.Time(k.Since)}, {Text: until(ctx, k)}, lastUsed(ctx, k), {Part: k.State},
		}})
	}
	if len(t.Rows) == 0 {
		text := i18n.CredentialNoneText
		if p.Frame.Production {
			text = i18n.PortalNoLiveKeys
		}
		t.Empty = ui.Empty(ui.EmptyView{Title: i18n.T(ctx, i18n.CredentialNone), Text: i18n.T(ctx, text)})
	}
	return t
}

func lastUsed(ctx context.Context, k CredentialRow) ui.Cell {
	if k.Used == (ui.TimeView{}) {
		return ui.Cell{Text: i18n.T(ctx, i18n.PortalNeverUsed)}
	}
	return ui.Cell{Part: ui.Time(k.Used), Second: k.From, Coded: true}
}

func endingNote(ctx context.Context, v EndingView) ui.NoteView {
	note := ui.NoteView{Tone: ui.Warn, Text: v.Text, Links: []ui.LinkView{{Text: i18n.T(ctx, i18n.PortalEndingSee), Href: v.Href}}}
	if v.Soon {
		note.Tone = ui.Bad
	}
	return note
}

func callersTable(ctx context.Context, rows []CallerRow) ui.TableView {
	t := ui.TableView{Caption: i18n.T(ctx, i18n.PortalCallers), Head: []ui.Column{
		{Text: i18n.T(ctx, i18n.PortalCallers)}, {Text: i18n.T(ctx, i18n.PortalLastUsed)}, {Text: i18n.T(ctx, i18n.PortalByList)},
	}}
	for _, r := range rows {
		dot := ui.DotView{Tone: ui.Bad, Text: i18n.T(ctx, i18n.PortalListOut)}
		if r.In {
			dot = ui.DotView{Tone: ui.Ok, Text: i18n.T(ctx, i18n.PortalListIn)}
		}
		t.Rows = append(t.Rows, ui.Row{Cells: []ui.Cell{{Text: r.Address, Mono: true}, {Text: r.Last}, {Part: ui.Dot(dot)}}})
	}
	return t
}

func usesTable(ctx context.Context, v UsesView) ui.TableView {
	t := ui.TableView{Caption: i18n.T(ctx, i18n.PortalUsedBy), Head: []ui.Column{
		{Text: i18n.T(ctx, i18n.PortalUseAddress)}, {Text: i18n.T(ctx, i18n.PortalUseCount)}, {Text: i18n.T(ctx, i18n.PortalLastUsed)},
	}}
	for _, r := range v.Rows {
		address := ui.Cell{Text: r.Address, Mono: true}
		if r.Address == "" {
			address = ui.Cell{Text: i18n.T(ctx, i18n.PortalUseElsewhere)}
		}
		t.Rows = append(t.Rows, ui.Row{Cells: []ui.Cell{address, {Text: r.Uses}, {Part: ui.Time(r.Last)}}})
	}
	return t
}

func until(ctx context.Context, k CredentialRow) string {
	if k.Ends == "" {
		return i18n.T(ctx, i18n.PartnerNever)
	}
	return k.Ends
}

func credentialFacts(ctx context.Context, p CredentialPage) []ui.KeyValue {
	rows := []ui.KeyValue{
		{Key: i18n.T(ctx, i18n.PortalAppName), Value: ui.Text(p.Application)}, {Key: i18n.T(ctx, i18n.CredentialFrom), Value: ui.Time(p.Since)},
		{Key: i18n.T(ctx, i18n.CredentialUntil), Value: ui.Text(until(ctx, p.CredentialRow))},
	}
	if p.Fingerprint != "" {
		rows = append(rows, ui.KeyValue{Key: i18n.T(ctx, i18n.PortalFingerprint), Value: ui.Mono(p.Fingerprint)})
	}
	return rows
}

func credentialActions(ctx context.Context, p CredentialPage) (list []ui.ButtonView) {
	list = append(list, ui.ButtonView{Text: i18n.T(ctx, i18n.PortalToApplication), Icon: "arrow-left", Href: p.Back})
	if p.Freeze != "" {
		list = append(list, ui.ButtonView{Text: i18n.T(ctx, i18n.PortalFreeze), Icon: "snowflake", Href: p.Freeze})
	}
	if p.End != "" {
		list = append(list, ui.ButtonView{Text: i18n.T(ctx, i18n.PortalEndMore), Icon: "x", Kind: ui.Risky, Href: p.End})
	}
	if p.Thaw != "" {
		list = append(list, ui.ButtonView{Text: i18n.T(ctx, i18n.PortalThaw), Kind: ui.Primary, Form: "thaw"})
	}
	if p.Keep != "" {
		list = append(list, ui.ButtonView{Text: i18n.T(ctx, i18n.PortalKeepDo), Kind: ui.Primary, Form: "keep"})
	}
	return list
}

// holdersTable are the applications that hold a scope, and what became of it there.
func scopeActions(ctx context.Context, p ScopePage) []ui.ButtonView {
	list := []ui.ButtonView{{Text: i18n.T(ctx, i18n.PortalScopes), Icon: "arrow-left", Href: p.Back}}
	if p.Try != "" {
		list = append(list, ui.ButtonView{Text: i18n.T(ctx, i18n.PortalTry), Icon: "player-play", Href: p.Try})
	}
	return list
}
