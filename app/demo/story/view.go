package story

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"postern/views/demo"
	"postern/views/i18n"
)

// Show says which step of a trace is looked at, and how.
type Show struct {
	Partner string         // the partner's name in the reader's language
	Zone    *time.Location // of the times shown
	Step    string         // key of the chosen step; "" lets the story choose
	Sealed  bool           // show the message as it travelled only
}

var letters = []string{"A", "B", "C", "D", "E", "F", "G"}

// View draws a trace. A trace without steps is a visit that has not begun.
func View(ctx context.Context, t Trace, show Show) demo.Story {
	chosen, step := choose(t, show.Step)
	view := demo.Story{Lead: lead(ctx, t, show.Partner), First: first(ctx, t), Hood: hood(ctx, t, show, chosen)}
	if step == nil {
		return view
	}
	view.Message = message(ctx, *step, show.Sealed)
	if e, answered := t.step("E"); step.Letter == "D" && !show.Sealed && (!answered || e.Code != "") {
		view.Message.Note = i18n.T(ctx, i18n.DemoNoteDOpen)
	}
	view.Message.Toggle = toggle(ctx, t, chosen, show.Sealed)
	view.Receipt = receipt(ctx, t, chosen)
	return view
}

// keys names the steps: A to G, and G2, G3 for further calls.
func keys(t Trace) []string {
	var named []string
	calls := 0
	for _, s := range t.Steps {
		key := s.Letter
		if s.Letter == "G" {
			if calls++; calls > 1 {
				key = fmt.Sprintf("G%d", calls)
			}
		}
		named = append(named, key)
	}
	return named
}

// choose finds the chosen step, or the one worth looking at: where the visit
// stopped, else the spending of the AT, else the newest.
func choose(t Trace, wanted string) (string, *Step) {
	named := keys(t)
	find := func(match func(int) bool) (string, *Step) {
		for i := range t.Steps {
			if match(i) {
				return named[i], &t.Steps[i]
			}
		}
		return "", nil
	}
	for _, match := range []func(int) bool{
		func(i int) bool { return named[i] == wanted },
		func(i int) bool { return t.Steps[i].Code != "" },
		func(i int) bool { return named[i] == "D" },
		func(i int) bool { return i == len(t.Steps)-1 },
	} {
		if key, step := find(match); step != nil {
			return key, step
		}
	}
	return "", nil
}

func lead(ctx context.Context, t Trace, partner string) string {
	if len(t.Steps) == 0 {
		return i18n.T(ctx, i18n.DemoNothingYet)
	}
	if stopped, ok := t.Stopped(); ok {
		switch stopped.Letter {
		case "B":
			return i18n.T(ctx, i18n.DemoStoppedB, partner)
		case "G":
			return i18n.T(ctx, i18n.DemoStoppedG, stopped.Code)
		}
		if stopped.Code == "at_spent" {
			return i18n.T(ctx, i18n.DemoStoppedSpent, stopped.Code)
		}
		return i18n.T(ctx, i18n.DemoStoppedE, stopped.Code)
	}
	if _, ok := t.step("G"); !ok {
		return i18n.T(ctx, i18n.DemoUnderway)
	}
	return i18n.T(ctx, i18n.DemoAllWell, partner)
}

// first is the card of whoever opened a copied link first.
func first(ctx context.Context, t Trace) *demo.OpeningCard {
	if t.First == nil || len(t.Steps) == 0 {
		return nil
	}
	after := func(at time.Time) string { return "+" + i18n.Duration(ctx, at.Sub(t.Steps[0].From)) }
	card := &demo.OpeningCard{
		Opened: after(t.First.At), Visit: t.First.VID, Ended: after(t.First.Ended),
		Could: i18n.T(ctx, i18n.DemoFirstCould, i18n.Duration(ctx, t.First.Ended.Sub(t.First.At))), Scopes: t.First.Scope,
	}
	if t.First.Ended.IsZero() {
		card.Ended, card.Could = "", i18n.T(ctx, i18n.DemoFirstCan)
	}
	return card
}

func toggle(ctx context.Context, t Trace, chosen string, sealed bool) *demo.Link {
	// A and F send nothing, and the AT of C is signed, not sealed: anybody may read it.
	if slices.Contains([]string{"A", "C", "F"}, chosen) {
		return nil
	}
	if sealed {
		return &demo.Link{Label: i18n.T(ctx, i18n.DemoOpen), Icon: "locked", Href: href(t, chosen)}
	}
	return &demo.Link{Label: i18n.T(ctx, i18n.DemoSeal), Icon: "open", Href: href(t, chosen) + "&sealed=1"}
}

func href(t Trace, key string) string { return "/visits/" + t.ID + "?step=" + key }

func hood(ctx context.Context, t Trace, show Show, chosen string) demo.HoodView {
	view := demo.HoodView{Live: len(t.Steps) > 0, Visit: t.VID}
	if view.Live {
		view.Post = "/visits/" + t.ID + "/steps?step=" + show.Step
		started := i18n.ClockMillis(ctx, t.Steps[0].From.In(show.Zone))
		facts := append(counts(ctx, t), i18n.Duration(ctx, t.took()), i18n.T(ctx, i18n.DemoStarted, started))
		if t.VID != "" {
			facts = append(facts, i18n.T(ctx, i18n.DemoVisit))
		}
		view.Facts = strings.Join(facts, i18n.T(ctx, i18n.CommonComma))
		view.Back = i18n.T(ctx, i18n.DemoCameBack, show.Partner)
	}
	for i, key := range keys(t) {
		view.Steps = append(view.Steps, stepView(ctx, t, i, key, show.Partner))
		view.Steps[i].Current = key == chosen
	}
	return withUnreached(ctx, view, t, show.Partner)
}

// counts says how many of the seven steps were reached, and how often the last
// of them, a call, was taken if more than once.
func counts(ctx context.Context, t Trace) []string {
	reached, calls := map[string]bool{}, 0
	for _, s := range t.Steps {
		reached[s.Letter] = true
		if s.Letter == "G" {
			calls++
		}
	}
	facts := []string{i18n.T(ctx, i18n.DemoSteps, len(reached))}
	if calls > 1 {
		facts = append(facts, i18n.T(ctx, i18n.DemoCalls, calls))
	}
	return facts
}

// withUnreached adds the steps that did not happen, or not yet.
func withUnreached(ctx context.Context, view demo.HoodView, t Trace, partner string) demo.HoodView {
	for _, letter := range letters {
		if _, reached := t.step(letter); !reached {
			view.Steps = append(view.Steps, demo.StepView{
				Letter: letter, State: "idle", Who: who(ctx, letter, partner), What: i18n.T(ctx, whats[letter]),
			})
		}
	}
	return view
}

var whos = map[string]i18n.Key{
	"B": i18n.DemoWhoB, "C": i18n.DemoWhoC, "D": i18n.DemoWhoD, "E": i18n.DemoWhoE, "F": i18n.DemoWhoF, "G": i18n.DemoWhoG,
}

var whats = map[string]i18n.Key{
	"A": i18n.DemoWhatA, "B": i18n.DemoWhatB, "C": i18n.DemoWhatC, "D": i18n.DemoWhatD,
	"E": i18n.DemoWhatE, "F": i18n.DemoWhatF, "G": i18n.DemoWhatG,
}

func who(ctx context.Context, letter, partner string) string {
	if letter == "A" {
		return i18n.T(ctx, i18n.DemoWhoA, partner)
	}
	return i18n.T(ctx, whos[letter])
}

func stepView(ctx context.Context, t Trace, i int, key, partner string) demo.StepView {
	s := t.Steps[i]
	view := demo.StepView{
		Letter: s.Letter, State: state(s), Who: who(ctx, s.Letter, partner), What: what(ctx, s),
		Href: href(t, key), Took: took(ctx, i, s.Until.Sub(s.From)),
	}
	if s.Receipt != nil && s.Code == "" {
		view.Left = i18n.T(ctx, i18n.DemoWhatG3, s.Receipt.Count(Kept), s.Receipt.Count(Masked), s.Receipt.Count(Dropped))
	}
	if s.Bytes > 0 {
		view.Size = i18n.Bytes(ctx, int64(s.Bytes))
	}
	return view
}

func took(ctx context.Context, i int, d time.Duration) string {
	switch {
	case i == 0:
		return i18n.T(ctx, i18n.DemoNoTime)
	case d < time.Millisecond:
		return i18n.Duration(ctx, d)
	}
	return "+" + i18n.Duration(ctx, d)
}

// state is the colour of a step: what the bank decided is ok or bad, what
// happens elsewhere is neither.
func state(s Step) string {
	switch {
	case s.Code != "":
		return "bad"
	case slices.Contains([]string{"B", "E", "G"}, s.Letter):
		return "ok"
	}
	return "outside"
}

func what(ctx context.Context, s Step) string {
	switch {
	case s.Code != "":
		return i18n.T(ctx, i18n.DemoWhatBad, s.Code)
	case s.Call != "":
		return s.Call
	}
	return i18n.T(ctx, whats[s.Letter])
}
