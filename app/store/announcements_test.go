package store_test

import (
	"strings"
	"testing"

	"postern/app/store/storetest"
)

// What a partner's status is made of is found along an index, whatever else there is.
func TestWhatAPartnerIsToldIsFoundAlongAnIndex(t *testing.T) {
	t.Parallel()
	s, ctx := storetest.SQLite(t), t.Context()
	for index, read := range map[string]func() error{
		"announcements_open":      func() error { _, err := s.NextAnnouncements(ctx, []string{"s"}, 7, 8, 3); return err },
		"applications_by_partner": func() error { _, err := s.Held(ctx, []string{"p"}, 7); return err },
		"PRIMARY KEY":             func() error { _, err := s.LastAt(ctx, []string{"c"}, 7, 50); return err },
	} {
		if plan := s.Explain(t, read); !strings.Contains(plan, index) || strings.Contains(plan, "SCAN ") {
			t.Errorf("not along %s:\n%s", index, plan)
		}
	}
}
