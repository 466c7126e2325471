package conformance

import (
	"time"

	"postern/app/authority"
	"postern/models"
)

const (
	// watched is for how long after a fault requests for ATs are counted.
	watched = 10 * time.Second
	// late is by when the ledger has everything, of all nodes.
	late = time.Second
	// early is how much too early a timer may be.
	early = 250 * time.Millisecond
)

// Aftermath is for how long a stage goes on at most after its weather was felt, however late
// that was: a slow call, what is counted after it, and until the ledger has it.
const Aftermath = authority.WeatherSlow + watched + late

// How many requests for ATs in that time are no storm, beside the one that was refused:
// where a new AT helps, a try or two more than visitors make; where none does, what one
// device makes that opens the page every ten seconds.
const (
	maxWhereHelps = 5
	maxElsewhere  = 2
)

// fault is bad weather as it was first felt.
type fault struct {
	from, until             int64 // Unix ms, of the request that felt it
	jti, assertion, request string
}

// stage is what one kind of weather is observed by.
type stage struct {
	reason string // of the ledger, behind the mark of weather
	felt   func(t tape, reason string) (fault, bool)
	judge  func(f fault, t tape, now int64) finding
	unseen time.Duration // for how long what felt it is not on record yet: a call is when it is over
}

// finding is what was found; zero where nothing can be said yet.
type finding struct {
	verdict models.Verdict
	finding models.Finding
	asked   int
	waited  int64
}

var stages = map[models.Weather]stage{
	models.ExpiredAT:    {"at_expired", atExchange, newAT, 0},
	models.ClockAhead:   {"assertion_from_the_future", atRequest, newAssertion, 0},
	models.RetiredAK:    {"kid", atExchange, newAT, 0},
	models.SpentAT:      {"other_r", atExchange, newAT, 0},
	models.RateLimit:    {"rate_at", atRequest, comesLater, 0},
	models.SlowUpstream: {"timeout", atCall, staysCalm, authority.WeatherSlow + late},
	models.UpstreamDown: {"unavailable", atCall, staysCalm, 0},
	models.WrongOrigin:  {"origin", atExchange, staysCalm, 0},
}

// observe states what a tape shows of a kind of weather that was raised at since (Unix ms);
// done is false while there is more to come. Of a kind that this release does not know nothing
// is seen.
func observe(w models.Weather, since int64, t tape, now int64) (o models.Observation, done bool) {
	o = models.Observation{Weather: w, From: since, Until: now, Verdict: models.NotSeen, Finding: models.NothingCame}
	last := since + Patience.Milliseconds()
	done = now >= last
	if s, known := stages[w]; known {
		done = now >= last+s.unseen.Milliseconds()
		if f, felt := s.felt(t, w.Because(s.reason)); felt && f.from <= last {
			o.FeltAt, o.RequestID, o.Finding = f.from, f.request, models.OnceOnly
			if found := s.judge(f, t, t.known(now)); found.verdict != "" {
				o.Verdict, o.Finding, o.Asked, o.Waited = found.verdict, found.finding, found.asked, found.waited
				return o, true
			}
			done = done && f.over(now) // felt late, it is watched as long as any
		}
	}
	if t.gap != 0 {
		o.Finding = models.Unfinished
	}
	return o, done
}

func first(list []event, reason string) (fault, bool) {
	for _, e := range list {
		if e.reason == reason {
			return fault{e.at, e.at, e.jti, e.assertion, e.request}, true
		}
	}
	return fault{}, false
}

func atRequest(t tape, reason string) (fault, bool) { return first(t.asks, reason) }

func atExchange(t tape, reason string) (fault, bool) { return first(t.refused, reason) }

// atCall finds a call by its reason, or by how long it took: what is slow may be answered.
func atCall(t tape, reason string) (fault, bool) {
	slow := reason == models.SlowUpstream.Because("timeout")
	for _, c := range t.calls {
		took := time.Duration(c.Duration) * time.Microsecond
		if c.Reason == reason || slow && took >= authority.WeatherSlow {
			return fault{from: c.At, until: c.At + took.Milliseconds(), request: c.RequestID}, true
		}
	}
	return fault{}, false
}

// asked counts requests for ATs after a fault began, as long as they are watched; over
// reports whether that is over.
func (f fault) asked(t tape, now int64) (n int, over bool) {
	end := f.until + watched.Milliseconds()
	for _, a := range t.asks {
		if a.at > f.from && a.at <= end {
			n++
		}
	}
	return n, f.over(now)
}

// over reports whether the watch after a fault is.
func (f fault) over(now int64) bool { return now > f.until+(watched+late).Milliseconds() }

// after is the first request for an AT since a fault for which is says so.
func (f fault) after(t tape, is func(event) bool) (event, bool) {
	for _, a := range t.asks {
		if a.at >= f.from && a.request != f.request && is(a) {
			return a, true
		}
	}
	return event{}, false
}

func whichever(event) bool { return true }

// newAT: whose AT is refused asks for another one, and does not present the refused one again.
func newAT(f fault, t tape, now int64) finding {
	n, over := f.asked(t, now)
	if n > maxWhereHelps {
		return finding{verdict: models.NotAsItShould, finding: models.Hammered, asked: n}
	}
	for _, e := range t.refused {
		if e.jti == f.jti && e.request != f.request {
			return finding{verdict: models.NotAsItShould, finding: models.SameAT, waited: e.at - f.from}
		}
	}
	next, there := f.after(t, func(e event) bool { return e.jti != "" })
	if !there || !over {
		return finding{}
	}
	return finding{verdict: models.AsItShould, finding: models.NewAT, asked: n, waited: next.at - f.from}
}

// newAssertion: whose assertion is refused signs another one, and takes a breath.
func newAssertion(f fault, t tape, now int64) finding {
	if _, again := f.after(t, func(e event) bool { return e.assertion == f.assertion }); again {
		return finding{verdict: models.NotAsItShould, finding: models.SameAssertion}
	}
	n, over := f.asked(t, now)
	if n > maxWhereHelps {
		return finding{verdict: models.NotAsItShould, finding: models.Hammered, asked: n}
	}
	next, there := f.after(t, whichever)
	if !there || !over {
		return finding{}
	}
	return finding{verdict: models.AsItShould, finding: models.NewAssertion, asked: n, waited: next.at - f.from}
}

// comesLater: who is told when to come back comes then, and not before.
func comesLater(f fault, t tape, now int64) finding {
	next, there := f.after(t, whichever)
	if !there || now <= next.at+late.Milliseconds() {
		return finding{}
	}
	found := finding{verdict: models.AsItShould, finding: models.Waited, waited: next.at - f.from}
	if found.waited < (authority.WeatherRetry - early).Milliseconds() {
		found.verdict, found.finding = models.NotAsItShould, models.TooEarly
	}
	return found
}

// staysCalm: what no new AT can cure is not answered by asking for ATs.
func staysCalm(f fault, t tape, now int64) finding {
	switch n, over := f.asked(t, now); {
	case n > maxElsewhere:
		return finding{verdict: models.NotAsItShould, finding: models.Hammered, asked: n}
	case over:
		return finding{verdict: models.AsItShould, finding: models.Calm, asked: n}
	}
	return finding{}
}
