package store

import (
	"context"
	"fmt"

	"postern/models"
)

// CreateRequest inserts a change request and gives it its number.
func (tx *Tx) CreateRequest(r *models.ChangeRequest) error {
	if err := tx.db.Create(r).Error; err != nil {
		return fmt.Errorf("create change request: %w", err)
	}
	return nil
}

// Request reads a change request; it stays as it is until the transaction ends.
func (tx *Tx) Request(id int64) (models.ChangeRequest, bool, error) {
	return one[models.ChangeRequest](tx.Accounts().db, "id = ?", id)
}

// DecideRequest moves a submitted change request into another state; ok is
// false when somebody was faster.
func (tx *Tx) DecideRequest(r models.ChangeRequest) (ok bool, err error) {
	return tx.claimed(tx.db.Model(&models.ChangeRequest{}).
		Where("id = ? AND state = ?", r.ID, models.RequestSubmitted).
		Updates(map[string]any{
			"state": r.State, "checker": r.Checker, "checker_person": r.CheckerPerson, "decision": r.Decision, "decided_at": r.DecidedAt,
		}))
}

// ExpireRequests moves up to limit submitted requests whose time is over.
func (tx *Tx) ExpireRequests(now int64, limit int) (ids []int64, err error) {
	err = tx.db.Model(&models.ChangeRequest{}).Order("id").Limit(limit).
		Where("state = ? AND expires_at <= ?", models.RequestSubmitted, now).Pluck("id", &ids).Error
	if err != nil {
		return nil, fmt.Errorf("find change requests that are over: %w", err)
	}
	if len(ids) == 0 {
		return nil, nil
	}
	err = tx.db.Model(&models.ChangeRequest{}).Where("id IN ? AND state = ?", ids, models.RequestSubmitted).
		Updates(map[string]any{"state": models.RequestExpired, "decided_at": now}).Error
	if err != nil {
		return nil, fmt.Errorf("expire change requests: %w", err)
	}
	return ids, nil
}

// EndingRequests lists up to limit submitted requests whose time is over before a
// time (Unix ms) and whose makers were not told so, and notes that they are.
func (tx *Tx) EndingRequests(before, now int64, limit int) (list []models.ChangeRequest, err error) {
	err = tx.db.Order("id").Limit(limit).
		Find(&list, "state = ? AND expires_at <= ? AND warned_at = 0", models.RequestSubmitted, before).Error
	if err != nil {
		return nil, fmt.Errorf("find change requests that end: %w", err)
	}
	ids := make([]int64, len(list))
	for i, r := range list {
		ids[i] = r.ID
	}
	if len(ids) == 0 {
		return nil, nil
	}
	if err := tx.db.Model(&models.ChangeRequest{}).Where("id IN ?", ids).Update("warned_at", now).Error; err != nil {
		return nil, fmt.Errorf("note change requests that end: %w", err)
	}
	return list, nil
}

// requestHeads are a request's columns but for its content and what was said.
const requestHeads = "id, kind, subject, state, maker, maker_person, made_at, expires_at"

// RequestHeads reads change requests by their numbers, without their content.
func (s *Store) RequestHeads(ctx context.Context, ids []int64) (map[int64]models.ChangeRequest, error) {
	var list []models.ChangeRequest
	if err := s.read(ctx).Select(requestHeads).Find(&list, "id IN ?", ids).Error; err != nil {
		return nil, fmt.Errorf("read change requests: %w", err)
	}
	found := make(map[int64]models.ChangeRequest, len(list))
	for _, r := range list {
		found[r.ID] = r
	}
	return found, nil
}

// OpenRequestHeads lists the change requests that wait, the newest first, at most
// limit, without their content.
func (s *Store) OpenRequestHeads(ctx context.Context, limit int) ([]models.ChangeRequest, error) {
	var list []models.ChangeRequest
	if err := s.read(ctx).Raw(openHeadsSQL, models.RequestSubmitted, limit).Scan(&list).Error; err != nil {
		return nil, fmt.Errorf("read open change requests: %w", err)
	}
	return list, nil
}

const openHeadsSQL = "SELECT " + requestHeads + " FROM change_requests WHERE state = ? ORDER BY id DESC LIMIT ?"

// AddComment inserts a comment on a change request.
func (tx *Tx) AddComment(c models.ChangeComment) error { return tx.put(&c) }

// RequestFilter says which change requests are listed. Of its members at most
// one may be set, so that each list has its index.
type RequestFilter struct {
	State   models.RequestState
	Maker   string // account
	Subject string
}

// Requests lists change requests, newest first, at most limit, those below a
// number; 0 begins with the newest.
func (s *Store) Requests(ctx context.Context, f RequestFilter, below int64, limit int) ([]models.ChangeRequest, error) {
	query := s.read(ctx).Order("id DESC").Limit(limit)
	if below > 0 {
		query = query.Where("id < ?", below)
	}
	switch {
	case f.State != "":
		query = query.Where("state = ?", f.State)
	case f.Maker != "":
		query = query.Where("maker = ?", f.Maker)
	case f.Subject != "":
		query = query.Where("subject = ?", f.Subject)
	}
	var list []models.ChangeRequest
	if err := query.Find(&list).Error; err != nil {
		return nil, fmt.Errorf("read change requests: %w", err)
	}
	return list, nil
}

// RequestByID reads a change request by its number.
func (s *Store) RequestByID(ctx context.Context, id int64) (models.ChangeRequest, bool, error) {
	return one[models.ChangeRequest](s.read(ctx), "id = ?", id)
}

// Comments lists what was said about a change request, oldest first, at most limit.
func (s *Store) Comments(ctx context.Context, request int64, limit int) ([]models.ChangeComment, error) {
	var list []models.ChangeComment
	if err := s.read(ctx).Order("at, id").Limit(limit).Find(&list, "request_id = ?", request).Error; err != nil {
		return nil, fmt.Errorf("read comments: %w", err)
	}
	return list, nil
}

// CountRequests counts the change requests in a state, at most limit.
func (s *Store) CountRequests(ctx context.Context, state models.RequestState, limit int) (int, error) {
	var n int64
	inner := s.read(ctx).Model(&models.ChangeRequest{}).Select("id").Where("state = ?", state).Limit(limit)
	if err := s.read(ctx).Table("(?) AS counted", inner).Count(&n).Error; err != nil {
		return 0, fmt.Errorf("count change requests: %w", err)
	}
	return int(n), nil
}

// OpenSubjects tells which of the subjects a change request waits for.
func (s *Store) OpenSubjects(ctx context.Context, subjects []string) (map[string]bool, error) {
	waiting := map[string]bool{}
	var found []string
	err := s.read(ctx).Model(&models.ChangeRequest{}).Distinct("subject").
		Where("subject IN ? AND state = ?", subjects, models.RequestSubmitted).Pluck("subject", &found).Error
	if err != nil {
		return nil, fmt.Errorf("find open change requests: %w", err)
	}
	for _, subject := range found {
		waiting[subject] = true
	}
	return waiting, nil
}
