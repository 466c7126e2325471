package evidence_test

import (
	"database/sql"

	"postern/app/store"
)

// execute is one statement, as whoever administers the database may run it.
func execute(s *store.Store, statement string, args []any) func(*sql.Tx) error {
	return func(tx *sql.Tx) error {
		_, err := tx.Exec(s.Rebind(statement), args...)
		return err
	}
}
