package console

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

// logQuery is what the log's address asks for. All of the log's state is in it.
type logQuery struct {
	time, event, env, partner, app, service, code, why string
	from, until                                        string
	refused                                            bool
	search                                             string
	place                                              string // cursor
	paused                                             bool
}

// spans are windows that are offered, by their word in the address.
var spans = map[string]time.Duration{"1h": time.Hour, "24h": 24 * time.Hour, "7d": 7 * 24 * time.Hour, "30d": 30 * 24 * time.Hour}

const (
	timeToday = "today"
	timeAll   = "all"
)

func readLogQuery(value func(string) string) logQuery {
	return logQuery{
		time: value("time"), event: value("event"), env: value("env"), partner: value("partner"), app: value("app"),
		service: value("service"), code: value("code"), why: value("why"), from: value("from"), until: value("until"),
		refused: value("refused") == "1", search: strings.TrimSpace(value("q")), place: value("at"), paused: value("live") == "0",
	}
}

func logQueryOf(c *gin.Context) logQuery { return readLogQuery(c.Query) }

// values are the query's filters as they stand in an address; without the place.
func (q logQuery) values() url.Values {
	v := url.Values{}
	for name, value := range map[string]string{
		"time": q.time, "event": q.event, "env": q.env, "partner": q.partner, "app": q.app, "service": q.service,
		"code": q.code, "why": q.why, "from": q.from, "until": q.until, "q": q.search,
	} {
		if value != "" {
			v.Set(name, value)
		}
	}
	if q.refused {
		v.Set("refused", "1")
	}
	return v
}

// address is path with the query, and the place if there is one.
func (q logQuery) address(path string) string {
	v := q.values()
	if q.place != "" {
		v.Set("at", q.place)
	}
	if q.paused {
		v.Set("live", "0")
	}
	if len(v) == 0 {
		return path
	}
	return path + "?" + v.Encode()
}

// but is the query changed, from its newest end.
func (q logQuery) but(change func(*logQuery)) logQuery {
	q.place, q.search = "", ""
	change(&q)
	return q
}

// filter is the query as the log takes it.
func (q logQuery) filter(now time.Time) (records.Filter, error) {
	f := records.Filter{
		Group: records.Group(q.event), Environment: models.Environment(q.env), Application: q.app, Service: q.service,
		Code: q.code, Reason: q.why, Refused: q.refused,
	}
	if name, not := strings.CutPrefix(q.partner, "!"); not {
		f.NotPartner = name
	} else {
		f.Partner = name
	}
	var err error
	f.From, f.Until, err = window(cmp.Or(q.time, timeToday), q.from, q.until, now)
	return f, err
}

// window is [from, until), Unix ms, of an address: two moments, or else a word for
// the time up to now, whose until is 0.
func window(word, first, last string, now time.Time) (from, until int64, err error) {
	if first != "" || last != "" {
		if from, err = moment(first, now.Location()); err == nil {
			until, err = moment(last, now.Location())
		}
		return from, until, err
	}
	switch word {
	case timeToday:
		return store.DayOf(now).UnixMilli(), 0, nil
	case timeAll:
		return 0, 0, nil
	}
	span, known := spans[word]
	if !known {
		return 0, 0, records.ErrFilter
	}
	return now.Add(-span).UnixMilli(), 0, nil
}

// moment reads a time of an address: Unix ms, or what a browser's control for
// date and time sends, in the bank's zone. "" is 0.
func moment(text string, zone *time.Location) (int64, error) {
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

const logPath = "/console/log"

// The log's places carry the direction.
const (
	logList = "log"
	older   = "older"
	newer   = "newer"
)

// placeOf reads a query's cursor.
func (s *Console) placeOf(q logQuery) (records.Place, error) {
	if q.place == "" {
		return records.Place{}, nil
	}
	at, err := s.o.Cursors.Open(logList, q.place, 2)
	if err != nil {
		return records.Place{}, err
	}
	return records.Place{ID: at[1], Newer: at[0] == newer}, nil
}

// goOn is the address behind a line in a direction; "" without a line.
func (s *Console) goOn(q logQuery, direction, id string) string {
	if id == "" {
		return ""
	}
	q.place = s.o.Cursors.Make(logList, direction, id)
	return q.address(logPath)
}
