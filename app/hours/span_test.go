package hours_test

import (
	"strings"
	"testing"

	"postern/app/hours"
)

func TestASpanThatIsNoneIsToldPartByPart(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name           string
		days, from, to string
		wrong, want    string // the part, and what it is told
	}{
		{"no day", "", "09:00", "17:00", "days", "at least one day"},
		{"a day that is none", "mon feiertag", "09:00", "17:00", "days", `"feiertag" is no day`},
		{"a day twice", "mon mon", "09:00", "17:00", "days", "mon is here twice"},
		{"a time without a zero", "mon", "9:00", "17:00", "from", "no time of day"},
		{"seconds", "mon", "09:00:00", "17:00", "from", "no time of day"},
		{"an hour that is none", "mon", "09:00", "25:00", "to", "no time of day"},
		{"opening when the day is over", "mon", "24:00", "17:00", "from", "nothing opens at 24:00"},
		{"no length", "mon", "09:00", "09:00", "to", "a whole day is 00:00 to 24:00"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			_, faults := hours.ParseSpan(strings.Fields(c.days), c.from, c.to)
			told := map[string]string{}
			for part, err := range map[string]error{"days": faults.Days, "from": faults.From, "to": faults.To} {
				if err != nil {
					told[part] = err.Error()
				}
			}
			if len(told) != 1 || !strings.Contains(told[c.wrong], c.want) {
				t.Errorf("told %v, want %q of %s", told, c.want, c.wrong)
			}
		})
	}
}

func TestASpanReadsAsItWasWritten(t *testing.T) {
	t.Parallel()
	for _, text := range []string{"mon 00:00-24:00", "sat sun 22:15-02:00"} {
		if got := week(t, text)[0].String(); got != text {
			t.Errorf("%q reads %q", text, got)
		}
	}
	if got := week(t, "sun mon 09:00-10:00")[0].Days.String(); got != "mon sun" {
		t.Errorf("days read %q", got)
	}
}

func TestWhetherOneWeekGoesBeyondAnother(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name         string
		a, b         []string
		aOver, bOver bool
	}{
		{"always and always", nil, nil, false, false},
		{"always and hours", nil, []string{"mon 09:00-17:00"}, true, false},
		{"later", []string{"mon 09:00-18:00"}, []string{"mon 09:00-17:00"}, true, false},
		{"moved", []string{"mon 10:00-18:00"}, []string{"mon 09:00-17:00"}, true, true},
		{"the same in two parts", []string{"mon 09:00-12:00", "mon 12:00-17:00"}, []string{"mon 09:00-17:00"}, false, false},
		{"over midnight, written as two", []string{"sun 22:00-02:00"}, []string{"sun 22:00-24:00", "mon 00:00-02:00"}, false, false},
		{"always, written out", nil, []string{"mon tue wed thu fri sat sun 00:00-24:00"}, false, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			a, b := week(t, c.a...), week(t, c.b...)
			if hours.Beyond(a, b) != c.aOver || hours.Beyond(b, a) != c.bOver {
				t.Errorf("beyond: %v and %v, want %v and %v", hours.Beyond(a, b), hours.Beyond(b, a), c.aOver, c.bOver)
			}
		})
	}
}
