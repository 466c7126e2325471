package change

import (
	"fmt"
	"strings"
)

// Plan is everything that a change would change, in the order in which it is
// written.
type Plan struct {
	Things []Planned `json:"things"`
}

// Planned is what becomes of one thing that is new or different.
type Planned struct {
	Kind        string       `json:"kind"`
	ID          string       `json:"id"`
	New         bool         `json:"new"`
	Differences []Difference `json:"differences"`
}

// Widens reports whether the thing lets anybody reach more than before. Whatever
// is new does.
func (t Planned) Widens() bool { return t.New || Widen(t.Differences) }

// Widening counts the things that widen.
func (p Plan) Widening() int {
	n := 0
	for _, t := range p.Things {
		if t.Widens() {
			n++
		}
	}
	return n
}

// Add puts what was staged of a kind and is different or new into the plan.
func Add[T Thing[T]](p *Plan, kind string, set *Set[T]) {
	for _, c := range set.Changes() {
		p.Things = append(p.Things, Planned{Kind: kind, ID: c.After.Key(), New: c.New, Differences: c.Differences})
	}
}

// String tells the plan to a person: each thing with its differences, and before
// each what it does. Whatever is new widens as a whole.
func (p Plan) String() string {
	var b strings.Builder
	for _, t := range p.Things {
		if t.New {
			fmt.Fprintf(&b, "%s%s %s is new\n", marks[Widens], t.Kind, t.ID)
		} else {
			fmt.Fprintf(&b, "%s%s %s\n", marks[Neutral], t.Kind, t.ID)
		}
		for _, d := range t.Differences {
			mark := marks[d.Effect]
			if t.New {
				mark = marks[Neutral]
			}
			fmt.Fprintf(&b, "%s    %s\n", mark, d.Text)
		}
	}
	return b.String()
}

var marks = map[Effect]string{Widens: "WIDENS  ", Narrows: "narrows ", Neutral: "        "}
