package console

import (
	"cmp"
	"context"
	"encoding/csv"
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/gin-gonic/gin"

	"postern/app/entrance"
	"postern/app/errs"
	"postern/app/ledger"
	"postern/app/records"
	"postern/app/recordview"
	"postern/app/store"
	"postern/app/web"
	"postern/models"
	"postern/views/console"
	"postern/views/i18n"
	"postern/views/layout"
	"postern/views/ui"
)

const monthLayout = "2006-01"

var errMonth = errs.New(errs.Invalid, "statement.month", "There is no statement of this month.")

// monthOf reads a month of an address, as its begin in the bank's zone; none is
// this one. Months to come have no statement.
func (s *Console) monthOf(text string) (time.Time, error) {
	now := s.o.Now().In(s.o.Zone)
	if text == "" {
		return time.Date(now.Year(), now.Month(), 1, 0, 0, 0, 0, s.o.Zone), nil
	}
	month, err := time.ParseInLocation(monthLayout, text, s.o.Zone)
	if err != nil || month.After(now) || month.Year() < 1970 {
		return month, errMonth
	}
	return month, nil
}

func statementPath(partner string) string { return partnerPath(partner) + "/statement" }

func statementAddress(partner string, month time.Time, daily bool) string {
	address := statementPath(partner) + "?month=" + month.Format(monthLayout)
	if daily {
		address += "&by=day"
	}
	return address
}

// statement is what was counted of a partner in a month.
type statement struct {
	partner models.Partner
	apps    map[string]models.Application
	month   time.Time
	until   time.Time
	daily   bool
	lines   []statementLine
	total   statementLine
}

// statementLine is what was counted of an application and a service, on a day or
// in the whole month.
type statementLine struct {
	day                  int64 // 0 for the whole month
	application, service string
	kinds                map[models.RollupKind]*store.StatementRow
}

func (l *statementLine) add(r store.StatementRow) {
	if l.kinds == nil {
		l.kinds = map[models.RollupKind]*store.StatementRow{}
	}
	if l.kinds[r.Kind] == nil {
		l.kinds[r.Kind] = &store.StatementRow{}
	}
	sum := l.kinds[r.Kind]
	sum.OK, sum.Refused = sum.OK+r.OK, sum.Refused+r.Refused
	sum.Disclosed, sum.Fields = sum.Disclosed+r.Disclosed, sum.Fields+r.Fields
}

// numbers are the line's, in the order of statementColumns.
func (l *statementLine) numbers() []int64 {
	of := func(kind models.RollupKind) store.StatementRow {
		if sum := l.kinds[kind]; sum != nil {
			return *sum
		}
		return store.StatementRow{}
	}
	at, vt, renew, call := of(models.RollupAT), of(models.RollupVT), of(models.RollupRenew), of(models.RollupCall)
	return []int64{
		at.OK, at.Refused, vt.OK, vt.Refused, renew.OK, renew.Refused, of(models.RollupClose).OK,
		call.OK, call.Refused, call.Disclosed, call.Fields,
	}
}

// statementColumns are the numbers' names in a file.
var statementColumns = []string{
	"ats_issued", "ats_refused", "visits_opened", "visits_refused", "visits_renewed", "renewals_refused", "visits_closed",
	"calls_passed", "calls_refused", "replies_disclosed", "fields_disclosed",
}

// shownKinds are the kinds of counts that a statement shows.
var shownKinds = []models.RollupKind{models.RollupAT, models.RollupVT, models.RollupRenew, models.RollupClose, models.RollupCall}

// statementOf adds up a partner's month.
func (s *Console) statementOf(ctx context.Context, partner string, month time.Time, daily bool) (v statement, err error) {
	v = statement{month: month, until: month.AddDate(0, 1, 0), daily: daily, apps: map[string]models.Application{}}
	ids := []string{}
	err = s.o.Store.Business(ctx, func(b store.Business) error {
		found, err := b.Partners([]string{partner})
		if err != nil {
			return err
		}
		if len(found) == 0 {
			return errNoPartner
		}
		v.partner = found[0]
		list, err := b.ApplicationsOf([]string{partner})
		for _, a := range list {
			v.apps[a.ID] = a
			ids = append(ids, a.ID)
		}
		return err
	})
	if err != nil {
		return v, err
	}
	rows, err := s.o.Store.Statement(ctx, ids, v.month, v.until)
	v.take(rows)
	return v, err
}

func (v *statement) take(rows []store.StatementRow) {
	type key struct {
		day                  int64
		application, service string
	}
	at := map[key]int{}
	for _, r := range rows {
		if !slices.Contains(shownKinds, r.Kind) {
			continue
		}
		k := key{0, r.ApplicationID, r.ServiceID}
		if v.daily {
			k.day = r.Day
		}
		i, known := at[k]
		if !known {
			i = len(v.lines)
			at[k] = i
			v.lines = append(v.lines, statementLine{day: k.day, application: k.application, service: k.service})
		}
		v.lines[i].add(r)
		v.total.add(r)
	}
	slices.SortFunc(v.lines, func(a, b statementLine) int {
		return cmp.Or(cmp.Compare(a.day, b.day), cmp.Compare(a.application, b.application), cmp.Compare(a.service, b.service))
	})
}

func (s *Console) askedStatement(c *gin.Context, value func(string) string) (v statement, n records.Names, err error) {
	ctx := c.Request.Context()
	month, err := s.monthOf(value("month"))
	if err != nil {
		return v, n, err
	}
	if v, err = s.statementOf(ctx, c.Param("partner"), month, value("by") == "day"); err != nil {
		return v, n, err
	}
	n, err = s.o.Records.Names(ctx)
	return v, n, err
}

// Statement shows what was counted of a partner in a month.
func (s *Console) Statement(c *gin.Context) error {
	ctx := c.Request.Context()
	v, names, err := s.askedStatement(c, c.Query)
	if err != nil {
		return err
	}
	since, err := s.o.Store.CountsBegun(ctx, "statement")
	if err != nil {
		return err
	}
	page := console.StatementPage{
		Frame: s.frame(c, i18n.T(ctx, i18n.StatementTitle), crumb(ctx, i18n.PartnerList, partnersPath), layout.Crumb{Text: v.partner.Name, Href: partnerPath(v.partner.ID)}),
		Title: i18n.T(ctx, i18n.StatementTitle) + " " + i18n.Month(ctx, v.month), Partner: v.partner.Name, PartnerID: v.partner.ID,
		Lead:  i18n.T(ctx, i18n.StatementLead, i18n.Date(ctx, v.month), i18n.Date(ctx, v.until.AddDate(0, 0, -1)), s.o.Zone.String()),
		Daily: v.daily, Action: statementPath(v.partner.ID), Month: v.month.Format(monthLayout),
		Shown: ui.TabsView{Label: i18n.T(ctx, i18n.StatementShown), Tabs: []ui.Tab{
			{Text: i18n.T(ctx, i18n.StatementByApp), Href: statementAddress(v.partner.ID, v.month, false), Current: !v.daily},
			{Text: i18n.T(ctx, i18n.StatementByDay), Href: statementAddress(v.partner.ID, v.month, true), Current: v.daily},
		}},
		Older: statementAddress(v.partner.ID, v.month.AddDate(0, -1, 0), v.daily), Notes: s.statementNotes(ctx, v, since),
	}
	if v.until.Before(s.o.Now()) {
		page.Newer = statementAddress(v.partner.ID, v.until, v.daily)
	}
	for _, l := range v.lines {
		row := console.StatementRow{Application: names.Application(l.application), Service: names.Service(l.service), Production: v.apps[l.application].Environment == models.Production, Numbers: numbers(ctx, l.numbers())}
		if v.daily {
			row.Day = i18n.Date(ctx, s.InZone(l.day))
		}
		page.Rows = append(page.Rows, row)
	}
	page.Total = numbers(ctx, v.total.numbers())
	return web.Render(c, http.StatusOK, console.Statement(page))
}

func numbers(ctx context.Context, list []int64) (words []string) {
	for _, n := range list {
		words = append(words, i18n.Number(ctx, n))
	}
	return words
}

// statementNotes say where the numbers come from, and what is not in them.
func (s *Console) statementNotes(ctx context.Context, v statement, since int64) []string {
	list := []string{
		i18n.T(ctx, i18n.StatementFrom), i18n.T(ctx, i18n.StatementNot), i18n.T(ctx, i18n.StatementWhen), i18n.T(ctx, i18n.StatementLeft),
	}
	if since > v.month.UnixMilli() {
		list = append(list, i18n.T(ctx, i18n.StatementSince, i18n.Stamp(ctx, s.InZone(since))))
	}
	if now := s.o.Now(); now.Before(v.until) {
		list = append(list, i18n.T(ctx, i18n.StatementOpen, i18n.Stamp(ctx, now.In(s.o.Zone))))
	}
	return list
}

// StatementExport puts on record that somebody takes a statement along, and sends
// it as CSV.
func (s *Console) StatementExport(c *gin.Context) error {
	ctx := c.Request.Context()
	v, names, err := s.askedStatement(c, c.PostForm)
	if err != nil {
		return err
	}
	by := "month"
	if v.daily {
		by = "day"
	}
	err = s.o.Records.Trace(ctx, entrance.VisitOf(c).Who.Account.ID, ledger.Event{Kind: "statement.exported", PartnerID: v.partner.ID}, map[string]string{
		"id": v.partner.ID, "month": v.month.Format(monthLayout), "by": by, "format": string(records.CSV),
	})
	if err != nil {
		return err
	}
	c.Header("Content-Disposition", `attachment; filename="`+url.PathEscape("postern-statement-"+v.partner.ID+"-"+v.month.Format(monthLayout)+".csv")+`"`)
	if err := s.writeStatement(web.SendLong(c, records.Types[records.CSV]), v, names); err != nil {
		// The answer is under way: cutting it off is the only way left to say that it is not whole.
		s.o.Log.WarnContext(ctx, "statement broke off", slog.String("request_id", web.RequestID(c)), slog.Any("err", err))
		panic(http.ErrAbortHandler)
	}
	return nil
}

// writeStatement writes a statement as CSV that no spreadsheet takes for formulas.
func (s *Console) writeStatement(w io.Writer, v statement, n records.Names) error {
	if _, err := io.WriteString(w, "\ufeff"); err != nil { // by this mark spreadsheets know UTF-8
		return err
	}
	file := csv.NewWriter(w)
	head := append([]string{"month", "day", "partner", "partner_id", "application", "application_id", "environment", "service", "service_id"}, statementColumns...)
	if err := file.Write(head); err != nil {
		return err
	}
	line := func(l statementLine, cells ...string) error {
		for i, text := range cells {
			cells[i] = records.Plain(text)
		}
		for _, x := range l.numbers() {
			cells = append(cells, whole(x))
		}
		return file.Write(cells)
	}
	month := v.month.Format(monthLayout)
	for _, l := range v.lines {
		day := ""
		if v.daily {
			day = s.InZone(l.day).Format(time.DateOnly)
		}
		err := line(l, month, day, v.partner.Name, v.partner.ID, n.Application(l.application), l.application,
			string(v.apps[l.application].Environment), n.Service(l.service), l.service)
		if err != nil {
			return err
		}
	}
	if err := line(v.total, month, "", v.partner.Name, v.partner.ID, "total", "", "", "", ""); err != nil {
		return err
	}
	file.Flush()
	return file.Error()
}

const (
	statementsPath = "/console/statements"
	// monthsShown is how many months the list of statements has.
	monthsShown = 6
)

// Statements lists partners and their months.
func (s *Console) Statements(c *gin.Context) error {
	ctx := c.Request.Context()
	last, err := s.monthOf(c.Query("until"))
	if err != nil {
		return err
	}
	at, err := s.place(c, statementsPath, 2)
	if err != nil {
		return err
	}
	search := strings.TrimSpace(c.Query("q"))
	list, err := s.o.Store.Partners(ctx, store.PartnerFilter{Search: search}, store.PartnerPlace{Name: at[0], ID: at[1]}, partnersPage+1)
	if err != nil {
		return err
	}
	months := make([]time.Time, monthsShown) // the newest first
	for i := range months {
		months[i] = last.AddDate(0, -i, 0)
	}
	address := func(until time.Time, after string) string {
		q := statementsQuery{search, until.Format(monthLayout), after}
		return q.address()
	}
	paging := recordview.Foot(ctx, min(len(list), partnersPage), at[0] == "", len(list) > partnersPage)
	if len(list) > partnersPage {
		list = list[:partnersPage]
		end := list[partnersPage-1]
		paging.Older = address(last, s.o.Cursors.Make(statementsPath, end.NameKey, end.ID))
	}
	t, err := s.statementsTable(ctx, list, months)
	if err != nil {
		return err
	}
	header := ui.HeaderView{Title: i18n.T(ctx, i18n.StatementList), Lead: ui.Text(i18n.T(ctx, i18n.StatementsLead)), Actions: []ui.ButtonView{
		{Text: i18n.T(ctx, i18n.StatementOlder), Icon: "arrow-left", Href: address(months[monthsShown-1].AddDate(0, -1, 0), c.Query("after"))},
	}}
	if next := last.AddDate(0, monthsShown, 0); !last.AddDate(0, 1, 0).After(s.o.Now()) {
		if next.After(s.o.Now()) {
			next, _ = s.monthOf("")
		}
		header.Actions = append(header.Actions, ui.ButtonView{Text: i18n.T(ctx, i18n.StatementNewer), IconAfter: "arrow-right", Href: address(next, c.Query("after"))})
	}
	return web.Render(c, http.StatusOK, console.Partner(console.PartnerPage{
		Frame: s.frame(c, i18n.T(ctx, i18n.StatementList)), Header: header,
		Filters: &ui.FiltersView{Action: statementsPath, Name: "q", Value: search, Search: i18n.T(ctx, i18n.StatementSearch), Kept: []ui.Hidden{{Name: "until", Value: last.Format(monthLayout)}}},
		Main:    []console.Section{{Table: t, Paging: &paging}},
	}))
}
