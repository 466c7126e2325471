package console

import (
	"cmp"
	"context"
	"net/url"
	"strings"

	"github.com/gin-gonic/gin"

	"postern/app/entrance"
	"postern/app/records"
	"postern/app/store"
	"postern/models"
	"postern/views/console"
	"postern/views/i18n"
	"postern/views/ui"
)

// historyPage is how many events and requests a page of the history lists.
const historyPage = 50

func (s *Console) historyTab(c *gin.Context, v partnerView) ([]console.Section, error) {
	ctx, list := v.ctx, "history "+v.row.ID
	at, err := s.place(c, list, 1)
	if err != nil {
		return nil, err
	}
	events, err := s.o.Store.PartnerEvents(ctx, v.row.ID, at[0], historyPage+1)
	if err != nil {
		return nil, err
	}
	older := ""
	if len(events) > historyPage {
		events = events[:historyPage]
		older = tabPath(v.row.ID, "history") + "?" + url.Values{"after": {s.o.Cursors.Make(list, events[historyPage-1].ID)}}.Encode()
	}
	requests, err := s.requestsTable(c, v)
	if err != nil {
		return nil, err
	}
	table, err := s.eventsTable(ctx, events)
	if err != nil {
		return nil, err
	}
	section := console.Section{Card: ui.CardView{Title: i18n.T(ctx, i18n.PartnerHistory)}, Table: &table, Rows: console.LikeHistory}
	if older != "" || at[0] != "" {
		section.Paging = &ui.PagingView{Words: " ", Older: older}
		if at[0] != "" {
			section.Paging.Newer = tabPath(v.row.ID, "history")
		}
	}
	return []console.Section{section, {Card: ui.CardView{Title: i18n.T(ctx, i18n.PartnerRequests)}, Table: &requests}}, nil
}

func (s *Console) eventsTable(ctx context.Context, events []models.Event) (ui.TableView, error) {
	t := ui.TableView{Caption: i18n.T(ctx, i18n.PartnerHistory), Head: []ui.Column{
		{Text: i18n.T(ctx, i18n.PartnerWhat)}, {Text: i18n.T(ctx, i18n.PartnerWhy)}, {Text: i18n.T(ctx, i18n.PartnerWho)}, {Text: i18n.T(ctx, i18n.PartnerWhen)},
	}}
	about, people := make([]map[string]string, len(events)), []string{}
	for i, e := range events {
		about[i] = e.Detail()
		people = append(people, e.Actor, about[i]["maker"])
	}
	names, err := s.accountNames(ctx, people)
	if err != nil {
		return t, err
	}
	for i, e := range events {
		detail, who := about[i], ui.Cell{Text: cmp.Or(names[e.Actor], e.Actor), Second: originWords(ctx, records.OriginOf(e))}
		if maker := detail["maker"]; maker != "" {
			who.Second = i18n.T(ctx, i18n.PartnerAskedBy, cmp.Or(names[maker], maker))
		}
		t.Rows = append(t.Rows, ui.Row{Cells: []ui.Cell{
			{Text: changeEventWords(ctx, e.Kind, detail["id"]), Second: s.recorded(ctx, detail["changes"])}, {Text: i18n.From(ctx).Reason(detail["because"])}, who, {Part: ui.Time(s.At(e.At))},
		}})
	}
	if len(events) == 0 {
		t.Empty = ui.Empty(ui.EmptyView{Title: i18n.T(ctx, i18n.PartnerNoHistory), Text: i18n.T(ctx, i18n.PartnerNoHistoryText)})
	}
	return t, nil
}

// changeEventWords says an event of a change: what was made or changed.
func changeEventWords(ctx context.Context, kind, id string) string {
	thing, verb, _ := strings.Cut(kind, ".")
	if word, known := i18n.Things[thing]; known {
		switch verb {
		case "created":
			return i18n.T(ctx, i18n.PartnerEventMade, i18n.T(ctx, word), id)
		case "changed":
			return i18n.T(ctx, i18n.PartnerEventChanged, i18n.T(ctx, word), id)
		}
	}
	switch kind {
	case "partner.closed":
		return i18n.T(ctx, i18n.PartnerEventClosed)
	case "partner.noted":
		return i18n.T(ctx, i18n.PartnerEventNoted)
	}
	return did(ctx, kind)
}

func (s *Console) requestsTable(c *gin.Context, v partnerView) (ui.TableView, error) {
	ctx := v.ctx
	t := ui.TableView{Caption: i18n.T(ctx, i18n.PartnerRequests), Head: []ui.Column{
		{Text: i18n.T(ctx, i18n.PartnerRequest)}, {Text: i18n.T(ctx, i18n.ConsoleReason)}, {Text: i18n.T(ctx, i18n.ConsoleMaker)},
		{Text: i18n.T(ctx, i18n.ConsoleAsked)}, {Text: i18n.T(ctx, i18n.ConsoleState)},
	}}
	requests, err := s.o.Store.Requests(ctx, store.RequestFilter{Subject: partnerSubject(v.row.ID)}, 0, requestsShown)
	if err != nil {
		return t, err
	}
	names, err := s.requestNames(ctx, makersOf(requests))
	if err != nil {
		return t, err
	}
	for _, r := range requests {
		if !entrance.VisitOf(c).Rights.May(requestRights[r.Kind].read) {
			continue
		}
		row := s.requestRow(c, r, names)
		t.Rows = append(t.Rows, ui.Row{Cells: []ui.Cell{
			{Text: row.Number, Href: row.Href}, {Text: row.Reason, Second: row.Opens}, {Text: row.Maker}, {Part: ui.Time(row.Asked)}, {Part: ui.Badge(row.State)},
		}})
	}
	if len(t.Rows) == 0 {
		t.Empty = ui.Empty(ui.EmptyView{Title: i18n.T(ctx, i18n.ConsoleNoRequests), Text: i18n.T(ctx, i18n.ConsoleNobodyText)})
	}
	return t, nil
}
