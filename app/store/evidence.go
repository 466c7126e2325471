package store

import (
	"context"
	"fmt"

	"gorm.io/gorm/clause"

	"postern/models"
)

// eventTree is the name of the one tree there is.
const eventTree = "events"

// TreeSize is how many events are in the tree: those with a seq up to it.
func (s *Store) TreeSize(ctx context.Context) (int64, error) {
	var size int64
	if err := s.read(ctx).Raw("SELECT coalesce(max(size), 0) FROM trees WHERE name = ?", eventTree).Scan(&size).Error; err != nil {
		return 0, fmt.Errorf("read size of tree: %w", err)
	}
	return size, nil
}

// Tile reads a tile of the tree; found is false where there is none.
func (s *Store) Tile(ctx context.Context, level, number int64) (models.Tile, bool, error) {
	return one[models.Tile](s.read(ctx), "level = ? AND number = ?", level, number)
}

// GrowTree makes the tree larger, from one size to another, with every tile that is
// different then. grown is false, and nothing is written, where the tree does not
// have the first size any more: of nodes that add the same events one does.
func (tx *Tx) GrowTree(from, to int64, tiles []models.Tile) (grown bool, err error) {
	// The row is locked until the end of the transaction.
	result := tx.db.Exec("UPDATE trees SET size = ? WHERE name = ? AND size = ?", to, eventTree, from)
	if result.Error == nil && result.RowsAffected == 0 && from == 0 {
		result = tx.db.Exec("INSERT INTO trees (name, size) VALUES (?, ?) ON CONFLICT (name) DO NOTHING", eventTree, to)
	}
	if result.Error != nil {
		return false, fmt.Errorf("grow tree: %w", result.Error)
	}
	if result.RowsAffected == 0 {
		return false, nil
	}
	for _, t := range tiles {
		err := tx.db.Clauses(clause.OnConflict{
			Columns: []clause.Column{{Name: "level"}, {Name: "number"}}, DoUpdates: clause.AssignmentColumns([]string{"hashes"}),
		}).Create(&t).Error
		if err != nil {
			return false, fmt.Errorf("write tile: %w", err)
		}
	}
	return true, nil
}

// AddCheckpoint puts a checkpoint on record, unless there is one of its size.
func (tx *Tx) AddCheckpoint(c models.Checkpoint) error {
	if err := tx.db.Clauses(clause.OnConflict{DoNothing: true}).Create(&c).Error; err != nil {
		return fmt.Errorf("write checkpoint: %w", err)
	}
	return nil
}

// NewestCheckpoint reads the largest checkpoint; found is false where there is none.
func (s *Store) NewestCheckpoint(ctx context.Context) (c models.Checkpoint, found bool, err error) {
	list, err := s.CheckpointsBelow(ctx, 0, 1)
	if err != nil || len(list) == 0 {
		return models.Checkpoint{}, false, err
	}
	return list[0], true, nil
}

// Checkpoint reads the checkpoint of a size; found is false where there is none.
func (s *Store) Checkpoint(ctx context.Context, size int64) (models.Checkpoint, bool, error) {
	return one[models.Checkpoint](s.read(ctx), "size = ?", size)
}

// CheckpointsAbove lists up to limit checkpoints of more than size events, the
// smallest first.
func (s *Store) CheckpointsAbove(ctx context.Context, size int64, limit int) ([]models.Checkpoint, error) {
	var list []models.Checkpoint
	if err := s.read(ctx).Where("size > ?", size).Order("size").Limit(limit).Find(&list).Error; err != nil {
		return nil, fmt.Errorf("read checkpoints: %w", err)
	}
	return list, nil
}

// CheckpointsBelow lists up to limit checkpoints of fewer than size events, the
// largest first; 0 asks for the largest of all.
func (s *Store) CheckpointsBelow(ctx context.Context, size int64, limit int) ([]models.Checkpoint, error) {
	query := s.read(ctx).Order("size DESC").Limit(limit)
	if size > 0 {
		query = query.Where("size < ?", size)
	}
	var list []models.Checkpoint
	if err := query.Find(&list).Error; err != nil {
		return nil, fmt.Errorf("read checkpoints: %w", err)
	}
	return list, nil
}

// SaveAnchor writes down what a node tells of its anchor.
func (tx *Tx) SaveAnchor(a models.Anchor) error {
	if err := tx.db.Clauses(clause.OnConflict{Columns: []clause.Column{{Name: "node"}}, UpdateAll: true}).Create(&a).Error; err != nil {
		return fmt.Errorf("write state of anchor: %w", err)
	}
	return nil
}

// maxAnchors is how many nodes' anchors are read: more than there are nodes.
const maxAnchors = 100

// Anchors lists what nodes told of their anchors, those that agreed last first.
func (s *Store) Anchors(ctx context.Context) ([]models.Anchor, error) {
	var list []models.Anchor
	if err := s.read(ctx).Order("agreed_at DESC, node").Limit(maxAnchors).Find(&list).Error; err != nil {
		return nil, fmt.Errorf("read states of anchors: %w", err)
	}
	return list, nil
}

// EvidenceCheck is how far the events were checked; the zero value, named, where
// nothing was.
func (s *Store) EvidenceCheck(ctx context.Context) (models.EvidenceCheck, error) {
	c, found, err := one[models.EvidenceCheck](s.read(ctx), "name = ?", eventTree)
	if err == nil && !found {
		c = models.EvidenceCheck{Name: eventTree, Hashes: []byte{}}
	}
	return c, err
}

// SaveEvidenceCheck writes down how far the events were checked.
func (tx *Tx) SaveEvidenceCheck(c models.EvidenceCheck) error {
	if err := tx.db.Clauses(clause.OnConflict{Columns: []clause.Column{{Name: "name"}}, UpdateAll: true}).Create(&c).Error; err != nil {
		return fmt.Errorf("write check of events: %w", err)
	}
	return nil
}

// EventBySeq reads the event with a number; found is false where there is none.
func (s *Store) EventBySeq(ctx context.Context, seq int64) (models.Event, bool, error) {
	return one[models.Event](s.read(ctx), "seq = ?", seq)
}

// behindSQL asks by indexes only: the event behind a seq, or else the oldest without one.
const behindSQL = `SELECT coalesce((SELECT at FROM events WHERE seq > ? ORDER BY seq LIMIT 1),
	(SELECT at FROM events WHERE seq IS NULL ORDER BY id LIMIT 1), 0)`

// EventBehind is the time (Unix ms) of the first event that has a seq above one, or
// has none yet; found is false where there is no such event.
func (s *Store) EventBehind(ctx context.Context, seq int64) (at int64, found bool, err error) {
	if err := s.read(ctx).Raw(behindSQL, seq).Scan(&at).Error; err != nil {
		return 0, false, fmt.Errorf("read oldest event behind %d: %w", seq, err)
	}
	return at, at != 0, nil
}
