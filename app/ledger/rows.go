package ledger

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"postern/app/store"
	"postern/models"
)

// kind is the SQL type of a column.
type kind string

const (
	text   kind = "text"
	number kind = "bigint"
	truth  kind = "boolean"
)

type column struct {
	name string
	kind kind
}

// table is one that the ledger inserts into. Its first keys columns, all text,
// are its primary key.
type table struct {
	name    string
	keys    int
	columns []column
}

// texts and numbers keep the tables below readable.
func texts(names ...string) (columns []column) {
	for _, name := range names {
		columns = append(columns, column{name, text})
	}
	return columns
}

func numbers(names ...string) (columns []column) {
	for _, name := range names {
		columns = append(columns, column{name, number})
	}
	return columns
}

var (
	assertionTable = &table{"assertion_jtis", 2, slices.Concat(texts("application_id", "jti"), numbers("expires_at"))}
	atTable        = &table{"at_rows", 1, slices.Concat(
		texts("at_hash", "jti", "partner_id", "application_id", "service_id", "environment", "suite", "scope",
			"subject_sealed", "subject_mac", "ak_kid", "return_to"),
		numbers("issued_at", "expires_at"))}
	visitTable = &table{"visits", 1, slices.Concat(
		texts("vid", "at_hash", "partner_id", "application_id", "service_id", "environment", "scope",
			"subject_sealed", "subject_mac", "customer_sealed", "customer_mac"),
		numbers("auth_time", "opened_at", "dead_after", "epoch"))}
	writeCallTable = &table{"write_calls", 2, slices.Concat(texts("vid", "jti", "state", "node"), numbers("started_at"))}
	callTable      = &table{"calls", 1, slices.Concat(
		texts("id", "vid", "request_id", "partner_id", "application_id", "service_id", "route_id", "method",
			"code", "reason", "rule", "shape_id"),
		numbers("at", "status", "policy_version", "duration", "upstream_time", "bytes_in", "bytes_out"))}
	shapeTable  = &table{"shapes", 1, slices.Concat(texts("id", "canonical"), numbers("first_seen", "last_seen"))}
	rollupTable = &table{"rollups", 0, slices.Concat(
		texts("span", "kind", "application_id", "service_id", "route_id", "outcome", "node"),
		numbers("start", "count", "duration_sum", "duration_max", "upstream_sum", "upstream_max"),
		numbers(models.TookColumns[:]...), numbers("disclosed", "fields"))}
	changeTable = &table{"changes", 0, slices.Concat(texts("kind", "subject"), numbers("at", "until"))}
	eventTable  = &table{"events", 1, slices.Concat(
		texts("id", "kind", "outcome", "reason", "request_id", "partner_id", "application_id", "service_id",
			"vid", "actor", "body", "leaf_hash"),
		numbers("at"), []column{{"alarm", truth}})}
)

// insertSQL is the statement for rows of t. On SQLite it takes one row, the
// cheapest way there: a call into the library costs less than a long statement.
// On PostgreSQL it takes one array for each column, so that a group of any size
// is one round trip of one statement text.
func (t *table) insertSQL(dialect store.Dialect) string {
	names := make([]string, len(t.columns))
	values := make([]string, len(t.columns))
	for i, c := range t.columns {
		names[i] = c.name
		values[i] = "?"
		if dialect == store.Postgres {
			values[i] = fmt.Sprintf("$%d::%s[]", i+1, c.kind)
		}
	}
	into := "INSERT INTO " + t.name + " (" + strings.Join(names, ", ") + ")"
	if dialect == store.Postgres {
		return into + " SELECT * FROM unnest(" + strings.Join(values, ", ") + ")"
	}
	return into + " VALUES (" + strings.Join(values, ", ") + ")"
}

// insertNewSQL skips rows that are there; on PostgreSQL it returns the keys of
// those that were not. Never a plain insert: a unique violation would abort the
// whole PostgreSQL transaction.
func (t *table) insertNewSQL(dialect store.Dialect) string {
	statement := t.insertSQL(dialect) + " ON CONFLICT DO NOTHING"
	if dialect == store.SQLite {
		return statement
	}
	names := make([]string, t.keys)
	for i := range names {
		names[i] = t.columns[i].name
	}
	return statement + " RETURNING " + strings.Join(names, ", ")
}

// rowKey joins the key columns of a row.
func (t *table) rowKey(row []any) string {
	if t.keys == 1 {
		return row[0].(string)
	}
	parts := make([]string, t.keys)
	for i := range parts {
		parts[i] = row[i].(string)
	}
	return joinKey(parts...)
}

func joinKey(parts ...string) string { return strings.Join(parts, "\x00") }

// insert writes rows. One that is there already is an error, but for shapes and
// rollups, whose statements say what becomes of it.
func (g *group) insert(t *table, rows [][]any) error {
	if len(rows) == 0 {
		return nil
	}
	statement := g.ledger.sql.insert[t]
	if g.onSQLite() {
		for _, row := range rows {
			if _, err := g.tx.ExecContext(g.ctx, statement, row...); err != nil {
				return fmt.Errorf("insert into %s: %w", t.name, err)
			}
		}
		return nil
	}
	if _, err := g.tx.ExecContext(g.ctx, statement, t.arrays(rows)...); err != nil {
		return fmt.Errorf("insert into %s: %w", t.name, err)
	}
	return nil
}

// insertNew writes the rows whose key is not there yet and returns their keys.
func (g *group) insertNew(t *table, rows [][]any) (map[string]bool, error) {
	if len(rows) == 0 {
		return nil, nil
	}
	slices.SortFunc(rows, func(a, b []any) int { return cmp.Compare(t.rowKey(a), t.rowKey(b)) })
	inserted := make(map[string]bool, len(rows))
	var err error
	if g.onSQLite() {
		err = g.insertNewEach(t, rows, inserted)
	} else {
		err = g.insertNewAtOnce(t, rows, inserted)
	}
	if err != nil {
		return nil, fmt.Errorf("insert new into %s: %w", t.name, err)
	}
	return inserted, nil
}

func (g *group) insertNewEach(t *table, rows [][]any, inserted map[string]bool) error {
	for _, row := range rows {
		n, err := g.exec(g.ledger.sql.insertNew[t], row...)
		if err != nil {
			return err
		}
		if n == 1 {
			inserted[t.rowKey(row)] = true
		}
	}
	return nil
}

func (g *group) insertNewAtOnce(t *table, rows [][]any, inserted map[string]bool) error {
	found, err := g.tx.QueryContext(g.ctx, g.ledger.sql.insertNew[t], t.arrays(rows)...)
	if err != nil {
		return err
	}
	defer found.Close()
	parts := make([]string, t.keys)
	targets := make([]any, t.keys)
	for i := range parts {
		targets[i] = &parts[i]
	}
	for found.Next() {
		if err := found.Scan(targets...); err != nil {
			return err
		}
		inserted[joinKey(parts...)] = true
	}
	return found.Err()
}

// arrays turns rows into one array for each column.
func (t *table) arrays(rows [][]any) []any {
	arrays := make([]any, len(t.columns))
	for i, c := range t.columns {
		switch c.kind {
		case text:
			arrays[i] = columnOf[string](rows, i)
		case number:
			arrays[i] = columnOf[int64](rows, i)
		case truth:
			arrays[i] = columnOf[bool](rows, i)
		}
	}
	return arrays
}

func columnOf[T any](rows [][]any, i int) []T {
	values := make([]T, len(rows))
	for r, row := range rows {
		values[r] = row[i].(T)
	}
	return values
}

// exec runs one statement and returns how many rows it touched.
func (g *group) exec(statement string, args ...any) (int64, error) {
	result, err := g.tx.ExecContext(g.ctx, statement, args...)
	if err != nil {
		return 0, err
	}
	return result.RowsAffected()
}

func (g *group) onSQLite() bool { return g.ledger.store.Dialect() == store.SQLite }

func (g *group) writeEvents() error {
	rows := make([][]any, len(g.events))
	for i, e := range g.events {
		rows[i] = []any{e.ID, e.Kind, e.Outcome, e.Reason, e.RequestID, e.PartnerID, e.ApplicationID, e.ServiceID,
			e.VID, e.Actor, e.Body, e.LeafHash, e.At, e.Alarm}
	}
	return g.insert(eventTable, rows)
}

func (g *group) writeChanges() error {
	rows := make([][]any, len(g.changes))
	for i, c := range g.changes {
		rows[i] = []any{string(c.Kind), c.Subject, c.At, c.Until}
	}
	return g.insert(changeTable, rows)
}

// eventEntry is an event and nothing else.
type eventEntry struct {
	waiting
	event models.Event
}

func (e *eventEntry) join(g *group) { g.events = append(g.events, e.event) }
