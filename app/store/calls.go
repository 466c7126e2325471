package store

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"

	"postern/models"
)

// CallFilter says which records of calls are wanted; what is empty does not matter.
type CallFilter struct {
	From, Until  int64 // began in [From, Until), Unix ms
	Applications []string
	Service      string
	Code         string
	Refused      bool   // any code
	Before       string // id of the last record that was seen; "" begins with the newest
}

// CallWalk is what a walk along the records of calls came to.
type CallWalk struct {
	Rows []models.Call // newest first
	End  string        // id of the last record looked at, where there is more to look at
}

const callsEndSQL = `SELECT coalesce(min(id), '') AS "end", count(*) AS n FROM (SELECT id FROM calls WHERE id >= ? AND id < ? ORDER BY id DESC LIMIT ?) AS walked`

// WalkCalls looks at no more than most records, from the newest, and returns the
// first limit of them that match.
func (s *Store) WalkCalls(ctx context.Context, f CallFilter, most, limit int) (CallWalk, error) {
	if unstorable(f.Service) || unstorable(f.Code) || unstorable(f.Before) {
		return CallWalk{}, nil
	}
	from, until := FirstEventID(f.From), LastEventID
	if f.Until != 0 {
		until = FirstEventID(f.Until)
	}
	if f.Before != "" {
		until = min(until, f.Before)
	}
	var found struct {
		End string
		N   int
	}
	if err := s.read(ctx).Raw(callsEndSQL, from, until, most).Scan(&found).Error; err != nil {
		return CallWalk{}, fmt.Errorf("walk calls: %w", err)
	}
	walk := CallWalk{}
	if found.End == "" {
		return walk, nil
	}
	if found.N == most {
		walk.End = found.End
	}
	query, args := walkCallsSQL(f)
	args = append(append([]any{found.End, until}, args...), limit)
	if err := s.read(ctx).Raw(query, args...).Scan(&walk.Rows).Error; err != nil {
		return CallWalk{}, fmt.Errorf("read calls: %w", err)
	}
	return walk, nil
}

func walkCallsSQL(f CallFilter) (query string, args []any) {
	where, args := f.conditions()
	if f.Applications != nil {
		where, args = where+" AND application_id IN ?", append(args, f.Applications)
	}
	return "SELECT * FROM calls WHERE id >= ? AND id < ?" + where + " ORDER BY id DESC LIMIT ?", args
}

// conditions are those that have no index: the records between are looked at.
func (f CallFilter) conditions() (where string, args []any) {
	add := func(wanted bool, condition string, arg any) {
		if wanted {
			where += " AND " + condition
			args = append(args, arg)
		}
	}
	add(f.Service != "", "service_id = ?", f.Service)
	add(f.Code != "", "code = ?", f.Code)
	add(f.Refused, "code <> ?", "")
	return where, args
}

// CallPlace is where a list of calls in the order of their beginnings goes on: behind
// the call that began at At (Unix ms) and has this id. The zero place is the newest end.
type CallPlace struct {
	At int64
	ID string
}

func placeOf(c models.Call) CallPlace { return CallPlace{c.At, c.ID} }

// compare is less than 0 where p is older than o.
func (p CallPlace) compare(o CallPlace) int {
	return cmp.Or(cmp.Compare(p.At, o.At), strings.Compare(p.ID, o.ID))
}

// OwnCalls is what a walk along applications' calls came to.
type OwnCalls struct {
	Rows []models.Call // newest first
	End  CallPlace     // how far it was looked, where there is more to look at; else zero
}

// WalkCallsOf walks along the calls of each of f's applications, from a place on to the
// older end, looks at no more than most records in all, and returns the first limit of
// them that match, newest first.
func (s *Store) WalkCallsOf(ctx context.Context, f CallFilter, from CallPlace, most, limit int) (all OwnCalls, err error) {
	if slices.ContainsFunc(append([]string{f.Service, f.Code, from.ID}, f.Applications...), unstorable) {
		return OwnCalls{}, nil
	}
	if from == (CallPlace{}) {
		from = CallPlace{At: 1 << 53, ID: ""}
	}
	if f.Until != 0 && f.Until <= from.At {
		from = CallPlace{At: f.Until, ID: ""}
	}
	each := max(1, most/max(1, len(f.Applications)))
	for _, application := range f.Applications {
		walk, err := s.walkCallsOf(ctx, f, application, from, each, limit)
		if err != nil {
			return OwnCalls{}, err
		}
		if walk.End != (CallPlace{}) && walk.End.compare(all.End) > 0 {
			all.End = walk.End
		}
		all.Rows = append(all.Rows, walk.Rows...)
	}
	all.Rows = slices.DeleteFunc(all.Rows, func(c models.Call) bool { return placeOf(c).compare(all.End) < 0 })
	slices.SortFunc(all.Rows, func(a, b models.Call) int { return placeOf(b).compare(placeOf(a)) })
	all.Rows = all.Rows[:min(len(all.Rows), limit)]
	return all, nil
}

// walkCallsOf is the walk of one application; its End is its last row where it is full.
func (s *Store) walkCallsOf(ctx context.Context, f CallFilter, application string, from CallPlace, most, limit int) (walk OwnCalls, err error) {
	var end []CallPlace
	if err := s.read(ctx).Raw(callsOfEndSQL, application, f.From, from.At, from.ID, most-1).Scan(&end).Error; err != nil {
		return walk, fmt.Errorf("walk calls of application: %w", err)
	}
	last := CallPlace{At: f.From}
	if len(end) > 0 {
		last, walk.End = end[0], end[0]
	}
	where, args := f.conditions()
	args = append(append([]any{application, from.At, from.ID, last.At, last.ID}, args...), limit)
	if err := s.read(ctx).Raw(callsOfSQL+where+callsOfOrder, args...).Scan(&walk.Rows).Error; err != nil {
		return walk, fmt.Errorf("read calls of application: %w", err)
	}
	if n := len(walk.Rows); n == limit {
		walk.End = placeOf(walk.Rows[n-1])
	}
	return walk, nil
}

const (
	callsOfOrder  = " ORDER BY at DESC, id DESC LIMIT ?"
	callsOfEndSQL = "SELECT at, id FROM calls WHERE application_id = ? AND at >= ? AND (at, id) < (?, ?) ORDER BY at DESC, id DESC LIMIT 1 OFFSET ?"
	callsOfSQL    = "SELECT * FROM calls WHERE application_id = ? AND (at, id) < (?, ?) AND (at, id) >= (?, ?)"
)
