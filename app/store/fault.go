package store

import (
	"errors"

	"github.com/jackc/pgx/v5/pgconn"
	"github.com/mattn/go-sqlite3"
	"gorm.io/gorm"
)

// Damaged reports whether err says that SQLite's file is broken, or none of
// SQLite's: trying again helps nobody.
func Damaged(err error) bool {
	var lite sqlite3.Error
	return errors.As(err, &lite) && (lite.Code == sqlite3.ErrCorrupt || lite.Code == sqlite3.ErrNotADB)
}

// RowFault reports whether err blames what was written and not the database:
// the same transaction without the bad row, or tried again, may succeed. Of
// PostgreSQL these are classes 22, 23, P0 and, because a deadlock or a lost
// race ends with the next try, 40.
func RowFault(err error) bool {
	var lite sqlite3.Error
	if errors.As(err, &lite) {
		switch lite.Code {
		case sqlite3.ErrConstraint, sqlite3.ErrMismatch, sqlite3.ErrTooBig, sqlite3.ErrRange:
			return true
		}
		return false
	}
	var pg *pgconn.PgError
	if errors.As(err, &pg) && len(pg.Code) == 5 {
		switch pg.Code[:2] {
		case "22", "23", "P0", "40":
			return true
		}
	}
	return false
}

// ErrTaken says that a unique name is somebody else's, or that the database holds
// two things apart that were to come together.
var ErrTaken = errors.New("taken")

// taken marks a violation of uniqueness, which gorm has translated, as ErrTaken.
func taken(err error) error {
	if errors.Is(err, gorm.ErrDuplicatedKey) {
		return errors.Join(ErrTaken, err)
	}
	return err
}
