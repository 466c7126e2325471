package store

import (
	"context"
	"errors"
	"fmt"

	"gorm.io/gorm"

	"postern/models"
)

// numberSQL gives the next numbers to events that have none, the oldest first.
const numberSQL = `UPDATE events SET seq = o.seq FROM (
	SELECT id, row_number() OVER (ORDER BY id) + ? AS seq
	FROM (SELECT id FROM events WHERE seq IS NULL ORDER BY id LIMIT ?) AS waiting
) AS o WHERE events.id = o.id`

// NumberEvents gives up to limit committed events that have no seq the next
// ones, without gaps, and returns how many. Who calls it holds a lease that was
// taken in the same transaction: so one transaction at a time gives numbers, and
// they are committed in their order.
func (tx *Tx) NumberEvents(limit int) (int64, error) {
	var last int64
	if err := tx.db.Raw(lastSeqSQL).Scan(&last).Error; err != nil {
		return 0, fmt.Errorf("read last number: %w", err)
	}
	result := tx.db.Exec(numberSQL, last, limit)
	if result.Error != nil {
		return 0, fmt.Errorf("number events: %w", result.Error)
	}
	return result.RowsAffected, nil
}

const lastSeqSQL = "SELECT coalesce(max(seq), 0) FROM events WHERE seq IS NOT NULL"

// Unnumbered reports whether there are events without a seq.
func (s *Store) Unnumbered(ctx context.Context) (bool, error) {
	var n int64
	err := s.read(ctx).Raw("SELECT count(*) FROM (SELECT 1 FROM events WHERE seq IS NULL LIMIT 1) AS one").Scan(&n).Error
	if err != nil {
		return false, fmt.Errorf("look for events without a number: %w", err)
	}
	return n > 0, nil
}

// EventsAfter lists up to limit events above a seq, in their order. None is
// missing in between: numbers are committed in their order.
func (s *Store) EventsAfter(ctx context.Context, seq int64, limit int) ([]models.Event, error) {
	var list []models.Event
	if err := s.read(ctx).Where("seq > ?", seq).Order("seq").Limit(limit).Find(&list).Error; err != nil {
		return nil, fmt.Errorf("read events after %d: %w", seq, err)
	}
	return list, nil
}

// ErrNoFeed says that no feed of that name has a row.
var ErrNoFeed = errors.New("there is no such feed")

// BeginFeed makes the row of a feed that has none: it begins with the first event.
func (tx *Tx) BeginFeed(name string) error {
	if err := tx.db.Exec("INSERT INTO feeds (name) VALUES (?) ON CONFLICT (name) DO NOTHING", name).Error; err != nil {
		return fmt.Errorf("begin feed: %w", err)
	}
	return nil
}

// MoveFeed moves a feed's position from one seq to a later one, at a time (Unix
// ms). moved is false where the position is not the one it was believed to be.
func (tx *Tx) MoveFeed(name string, from, to, at int64) (moved bool, err error) {
	result := tx.db.Exec("UPDATE feeds SET position = ?, delivered = delivered + ?, delivered_at = ?, error = '' WHERE name = ? AND position = ?",
		to, to-from, at, name, from)
	if result.Error != nil {
		return false, fmt.Errorf("move feed: %w", result.Error)
	}
	return result.RowsAffected == 1, nil
}

// FailFeed notes that a feed failed at a time (Unix ms).
func (tx *Tx) FailFeed(name, text string, at int64) error {
	if err := tx.db.Exec("UPDATE feeds SET failed_at = ?, error = ? WHERE name = ?", at, text, name).Error; err != nil {
		return fmt.Errorf("note failure of feed: %w", err)
	}
	return nil
}

// ForgetFeed deletes a feed's row: under its name a feed would begin again with
// the first event. It fails with ErrNoFeed.
func (tx *Tx) ForgetFeed(name string) error {
	result := tx.db.Exec("DELETE FROM feeds WHERE name = ?", name)
	switch {
	case result.Error != nil:
		return fmt.Errorf("forget feed: %w", result.Error)
	case result.RowsAffected == 0:
		return ErrNoFeed
	}
	return nil
}

// FeedPosition is the seq up to which a feed has delivered. It fails with ErrNoFeed.
func (s *Store) FeedPosition(ctx context.Context, name string) (int64, error) {
	var f models.Feed
	err := s.read(ctx).Take(&f, "name = ?", name).Error
	switch {
	case errors.Is(err, gorm.ErrRecordNotFound):
		return 0, ErrNoFeed
	case err != nil:
		return 0, fmt.Errorf("read feed: %w", err)
	}
	return f.Position, nil
}

// MaxUnnumbered is how many events without a seq are counted at most.
const MaxUnnumbered = 10_000

// lagSQL asks by indexes only: the last seq, the event behind a position, and
// the oldest without a seq. Arguments: MaxUnnumbered.
const lagSQL = `SELECT f.*,
	(` + lastSeqSQL + `) - f.position + (SELECT count(*) FROM (SELECT 1 FROM events WHERE seq IS NULL LIMIT ?) AS unnumbered) AS waiting,
	coalesce((SELECT at FROM events WHERE seq > f.position ORDER BY seq LIMIT 1),
		(SELECT at FROM events WHERE seq IS NULL ORDER BY id LIMIT 1), 0) AS waiting_since
	FROM feeds f ORDER BY f.name`

// FeedLags tells of each feed that has begun how far it is behind, by name. Those
// that are no longer configured anywhere are among them until they are forgotten.
func (s *Store) FeedLags(ctx context.Context) ([]models.FeedLag, error) {
	var list []models.FeedLag
	if err := s.read(ctx).Raw(lagSQL, MaxUnnumbered).Scan(&list).Error; err != nil {
		return nil, fmt.Errorf("read feeds: %w", err)
	}
	return list, nil
}
