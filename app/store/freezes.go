package store

import (
	"context"
	"fmt"

	"gorm.io/gorm/clause"

	"postern/models"
)

// SaveFreeze saves a freeze and tells the nodes; at is the time of the change,
// Unix ms.
func (tx *Tx) SaveFreeze(f models.Freeze, at int64) error {
	return tx.saved(&f, models.ChangeFreeze, f.ID, at)
}

// Freeze reads a freeze.
func (s *Store) Freeze(ctx context.Context, id string) (models.Freeze, bool, error) {
	return one[models.Freeze](s.read(ctx), "id = ?", id)
}

// Freezes reads freezes in a change's own picture.
func (b Business) Freezes(ids []string) ([]models.Freeze, error) {
	return find[models.Freeze](b, "id", "id", ids)
}

// maxLiveFreezes bounds what is read of freezes in force: each is a person's deed.
const maxLiveFreezes = 10_000

// LiveFreezes lists the freezes in force, newest first.
func (s *Store) LiveFreezes(ctx context.Context) ([]models.Freeze, error) {
	var list []models.Freeze
	err := s.read(ctx).Order("started_at DESC, id").Limit(maxLiveFreezes).Find(&list, "ended_at = 0 AND stops <> ?", models.FreezeNothing).Error
	if err != nil {
		return nil, fmt.Errorf("read freezes: %w", err)
	}
	return list, nil
}

// PastFreeze is a freeze that was, or a drill, and when the last node obeyed.
type PastFreeze struct {
	models.Freeze
	Nodes  int64
	LastAt int64 // Unix ms; 0 when none has obeyed
}

// PastFreezes lists all freezes and drills, newest first, at most limit.
func (s *Store) PastFreezes(ctx context.Context, limit int) ([]PastFreeze, error) {
	var list []PastFreeze
	err := s.read(ctx).Raw(`SELECT f.*,
			(SELECT count(*) FROM freeze_nodes n WHERE n.freeze_id = f.id) AS nodes,
			coalesce((SELECT max(n.obeyed_at) FROM freeze_nodes n WHERE n.freeze_id = f.id), 0) AS last_at
		FROM freezes f ORDER BY f.started_at DESC, f.id LIMIT ?`, limit).Scan(&list).Error
	if err != nil {
		return nil, fmt.Errorf("read past freezes: %w", err)
	}
	return list, nil
}

// ObeyFreezes puts on record when a node obeyed; what is on record stays.
func (tx *Tx) ObeyFreezes(list []models.FreezeNode) error {
	if err := tx.db.Clauses(clause.OnConflict{DoNothing: true}).Create(&list).Error; err != nil {
		return fmt.Errorf("record obedience: %w", err)
	}
	return nil
}

// FreezeNodes lists which nodes obeyed a freeze, first first.
func (s *Store) FreezeNodes(ctx context.Context, freeze string) ([]models.FreezeNode, error) {
	var list []models.FreezeNode
	if unstorable(freeze) {
		return nil, nil
	}
	if err := s.read(ctx).Order("obeyed_at, node").Limit(maxNodes).Find(&list, "freeze_id = ?", freeze).Error; err != nil {
		return nil, fmt.Errorf("read obedience: %w", err)
	}
	return list, nil
}

// maxNodes bounds how many nodes are listed.
const maxNodes = 1000

// SaveNode saves a node's word about itself.
func (tx *Tx) SaveNode(n models.Node) error { return tx.put(&n) }

// ForgetNodes deletes the nodes that have not been seen since (Unix ms).
func (tx *Tx) ForgetNodes(since int64) error {
	if err := tx.db.Delete(&models.Node{}, "seen_at < ?", since).Error; err != nil {
		return fmt.Errorf("forget nodes: %w", err)
	}
	return nil
}

// Nodes lists the nodes that were seen since (Unix ms), by name, at most 1,000;
// those that ended in order as well.
func (s *Store) Nodes(ctx context.Context, since int64) ([]models.Node, error) {
	var list []models.Node
	if err := s.read(ctx).Order("name").Limit(maxNodes).Find(&list, "seen_at >= ?", since).Error; err != nil {
		return nil, fmt.Errorf("read nodes: %w", err)
	}
	return list, nil
}
