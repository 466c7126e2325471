package records

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"

	"postern/app/directory"
	"postern/app/store"
	"postern/models"
)

// Draft is rows of the business, as they are and as they would be.
type Draft struct {
	Services     []DraftService
	Grants       []models.Grant           // those that are new or other, as they would be
	Partners     map[string]models.Status // of those that are new or other
	Applications map[string]models.Status
	Moments      []time.Time // at which one of the grants begins or ends, before or after
}

// DraftService is one service. Applications, where there are any, are all that the
// draft is about; else it is about everybody who calls.
type DraftService struct {
	Before, After store.ServiceProfile
	Applications  []string
}

// Effect is what a draft does to calls that are on record.
type Effect string

// The effects. Fields that leave, open, mask or stop do so with calls that pass
// with the draft.
const (
	Fails  Effect = "fails"  // passes now, and would not
	Passes Effect = "passes" // is refused now, and would pass
	Leaves Effect = "leaves" // a field does not leave now, and would
	Opens  Effect = "opens"  // a field leaves masked now, and would show more
	Masks  Effect = "masks"  // a field leaves now, and would show less
	Stops  Effect = "stops"  // a field leaves now, and would not
)

// Effects lists them in the order in which they are told.
var Effects = []Effect{Fails, Passes, Leaves, Opens, Masks, Stops}

// Affected is one effect on what one application calls of one route.
type Affected struct {
	Effect                        Effect
	Application, Partner, Service string // ids
	Route                         string // id
	Method, Pattern               string // of the route as it is, or else as it would be
	Code, Reason, Rule            string // of a refusal: of the new one for Fails, of today's for Passes
	Path, Class                   string // of a field
	Permission                    string
	Before, After                 string // what becomes of the field: "keep", "drop", "" or a mask
}

// AffectedCalls is an effect with how many calls it is on.
type AffectedCalls struct {
	Affected
	Calls  int64
	LastAt int64
	From   int64 // Unix ms from which it holds; 0 for at once
	// Sure is set where all these replies had the field; else some may have had it.
	Sure bool
}

// Preview is what a draft would do to the calls of some days.
type Preview struct {
	Since, Until time.Time
	Begins       time.Time // of what is on record; zero when nothing is
	Calls        int64     // that were looked at
	Failing      int64     // calls, and those below
	Passing      int64
	Rows         []AffectedCalls // most calls first, by effect
	Cut          bool            // more is affected than there are rows, or more was called than was looked at

	Unshaped  int64 // calls that would pass, and nobody knows what their replies had
	Unrouted  int64 // calls that found no route
	Forgotten int64 // calls whose visit is not on record any more
	Echoed    int64 // of Calls those that were answered from a sample
	Behind    int64 // Unix ms: later calls are not in it; 0 where all are
	Consent   bool  // what leaves depends on a consent, before or after
	Checks    bool  // a route would look at parameters otherwise, which are on no record
}

// Bounds of a preview.
const (
	tuplesAtOnce = 500
	maxTuples    = 100_000
	maxTail      = 20_000
	maxAffected  = 2_000
	maxMoments   = 8
)

// Preview replays what is on record of the last days (the bank's days; today is
// the last one) against a draft, on the picture of the database that b is of.
func (r *Records) Preview(ctx context.Context, b store.Business, d *directory.Directory, draft Draft, days int) (Preview, error) {
	now := r.o.Now().In(r.o.Zone)
	since := store.DayOf(now).AddDate(0, 0, 1-days)
	p := &replay{
		b: b, directory: d, draft: draft, now: now, preview: Preview{Since: since, Until: now},
		affected: map[Affected]*AffectedCalls{}, shapes: map[string]shapeOf{}, fields: map[fieldKey][]fieldEffect{},
		callers: map[string]*caller{},
	}
	begins, err := b.HistoryBegins()
	if err != nil {
		return Preview{}, err
	}
	tail, err := b.CallTail(p.services(), since, maxTail)
	if err != nil {
		return Preview{}, err
	}
	p.preview.Behind = tail.Until
	if begins != 0 {
		p.preview.Begins = time.UnixMilli(begins).In(r.o.Zone)
	}
	for _, service := range draft.Services {
		if err := p.service(ctx, service, tail.Tuples); err != nil {
			return Preview{}, fmt.Errorf("preview %s: %w", service.Before.Service.ID, err)
		}
	}
	return p.done(), nil
}

func (p *replay) services() (ids []string) {
	for _, s := range p.draft.Services {
		ids = append(ids, s.Before.Service.ID)
	}
	return ids
}

// done puts the rows in order.
func (p *replay) done() Preview {
	for _, a := range p.affected {
		p.preview.Rows = append(p.preview.Rows, *a)
	}
	slices.SortFunc(p.preview.Rows, func(a, b AffectedCalls) int {
		return cmp.Or(cmp.Compare(slices.Index(Effects, a.Effect), slices.Index(Effects, b.Effect)), cmp.Compare(b.Calls, a.Calls),
			cmp.Compare(a.Application, b.Application), cmp.Compare(a.Pattern, b.Pattern), cmp.Compare(a.Method, b.Method),
			cmp.Compare(a.Path, b.Path), cmp.Compare(a.Reason, b.Reason))
	})
	return p.preview
}

// Fields are the distinct fields of some effects, by service, permission and path.
func (p Preview) Fields(effects ...Effect) (list []Affected) {
	seen := map[Affected]bool{}
	for _, row := range p.Rows {
		one := Affected{Service: row.Service, Permission: row.Permission, Path: row.Path, Class: row.Class, After: row.After}
		if slices.Contains(effects, row.Effect) && !seen[one] {
			seen[one] = true
			list = append(list, one)
		}
	}
	return list
}
