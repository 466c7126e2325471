package hours

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// Clock is a time of day as clocks show it, in minutes after midnight.
type Clock int

// Midnight is the end of a day, 24:00.
const Midnight Clock = 24 * 60

// ParseClock reads hours and minutes, such as 09:00; the day ends at 24:00.
func ParseClock(text string) (Clock, error) {
	if text == "24:00" {
		return Midnight, nil
	}
	t, err := time.Parse("15:04", text)
	if err != nil || len(text) != len("15:04") {
		return 0, fmt.Errorf("%.20q is no time of day: want hours and minutes such as 09:00, at most 24:00", text)
	}
	return Clock(t.Hour()*60 + t.Minute()), nil
}

// String is the time as ParseClock reads it.
func (c Clock) String() string { return fmt.Sprintf("%02d:%02d", c/60, c%60) }

// DayNames are the days of the week as ParseDays reads them, in order.
var DayNames = []string{"mon", "tue", "wed", "thu", "fri", "sat", "sun"}

// Days is a set of days of the week; bit 0 is Monday.
type Days uint8

// ParseDays reads names of days, at least one and each once.
func ParseDays(names []string) (Days, error) {
	var d Days
	for _, name := range names {
		i := slices.Index(DayNames, name)
		if i < 0 {
			return 0, fmt.Errorf("%.20q is no day: want %s", name, strings.Join(DayNames, ", "))
		}
		if d&(1<<i) != 0 {
			return 0, fmt.Errorf("%s is here twice", name)
		}
		d |= 1 << i
	}
	if d == 0 {
		return 0, fmt.Errorf("name at least one day: %s", strings.Join(DayNames, ", "))
	}
	return d, nil
}

// String is the names in the order of the week, with spaces between.
func (d Days) String() string {
	var names []string
	for i, name := range DayNames {
		if d.has(i) {
			names = append(names, name)
		}
	}
	return strings.Join(names, " ")
}

func (d Days) has(i int) bool { return d&(1<<i) != 0 }

// monday counts a day of the week from Monday, as Days does.
func monday(w time.Weekday) int { return (int(w) + 6) % 7 }

// Span is when a service is open on some days: from From on until To. A To that
// is not later than From is the next day's.
type Span struct {
	Days     Days
	From, To Clock
}

// ParseSpan reads a span. Its errors name the part that is wrong: one of days,
// from and to may be set.
func ParseSpan(days []string, from, to string) (s Span, faults Faults) {
	s.Days, faults.Days = ParseDays(days)
	s.From, faults.From = ParseClock(from)
	s.To, faults.To = ParseClock(to)
	switch {
	case !faults.None():
	case s.From == Midnight:
		faults.From = fmt.Errorf("nothing opens at 24:00: write 00:00 and the next day")
	case s.From == s.To:
		faults.To = fmt.Errorf("it would close when it opens: a whole day is 00:00 to 24:00")
	}
	return s, faults
}

// Faults are what is wrong with each part of a span; nil where nothing is.
type Faults struct{ Days, From, To error }

// None reports whether nothing is wrong.
func (f Faults) None() bool { return f.Days == nil && f.From == nil && f.To == nil }

// String is the span in words, such as "mon tue 09:00-17:30".
func (s Span) String() string { return fmt.Sprintf("%s %s-%s", s.Days, s.From, s.To) }

// on is when the span opens and closes on a day in a zone; false where it does
// not, be it that the clock skips all of it.
func (s Span) on(year int, month time.Month, day int, zone *time.Location) (from, to time.Time, ok bool) {
	if !s.Days.has(monday(time.Date(year, month, day, 0, 0, 0, 0, time.UTC).Weekday())) {
		return from, to, false
	}
	end := day
	if s.To <= s.From {
		end++
	}
	from, to = moment(year, month, day, s.From, zone), moment(year, month, end, s.To, zone)
	return from, to, from.Before(to)
}

// moment is when clocks in the zone show this time: for one that they skip the
// moment of the jump, for one that comes twice the first.
func moment(year int, month time.Month, day int, c Clock, zone *time.Location) time.Time {
	t := time.Date(year, month, day, 0, int(c), 0, 0, zone)
	// Which of two offsets time.Date takes where the clock jumps is its own choice.
	wall := time.Date(year, month, day, 0, int(c), 0, 0, time.UTC)
	start, end := t.ZoneBounds()
	if _, offset := t.Zone(); !t.Add(time.Duration(offset) * time.Second).Equal(wall) { // skipped
		if t.Add(time.Duration(offset) * time.Second).Before(wall) {
			return end
		}
		return start
	}
	if start.IsZero() {
		return t
	}
	_, before := start.Add(-1).Zone()
	if first := wall.Add(-time.Duration(before) * time.Second); first.Before(start) {
		return first.In(zone)
	}
	return t
}

// Beyond reports whether a week of a has a minute in which b's is closed. No
// spans are always open.
func Beyond(a, b []Span) bool {
	inA, inB := minutes(a), minutes(b)
	for i := range inA {
		if inA[i] && !inB[i] {
			return true
		}
	}
	return false
}

const week = 7 * int(Midnight)

func minutes(spans []Span) (open [week]bool) {
	for _, s := range spans {
		length := int(s.To - s.From)
		if length <= 0 {
			length += int(Midnight)
		}
		for day := range DayNames {
			for i := 0; s.Days.has(day) && i < length; i++ {
				open[(day*int(Midnight)+int(s.From)+i)%week] = true
			}
		}
	}
	for i := 0; len(spans) == 0 && i < week; i++ {
		open[i] = true
	}
	return open
}
