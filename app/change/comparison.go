package change

import (
	"fmt"
	"slices"
	"time"
)

// Comparison collects the differences between a thing as it is and as it shall
// be. Of a new thing, whose before is all zero, it tells what there will be.
type Comparison struct {
	New  bool
	List []Difference
}

// Note adds a difference.
func (c *Comparison) Note(effect Effect, format string, args ...any) {
	c.List = append(c.List, Difference{Text: fmt.Sprintf(format, args...), Effect: effect, Format: format, Args: texts(args)})
}

// texts writes arguments as they stand in the sentence.
func texts(args []any) []string {
	list := make([]string, len(args))
	for i, a := range args {
		list[i] = fmt.Sprint(a)
	}
	return list
}

// Text compares texts.
func (c *Comparison) Text(field, before, after string, effect Effect) {
	switch {
	case before == after:
	case before == "":
		c.Note(effect, "%s: %s", field, after)
	case after == "":
		c.Note(effect, "%s: %s -> none", field, before)
	default:
		c.Note(effect, "%s: %s -> %s", field, before, after)
	}
}

// Ranked compares texts of which those later in order are wider.
func (c *Comparison) Ranked(field, before, after string, order []string) {
	effect := Narrows
	if before == "" || slices.Index(order, after) > slices.Index(order, before) {
		effect = Widens
	}
	c.Text(field, before, after, effect)
}

// Flag compares what is on or off; on is the effect of switching it on.
func (c *Comparison) Flag(field string, before, after bool, on Effect) {
	if before == after {
		return
	}
	if !after {
		on = on.opposite()
	}
	c.Note(on, "%s: %t", field, after)
}

// Unknown is a Limit's Zero where nobody can say which number it stands for.
const Unknown = -1

// Limit is a number of which more is wider.
type Limit struct {
	Field         string
	Before, After int64
	Zero          int64  // what 0 stands for; Unknown where it depends
	Default       string // 0 in words
}

// Limit compares a limit.
func (c *Comparison) Limit(l Limit) {
	if l.Before == l.After {
		return
	}
	if c.New {
		c.Note(l.effect(), "%s: %d", l.Field, l.After)
		return
	}
	c.Note(l.effect(), "%s: %s -> %s", l.Field, l.word(l.Before), l.word(l.After))
}

func (l Limit) effect() Effect {
	before, after := l.Before, l.After
	if before == 0 || after == 0 {
		if l.Zero == Unknown {
			return Widens
		}
		for _, n := range []*int64{&before, &after} {
			if *n == 0 {
				*n = l.Zero
			}
		}
	}
	switch {
	case after > before:
		return Widens
	case after < before:
		return Narrows
	}
	return Neutral
}

func (l Limit) word(n int64) string {
	if n == 0 {
		return l.Default
	}
	return fmt.Sprint(n)
}

// Set compares lists without an order; more is wider.
func (c *Comparison) Set(one string, before, after []string) {
	added := "%s %s is added"
	if c.New {
		added = "%s %s"
	}
	for _, x := range sortedOnce(after) {
		if !slices.Contains(before, x) {
			c.Note(Widens, added, one, x)
		}
	}
	for _, x := range sortedOnce(before) {
		if !slices.Contains(after, x) {
			c.Note(Narrows, "%s %s is taken away", one, x)
		}
	}
}

func sortedOnce(list []string) []string { return slices.Compact(slices.Sorted(slices.Values(list))) }

// End compares when something ends; later, and never, is wider.
func (c *Comparison) End(field string, before, after time.Time) {
	if before.Equal(after) {
		return
	}
	if c.New {
		c.Note(Neutral, "%s: %s", field, moment(after))
		return
	}
	effect := Narrows
	if after.IsZero() || !before.IsZero() && after.After(before) {
		effect = Widens
	}
	c.Note(effect, "%s: %s -> %s", field, moment(before), moment(after))
}

func moment(t time.Time) string {
	if t.IsZero() {
		return "never"
	}
	return t.UTC().Format(time.RFC3339Nano)
}

// Moment is t as Unix ms; 0 for no time at all.
func Moment(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixMilli()
}

// MomentOf is the time of Unix ms; no time at all for 0.
func MomentOf(ms int64) time.Time {
	if ms == 0 {
		return time.Time{}
	}
	return time.UnixMilli(ms).UTC()
}
