package hours

import "time"

// Stop is a planned stop: closed from From on until To, whatever the week says.
type Stop struct {
	From, To           time.Time
	ReasonEN, ReasonZH string // for staff
}

// Plan is when a service is open; the zero value is always. Immutable.
type Plan struct {
	Spans []Span
	Stops []Stop
}

// Closure is a time in which a service is closed.
type Closure struct {
	Until time.Time // the first moment at which it is open again
	Stop  *Stop     // the planned stop that closes it now; nil for the week's hours
}

// MaxClosure is how far ahead the end of a closure is looked for. What is closed
// longer is said to be closed that long, and asked about again.
const MaxClosure = 31 * 24 * time.Hour

// Closed reports whether the service is closed at t, and until when. The zone is
// that of the week's clock.
func (p Plan) Closed(t time.Time, zone *time.Location) (Closure, bool) {
	c := Closure{Until: t, Stop: p.stopAt(t)}
	for c.Until.Sub(t) < MaxClosure {
		next := c.Until
		if s := p.stopAt(next); s != nil {
			next = s.To
		}
		if next = p.opening(next, zone); next.Equal(c.Until) {
			return c, next.After(t)
		}
		c.Until = next
	}
	c.Until = t.Add(MaxClosure)
	return c, true
}

func (p Plan) stopAt(t time.Time) *Stop {
	for i := range p.Stops {
		if s := &p.Stops[i]; !t.Before(s.From) && t.Before(s.To) {
			return s
		}
	}
	return nil
}

// lookAhead is within how many days every week opens, even one of whose spans
// daylight saving skips one.
const lookAhead = 15

// opening is t itself inside a span, else when the next one opens.
func (p Plan) opening(t time.Time, zone *time.Location) time.Time {
	if len(p.Spans) == 0 {
		return t
	}
	year, month, today := t.In(zone).Date()
	for day := today - 1; day < today+lookAhead; day++ { // yesterday's may go over midnight
		var next time.Time
		for _, s := range p.Spans {
			from, to, ok := s.on(year, month, day, zone)
			switch {
			case !ok || !t.Before(to):
			case !t.Before(from):
				return t
			case next.IsZero() || from.Before(next):
				next = from
			}
		}
		if !next.IsZero() {
			return next
		}
	}
	return t.AddDate(0, 0, lookAhead)
}
