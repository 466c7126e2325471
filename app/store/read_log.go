package store

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"postern/models"
)

// LogFilter says which lines of the ledger are wanted. Empty members ask for
// nothing. The columns that one may ask for are these and no others.
type LogFilter struct {
	Kinds        []string // nil is any
	Application  string   // has an index of its own, as have the next two; the others are looked at row by row
	Each         []string // of these applications, each along that index; nil is any
	Actor        string   // what this person did
	Persons      bool     // what any person did
	Applications []string // one of these; nil is any
	Partner      string
	Service      string
	Outcome      string
	Reason       string
	NotPartner   string
	Refused      bool     // any outcome but ok
	Besides      []string // none of these outcomes; nil leaves none out
}

// LogRange is a part of the ledger by ids. A walk to the older end takes From <=
// id < Until, one to the newer end From < id <= Until: the end that a walk comes
// from was shown already.
type LogRange struct{ From, Until string }

// FirstEventID is the least id that a line made at a time (Unix ms) can have.
func FirstEventID(at int64) string { return firstID(time.UnixMilli(at)) }

// LastEventID comes after every id.
const LastEventID = "ffffffff-ffff-ffff-ffff-ffffffffffff"

// LogWalk is what a walk along the key came to.
type LogWalk struct {
	Rows []models.Event // newest first
	End  string         // id of the last line looked at, where there was more to look at than limit allows; else ""
}

// WalkLog looks at no more than most lines of a range, from its newer end (or
// from its older end, where forward is set), and returns the first limit of them
// that match.
func (s *Store) WalkLog(ctx context.Context, r LogRange, f LogFilter, w LogSteps) (LogWalk, error) {
	if f.unstorable() {
		return LogWalk{}, nil
	}
	if f.Each != nil {
		return s.walkEach(ctx, r, f, w)
	}
	end, more, err := s.walkEnd(ctx, r, f, w)
	if err != nil {
		return LogWalk{}, err
	}
	walk := LogWalk{}
	if more {
		walk.End = end
	}
	if end != "" {
		walk.Rows, err = s.walkRows(ctx, r.upTo(end, w), f, w)
	}
	return walk, err
}

// walkEach walks along the lines of each application and puts what it finds together. It
// looks at no more than most lines in all, and vouches for as far as all walks came.
func (s *Store) walkEach(ctx context.Context, r LogRange, f LogFilter, w LogSteps) (all LogWalk, err error) {
	applications := f.Each
	f.Each, w.Most = nil, max(1, w.Most/max(1, len(applications)))
	for _, f.Application = range applications {
		walk, err := s.WalkLog(ctx, r, f, w)
		if err != nil {
			return LogWalk{}, err
		}
		end := walk.End
		if n := len(walk.Rows); n == w.Limit { // beyond its last row it was not read
			if end = walk.Rows[n-1].ID; w.Forward {
				end = walk.Rows[0].ID
			}
		}
		if all.End == "" || end != "" && (end > all.End) != w.Forward {
			all.End = end
		}
		all.Rows = append(all.Rows, walk.Rows...)
	}
	slices.SortFunc(all.Rows, func(a, b models.Event) int { return strings.Compare(b.ID, a.ID) })
	if all.End != "" {
		all.Rows = slices.DeleteFunc(all.Rows, func(e models.Event) bool { return e.ID != all.End && (e.ID > all.End) == w.Forward })
	}
	if over := len(all.Rows) - w.Limit; over > 0 && w.Forward {
		all.Rows = all.Rows[over:]
	} else if over > 0 {
		all.Rows = all.Rows[:w.Limit]
	}
	return all, nil
}

// LogSteps bound a walk.
type LogSteps struct {
	Most    int  // lines that are looked at
	Limit   int  // lines that are returned
	Forward bool // from the older end
}

// upTo is the range with the line end as the last that is looked at.
func (r LogRange) upTo(end string, w LogSteps) LogRange {
	if w.Forward {
		return LogRange{From: r.From, Until: end}
	}
	return LogRange{From: end, Until: r.Until}
}

// sides are the conditions and the order of a walk.
func (w LogSteps) sides() (where, order string) {
	if w.Forward {
		return "id > ? AND id <= ?", "id"
	}
	return "id >= ? AND id < ?", "id DESC"
}

// walkEnd finds the last of the lines that a walk looks at, along the key alone.
func (s *Store) walkEnd(ctx context.Context, r LogRange, f LogFilter, w LogSteps) (end string, more bool, err error) {
	var found struct {
		End string
		N   int
	}
	err = s.read(ctx).Raw(walkEndSQL(f, w), append(f.keyArgs(), r.From, r.Until, w.Most)...).Scan(&found).Error
	if err != nil {
		return "", false, fmt.Errorf("walk log: %w", err)
	}
	return found.End, found.N == w.Most, nil
}

func walkEndSQL(f LogFilter, w LogSteps) string {
	where, _ := f.key()
	side, order := w.sides()
	last := "min"
	if w.Forward {
		last = "max"
	}
	return `SELECT coalesce(` + last + `(id), '') AS "end", count(*) AS n FROM (SELECT id FROM events WHERE ` + where + side + " ORDER BY " + order + " LIMIT ?) AS walked"
}

// key is the condition that picks the index.
func (f LogFilter) key() (where string, args []any) {
	// The second conditions hold anyway; without them the indexes are not looked at.
	switch {
	case f.Application != "":
		return "application_id = ? AND application_id <> '' AND ", []any{f.Application}
	case f.Actor != "":
		return "actor = ? AND actor <> '' AND ", []any{f.Actor}
	case f.Persons:
		return "actor <> '' AND ", nil
	}
	return "", nil
}

func (f LogFilter) keyArgs() []any {
	_, args := f.key()
	return args
}

func (s *Store) walkRows(ctx context.Context, r LogRange, f LogFilter, w LogSteps) ([]models.Event, error) {
	query, args := walkRowsSQL(r, f, w)
	var rows []models.Event
	if err := s.read(ctx).Raw(query, args...).Scan(&rows).Error; err != nil {
		return nil, fmt.Errorf("read log: %w", err)
	}
	if w.Forward {
		slices.Reverse(rows)
	}
	return rows, nil
}

func walkRowsSQL(r LogRange, f LogFilter, w LogSteps) (query string, args []any) {
	where, args := f.key()
	side, order := w.sides()
	conditions, more := f.conditions()
	args = append(append(append(args, r.From, r.Until), more...), w.Limit)
	return "SELECT * FROM events WHERE " + where + side + conditions + " ORDER BY " + order + " LIMIT ?", args
}

// conditions are those that have no index: the rows between are looked at.
func (f LogFilter) conditions() (where string, args []any) {
	var b strings.Builder
	add := func(wanted bool, condition string, arg any) {
		if wanted {
			b.WriteString(" AND " + condition)
			args = append(args, arg)
		}
	}
	add(f.Kinds != nil, "kind IN ?", f.Kinds)
	add(f.Applications != nil, "application_id IN ?", f.Applications)
	add(f.Partner != "", "partner_id = ?", f.Partner)
	add(f.NotPartner != "", "partner_id <> ?", f.NotPartner)
	add(f.Service != "", "service_id = ?", f.Service)
	add(f.Outcome != "", "outcome = ?", f.Outcome)
	add(f.Reason != "", "reason = ?", f.Reason)
	add(f.Refused, "outcome <> ?", "ok")
	add(f.Besides != nil, "outcome NOT IN ?", f.Besides)
	return b.String(), args
}

func (f LogFilter) unstorable() bool {
	return slices.ContainsFunc(append([]string{f.Application, f.Actor, f.Partner, f.Service, f.Outcome, f.Reason, f.NotPartner}, f.Each...), unstorable)
}

// maxOfOne bounds what is read about one visit, one request, one AT.
const maxOfOne = 500

// Event reads one line of the ledger; found is false when there is none.
func (s *Store) Event(ctx context.Context, id string) (e models.Event, found bool, err error) {
	return one[models.Event](s.read(ctx), "id = ?", id)
}

// EventsOfVisit lists the ledger's lines about one visit, oldest first, 500 at most.
func (s *Store) EventsOfVisit(ctx context.Context, vid string) ([]models.Event, error) {
	return s.eventsOf(ctx, "vid = ? AND vid <> ''", vid)
}

// EventsOfRequest lists the ledger's lines about one request, oldest first, 500 at most.
func (s *Store) EventsOfRequest(ctx context.Context, request string) ([]models.Event, error) {
	return s.eventsOf(ctx, "request_id = ? AND request_id <> ''", request)
}

// eventsOf reads by an index and sorts here: there are few.
func (s *Store) eventsOf(ctx context.Context, where, what string) ([]models.Event, error) {
	var list []models.Event
	if unstorable(what) {
		return nil, nil
	}
	if err := s.read(ctx).Raw(eventsOfSQL(where), what, maxOfOne).Scan(&list).Error; err != nil {
		return nil, fmt.Errorf("read events of one thing: %w", err)
	}
	slices.SortFunc(list, func(a, b models.Event) int { return strings.Compare(a.ID, b.ID) })
	return list, nil
}

func eventsOfSQL(where string) string { return "SELECT * FROM events WHERE " + where + " LIMIT ?" }

// EventsOfAT lists the lines of an application between two times (Unix ms) that
// name an AT by its jti, oldest first. It looks at no more than most lines.
func (s *Store) EventsOfAT(ctx context.Context, at models.ATRow, until int64, most int) ([]models.Event, error) {
	f := LogFilter{Application: at.ApplicationID}
	r := LogRange{From: FirstEventID(at.IssuedAt), Until: FirstEventID(until)}
	w := LogSteps{Most: most, Limit: maxOfOne, Forward: true}
	end, _, err := s.walkEnd(ctx, r, f, w)
	if err != nil || end == "" {
		return nil, err
	}
	var list []models.Event
	r = r.upTo(end, w)
	err = s.read(ctx).Raw(eventsOfATSQL, at.ApplicationID, r.From, r.Until, "%\"jti\":\""+escapeLike(at.JTI)+"\"%", maxOfOne).Scan(&list).Error
	if err != nil {
		return nil, fmt.Errorf("read events of AT: %w", err)
	}
	return list, nil
}

const eventsOfATSQL = `SELECT * FROM events WHERE application_id = ? AND application_id <> '' AND id > ? AND id <= ?
	AND body LIKE ? ESCAPE '!' ORDER BY id LIMIT ?`

var likeMarks = strings.NewReplacer("!", "!!", "%", "!%", "_", "!_")

func escapeLike(text string) string { return likeMarks.Replace(text) }

// Visit reads one visit.
func (s *Store) Visit(ctx context.Context, vid string) (models.Visit, bool, error) {
	return one[models.Visit](s.read(ctx), "vid = ?", vid)
}

// ATByHash reads the AT that a visit was opened with.
func (s *Store) ATByHash(ctx context.Context, hash string) (models.ATRow, bool, error) {
	return one[models.ATRow](s.read(ctx), "at_hash = ?", hash)
}

// ATByJTI reads an AT by its jti.
func (s *Store) ATByJTI(ctx context.Context, jti string) (models.ATRow, bool, error) {
	return one[models.ATRow](s.read(ctx), "jti = ?", jti)
}

// ATsBySubject lists the ATs of one of the MACs of a partner's user id, newest
// first, at most limit for each.
func (s *Store) ATsBySubject(ctx context.Context, macs []string, limit int) ([]models.ATRow, error) {
	var all []models.ATRow
	for _, mac := range macs {
		var list []models.ATRow
		if err := s.read(ctx).Raw(atsBySubjectSQL, mac, limit).Scan(&list).Error; err != nil {
			return nil, fmt.Errorf("read ATs of subject: %w", err)
		}
		all = append(all, list...)
	}
	return all, nil
}

const atsBySubjectSQL = "SELECT * FROM at_rows WHERE subject_mac = ? AND subject_mac <> '' ORDER BY issued_at DESC LIMIT ?"

// VisitsByCustomer lists visits of one of the bank's customers by the MAC, at
// most limit, in no order.
func (s *Store) VisitsByCustomer(ctx context.Context, mac string, limit int) ([]models.Visit, error) {
	var list []models.Visit
	if err := s.read(ctx).Raw(visitsByCustomerSQL, mac, limit).Scan(&list).Error; err != nil {
		return nil, fmt.Errorf("read visits of customer: %w", err)
	}
	return list, nil
}

const visitsByCustomerSQL = "SELECT * FROM visits WHERE customer_mac = ? AND customer_mac <> '' LIMIT ?"

// VisitsBetween lists an application's visits opened in [from, until), Unix ms,
// newest first, at most limit.
func (s *Store) VisitsBetween(ctx context.Context, application string, from, until int64, limit int) ([]models.Visit, error) {
	var list []models.Visit
	if unstorable(application) {
		return nil, nil
	}
	if err := s.read(ctx).Raw(visitsBetweenSQL, application, from, until, limit).Scan(&list).Error; err != nil {
		return nil, fmt.Errorf("read visits of application: %w", err)
	}
	return list, nil
}

const visitsBetweenSQL = "SELECT * FROM visits WHERE application_id = ? AND opened_at >= ? AND opened_at < ? ORDER BY opened_at DESC LIMIT ?"

// CallsOfVisit lists the records of a visit's first calls, oldest first.
func (s *Store) CallsOfVisit(ctx context.Context, vid string, limit int) ([]models.Call, error) {
	var list []models.Call
	if unstorable(vid) {
		return nil, nil
	}
	if err := s.read(ctx).Raw(callsOfVisitSQL, vid, limit).Scan(&list).Error; err != nil {
		return nil, fmt.Errorf("read calls of visit: %w", err)
	}
	return list, nil
}

const callsOfVisitSQL = "SELECT * FROM calls WHERE vid = ? ORDER BY at LIMIT ?"

// LastCallOfVisit reads the record of a visit's last call.
func (s *Store) LastCallOfVisit(ctx context.Context, vid string) (c models.Call, found bool, err error) {
	var list []models.Call
	if err := s.read(ctx).Raw(lastCallSQL, vid).Scan(&list).Error; err != nil {
		return c, false, fmt.Errorf("read last call of visit: %w", err)
	}
	if len(list) == 0 {
		return c, false, nil
	}
	return list[0], true, nil
}

const lastCallSQL = "SELECT * FROM calls WHERE vid = ? ORDER BY at DESC LIMIT 1"

// CallOfRequest reads the record of the call that a request was.
func (s *Store) CallOfRequest(ctx context.Context, request string) (models.Call, bool, error) {
	return one[models.Call](s.read(ctx), "request_id = ?", request)
}

// Shapes reads what became of replies' fields, by the shapes' ids.
func (s *Store) Shapes(ctx context.Context, ids []string) ([]models.Shape, error) {
	return find[models.Shape](Business{db: s.read(ctx)}, "id", "id", ids)
}

// LogCounts narrows counts to what a log's filters ask for.
type LogCounts struct {
	Kinds        []models.RollupKind
	Applications []string // nil is any
	Service      string
}

// CountLog adds up counts of the hours, or of the days, that begin in [from,
// until), Unix ms.
func (s *Store) CountLog(ctx context.Context, span string, from, until int64, c LogCounts) (OutcomeCounts, error) {
	var list OutcomeCounts
	starts := hourStarts
	if span == models.SpanDay {
		starts = dayStarts
	}
	// Begin by begin, the kinds that are asked for lie together in the key.
	query := s.read(ctx).Table("rollups").Select("kind, outcome, sum(count) AS count").
		Where("span = ? AND kind IN ? AND start IN "+starts, span, c.Kinds, from, until, until)
	if c.Applications != nil {
		query = query.Where("application_id IN ?", c.Applications)
	}
	if c.Service != "" {
		query = query.Where("service_id = ?", c.Service)
	}
	if err := query.Group("kind, outcome").Scan(&list).Error; err != nil {
		return nil, fmt.Errorf("count log: %w", err)
	}
	return list, nil
}

// NewestSince lists the newest lines of some kinds from an id on, newest first, at
// most limit: for who follows the ledger.
func (s *Store) NewestSince(ctx context.Context, id string, kinds []string, limit int) ([]models.Event, error) {
	query, args := walkRowsSQL(LogRange{From: id, Until: LastEventID}, LogFilter{Kinds: kinds}, LogSteps{Limit: limit})
	var list []models.Event
	if err := s.read(ctx).Raw(query, args...).Scan(&list).Error; err != nil {
		return nil, fmt.Errorf("follow log: %w", err)
	}
	return list, nil
}
