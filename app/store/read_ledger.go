package store

import (
	"context"
	"fmt"

	"postern/models"
)

// EventsOf lists the ledger's lines about one request, oldest first. A refusal's
// line is there up to 200 ms after its answer: it is queued.
func (s *Store) EventsOf(ctx context.Context, requestID string) ([]models.Event, error) {
	var list []models.Event
	// The index holds only lines that name a request, and is used only where the query says so.
	err := s.read(ctx).Order("id").Find(&list, "request_id = ? AND request_id <> ''", requestID).Error
	if err != nil {
		return nil, fmt.Errorf("read events of a request: %w", err)
	}
	return list, nil
}
