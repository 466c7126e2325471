package console

import (
	"net/url"
	"strconv"

	"postern/app/recordview"
)

// overviewAddress is the overview with another range, or of another partner.
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

// spanLog is the log's filter for the range.
func spanLog(v recordview.Span, partner string) recordview.Query {
	q := recordview.Query{Partner: partner}
	if v.Name == recordview.TimeToday {
		q.Time = recordview.TimeToday
	} else {
		q.From = strconv.FormatInt(v.From.UnixMilli(), 10)
	}
	return q
}
