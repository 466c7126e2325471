package apptest

import (
	"database/sql"
	"encoding/json"

	_ "github.com/jackc/pgx/v5/stdlib" // the driver "pgx"
	_ "github.com/mattn/go-sqlite3"    // the driver "sqlite3"

	"postern/app/store"
)

// Event is a line of the ledger as tests look at it.
type Event struct {
	Kind, Outcome, Reason, VID string
	ApplicationID, ServiceID   string
	Actor                      string
	Alarm                      bool
	Detail                     map[string]string
}

// Events lists the ledger's lines of one kind, oldest first. It restarts the
// gateway, so that what was queued is on disk.
func (w *World) Events(kind string) []Event {
	w.T.Helper()
	w.Restart()
	db := w.Database()
	defer db.Close()
	rows, err := db.Query("SELECT outcome, reason, vid, application_id, service_id, actor, alarm, body FROM events WHERE kind = '" + kind + "' ORDER BY id")
	if err != nil {
		w.T.Fatal(err)
	}
	defer rows.Close()
	var list []Event
	for rows.Next() {
		e, body := Event{Kind: kind}, ""
		if err := rows.Scan(&e.Outcome, &e.Reason, &e.VID, &e.ApplicationID, &e.ServiceID, &e.Actor, &e.Alarm, &body); err != nil {
			w.T.Fatal(err)
		}
		if err := json.Unmarshal([]byte(body), &struct {
			Detail *map[string]string `json:"detail"`
		}{&e.Detail}); err != nil {
			w.T.Fatalf("%v in %s", err, body)
		}
		list = append(list, e)
	}
	if err := rows.Err(); err != nil {
		w.T.Fatal(err)
	}
	return list
}

// Database is a connection of the test's own, past the gateway: to look into
// tables and to break them. Close it.
func (w *World) Database() *sql.DB {
	w.T.Helper()
	driver, dsn := "pgx", w.Config.Store.DSN
	if w.Config.Store.Driver == string(store.SQLite) {
		driver, dsn = "sqlite3", "file:"+w.Config.Store.Path+"?_busy_timeout=5000"
	}
	db, err := sql.Open(driver, dsn)
	if err != nil {
		w.T.Fatal(err)
	}
	return db
}

// Exec changes the database behind the gateway's back.
func (w *World) Exec(statement string) {
	w.T.Helper()
	db := w.Database()
	defer db.Close()
	if _, err := db.Exec(statement); err != nil {
		w.T.Fatalf("%s: %v", statement, err)
	}
}

// Count counts rows of a table.
func (w *World) Count(table string) int {
	w.T.Helper()
	db := w.Database()
	defer db.Close()
	var n int
	if err := db.QueryRow("SELECT count(*) FROM " + table).Scan(&n); err != nil {
		w.T.Fatal(err)
	}
	return n
}
