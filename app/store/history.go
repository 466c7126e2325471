package store

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"gorm.io/gorm"

	"postern/models"
)

// historyCall is a call with what its visit adds to it.
type historyCall struct {
	models.Call
	Scope    string
	AuthTime int64
}

// historyCallsSQL reads calls along their key, each with its visit.
const historyCallsSQL = `SELECT c.id, c.at, c.status, c.service_id, c.application_id, c.route_id, c.code, c.reason, c.shape_id,
	coalesce(v.scope, '') AS scope, coalesce(v.auth_time, 0) AS auth_time
	FROM calls c LEFT JOIN visits v ON v.vid = c.vid WHERE c.id > ? AND c.id < ? ORDER BY c.id LIMIT ?`

// tuple is what the call is counted as. A sign-in is on record to the second, so
// what came in the same second as it counts as behind it.
func (c historyCall) tuple() models.CallTuple {
	scopes := strings.Fields(c.Scope)
	slices.Sort(scopes)
	all := strings.Join(slices.Compact(scopes), " ")
	sum := sha256.Sum256([]byte(all))
	return models.CallTuple{
		ServiceID: c.ServiceID, ApplicationID: c.ApplicationID, RouteID: c.RouteID,
		ScopeSet: base64.RawURLEncoding.EncodeToString(sum[:])[:22], Scopes: all,
		Customer: c.AuthTime != 0 && c.AuthTime <= c.At, Outcome: models.OutcomeOf(c.Call), ShapeID: c.ShapeID,
	}
}

// CountedTuple is a tuple with how many calls were like it.
type CountedTuple struct {
	models.CallTuple
	Count int64
}

// dayTuple is what is counted apart.
type dayTuple struct {
	models.CallTuple
	day int64
}

// tupleSums counts calls by what they have in common, and by days of the zone.
type tupleSums struct {
	zone *time.Location
	sums map[dayTuple]CountedTuple
}

func newTupleSums(zone *time.Location) tupleSums {
	return tupleSums{zone, map[dayTuple]CountedTuple{}}
}

func (s tupleSums) add(c historyCall) {
	key := dayTuple{c.tuple(), DayOf(time.UnixMilli(c.At).In(s.zone)).UnixMilli()}
	sum := s.sums[key]
	last := max(sum.LastAt, c.At)
	sum.CallTuple, sum.Count = key.CallTuple, sum.Count+1
	sum.LastAt = last
	s.sums[key] = sum
}

// How much is counted at once: what is read holds nobody up, what is written
// holds up the writer.
const (
	foldCalls  = 2000
	foldTuples = 150                   // two rows each
	foldRest   = 20 * time.Millisecond // between two writes, for others
)

// FoldCalls counts some of the calls that began in [from, until) and were not
// counted yet, by the tuples that a draft of the policy is held against, and
// returns how many; none when there are none. Calls that are committed later
// than another one that was counted and began after them are left out: until is
// to be so long ago that there are none.
func (s *Store) FoldCalls(ctx context.Context, from, until time.Time, zone *time.Location) (int64, error) {
	position, err := foldPosition(s.read(ctx))
	if err != nil {
		return 0, err
	}
	var calls []historyCall
	err = s.read(ctx).Raw(historyCallsSQL, max(position, firstID(from)), firstID(until), foldCalls).Scan(&calls).Error
	if err != nil {
		return 0, fmt.Errorf("read calls to count: %w", err)
	}
	// Of many kinds of calls a transaction takes few; what was read is not read again.
	for n := 0; n < len(calls); {
		if n > 0 && !sleep(ctx, foldRest) {
			return int64(n), context.Cause(ctx)
		}
		sums := newTupleSums(zone)
		for ; n < len(calls) && len(sums.sums) < foldTuples; n++ {
			sums.add(calls[n])
		}
		to := calls[n-1].ID
		if err := s.Write(ctx, func(tx *Tx) error { return tx.addTuples(position, to, sums.sums) }); err != nil {
			return int64(n), err
		}
		position = to
	}
	return int64(len(calls)), nil
}

func foldPosition(db *gorm.DB) (position string, err error) {
	if err := db.Raw("SELECT position FROM call_fold WHERE id = 1").Scan(&position).Error; err != nil {
		return "", fmt.Errorf("read position of counted calls: %w", err)
	}
	return position, nil
}

// addTuples moves the position on and adds what was counted up to it. Whoever
// finds that it was moved meanwhile has counted for nothing.
func (tx *Tx) addTuples(from, to string, sums map[dayTuple]CountedTuple) error {
	moved := tx.db.Exec("UPDATE call_fold SET position = ? WHERE id = 1 AND position = ?", to, from)
	if moved.Error != nil {
		return fmt.Errorf("note position of counted calls: %w", moved.Error)
	}
	if moved.RowsAffected == 0 {
		return nil
	}
	// Who locks rows locks them in one order.
	for _, key := range slices.SortedFunc(maps.Keys(sums), dayTuple.compare) {
		if err := tx.addTuple(key.day, sums[key]); err != nil {
			return err
		}
	}
	return nil
}

func (t dayTuple) compare(o dayTuple) int {
	return cmp.Or(cmp.Compare(t.ServiceID, o.ServiceID), cmp.Compare(t.ApplicationID, o.ApplicationID), cmp.Compare(t.RouteID, o.RouteID),
		cmp.Compare(t.ScopeSet, o.ScopeSet), cmp.Compare(t.Outcome, o.Outcome), cmp.Compare(t.ShapeID, o.ShapeID), cmp.Compare(t.day, o.day))
}

func (tx *Tx) addTuple(day int64, t CountedTuple) error {
	later := "max"
	if tx.db.Name() == string(Postgres) {
		later = "greatest"
	}
	var id int64
	err := tx.db.Raw(`INSERT INTO call_tuples (service_id, application_id, route_id, scope_set, scopes, customer, outcome, shape_id, last_at)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
		ON CONFLICT (service_id, application_id, route_id, scope_set, customer, outcome, shape_id)
		DO UPDATE SET last_at = `+later+`(call_tuples.last_at, excluded.last_at) RETURNING id`,
		t.ServiceID, t.ApplicationID, t.RouteID, t.ScopeSet, t.Scopes, t.Customer, t.Outcome, t.ShapeID, t.LastAt).Scan(&id).Error
	if err != nil {
		return fmt.Errorf("add tuple of calls: %w", err)
	}
	err = tx.db.Exec(`INSERT INTO call_tuple_days (tuple_id, day, count) VALUES (?, ?, ?)
		ON CONFLICT (tuple_id, day) DO UPDATE SET count = call_tuple_days.count + excluded.count`, id, day, t.Count).Error
	if err != nil {
		return fmt.Errorf("count calls of a day: %w", err)
	}
	return nil
}

// TuplePlace is a place among the tuples of a service.
type TuplePlace struct {
	Application string
	ID          int64
}

// CallTuples lists what was called of a service on or after a day (Unix ms), by
// application, those behind a place, at most limit; with how often since that day.
func (b Business) CallTuples(service string, since int64, after TuplePlace, limit int) ([]CountedTuple, error) {
	return b.tuples(callTuplesSQL, since, service, since, after.Application, after.ID, limit)
}

// CallTuplesOf is CallTuples for one application.
func (b Business) CallTuplesOf(service, application string, since int64, after int64, limit int) ([]CountedTuple, error) {
	return b.tuples(callTuplesOfSQL, since, service, application, since, after, limit)
}

const countedTuple = `SELECT t.*, (SELECT coalesce(sum(d.count), 0) FROM call_tuple_days d WHERE d.tuple_id = t.id AND d.day >= ?) AS count
	FROM call_tuples t WHERE t.service_id = ? AND `

const (
	callTuplesSQL   = countedTuple + "t.last_at >= ? AND (t.application_id, t.id) > (?, ?) ORDER BY t.application_id, t.id LIMIT ?"
	callTuplesOfSQL = countedTuple + "t.application_id = ? AND t.last_at >= ? AND t.id > ? ORDER BY t.id LIMIT ?"
)

func (b Business) tuples(query string, args ...any) ([]CountedTuple, error) {
	var list []CountedTuple
	if err := b.db.Raw(query, args...).Scan(&list).Error; err != nil {
		return nil, fmt.Errorf("read tuples of calls: %w", err)
	}
	return list, nil
}

// CallTail is what was called since the calls were counted last.
type CallTail struct {
	Tuples []CountedTuple // by application
	Until  int64          // Unix ms: when the last call began that is in them; 0 where all are
}

// CallTail counts the calls that began at or after a time and are not in the
// tuples yet, those of the given services, looking at the first most of all.
func (b Business) CallTail(services []string, from time.Time, most int) (tail CallTail, err error) {
	position, err := foldPosition(b.db)
	if err != nil {
		return tail, err
	}
	var calls []historyCall
	err = b.db.Raw(historyCallsSQL, max(position, firstID(from)), LastEventID, most).Scan(&calls).Error
	if err != nil {
		return tail, fmt.Errorf("read calls since they were counted: %w", err)
	}
	if len(calls) == most {
		tail.Until = calls[most-1].At
	}
	sums := newTupleSums(time.UTC)
	for _, c := range calls {
		if c.At >= from.UnixMilli() && slices.Contains(services, c.ServiceID) {
			sums.add(c)
		}
	}
	for _, t := range sums.sums {
		tail.Tuples = append(tail.Tuples, t)
	}
	slices.SortFunc(tail.Tuples, func(a, b CountedTuple) int {
		return dayTuple{CallTuple: a.CallTuple}.compare(dayTuple{CallTuple: b.CallTuple})
	})
	return tail, nil
}

// HistoryBegins is the first day (Unix ms) of which calls are counted; 0 when there is none.
func (b Business) HistoryBegins() (day int64, err error) {
	err = b.db.Raw("SELECT coalesce(min(day), 0) FROM call_tuple_days").Scan(&day).Error
	if err != nil {
		return 0, fmt.Errorf("read beginning of counted calls: %w", err)
	}
	return day, nil
}

// ShapesOf reads shapes by their ids, in the same picture.
func (b Business) ShapesOf(ids []string) ([]models.Shape, error) {
	return find[models.Shape](b, "id", "id", ids)
}

// ServiceProfile is Store.ServiceProfile in this picture; found is false when
// there is no such service.
func (b Business) ServiceProfile(id string) (p ServiceProfile, found bool, err error) {
	switch err = readService(b.db, &p, id); {
	case err == nil:
		return p, true, nil
	case errors.Is(err, gorm.ErrRecordNotFound):
		return p, false, nil
	}
	return p, false, fmt.Errorf("read service: %w", err)
}
