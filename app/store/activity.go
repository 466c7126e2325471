package store

import (
	"context"
	"fmt"

	"postern/models"
)

// ActivityFilter says whose doings are listed; an empty Actor is everybody's.
type ActivityFilter struct {
	Actor     string
	BeforeAt  int64  // Unix ms; with BeforeID the line behind which to go on
	BeforeID  string // empty: from the newest
	NotBefore int64  // Unix ms
}

// activitySQL lists by the index on (actor, at), or on at of what persons did.
func activitySQL(f ActivityFilter) (query string, args []any) {
	query = "SELECT * FROM events WHERE actor <> ''"
	if f.Actor != "" {
		query, args = query+" AND actor = ?", append(args, f.Actor)
	}
	if f.NotBefore > 0 {
		query, args = query+" AND at >= ?", append(args, f.NotBefore)
	}
	if f.BeforeID != "" {
		query += " AND at <= ? AND (at < ? OR id < ?)"
		args = append(args, f.BeforeAt, f.BeforeAt, f.BeforeID)
	}
	return query + " ORDER BY at DESC, id DESC LIMIT ?", args
}

// Activity lists what persons did, newest first, at most limit.
func (s *Store) Activity(ctx context.Context, f ActivityFilter, limit int) ([]models.Event, error) {
	if unstorable(f.Actor) || unstorable(f.BeforeID) {
		return nil, nil
	}
	query, args := activitySQL(f)
	var list []models.Event
	if err := s.read(ctx).Raw(query, append(args, limit)...).Scan(&list).Error; err != nil {
		return nil, fmt.Errorf("read activity: %w", err)
	}
	return list, nil
}
