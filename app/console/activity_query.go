package console

import (
	"cmp"
	"context"
	"net/url"
	"slices"
	"time"

	"github.com/gin-gonic/gin"

	"postern/app/approval"
	"postern/app/records"
	"postern/app/recordview"
	"postern/app/store"
	"postern/models"
	"postern/views/i18n"
	"postern/views/ui"
)

const activityList = "activity" // of its cursors

// activityQuery is what the address of activity asks for.
type activityQuery struct {
	who               string // "" everybody, "me", or an account's id
	did, partner      string
	time, from, until string // as in the issuance log's address
	place             string // cursor
}

func readActivityQuery(value func(string) string) activityQuery {
	return activityQuery{
		who: value("who"), did: value("did"), partner: value("partner"),
		time: value("time"), from: value("from"), until: value("until"), place: value("after"),
	}
}

// but is the query changed, from its newest end.
func (q activityQuery) but(change func(*activityQuery)) activityQuery {
	q.place = ""
	change(&q)
	return q
}

// values are the query's filters as they stand in an address; without the place.
func (q activityQuery) values() url.Values {
	v := url.Values{}
	for name, value := range map[string]string{
		"who": q.who, "did": q.did, "partner": q.partner, "time": q.time, "from": q.from, "until": q.until,
	} {
		if value != "" {
			v.Set(name, value)
		}
	}
	return v
}

// address is path with the query, and the place if there is one.
func (q activityQuery) address(path string) string {
	v := q.values()
	if q.place != "" {
		v.Set("after", q.place)
	}
	if len(v) == 0 {
		return path
	}
	return path + "?" + v.Encode()
}

// filter is the query as the records take it.
func (q activityQuery) filter(now time.Time) (f records.ActivityFilter, err error) {
	f = records.ActivityFilter{Actor: q.who, Doings: records.Doings(q.did), Partner: q.partner}
	f.From, f.Until, err = recordview.Window(cmp.Or(q.time, recordview.TimeAll), q.from, q.until, now)
	return f, err
}

// activityPlace reads the query's cursor, which carries the direction.
func (s *Console) activityPlace(q activityQuery) (records.Place, error) {
	if q.place == "" {
		return records.Place{}, nil
	}
	at, err := s.o.Cursors.Open(activityList, q.place, 2)
	if err != nil {
		return records.Place{}, err
	}
	return records.Place{ID: at[1], Newer: at[0] == recordview.Newer}, nil
}

// activityOn is the address behind a line in a direction; "" without a line.
func (s *Console) activityOn(q activityQuery, direction, id string) string {
	if id == "" {
		return ""
	}
	q.place = s.o.Cursors.Make(activityList, direction, id)
	return q.address(activityPath)
}

var doingsWords = map[records.Doings]i18n.Key{
	records.SigningIn: i18n.DoingsSigningIn, records.WaysIn: i18n.DoingsWaysIn, records.Asking: i18n.DoingsAsking, records.Changing: i18n.DoingsChanging,
	records.Stopping: i18n.DoingsStopping, records.Reading: i18n.DoingsReading, records.Running: i18n.DoingsRunning,
}

// activityFilters are the bar: what is set, and what may be. Whom one may ask for
// is offered to who reads everybody's.
func (s *Console) activityFilters(c *gin.Context, q activityQuery, all bool) (f ui.FiltersView, err error) {
	ctx := c.Request.Context()
	f.Clear = activityPath
	bar := func(label i18n.Key, value string, clear func(*activityQuery), options []ui.LinkView) {
		if value != "" {
			f.Set = append(f.Set, ui.FilterChip{Label: i18n.T(ctx, label), Value: value, Remove: q.but(clear).address(activityPath)})
		} else if len(options) > 0 {
			f.Offered = append(f.Offered, ui.FilterMenu{Label: i18n.T(ctx, label), Options: options})
		}
	}
	to := func(text string, change func(*activityQuery)) ui.LinkView {
		return ui.LinkView{Text: text, Href: q.but(change).address(activityPath)}
	}

	value, options := "", []ui.LinkView{}
	for _, t := range []struct {
		name string
		word i18n.Key
	}{{recordview.TimeToday, i18n.LogToday}, {"24h", i18n.LogDay}, {"7d", i18n.LogWeek}, {"30d", i18n.ActivityMonth}} {
		if q.time == t.name {
			value = i18n.T(ctx, t.word)
		}
		options = append(options, to(i18n.T(ctx, t.word), func(q *activityQuery) { q.time, q.from, q.until = t.name, "", "" }))
	}
	if q.from != "" || q.until != "" {
		if span, err := q.filter(s.o.Now().In(s.o.Zone)); err == nil {
			value = s.view.Span(ctx, span.From, span.Until)
		}
	}
	bar(i18n.LogFilterTime, value, func(q *activityQuery) { q.time, q.from, q.until = "", "", "" }, options)
	f.Span = s.view.SpanInput(activityPath, q.but(func(q *activityQuery) { q.time, q.from, q.until = "", "", "" }).values(), q.from, q.until)

	options = nil
	for _, d := range records.AllDoings {
		options = append(options, to(i18n.T(ctx, doingsWords[d]), func(q *activityQuery) { q.did = string(d) }))
	}
	bar(i18n.ActivityDid, i18n.T(ctx, doingsWords[records.Doings(q.did)]), func(q *activityQuery) { q.did = "" }, options)

	if all {
		value, options, err = s.activityPeople(c, q)
		if err != nil {
			return f, err
		}
		bar(i18n.ActivityWho, value, func(q *activityQuery) { q.who = "" }, options)
	}
	names, err := s.o.Records.Names(ctx)
	if err != nil {
		return f, err
	}
	options = nil
	for _, id := range recordview.ByName(names.Partners, func(p models.Partner) string { return p.Name }) {
		options = append(options, to(names.Partner(id), func(q *activityQuery) { q.partner = id }))
	}
	value = ""
	if q.partner != "" {
		value = names.Partner(q.partner)
	}
	bar(i18n.LogFilterPartner, value, func(q *activityQuery) { q.partner = "" }, options)
	return f, nil
}

// activityPeople are whose doings may be asked for: the first of the staff, and
// commands. Others' names in the list lead to theirs.
func (s *Console) activityPeople(c *gin.Context, q activityQuery) (chosen string, options []ui.LinkView, err error) {
	ctx := c.Request.Context()
	err = s.o.Store.Accounts(ctx, func(a store.Accounts) error {
		list, err := a.AccountsOf(models.StaffRealm, "", recordview.MaxOptions)
		sortByName(list)
		for _, account := range list {
			options = append(options, ui.LinkView{Text: account.Name + " · " + account.Login, Href: q.but(func(q *activityQuery) { q.who = account.ID }).address(activityPath)})
		}
		return err
	})
	if err != nil || q.who == "" || q.who == "me" {
		for _, actor := range []string{approval.CommandLine, approval.Bootstrap} {
			options = append(options, ui.LinkView{Text: noAccount(ctx, actor), Href: q.but(func(q *activityQuery) { q.who = actor }).address(activityPath)})
		}
		return "", options, err
	}
	names, err := s.accountNames(ctx, []string{q.who})
	return cmp.Or(names[q.who], noAccount(ctx, q.who)), nil, err
}

// noAccount is what an actor is called who is no account.
func noAccount(ctx context.Context, actor string) string {
	switch actor {
	case approval.CommandLine:
		return i18n.T(ctx, i18n.ConsoleCommandLine)
	case approval.Bootstrap:
		return i18n.T(ctx, i18n.ActivityBootstrap)
	}
	return actor
}

// sortByName puts accounts in the order in which people look for them.
func sortByName(list []models.Account) {
	slices.SortFunc(list, func(a, b models.Account) int {
		return cmp.Or(cmp.Compare(a.Name, b.Name), cmp.Compare(a.Login, b.Login))
	})
}
