package catalog

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"postern/app/change"
	"postern/app/errs"
	"postern/app/hours"
	"postern/models"
)

// Upper bounds of a service's plan: each call is held against all of it.
const (
	maxSpans = 50
	maxStops = 100
)

func normalizeHours(list []Span) []Span {
	list = slices.Clone(list)
	for i, s := range list {
		days := slices.Clone(s.Days)
		for j, d := range days {
			days[j] = strings.ToLower(strings.TrimSpace(d))
		}
		list[i] = Span{Days: days, From: strings.TrimSpace(s.From), To: strings.TrimSpace(s.To)}
	}
	return list
}

func normalizeStops(list []Stop) []Stop {
	list = slices.Clone(list)
	for i, s := range list {
		list[i] = Stop{
			From: s.From.Truncate(time.Second).UTC(), To: s.To.Truncate(time.Second).UTC(),
			ReasonEN: strings.TrimSpace(s.ReasonEN), ReasonZH: strings.TrimSpace(s.ReasonZH),
		}
	}
	return list
}

func (s Service) checkHours(f *errs.Fields) {
	f.Check(len(s.Hours) <= maxSpans, "hours", "too_many", fmt.Sprintf("%d spans are too many: want at most %d", len(s.Hours), maxSpans))
	seen := map[string]bool{}
	for i, h := range s.Hours {
		at := fmt.Sprintf("hours.%d.", i)
		span, faults := hours.ParseSpan(h.Days, h.From, h.To)
		for part, err := range map[string]error{"days": faults.Days, "from": faults.From, "to": faults.To} {
			if err != nil {
				f.Check(false, at+part, "hours_"+part, err.Error())
			}
		}
		if faults.None() {
			f.Check(!seen[span.String()], at+"days", "twice", span.String()+" is here twice")
			seen[span.String()] = true
		}
	}
}

func (s Service) checkStops(f *errs.Fields) {
	f.Check(len(s.Stops) <= maxStops, "stops", "too_many", fmt.Sprintf("%d stops are too many: want at most %d; those that are over may go", len(s.Stops), maxStops))
	seen := map[time.Time]bool{}
	for i, x := range s.Stops {
		at := fmt.Sprintf("stops.%d.", i)
		f.Check(!x.From.IsZero(), at+"from", "stop_from", "enter when the stop begins")
		f.Check(!x.To.IsZero(), at+"to", "stop_to", "enter when the stop ends")
		f.Check(x.To.IsZero() || x.To.After(x.From), at+"to", "ends_before_start", "it would end before it begins")
		f.Check(x.To.Sub(x.From) <= hours.MaxClosure, at+"to", "stop_long", "a stop lasts at most 31 days: what is closed longer is suspended")
		f.Check(!seen[x.From], at+"from", "twice", fmt.Sprintf("there are two stops from %s", moment(x.From)))
		seen[x.From] = true
		for part, reason := range map[string]string{"reason_en": x.ReasonEN, "reason_zh": x.ReasonZH} {
			f.Check(models.ReadableName(reason), at+part, "reason", fmt.Sprintf("%.60q does not say why: want 1 to 200 characters on one line, none of which turns or hides text", reason))
		}
	}
}

func moment(t time.Time) string { return t.UTC().Format(time.RFC3339) }

// compareHours judges the week as a whole: how it is cut into spans changes nothing.
func compareHours(c *change.Comparison, before, after []Span) {
	was, is := spans(before), spans(after)
	effect := change.Neutral
	switch {
	case hours.Beyond(is, was):
		effect = change.Widens
	case hours.Beyond(was, is):
		effect = change.Narrows
	}
	switch from, to := inWords(was), inWords(is); {
	case from == to:
	case c.New:
		c.Note(effect, "hours: %s", to)
	default:
		c.Note(effect, "hours: %s -> %s", from, to)
	}
}

// spans are those that can be read; Validate tells of the others.
func spans(list []Span) []hours.Span {
	var readable []hours.Span
	for _, h := range list {
		if s, faults := hours.ParseSpan(h.Days, h.From, h.To); faults.None() {
			readable = append(readable, s)
		}
	}
	return readable
}

func inWords(list []hours.Span) string {
	words := make([]string, len(list))
	for i, s := range list {
		words[i] = s.String()
	}
	if len(words) == 0 {
		return "always"
	}
	slices.Sort(words)
	return strings.Join(words, ", ")
}

// compareStops: less time closed is wider, also of stops that are over, for a
// comparison knows no clock.
func compareStops(c *change.Comparison, before, after []Stop) {
	old := map[time.Time]Stop{}
	for _, x := range before {
		old[x.From] = x
	}
	for _, x := range after {
		was, known := old[x.From]
		delete(old, x.From)
		if !known {
			c.Note(change.Narrows, "stop from %s until %s is added: %s / %s", moment(x.From), moment(x.To), x.ReasonEN, x.ReasonZH)
			continue
		}
		at := "stop from " + moment(x.From) + ": "
		if !x.To.Equal(was.To) {
			effect := change.Narrows
			if x.To.Before(was.To) {
				effect = change.Widens
			}
			c.Note(effect, "%suntil %s -> %s", at, moment(was.To), moment(x.To))
		}
		c.Text(at+"reason_en", was.ReasonEN, x.ReasonEN, change.Neutral)
		c.Text(at+"reason_zh", was.ReasonZH, x.ReasonZH, change.Neutral)
	}
	for _, x := range before {
		if _, gone := old[x.From]; gone {
			c.Note(change.Widens, "stop from %s until %s is taken away", moment(x.From), moment(x.To))
		}
	}
}

// saveHours writes hours and stops that are other than before.
func saveHours(w change.Writer, x change.Change[Service]) error {
	id := x.After.ID
	if was, is := hourRows(id, x.Before.Hours), hourRows(id, x.After.Hours); !slices.Equal(was, is) {
		if err := w.SetHours(id, is, w.At()); err != nil {
			return err
		}
	}
	if was, is := stopRows(id, x.Before.Stops), stopRows(id, x.After.Stops); !slices.Equal(was, is) {
		return w.SetStops(id, is, w.At())
	}
	return nil
}

func hourRows(service string, list []Span) []models.ServiceHours {
	var rows []models.ServiceHours
	for _, h := range list {
		row := models.ServiceHours{ServiceID: service, Days: strings.Join(h.Days, " "), Opens: h.From, Closes: h.To}
		if days, err := hours.ParseDays(h.Days); err == nil {
			row.Days = days.String()
		}
		rows = append(rows, row)
	}
	return rows
}

func spanOf(m models.ServiceHours) Span {
	return Span{Days: strings.Fields(m.Days), From: m.Opens, To: m.Closes}
}

func stopRows(service string, list []Stop) []models.ServiceStop {
	var rows []models.ServiceStop
	for _, s := range list {
		rows = append(rows, models.ServiceStop{
			ServiceID: service, StartsAt: change.Moment(s.From), EndsAt: change.Moment(s.To), ReasonEN: s.ReasonEN, ReasonZH: s.ReasonZH,
		})
	}
	return rows
}

func stopOf(m models.ServiceStop) Stop {
	return Stop{From: change.MomentOf(m.StartsAt), To: change.MomentOf(m.EndsAt), ReasonEN: m.ReasonEN, ReasonZH: m.ReasonZH}
}
