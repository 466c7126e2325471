package change_test

import (
	"testing"

	"postern/app/change"
	"postern/app/errs"
)

func TestWhetherALimitWidensDependsOnWhatZeroStandsFor(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name                string
		before, after, zero int64
		want                change.Effect
	}{
		{"more", 10, 20, 60, change.Widens},
		{"less", 20, 10, 60, change.Narrows},
		{"from less than the default to it", 30, 0, 60, change.Widens},
		{"from more than the default to it", 90, 0, 60, change.Narrows},
		{"the default written out", 0, 60, 60, change.Neutral},
		{"from what nobody knows", 0, 5, change.Unknown, change.Widens},
		{"to what nobody knows", 5, 0, change.Unknown, change.Widens},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			var d change.Comparison
			d.Limit(change.Limit{Field: "rate", Before: c.before, After: c.after, Zero: c.zero, Default: "by default"})
			if len(d.List) != 1 || d.List[0].Effect != c.want {
				t.Errorf("differences %+v, want one with effect %d", d.List, c.want)
			}
		})
	}
}

// thing is a thing with a name that must not be empty and must not shrink.
type thing struct{ id, name string }

func (x thing) Key() string      { return x.id }
func (x thing) Normalize() thing { return x }

func (x thing) Validate() errs.Fields {
	var f errs.Fields
	f.Check(x.name != "" && x.name != "bad", "name", "name", "not "+x.name)
	return f
}

func (x thing) Follow(before thing) errs.Fields {
	var f errs.Fields
	f.Check(len(x.name) >= len(before.name), "name", "shrinks", "it was longer")
	return f
}

func (x thing) Compare(before thing) []change.Difference {
	var c change.Comparison
	c.Text("name", before.name, x.name, change.Neutral)
	return c.List
}

func TestASetTellsWhatShallBeFromWhatIs(t *testing.T) {
	t.Parallel()
	s := change.NewSet([]thing{{"a", "one"}, {"b", "two"}, {"c", "bad"}})
	for _, c := range []struct {
		staged thing
		fault  string
	}{
		{thing{"a", "three"}, ""}, {thing{"b", "two"}, ""}, {thing{"d", "new"}, ""},
		{thing{"c", "bad"}, ""}, // it was so before
		{thing{"e", "bad"}, "name"}, {thing{"b", "x"}, "shrinks"},
	} {
		if faults := s.Stage(c.staged); faults["name"].ID != c.fault {
			t.Errorf("%+v: faults %v, want %q", c.staged, faults, c.fault)
		}
	}
	if x, _ := s.Find("a"); x.name != "three" || !s.IsStaged("a") || !s.Faulty() {
		t.Errorf("a shall be %+v", x)
	}
	if x, _ := s.Current("a"); x.name != "one" {
		t.Errorf("a is %+v", x)
	}
	var changed string
	for _, c := range s.Changes() {
		changed += c.After.id
	}
	if changed != "abde" || len(s.Staged()) != 5 || len(s.All()) != 5 {
		t.Errorf("changed %q of %d staged and %d in all, want abde of 5 and 5", changed, len(s.Staged()), len(s.All()))
	}
}
