package console

import (
	"cmp"
	"context"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"postern/app/change"
	"postern/app/records"
	"postern/app/store"
	"postern/views/console"
	"postern/views/i18n"
	"postern/views/layout"
	"postern/views/ui"
)

func crumb(ctx context.Context, text i18n.Key, href string) layout.Crumb {
	return layout.Crumb{Text: i18n.T(ctx, text), Href: href}
}

// subjectWords is the subject of a request, "partner lianhe-travel", as its reader
// says it: "Partner Lianhe Travel".
func subjectWords(ctx context.Context, subject string, plan change.Plan, names records.Names) string {
	kind, id, _ := strings.Cut(subject, " ")
	if word, known := i18n.Things[kind]; known {
		return strings.TrimSpace(i18n.T(ctx, word) + " " + cmp.Or(nameOf(kind, id, plan, names), thingName(ctx, kind, id)))
	}
	return subject
}

// nameOf is the name that a thing has beside its id or, where it is new, shall
// have by a plan; empty where it has none.
func nameOf(kind, id string, plan change.Plan, names records.Names) string {
	var name string
	switch kind {
	case "partner":
		name = names.Partners[id].Name
	case "application":
		name = names.Applications[id].Name
	case "service":
		name = names.Services[id].Name
	default:
		return ""
	}
	for _, t := range plan.Things {
		if name == "" && t.New && t.Kind == kind && t.ID == id {
			name = newName(t)
		}
	}
	return name
}

// newName is what a plan says that a new thing shall be called.
func newName(t change.Planned) string {
	for _, d := range t.Differences {
		if len(d.Args) == 2 && d.Args[0] == "name" {
			return d.Args[1]
		}
	}
	return ""
}

// thingName is a thing's id as one says it: keys and settings have names.
func thingName(ctx context.Context, kind, id string) string {
	switch kind {
	case "key":
		return kindNamed(ctx, id)
	case "setting":
		if id == "alerts" {
			return i18n.T(ctx, i18n.SettingsAlerts)
		}
		return settingWord(ctx, id)
	case "log_export":
		return cmp.Or(i18n.Formats[id], id)
	}
	return id
}

// drawn is how an id reads that a form has drawn (ledger.NewID), or made of its
// draft's; one of a file is somebody's word.
var drawn = regexp.MustCompile(`^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}(\.[a-z0-9]+)?$`)

// planWords is a plan as the page of a request says it. Names may be empty where
// all that it is about is new.
func (s *Console) planWords(ctx context.Context, plan change.Plan, names records.Names) (things []console.ThingView) {
	made := map[string]int{}
	for _, t := range plan.Things {
		view := console.ThingView{Kind: i18n.T(ctx, i18n.Things[t.Kind]), Name: thingName(ctx, t.Kind, t.ID), New: t.New}
		if name := nameOf(t.Kind, t.ID, plan, names); name != "" {
			view.Name, view.ID = name, t.ID
		}
		if t.New && (t.Kind == "credential" || t.Kind == "grant") && drawn.MatchString(t.ID) {
			made[t.Kind]++
			view.Name = strconv.Itoa(made[t.Kind]) // the lines say whose it is
		}
		for _, d := range t.Differences {
			label, before, after, compares := i18n.Difference(ctx, d.Format, s.clocked(ctx, d.Args))
			view.Lines = append(view.Lines, console.DifferenceLine{
				Label: label, Before: before, After: after, Sentence: !compares, Tone: effectTone(t.New, d.Effect),
			})
		}
		things = append(things, view)
	}
	return things
}

// ends are the fields of a difference that say up to when something may be used.
var ends = map[string]bool{"ends_at": true, "not_after": true}

// clocked says the moments among words on the bank's clock: a plan has them as
// files do, in UTC. Up to the end of a day is said by the day: that is what was
// typed.
func (s *Console) clocked(ctx context.Context, args []string) []string {
	words := slices.Clone(args)
	for i, word := range words {
		if day, err := time.Parse(time.DateOnly, word); err == nil && i > 0 {
			words[i] = i18n.Date(ctx, day)
			continue
		}
		t, err := time.Parse(time.RFC3339Nano, word)
		if err != nil {
			continue
		}
		t = t.In(s.o.Zone)
		words[i] = i18n.Stamp(ctx, t)
		if args[0] == "starts_at" && store.DayOf(t).Equal(t) {
			words[i] = i18n.Date(ctx, t)
		}
		if ends[args[0]] && store.DayOf(t).Equal(t) {
			words[i] = i18n.T(ctx, i18n.ConsoleLastDay, i18n.Date(ctx, t.AddDate(0, 0, -1)))
		}
	}
	return words
}

// recordedMoment is a moment as a sentence on record has it, in UTC.
var recordedMoment = regexp.MustCompile(`\b\d{4}-\d{2}-\d{2}T[\d:.]+Z`)

// recorded says what is on record of a change in the reader's language, and its
// moments on the bank's clock.
func (s *Console) recorded(ctx context.Context, text string) string {
	clock := func(args []string) []string { return s.clocked(ctx, args) }
	return recordedMoment.ReplaceAllStringFunc(i18n.Recorded(ctx, text, clock), func(word string) string {
		t, err := time.Parse(time.RFC3339Nano, word)
		if err != nil {
			return word
		}
		return i18n.Stamp(ctx, t.In(s.o.Zone))
	})
}

// effectTone marks what opens more. Of what is new everything does, and the
// thing as a whole says so.
func effectTone(isNew bool, e change.Effect) ui.Tone {
	switch {
	case isNew:
		return ui.Quiet
	case e == change.Widens:
		return ui.Warn
	case e == change.Narrows:
		return ui.Ok
	}
	return ui.Quiet
}
