package conformance

import (
	"encoding/json"
	"testing"
	"time"

	"postern/models"
)

const began = int64(1_795_341_911_000)

// line is a line of the ledger, so many milliseconds after the stage began.
func line(at int64, kind, reason, vid string, detail map[string]string) models.Event {
	body, err := json.Marshal(map[string]any{"detail": detail})
	if err != nil {
		panic(err)
	}
	return models.Event{At: began + at, Kind: kind, Reason: reason, VID: vid, RequestID: kind + time.UnixMilli(at).String(), Body: string(body)}
}

// The lines of a partner whose server proves itself by the credential sig-1.
func asked(at int64, jti string) models.Event {
	return line(at, "at.issued", "", "", map[string]string{"credential": "sig-1", "jti": jti})
}

func denied(at int64, reason, assertion string) models.Event {
	return line(at, "at.refused", reason, "", map[string]string{"credential": "sig-1", "assertion": assertion})
}

func opened(at int64, jti, vid string) models.Event {
	return line(at, "vt.issued", "", vid, map[string]string{"jti": jti})
}

func turnedAway(at int64, reason, jti string) models.Event {
	return line(at, "vt.refused", reason, "", map[string]string{"jti": jti})
}

func called(at int64, reason, vid string, took time.Duration) models.Call {
	return models.Call{At: began + at, Reason: reason, VID: vid, RequestID: "call", Duration: took.Microseconds()}
}

// many are requests for ATs, one every so often.
func many(n int, from, every int64, request func(at int64) models.Event) (list []models.Event) {
	for i := range int64(n) {
		list = append(list, request(from+i*every))
	}
	return list
}

func TestWhatIsObserved(t *testing.T) {
	t.Parallel()
	anAT := func(at int64) models.Event { return asked(at, time.UnixMilli(at).String()) }
	const clock, rate, origin = "weather:assertion_from_the_future", "weather:rate_at", "weather:origin"
	for _, c := range []struct {
		name    string
		weather models.Weather
		lines   []models.Event
		calls   []models.Call
		gap     time.Duration // since the stage began: from when on lines are missing; 0 for none
		after   time.Duration // since the stage began
		verdict models.Verdict
		finding models.Finding
		goesOn  bool
		asked   int
		waited  int64
	}{
		{name: "nothing at first", weather: models.ExpiredAT, after: time.Minute, verdict: models.NotSeen, finding: models.NothingCame, goesOn: true},
		{name: "nothing at all", weather: models.ExpiredAT, after: Patience, verdict: models.NotSeen, finding: models.NothingCame},
		{name: "refused, and nothing after", weather: models.ExpiredAT, lines: []models.Event{asked(-500, "a"), turnedAway(300, "weather:at_expired", "a")}, after: Patience, verdict: models.NotSeen, finding: models.OnceOnly},
		{name: "a new AT", weather: models.ExpiredAT, lines: []models.Event{asked(-500, "a"), turnedAway(300, "weather:at_expired", "a"), asked(900, "b"), turnedAway(1500, "weather:at_expired", "b")},
			after: 12 * time.Second, verdict: models.AsItShould, finding: models.NewAT, asked: 1, waited: 600},
		{name: "a new AT, still watched", weather: models.SpentAT, lines: []models.Event{asked(-500, "a"), turnedAway(300, "weather:other_r", "a"), asked(900, "b")},
			after: 9 * time.Second, verdict: models.NotSeen, finding: models.OnceOnly, goesOn: true},
		{name: "the refused AT again", weather: models.SpentAT, lines: []models.Event{asked(-500, "a"), turnedAway(300, "weather:other_r", "a"), turnedAway(2300, "weather:other_r", "a")},
			after: 3 * time.Second, verdict: models.NotAsItShould, finding: models.SameAT, waited: 2000},
		{name: "a storm of ATs", weather: models.RetiredAK, lines: append([]models.Event{asked(0, "a"), turnedAway(300, "weather:kid", "a")}, many(6, 400, 200, anAT)...),
			after: 2 * time.Second, verdict: models.NotAsItShould, finding: models.Hammered, asked: 6},
		{name: "of a trial", weather: models.ExpiredAT, lines: []models.Event{
			line(0, "at.issued", "", "", map[string]string{"credential": "try-it-1-sig", "jti": "a"}), turnedAway(300, "weather:at_expired", "a"),
		}, after: 20 * time.Second, verdict: models.NotSeen, finding: models.NothingCame, goesOn: true},
		{name: "by weather of before", weather: models.ExpiredAT, lines: []models.Event{asked(0, "a"), turnedAway(300, origin, "a")}, after: 20 * time.Second, verdict: models.NotSeen, finding: models.NothingCame, goesOn: true},

		{name: "another assertion", weather: models.ClockAhead, lines: []models.Event{denied(100, clock, "x"), denied(5100, clock, "y")}, after: 12 * time.Second,
			verdict: models.AsItShould, finding: models.NewAssertion, asked: 1, waited: 5000},
		{name: "the same assertion", weather: models.ClockAhead, lines: []models.Event{denied(100, clock, "x"), denied(200, clock, "x")}, after: time.Second, verdict: models.NotAsItShould, finding: models.SameAssertion},
		{name: "a storm of assertions", weather: models.ClockAhead, lines: many(7, 100, 50, func(at int64) models.Event { return denied(at, clock, time.UnixMilli(at).String()) }), after: time.Second,
			verdict: models.NotAsItShould, finding: models.Hammered, asked: 6},
		{name: "somebody who only says who they are", weather: models.ClockAhead, lines: []models.Event{denied(100, clock, "x"), line(200, "at.refused", "bad_signature", "", nil)}, after: Patience,
			verdict: models.NotSeen, finding: models.OnceOnly},

		{name: "waited", weather: models.RateLimit, lines: []models.Event{denied(100, rate, "x"), denied(5300, rate, "y")}, after: 7 * time.Second, verdict: models.AsItShould, finding: models.Waited, waited: 5200},
		{name: "too early", weather: models.RateLimit, lines: []models.Event{denied(100, rate, "x"), denied(1100, rate, "y")}, after: 7 * time.Second, verdict: models.NotAsItShould, finding: models.TooEarly, waited: 1000},

		{name: "calm", weather: models.WrongOrigin, lines: []models.Event{asked(-500, "a"), turnedAway(300, origin, "a"), asked(9000, "b")}, after: 12 * time.Second, verdict: models.AsItShould, finding: models.Calm, asked: 1},
		{name: "AT after AT", weather: models.WrongOrigin, lines: append([]models.Event{asked(-500, "a"), turnedAway(300, origin, "a")}, many(3, 1000, 3000, anAT)...), after: 9 * time.Second,
			verdict: models.NotAsItShould, finding: models.Hammered, asked: 3},
		{name: "calm while the bank is slow", weather: models.SlowUpstream, lines: []models.Event{asked(-900, "a"), opened(-500, "a", "v")}, calls: []models.Call{called(100, "echo", "v", 8*time.Second)}, after: 20 * time.Second,
			verdict: models.AsItShould, finding: models.Calm},
		{name: "AT after AT while the bank is slow", weather: models.SlowUpstream, lines: append([]models.Event{asked(-900, "a"), opened(-500, "a", "v")}, many(3, 1000, 2000, anAT)...),
			calls: []models.Call{called(100, "weather:timeout", "v", 3*time.Second)}, after: 9 * time.Second, verdict: models.NotAsItShould, finding: models.Hammered, asked: 3},
		{name: "a call that was not slow", weather: models.SlowUpstream, lines: []models.Event{asked(-900, "a"), opened(-500, "a", "v")}, calls: []models.Call{called(100, "", "v", time.Second)}, after: 20 * time.Second,
			verdict: models.NotSeen, finding: models.NothingCame, goesOn: true},
		{name: "calm while the bank is down", weather: models.UpstreamDown, lines: []models.Event{asked(-900, "a"), opened(-500, "a", "v")}, calls: []models.Call{called(100, "weather:unavailable", "v", 0)}, after: 12 * time.Second,
			verdict: models.AsItShould, finding: models.Calm},
		{name: "a trial's call", weather: models.UpstreamDown, lines: []models.Event{line(-900, "at.issued", "", "", map[string]string{"credential": "try-it-1-sig", "jti": "a"}), opened(-500, "a", "v")},
			calls: []models.Call{called(100, "weather:unavailable", "v", 0)}, after: 12 * time.Second, verdict: models.NotSeen, finding: models.NothingCame, goesOn: true},
		{name: "the first of many calls", weather: models.UpstreamDown, lines: append([]models.Event{asked(-900, "a"), opened(-500, "a", "v")}, many(3, 1000, 2000, anAT)...),
			calls: []models.Call{called(100, "weather:unavailable", "v", 0), called(60_000, "weather:unavailable", "v", 0)}, after: 75 * time.Second, verdict: models.NotAsItShould, finding: models.Hammered, asked: 3},

		{name: "felt late, still watched", weather: models.ExpiredAT, lines: []models.Event{asked(-500, "a"), turnedAway(179_000, "weather:at_expired", "a"), asked(179_500, "b")},
			after: Patience + 10*time.Second, verdict: models.NotSeen, finding: models.OnceOnly, goesOn: true},
		{name: "felt late, and a new AT", weather: models.ExpiredAT, lines: []models.Event{asked(-500, "a"), turnedAway(179_000, "weather:at_expired", "a"), asked(179_500, "b")},
			after: Patience + 11*time.Second, verdict: models.AsItShould, finding: models.NewAT, asked: 1, waited: 500},
		{name: "felt late, and the same AT after the three minutes", weather: models.ExpiredAT, lines: []models.Event{asked(-500, "a"), turnedAway(179_000, "weather:at_expired", "a"), turnedAway(184_000, "weather:at_expired", "a")},
			after: Patience + 5*time.Second, verdict: models.NotAsItShould, finding: models.SameAT, waited: 5000},
		{name: "felt late, and nothing after", weather: models.ExpiredAT, lines: []models.Event{asked(-500, "a"), turnedAway(179_000, "weather:at_expired", "a")},
			after: Patience + 11*time.Second, verdict: models.NotSeen, finding: models.OnceOnly},

		{name: "a slow call may still go on", weather: models.SlowUpstream, after: Patience + 8*time.Second, verdict: models.NotSeen, finding: models.NothingCame, goesOn: true},
		{name: "a slow call of the last second", weather: models.SlowUpstream, lines: []models.Event{asked(-900, "a"), opened(-500, "a", "v")}, calls: []models.Call{called(179_900, "weather:timeout", "v", 8*time.Second)},
			after: Patience + 19*time.Second, verdict: models.AsItShould, finding: models.Calm},
		{name: "a slow call after the three minutes", weather: models.SlowUpstream, lines: []models.Event{asked(-900, "a"), opened(-500, "a", "v")}, calls: []models.Call{called(180_100, "weather:timeout", "v", 8*time.Second)},
			after: Patience + 9*time.Second, verdict: models.NotSeen, finding: models.NothingCame},

		{name: "too much to be read before the watch was over", weather: models.WrongOrigin, lines: []models.Event{asked(-500, "a"), turnedAway(300, origin, "a")}, gap: 11 * time.Second,
			after: 20 * time.Second, verdict: models.NotSeen, finding: models.Unfinished, goesOn: true},
		{name: "too much to be read, to the end", weather: models.WrongOrigin, lines: []models.Event{asked(-500, "a"), turnedAway(300, origin, "a")}, gap: 11 * time.Second,
			after: Patience, verdict: models.NotSeen, finding: models.Unfinished},
		{name: "too much to be read once the watch was over", weather: models.WrongOrigin, lines: []models.Event{asked(-500, "a"), turnedAway(300, origin, "a")}, gap: 12 * time.Second,
			after: 20 * time.Second, verdict: models.AsItShould, finding: models.Calm},
		{name: "a storm before there was too much", weather: models.WrongOrigin, lines: append([]models.Event{asked(-500, "a"), turnedAway(300, origin, "a")}, many(3, 1000, 100, anAT)...), gap: 2 * time.Second,
			after: 3 * time.Second, verdict: models.NotAsItShould, finding: models.Hammered, asked: 3},
		{name: "a time that was not read", weather: models.RateLimit, lines: []models.Event{denied(100, rate, "x"), denied(5300, rate, "y")}, gap: 6 * time.Second, after: Patience,
			verdict: models.NotSeen, finding: models.Unfinished},
		{name: "nothing in what was read", weather: models.ExpiredAT, gap: time.Second, after: Patience, verdict: models.NotSeen, finding: models.Unfinished},

		{name: "of a kind that nobody knows", weather: "hail", lines: []models.Event{asked(0, "a"), turnedAway(300, "weather:hail", "a")}, after: Patience, verdict: models.NotSeen, finding: models.NothingCame},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			tape := record(began, c.lines, c.calls)
			if c.gap != 0 {
				tape.gap = began + c.gap.Milliseconds()
			}
			o, done := observe(c.weather, began, tape, began+c.after.Milliseconds())
			if o.Verdict != c.verdict || o.Finding != c.finding || done == c.goesOn || o.Asked != c.asked || o.Waited != c.waited {
				t.Errorf("got %+v, over: %t", o, done)
			}
		})
	}
}

func TestEveryWeatherIsObserved(t *testing.T) {
	t.Parallel()
	if len(stages) != len(models.Weathers) {
		t.Errorf("%d kinds of weather, and %d stages", len(models.Weathers), len(stages))
	}
	for _, w := range models.Weathers {
		if stages[w].judge == nil {
			t.Errorf("%s is not observed", w)
		}
	}
}
