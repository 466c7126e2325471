package hours_test

import (
	"strings"
	"testing"
	"time"
	_ "time/tzdata" // the machine may have no time zones

	"postern/app/hours"
)

// week reads spans such as "mon tue 09:00-17:30".
func week(t testing.TB, texts ...string) []hours.Span {
	t.Helper()
	var list []hours.Span
	for _, text := range texts {
		words := strings.Fields(text)
		from, to, _ := strings.Cut(words[len(words)-1], "-")
		s, faults := hours.ParseSpan(words[:len(words)-1], from, to)
		if !faults.None() {
			t.Fatalf("%s: %+v", text, faults)
		}
		list = append(list, s)
	}
	return list
}

// at reads a moment: with an offset, or on Shanghai's clock.
func at(t testing.TB, text string) time.Time {
	t.Helper()
	if len(text) == len("2006-01-02 15:04:05") {
		text += " +08:00"
	}
	m, err := time.Parse("2006-01-02 15:04:05 -07:00", text)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func stop(t testing.TB, from, to string) hours.Stop {
	return hours.Stop{From: at(t, from), To: at(t, to)}
}

const open = "" // what until is of a service that is open

type question struct{ now, until string }

// plans are held against moments. 2026-11-23 is a Monday.
var plans = []struct {
	name, zone string
	week       []string
	stops      [][2]string
	ask        []question
}{
	{"without a plan it is open", "Asia/Shanghai", nil, nil, []question{{"2026-11-22 03:00:00", open}}},
	{"office hours, to the second", "Asia/Shanghai", []string{"mon tue wed thu fri 09:00-17:30"}, nil, []question{
		{"2026-11-23 08:59:59", "2026-11-23 09:00:00"}, {"2026-11-23 09:00:00", open}, {"2026-11-23 17:29:59", open},
		{"2026-11-23 17:30:00", "2026-11-24 09:00:00"}, {"2026-11-27 20:00:00", "2026-11-30 09:00:00"}, {"2026-11-29 12:00:00", "2026-11-30 09:00:00"},
	}},
	{"one day a week, asked just after it closed", "Asia/Shanghai", []string{"mon 09:00-10:00"}, nil, []question{
		{"2026-11-23 10:00:00", "2026-11-30 09:00:00"},
	}},
	{"two spans a day", "Asia/Shanghai", []string{"mon 09:00-12:00", "mon 13:30-17:00"}, nil, []question{
		{"2026-11-23 12:00:00", "2026-11-23 13:30:00"}, {"2026-11-23 11:59:59", open},
	}},
	{"spans that touch or overlap leave no gap", "Asia/Shanghai", []string{"mon 09:00-12:00", "mon 12:00-15:00", "mon 14:00-16:00"}, nil, []question{
		{"2026-11-23 12:00:00", open}, {"2026-11-23 15:00:00", open}, {"2026-11-23 16:00:00", "2026-11-30 09:00:00"},
	}},
	{"over midnight, into a day that is not named", "Asia/Shanghai", []string{"fri 22:00-02:00"}, nil, []question{
		{"2026-11-27 21:59:59", "2026-11-27 22:00:00"}, {"2026-11-27 23:59:59", open}, {"2026-11-28 00:00:00", open},
		{"2026-11-28 01:59:59", open}, {"2026-11-28 02:00:00", "2026-12-04 22:00:00"}, {"2026-11-27 01:00:00", "2026-11-27 22:00:00"},
	}},
	{"Sunday's span reaches into Monday", "Asia/Shanghai", []string{"sun 20:00-06:00"}, nil, []question{{"2026-11-23 05:59:59", open}}},
	{"whole days", "Asia/Shanghai", []string{"mon tue wed thu fri sat 00:00-24:00"}, nil, []question{
		{"2026-11-28 23:59:59", open}, {"2026-11-29 00:00:00", "2026-11-30 00:00:00"}, {"2026-11-24 00:00:00", open},
	}},
	{"the whole week but for the day-end", "Asia/Shanghai", []string{"mon tue wed thu fri sat sun 01:00-23:00"}, nil, []question{
		{"2026-12-31 23:00:00", "2027-01-01 01:00:00"},
	}},
	{"a stop without hours", "Asia/Shanghai", nil, [][2]string{{"2026-11-23 23:30:00", "2026-11-24 00:30:05"}}, []question{
		{"2026-11-23 23:29:59", open}, {"2026-11-23 23:30:00", "2026-11-24 00:30:05"}, {"2026-11-24 00:30:04", "2026-11-24 00:30:05"}, {"2026-11-24 00:30:05", open},
	}},
	{"a stop inside hours", "Asia/Shanghai", []string{"mon 09:00-17:00"}, [][2]string{{"2026-11-23 12:00:00", "2026-11-23 13:00:00"}}, []question{
		{"2026-11-23 11:59:59", open}, {"2026-11-23 12:00:00", "2026-11-23 13:00:00"}, {"2026-11-23 13:00:00", open},
	}},
	{"a stop that outlasts the hours ends with the next opening", "Asia/Shanghai", []string{"mon tue 09:00-17:00"}, [][2]string{{"2026-11-23 16:00:00", "2026-11-23 20:00:00"}}, []question{
		{"2026-11-23 16:30:00", "2026-11-24 09:00:00"},
	}},
	{"an opening that falls into a stop waits for its end", "Asia/Shanghai", []string{"mon tue 09:00-17:00"}, [][2]string{{"2026-11-24 08:00:00", "2026-11-24 10:00:00"}}, []question{
		{"2026-11-23 18:00:00", "2026-11-24 10:00:00"},
	}},
	{"stops that overlap are one", "Asia/Shanghai", nil, [][2]string{
		{"2026-11-23 10:00:00", "2026-11-23 11:00:00"}, {"2026-11-23 10:30:00", "2026-11-23 12:00:00"}, {"2026-11-23 12:00:00", "2026-11-23 12:10:00"},
	}, []question{{"2026-11-23 10:00:00", "2026-11-23 12:10:00"}}},
	{"what is closed for very long is told in parts", "Asia/Shanghai", nil, [][2]string{{"2026-11-01 00:00:00", "2027-11-01 00:00:00"}}, []question{
		{"2026-11-01 00:00:00", "2026-12-02 00:00:00"},
	}},

	// Berlin skips 02:00 to 03:00 on 2026-03-29, a Sunday.
	{"a span that is skipped in part begins with the jump", "Europe/Berlin", []string{"sun 02:30-05:00"}, nil, []question{
		{"2026-03-29 01:59:59 +01:00", "2026-03-29 03:00:00 +02:00"}, {"2026-03-29 03:00:00 +02:00", open}, {"2026-03-29 05:00:00 +02:00", "2026-04-05 02:30:00 +02:00"},
	}},
	{"a span that is skipped whole does not open that day", "Europe/Berlin", []string{"sun 02:10-02:50"}, nil, []question{
		{"2026-03-29 01:00:00 +01:00", "2026-04-05 02:10:00 +02:00"}, {"2026-03-22 03:00:00 +01:00", "2026-04-05 02:10:00 +02:00"},
	}},
	{"hours on both sides of a jump keep to the clock", "Europe/Berlin", []string{"sat sun 20:00-04:00"}, nil, []question{
		{"2026-03-29 03:59:59 +02:00", open}, {"2026-03-29 04:00:00 +02:00", "2026-03-29 20:00:00 +02:00"},
	}},
	// It shows 02:00 to 03:00 twice on 2026-10-25, a Sunday.
	{"what opens at a time that comes twice opens the first time", "Europe/Berlin", []string{"sun 02:30-06:00"}, nil, []question{
		{"2026-10-25 02:29:59 +02:00", "2026-10-25 02:30:00 +02:00"}, {"2026-10-25 02:30:00 +02:00", open}, {"2026-10-25 02:15:00 +01:00", open}, {"2026-10-25 06:00:00 +01:00", "2026-11-01 02:30:00 +01:00"},
	}},
	{"what closes at a time that comes twice closes the first time", "Europe/Berlin", []string{"sun 01:00-02:30"}, nil, []question{
		{"2026-10-25 02:29:59 +02:00", open}, {"2026-10-25 02:30:00 +02:00", "2026-11-01 01:00:00 +01:00"}, {"2026-10-25 02:15:00 +01:00", "2026-11-01 01:00:00 +01:00"},
	}},
	{"a stop knows nothing of clocks", "Europe/Berlin", nil, [][2]string{{"2026-10-25 02:30:00 +02:00", "2026-10-25 02:30:00 +01:00"}}, []question{
		{"2026-10-25 02:45:00 +02:00", "2026-10-25 02:30:00 +01:00"}, {"2026-10-25 02:30:00 +01:00", open},
	}},
	// Sao Paulo had no midnight on 2018-11-04, a Sunday.
	{"a day without a midnight begins with the jump", "America/Sao_Paulo", []string{"sun 00:00-24:00"}, nil, []question{
		{"2018-11-03 23:59:59 -03:00", "2018-11-04 01:00:00 -02:00"}, {"2018-11-04 01:00:00 -02:00", open}, {"2018-11-04 23:59:59 -02:00", open}, {"2018-11-05 00:00:00 -02:00", "2018-11-11 00:00:00 -02:00"},
	}},
}

func TestAPlanSaysWhenAServiceIsClosed(t *testing.T) {
	t.Parallel()
	for _, c := range plans {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			zone, err := time.LoadLocation(c.zone)
			if err != nil {
				t.Fatal(err)
			}
			p := hours.Plan{Spans: week(t, c.week...)}
			for _, s := range c.stops {
				p.Stops = append(p.Stops, stop(t, s[0], s[1]))
			}
			for _, q := range c.ask {
				closure, closed := p.Closed(at(t, q.now), zone)
				switch {
				case closed != (q.until != open):
					t.Errorf("%s: closed is %v, want until %q", q.now, closed, q.until)
				case closed && !closure.Until.Equal(at(t, q.until)):
					t.Errorf("%s: until %s, want %s", q.now, closure.Until.In(zone), q.until)
				}
			}
		})
	}
}

// TestAClosureEndsWithTheFirstOpenSecond compares with asking each second, over
// the days on which clocks jump.
func TestAClosureEndsWithTheFirstOpenSecond(t *testing.T) {
	t.Parallel()
	for _, start := range []string{"2026-03-28 12:00:00 +01:00", "2026-10-24 12:00:00 +02:00"} {
		zone, _ := time.LoadLocation("Europe/Berlin")
		p := hours.Plan{
			Spans: week(t, "sat sun 22:00-02:30", "sun 02:45-03:15", "mon 09:00-12:00"),
			Stops: []hours.Stop{stop(t, "2026-03-28 23:59:58 +01:00", "2026-03-29 00:00:03 +01:00")},
		}
		promised := time.Time{}
		for now := at(t, start); now.Before(at(t, start).Add(36 * time.Hour)); now = now.Add(time.Second) {
			c, closed := p.Closed(now, zone)
			switch {
			case !closed && now.Before(promised), closed && now.Equal(promised):
				t.Fatalf("%s: closed is %v, and it was to open at %s", now.In(zone), closed, promised.In(zone))
			case closed:
				promised = c.Until
			}
		}
	}
}

func TestAClosureNamesTheStopThatMakesIt(t *testing.T) {
	t.Parallel()
	zone := time.FixedZone("bank", 8*3600)
	p := hours.Plan{Spans: week(t, "mon 09:00-17:00"), Stops: []hours.Stop{stop(t, "2026-11-23 12:00:00", "2026-11-23 20:00:00")}}
	p.Stops[0].ReasonEN = "day-end"
	for now, want := range map[string]string{"2026-11-23 12:00:00": "day-end", "2026-11-23 21:00:00": ""} {
		c, closed := p.Closed(at(t, now), zone)
		got := ""
		if c.Stop != nil {
			got = c.Stop.ReasonEN
		}
		if !closed || got != want {
			t.Errorf("%s: stop %q, want %q", now, got, want)
		}
	}
}

func BenchmarkClosed(b *testing.B) {
	zone, _ := time.LoadLocation("Asia/Shanghai")
	p := hours.Plan{Spans: week(b, "mon tue wed thu fri 09:00-17:30", "sat 10:00-16:00")}
	now := at(b, "2026-11-25 12:00:00")
	for b.Loop() {
		p.Closed(now, zone)
	}
}
