package store

import (
	"context"
	"fmt"
)

// IssuedOn is how many ATs of each application count to its quota of a day (YYYY-MM-DD,
// in the bank's zone). Applications without one are not in it.
func (s *Store) IssuedOn(ctx context.Context, applications []string, day string) (map[string]int64, error) {
	var rows []struct {
		ApplicationID string
		Issued        int64
	}
	if err := s.read(ctx).Raw("SELECT application_id, issued FROM quota_counts WHERE application_id IN ? AND day = ?", applications, day).Scan(&rows).Error; err != nil {
		return nil, fmt.Errorf("read quotas: %w", err)
	}
	issued := make(map[string]int64, len(rows))
	for _, r := range rows {
		issued[r.ApplicationID] = r.Issued
	}
	return issued, nil
}
