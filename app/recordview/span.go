package recordview

import (
	"context"
	"time"

	"postern/app/errs"
	"postern/app/store"
	"postern/models"
	"postern/views/i18n"
)

// Span is a range of time that charts show. All but its last
// bucket is over: what is over is compared with as much of the range before.
type Span struct {
	Name         string
	Word         i18n.Key
	Days         bool // Buckets are days of the bank's zone, else hours
	From         time.Time
	Last         time.Time // begin of the bucket that is not over
	Now          time.Time
	Before, Till time.Time // what the part that is over is compared with
}

// Spans are the ranges that are offered, in their order; the first is the default.
var Spans = []struct {
	Name string
	Word i18n.Key
	days int // 0: hours
	back int // whole hours or days before the one that is not over; -1: since the day began
}{
	{TimeToday, i18n.OverviewToday, 0, -1}, {"24h", i18n.OverviewDay, 0, 23}, {"7d", i18n.OverviewWeek, 7, 6}, {"30d", i18n.OverviewMonth, 30, 29},
}

var errOverviewSpan = errs.New(errs.Invalid, "overview.unknown", "The overview cannot show this range of time.")

// SpanOf is the range with a name at now, in the bank's zone.
func SpanOf(name string, now time.Time) (Span, error) {
	if name == "" {
		name = TimeToday
	}
	day := store.DayOf(now)
	begun := HourOf(now)
	for _, o := range Spans {
		if o.Name != name {
			continue
		}
		v := Span{Name: name, Word: o.Word, Days: o.days > 0, Now: now, Last: begun}
		switch {
		case o.back < 0:
			v.From, v.Before, v.Till = day, day.AddDate(0, 0, -1), begun.AddDate(0, 0, -1)
		case !v.Days:
			v.From = begun.Add(-time.Duration(o.back) * time.Hour)
			v.Before, v.Till = v.From.Add(-24*time.Hour), begun.Add(-24*time.Hour)
		default:
			v.Last, v.From = day, day.AddDate(0, 0, -o.back)
			v.Before, v.Till = v.From.AddDate(0, 0, -o.days), day.AddDate(0, 0, -o.days)
		}
		return v, nil
	}
	return Span{}, errOverviewSpan
}

// HourOf is when the hour of a time begins on the clock of its zone.
func HourOf(t time.Time) time.Time {
	return t.Add(-time.Duration(t.Minute())*time.Minute - time.Duration(t.Second())*time.Second - time.Duration(t.Nanosecond()))
}

// Buckets are the begins of the range's hours or days, Unix ms.
func (v Span) Buckets() (list []int64) {
	for at := v.From; !at.After(v.Last); {
		list = append(list, at.UnixMilli())
		if v.Days {
			at = at.AddDate(0, 0, 1)
		} else {
			at = at.Add(time.Hour)
		}
	}
	return list
}

// Times are buckets as charts have them, Unix s.
func Times(buckets []int64) []float64 {
	times := make([]float64, len(buckets))
	for i, b := range buckets {
		times[i] = float64(b) / 1000
	}
	return times
}

// End is when the i-th of the range's buckets ends, Unix ms; the last one ends now.
func (v Span) End(buckets []int64, i int) int64 {
	if i+1 < len(buckets) {
		return buckets[i+1]
	}
	return v.Now.UnixMilli() + 1
}

// BucketOf is in which bucket a count of an hour or a day is.
func (v Span) BucketOf(start int64) int64 {
	if v.Days {
		return store.DayOf(time.UnixMilli(start).In(v.Now.Location())).UnixMilli()
	}
	return start
}

// Counts says which counts are of the range, or of the one before.
func (v Span) Counts(applications []string) (now, before store.TrafficSpan) {
	span := models.SpanHour
	if v.Days {
		span = models.SpanDay
	}
	now = store.TrafficSpan{Span: span, From: v.From.UnixMilli(), Until: v.Now.UnixMilli() + 1, Applications: applications}
	before = store.TrafficSpan{Span: span, From: v.Before.UnixMilli(), Until: v.Till.UnixMilli(), Applications: applications}
	return now, before
}

// BucketWords says which hour or day a bucket is.
func (v Span) BucketWords(ctx context.Context, start int64) string {
	at := time.UnixMilli(start).In(v.Now.Location())
	switch {
	case v.Days:
		return i18n.Date(ctx, at)
	case store.DayOf(at).Equal(store.DayOf(v.Now)):
		return at.Format("15:04")
	}
	return i18n.Minute(ctx, at)
}
