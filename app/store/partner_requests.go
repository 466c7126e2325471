package store

import (
	"context"
	"fmt"

	"postern/models"
)

// CreatePartnerRequest inserts a partner's request and gives it its number.
func (tx *Tx) CreatePartnerRequest(r *models.PartnerRequest) error {
	if err := tx.db.Create(r).Error; err != nil {
		return fmt.Errorf("create partner's request: %w", err)
	}
	return nil
}

// PartnerRequest reads a partner's request; it stays as it is until the
// transaction ends.
func (tx *Tx) PartnerRequest(id int64) (models.PartnerRequest, bool, error) {
	return one[models.PartnerRequest](tx.Accounts().db, "id = ?", id)
}

// MovePartnerRequest puts an open request of a partner's into another state. ok is
// false where it is not open any more.
func (tx *Tx) MovePartnerRequest(r models.PartnerRequest) (ok bool, err error) {
	return tx.claimed(tx.db.Model(&models.PartnerRequest{}).
		Where("id = ? AND state IN ?", r.ID, openPartnerStates).
		Updates(map[string]any{"state": r.State, "officer": r.Officer, "decided_at": r.DecidedAt, "waits_since": r.WaitsSince}))
}

var openPartnerStates = []models.PartnerRequestState{models.PartnerSubmitted, models.PartnerInReview, models.PartnerQuestion}

// AddPartnerNote inserts what was said about a partner's request.
func (tx *Tx) AddPartnerNote(n models.PartnerRequestNote) error { return tx.put(&n) }

// OpenPartnerRequests counts the requests of a partner that wait, at most limit.
func (tx *Tx) OpenPartnerRequests(partner string, limit int) (int, error) {
	var ids []int64
	err := tx.db.Model(&models.PartnerRequest{}).Where("partner_id = ? AND state IN ?", partner, openPartnerStates).Limit(limit).Pluck("id", &ids).Error
	if err != nil {
		return 0, fmt.Errorf("count partner's requests: %w", err)
	}
	return len(ids), nil
}

// PartnerRequests lists the requests of a partner, "" for all partners', newest
// first, at most limit, those below a number; 0 begins with the newest.
func (s *Store) PartnerRequests(ctx context.Context, partner string, below int64, limit int) ([]models.PartnerRequest, error) {
	query := s.read(ctx).Order("id DESC").Limit(limit)
	if below > 0 {
		query = query.Where("id < ?", below)
	}
	if partner != "" {
		query = query.Where("partner_id = ?", partner)
	}
	var list []models.PartnerRequest
	if err := query.Find(&list).Error; err != nil {
		return nil, fmt.Errorf("read partners' requests: %w", err)
	}
	return list, nil
}

// PartnerRequestByID reads a partner's request by its number.
func (s *Store) PartnerRequestByID(ctx context.Context, id int64) (models.PartnerRequest, bool, error) {
	return one[models.PartnerRequest](s.read(ctx), "id = ?", id)
}

// PartnerNotes lists what was said about a partner's request, oldest first, at most
// limit.
func (s *Store) PartnerNotes(ctx context.Context, request int64, limit int) ([]models.PartnerRequestNote, error) {
	var list []models.PartnerRequestNote
	if err := s.read(ctx).Order("at, id").Limit(limit).Find(&list, "request_id = ?", request).Error; err != nil {
		return nil, fmt.Errorf("read notes: %w", err)
	}
	return list, nil
}

// Answer reads the newest change request that was made for a partner's request,
// without its content.
func (b Business) Answer(request int64) (r models.ChangeRequest, found bool, err error) {
	var list []models.ChangeRequest
	err = b.db.Select(requestHeads).Order("id DESC").Limit(1).Find(&list, "answers = ? AND answers <> 0", request).Error
	if err != nil || len(list) == 0 {
		return r, false, err
	}
	return list[0], true, nil
}

// partnerHeads are a partner's request's columns but for its content and what was said.
const partnerHeads = "id, partner_id, application_id, state, maker, maker_person, made_at, inside, officer, decided_at, waits_since"

// PartnerRequestHeads reads partners' requests by their numbers, without their content.
func (s *Store) PartnerRequestHeads(ctx context.Context, ids []int64) (map[int64]models.PartnerRequest, error) {
	found := map[int64]models.PartnerRequest{}
	if len(ids) == 0 {
		return found, nil
	}
	var list []models.PartnerRequest
	if err := s.read(ctx).Select(partnerHeads).Find(&list, "id IN ?", ids).Error; err != nil {
		return nil, fmt.Errorf("read partners' requests: %w", err)
	}
	for _, r := range list {
		found[r.ID] = r
	}
	return found, nil
}

// WaitingPartnerRequests lists the partners' requests that wait for an officer, those
// that have waited the longest first, at most limit, without their content.
func (s *Store) WaitingPartnerRequests(ctx context.Context, limit int) ([]models.PartnerRequest, error) {
	var list []models.PartnerRequest
	if err := s.read(ctx).Raw(waitingPartnersSQL, limit).Scan(&list).Error; err != nil {
		return nil, fmt.Errorf("read partners' requests that wait: %w", err)
	}
	return list, nil
}

const waitingPartnersSQL = "SELECT " + partnerHeads + " FROM partner_requests WHERE waits_since > 0 ORDER BY waits_since, id LIMIT ?"
