package recordview

import (
	"cmp"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/gin-gonic/gin"

	"postern/app/records"
	"postern/app/store"
	"postern/models"
)

// Query is what the log's address asks for. All of the log's state is in it.
type Query struct {
	World                                              string // of the partners' house: its pages are of one
	Time, Event, Env, Partner, App, Service, Code, Why string
	From, Until                                        string
	Refused                                            bool
	Search                                             string
	Place                                              string // cursor
	Paused                                             bool
}

// spans are windows that are offered, by their word in the address.
var spans = map[string]time.Duration{"1h": time.Hour, "24h": 24 * time.Hour, "7d": 7 * 24 * time.Hour, "30d": 30 * 24 * time.Hour}

// Words of an address for times that are no span.
const (
	TimeToday = "today"
	TimeAll   = "all"
)

// ReadQuery reads a query from the parts of an address or a form.
func ReadQuery(value func(string) string) Query {
	return Query{
		World: value("world"), Time: value("time"), Event: value("event"), Env: value("env"), Partner: value("partner"), App: value("app"),
		Service: value("service"), Code: value("code"), Why: value("why"), From: value("from"), Until: value("until"),
		Refused: value("refused") == "1", Search: strings.TrimSpace(value("q")), Place: value("at"), Paused: value("live") == "0",
	}
}

// QueryOf is the query in a request's address.
func QueryOf(c *gin.Context) Query { return ReadQuery(c.Query) }

// Values are the query's filters as they stand in an address; without the place.
func (q Query) Values() url.Values {
	v := url.Values{}
	for name, value := range map[string]string{
		"world": q.World, "time": q.Time, "event": q.Event, "env": q.Env, "partner": q.Partner, "app": q.App, "service": q.Service,
		"code": q.Code, "why": q.Why, "from": q.From, "until": q.Until, "q": q.Search,
	} {
		if value != "" {
			v.Set(name, value)
		}
	}
	if q.Refused {
		v.Set("refused", "1")
	}
	return v
}

// Address is path with the query, and the place if there is one.
func (q Query) Address(path string) string {
	v := q.Values()
	if q.Place != "" {
		v.Set("at", q.Place)
	}
	if q.Paused {
		v.Set("live", "0")
	}
	if len(v) == 0 {
		return path
	}
	return path + "?" + v.Encode()
}

// But is the query changed, from its newest end.
func (q Query) But(change func(*Query)) Query {
	q.Place, q.Search = "", ""
	change(&q)
	return q
}

// Filter is the query as the log takes it.
func (q Query) Filter(now time.Time) (records.Filter, error) {
	f := records.Filter{
		Group: records.Group(q.Event), Environment: models.Environment(q.Env), Application: q.App, Service: q.Service,
		Code: q.Code, Reason: q.Why, Refused: q.Refused,
	}
	if name, not := strings.CutPrefix(q.Partner, "!"); not {
		f.NotPartner = name
	} else {
		f.Partner = name
	}
	var err error
	f.From, f.Until, err = Window(cmp.Or(q.Time, TimeToday), q.From, q.Until, now)
	return f, err
}

// Window is [from, until), Unix ms, of an address: two moments, or else a word for
// the time up to now, whose until is 0.
func Window(word, first, last string, now time.Time) (from, until int64, err error) {
	if first != "" || last != "" {
		if from, err = Moment(first, now.Location()); err == nil {
			until, err = Moment(last, now.Location())
		}
		return from, until, err
	}
	switch word {
	case TimeToday:
		return store.DayOf(now).UnixMilli(), 0, nil
	case TimeAll:
		return 0, 0, nil
	}
	span, known := spans[word]
	if !known {
		return 0, 0, records.ErrFilter
	}
	return now.Add(-span).UnixMilli(), 0, nil
}

// Moment reads a time of an address: Unix ms, or what a browser's control for
// date and time sends, in the bank's zone. "" is 0.
func Moment(text string, zone *time.Location) (int64, error) {
	if text == "" {
		return 0, nil
	}
	if ms, err := strconv.ParseInt(text, 10, 64); err == nil && ms >= 0 && ms < 1<<47 {
		return ms, nil
	}
	for _, layout := range []string{"2006-01-02T15:04", "2006-01-02T15:04:05"} {
		if t, err := time.ParseInLocation(layout, text, zone); err == nil && t.UnixMilli() >= 0 {
			return t.UnixMilli(), nil
		}
	}
	return 0, records.ErrFilter
}

// The directions that the places of lists of events carry.
const (
	Older = "older"
	Newer = "newer"
)

// placeOf reads a query's cursor, which is good in the log of its own house alone.
func (v View) placeOf(q Query) (records.Place, error) {
	if q.Place == "" {
		return records.Place{}, nil
	}
	at, err := v.Cursors.Open(v.Log, q.Place, 2)
	if err != nil {
		return records.Place{}, err
	}
	return records.Place{ID: at[1], Newer: at[0] == Newer}, nil
}

// goOn is the address behind a line in a direction; "" without a line.
func (v View) goOn(q Query, direction, id string) string {
	if id == "" {
		return ""
	}
	q.Place = v.Cursors.Make(v.Log, direction, id)
	return q.Address(v.Log)
}
