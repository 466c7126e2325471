package store

import (
	"context"
	"fmt"

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
	query = "SELECT * FROM calls WHERE id >= ? AND id < ?"
	add := func(wanted bool, condition string, arg any) {
		if wanted {
			query += " AND " + condition
			args = append(args, arg)
		}
	}
	add(f.Applications != nil, "application_id IN ?", f.Applications)
	add(f.Service != "", "service_id = ?", f.Service)
	add(f.Code != "", "code = ?", f.Code)
	add(f.Refused, "code <> ?", "")
	return query + " ORDER BY id DESC LIMIT ?", args
}
