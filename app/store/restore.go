package store

import (
	"context"
	"fmt"
	"time"

	"postern/models"
)

// EndReasonRestored stands in visits.end_reason when a restore ended the visit.
const EndReasonRestored = "restored"

// A gateway decides nothing while its clock stands more than a minute behind
// the newest event, and answers a spent AT for a minute past its end: what
// expired this long (ms) before a restore opens nothing any more.
const longDead = 120_000

// RestoredAt is when the database was last restored, Unix ms; 0 when it never was.
func (s *Store) RestoredAt(ctx context.Context) (int64, error) {
	stmt, err := s.ReadStmt(ctx, "SELECT coalesce(max(at), 0) FROM restores")
	if err != nil {
		return 0, err
	}
	var at int64
	if err := stmt.QueryRowContext(ctx).Scan(&at); err != nil {
		return 0, fmt.Errorf("read restores: %w", err)
	}
	return at, nil
}

// BeginAnew ends everything in an old copy that could still open something: the
// ATs, the visits, the consents, the staff's sessions, recovery codes and links,
// and every key but that of the subjects, without which they could not be read; a
// gateway that starts makes new ones. The rest is told by
// the time of the restore. Nobody else may be at work on the database.
func (tx *Tx) BeginAnew(r models.Restore) error {
	for _, step := range []struct {
		doing, statement string
		args             []any
	}{
		{"note restore", "INSERT INTO restores (at, newest_event) VALUES (?, ?)", []any{r.At, r.NewestEvent}},
		{"end access tokens", "UPDATE at_rows SET revoked_at = ? WHERE expires_at > ? AND revoked_at = 0", []any{r.At, r.At - longDead}},
		{"end visits", "UPDATE visits SET ended_at = ?, end_reason = ? WHERE ended_at = 0 AND dead_after > ?",
			[]any{r.At, EndReasonRestored, r.At - longDead}},
		// Which of them were withdrawn after the copy was made nobody can know.
		{"end consents", "UPDATE consents SET ends_at = ?, withdrawn_at = ?, withdrawn_by = ? WHERE ends_at = 0 OR ends_at > ?",
			[]any{r.At, r.At, models.ByRestore, r.At}},
		// Who was shut out, and which codes and links were used, nobody can know either.
		{"end sessions", "UPDATE sessions SET ended_at = ?, end_reason = ? WHERE ended_at = 0", []any{r.At, EndReasonRestored}},
		{"spend recovery codes", "UPDATE recovery_codes SET used_at = ? WHERE used_at = 0", []any{r.At}},
		{"spend set-up links", "UPDATE setup_links SET used_at = ? WHERE used_at = 0", []any{r.At}},
		{"drop challenges", "DELETE FROM challenges", nil},
		{"retire keys", "UPDATE keys SET retired_at = ?, sealed_private = '' WHERE retired_at = 0 AND use <> ?",
			[]any{r.At, models.SubjectKey}},
	} {
		if err := tx.db.Exec(step.statement, step.args...).Error; err != nil {
			return fmt.Errorf("%s: %w", step.doing, err)
		}
	}
	return nil
}

// OtherSessions counts who else is connected to a PostgreSQL database. The
// store's own are not counted as long as it has one connection (MaxConns).
func (s *Store) OtherSessions(ctx context.Context) (int64, error) {
	if s.dialect != Postgres {
		return 0, nil
	}
	var n int64
	query := `SELECT count(*) FROM pg_stat_activity
		WHERE datname = current_database() AND pid <> pg_backend_pid() AND coalesce(backend_type, 'client backend') = 'client backend'`
	if err := s.reader.QueryRowContext(ctx, query).Scan(&n); err != nil {
		return 0, fmt.Errorf("count sessions: %w", err)
	}
	return n, nil
}

// ServerClock is the time of a database server; known is false where there is
// none, as SQLite has this machine's clock.
func (s *Store) ServerClock(ctx context.Context) (now time.Time, known bool, err error) {
	if s.dialect != Postgres {
		return time.Time{}, false, nil
	}
	if err := s.reader.QueryRowContext(ctx, "SELECT clock_timestamp()").Scan(&now); err != nil {
		return time.Time{}, false, fmt.Errorf("read server's clock: %w", err)
	}
	return now, true, nil
}
