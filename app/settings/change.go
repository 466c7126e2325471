package settings

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"postern/app/change"
	"postern/app/config"
	"postern/app/errs"
	"postern/app/ledger"
	"postern/app/store"
	"postern/models"
)

// Kind is the name of a change request about settings.
const Kind = "settings"

// Change is what such a request asks for: texts by key, as the file would have them.
type Change struct {
	Values map[string]string `json:"values"`
}

// Content is the change as a request holds it.
func (c Change) Content() (string, error) {
	text, err := json.Marshal(c)
	return string(text), err
}

// Changes describes and applies changes of settings. Nobody makes them alone: who
// shortens what is kept deletes it.
type Changes struct {
	told config.Config
}

// Changes are the changes that can be asked for on this node: what it was told at
// its start is not among them.
func (l *Live) Changes() Changes { return Changes{l.told} }

// Describe says what a change would do now: a thing a section, a difference a
// setting. What cannot be set so is a fault of the field of its key.
func (c Changes) Describe(b store.Business, content string, _ time.Time) (change.Plan, error) {
	_, plan, err := c.read(b, content)
	return plan, err
}

// Apply sets what a change says, each section with its event.
func (c Changes) Apply(b store.Business, content string, w change.Writer) (change.Plan, error) {
	after, plan, err := c.read(b, content)
	if err != nil {
		return plan, err
	}
	for _, key := range slices.Sorted(maps.Keys(after)) {
		if err := c.save(w, key, after[key]); err != nil {
			return plan, err
		}
	}
	for _, t := range plan.Things {
		if err := w.Record(ledger.Event{Kind: "setting"}, t.ID, false, t.Differences); err != nil {
			return plan, err
		}
	}
	return plan, nil
}

// Now is what holds in a change's own picture.
func (c Changes) Now(b store.Business) (config.Config, error) {
	rows, err := b.Settings()
	p, _ := over(c.told, rows)
	return p.Config, err
}

// save sets one setting. One that is as without it has no row, so that a later
// release's default holds.
func (c Changes) save(w change.Writer, key, value string) error {
	if value == c.told.Value(key) {
		return w.DeleteSetting(key, w.At())
	}
	return w.SaveSetting(models.Setting{Key: key, Value: value, ChangedBy: w.Actor, ChangedAt: w.At()})
}

// read reads a change: the values that are different, in the one form in which
// they are kept, and what they would do.
func (c Changes) read(b store.Business, content string) (after map[string]string, plan change.Plan, err error) {
	var asked Change
	if err := json.Unmarshal([]byte(content), &asked); err != nil {
		return nil, plan, fmt.Errorf("read change of settings: %w", err)
	}
	now, err := c.Now(b)
	if err != nil {
		return nil, plan, err
	}
	next, err := c.checked(now, asked.Values)
	if err != nil {
		return nil, plan, err
	}
	after = map[string]string{}
	for _, s := range now.Shown() { // in the order of the configuration
		value := next.Value(s.Key)
		if _, named := asked.Values[s.Key]; !named || value == s.Value {
			continue
		}
		after[s.Key] = value
		plan.Things = noted(plan.Things, s, value)
	}
	return after, plan, nil
}

// checked is the configuration with the values, if all of them may be set.
func (c Changes) checked(now config.Config, values map[string]string) (config.Config, error) {
	var f errs.Fields
	for key := range values {
		f.Check(!Locked(c.told, key), key, "settings.locked", "this is set by a node's file, environment or flags, and is changed there")
	}
	next, faults := now.With(values)
	for _, fault := range faults {
		f.Check(false, fault.Key, "settings.wrong", fault.Problem)
	}
	return next, f.Invalid()
}

// noted adds the difference that a value makes to the thing of its section.
func noted(things []change.Planned, s config.Shown, value string) []change.Planned {
	section := s.Key[:strings.LastIndexByte(s.Key, '.')]
	if n := len(things); n == 0 || things[n-1].ID != section {
		things = append(things, change.Planned{Kind: "setting", ID: section})
	}
	t := &things[len(things)-1]
	d := change.Comparison{List: t.Differences}
	d.Note(change.Neutral, "%s: %s -> %s", s.Key, s.Value, value)
	switch days, shorter := Shorter(s, value); {
	case shorter:
		d.Note(change.Neutral, "%s: what is older than %d days is deleted within an hour and does not come back", s.Key, days)
	case s.Key == section+".on" && value == "false":
		d.Note(change.Neutral, "%s is no longer looked at: its alerts end, and nobody is told", section)
	}
	t.Differences = d.List
	return things
}

// Shorter reports whether a value of a setting keeps rows for less long, and for
// how many days.
func Shorter(s config.Shown, value string) (days int, shorter bool) {
	if !strings.HasPrefix(s.Key, "retention.") {
		return 0, false
	}
	var before int
	_, err := fmt.Sscan(s.Value, &before)
	_, err2 := fmt.Sscan(value, &days)
	return days, errors.Join(err, err2) == nil && days < before
}
