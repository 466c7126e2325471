package console

import (
	"context"
	"net/url"
	"strconv"
	"time"

	"postern/app/errs"
	"postern/app/recordview"
	"postern/app/store"
	"postern/models"
	"postern/views/i18n"
)

// overviewSpan is the range of time that the overview shows. All but its last
// bucket is over: what is over is compared with as much of the range before.
type overviewSpan struct {
	name         string
	word         i18n.Key
	days         bool // buckets are days of the bank's zone, else hours
	from         time.Time
	last         time.Time // begin of the bucket that is not over
	now          time.Time
	before, till time.Time // what the part that is over is compared with
}

// overviewSpans are the ranges that are offered, in their order; the first is the default.
var overviewSpans = []struct {
	name string
	word i18n.Key
	days int // 0: hours
	back int // whole hours or days before the one that is not over; -1: since the day began
}{
	{recordview.TimeToday, i18n.OverviewToday, 0, -1}, {"24h", i18n.OverviewDay, 0, 23}, {"7d", i18n.OverviewWeek, 7, 6}, {"30d", i18n.OverviewMonth, 30, 29},
}

var errOverviewSpan = errs.New(errs.Invalid, "overview.unknown", "The overview cannot show this range of time.")

// spanOf is the range with a name at now, in the bank's zone.
func spanOf(name string, now time.Time) (overviewSpan, error) {
	if name == "" {
		name = recordview.TimeToday
	}
	day := store.DayOf(now)
	begun := hourOf(now)
	for _, o := range overviewSpans {
		if o.name != name {
			continue
		}
		v := overviewSpan{name: name, word: o.word, days: o.days > 0, now: now, last: begun}
		switch {
		case o.back < 0:
			v.from, v.before, v.till = day, day.AddDate(0, 0, -1), begun.AddDate(0, 0, -1)
		case !v.days:
			v.from = begun.Add(-time.Duration(o.back) * time.Hour)
			v.before, v.till = v.from.Add(-24*time.Hour), begun.Add(-24*time.Hour)
		default:
			v.last, v.from = day, day.AddDate(0, 0, -o.back)
			v.before, v.till = v.from.AddDate(0, 0, -o.days), day.AddDate(0, 0, -o.days)
		}
		return v, nil
	}
	return overviewSpan{}, errOverviewSpan
}

// hourOf is when the hour of a time begins on the clock of its zone.
func hourOf(t time.Time) time.Time {
	return t.Add(-time.Duration(t.Minute())*time.Minute - time.Duration(t.Second())*time.Second - time.Duration(t.Nanosecond()))
}

// buckets are the begins of the range's hours or days, Unix ms.
func (v overviewSpan) buckets() (list []int64) {
	for at := v.from; !at.After(v.last); {
		list = append(list, at.UnixMilli())
		if v.days {
			at = at.AddDate(0, 0, 1)
		} else {
			at = at.Add(time.Hour)
		}
	}
	return list
}

// bucketOf is in which bucket a count of an hour or a day is.
func (v overviewSpan) bucketOf(start int64) int64 {
	if v.days {
		return store.DayOf(time.UnixMilli(start).In(v.now.Location())).UnixMilli()
	}
	return start
}

// counts says which counts are of the range, or of the one before.
func (v overviewSpan) counts(applications []string) (now, before store.TrafficSpan) {
	span := models.SpanHour
	if v.days {
		span = models.SpanDay
	}
	now = store.TrafficSpan{Span: span, From: v.from.UnixMilli(), Until: v.now.UnixMilli() + 1, Applications: applications}
	before = store.TrafficSpan{Span: span, From: v.before.UnixMilli(), Until: v.till.UnixMilli(), Applications: applications}
	return now, before
}

// address is the overview with another range, or of another partner.
func overviewAddress(path, span, partner string) string {
	q := url.Values{}
	if span != "" && span != recordview.TimeToday {
		q.Set("time", span)
	}
	if partner != "" {
		q.Set("partner", partner)
	}
	if len(q) == 0 {
		return path
	}
	return path + "?" + q.Encode()
}

// log is the log's filter for the range.
func (v overviewSpan) log(partner string) recordview.Query {
	q := recordview.Query{Partner: partner}
	if v.name == recordview.TimeToday {
		q.Time = recordview.TimeToday
	} else {
		q.From = strconv.FormatInt(v.from.UnixMilli(), 10)
	}
	return q
}

// bucketWords says which hour or day a bucket is.
func (v overviewSpan) bucketWords(ctx context.Context, start int64) string {
	at := time.UnixMilli(start).In(v.now.Location())
	switch {
	case v.days:
		return i18n.Date(ctx, at)
	case store.DayOf(at).Equal(store.DayOf(v.now)):
		return at.Format("15:04")
	}
	return i18n.Date(ctx, at) + " " + at.Format("15:04")
}
