package limit

import "time"

// longest is the longest time a bucket may need to fill, in nanoseconds: a
// hundred years. It keeps now + depth + step inside an int64 of Unix
// nanoseconds until the year 2080.
const longest = 100 * 365 * 24 * int64(time.Hour)

// Rate is how often something may happen: Burst times at once, and PerSecond
// times a second in the long run.
//
// The zero Rate is unlimited. A Burst below one counts as one. A Rate that is
// not zero and whose PerSecond is not a positive number, or whose bucket would
// need more than a hundred years to fill, allows nothing: a mistake in a
// setting must not read as "no limit".
type Rate struct {
	PerSecond float64 // tokens that come back each second
	Burst     int     // tokens in a full bucket
}

// Unlimited reports whether r sets no limit at all.
func (r Rate) Unlimited() bool { return r == Rate{} }

// spacing returns the time one token needs to come back and the time an empty
// bucket needs to fill, in nanoseconds. It is false for a Rate that allows
// nothing.
func (r Rate) spacing() (step, depth int64, ok bool) {
	if !(r.PerSecond > 0) { // written so that NaN is refused too
		return 0, 0, false
	}

	burst := max(r.Burst, 1)
	exact := float64(time.Second) / r.PerSecond
	if exact*float64(burst) > float64(longest) {
		return 0, 0, false
	}
	step = max(int64(exact), 1)

	return step, step * int64(burst), true
}

// advance brings a bucket up to now and returns how long it must wait for its
// next token; zero or less means that one is there. full is the Unix time in
// nanoseconds at which the bucket will be full again.
//
// This is the virtual scheduling form of the leaky bucket (ITU-T I.371 annex A,
// GCRA): one number holds the whole state of a bucket, and a bucket whose number
// lies in the past is indistinguishable from one never used.
//
// A bucket is never emptier than empty: when the clock was set back or the rate
// was lowered, what is stored would otherwise lock the key for as long as the
// clock jumped.
func advance(full *int64, step, depth, now int64) time.Duration {
	*full = min(max(*full, now), now+depth)

	return time.Duration(*full + step - depth - now)
}
