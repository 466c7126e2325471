package console

import (
	"testing"
	"time"

	"postern/app/web"
	"postern/models"
)

// What was shown counts for the account and the request that it was shown for, as
// the request was then, and for an hour.
func TestWhatWasShownIsKnownAgain(t *testing.T) {
	t.Parallel()
	now := time.UnixMilli(1_790_000_000_000)
	s := New(Options{Cursors: web.Cursors{MAC: func(text string) string { return "mac" + text[:8] }}, Now: func() time.Time { return now }})
	r := models.ChangeRequest{ID: 7, PlanHash: "plan"}
	shown := admission{Days: 30, Leaving: 2, Failing: 3412, Known: true, At: now.UnixMilli()}
	token := s.sealSeen(r, "reviewer", shown)
	if a, ok := s.openSeen(r, "reviewer", token); !ok || a != shown {
		t.Errorf("got %+v, %v", a, ok)
	}
	for name, of := range map[string]struct {
		r       models.ChangeRequest
		account string
		token   string
		later   time.Duration
	}{
		"another request":       {models.ChangeRequest{ID: 8, PlanHash: "plan"}, "reviewer", token, 0},
		"a request that moved":  {models.ChangeRequest{ID: 7, PlanHash: "other"}, "reviewer", token, 0},
		"another account":       {r, "officer", token, 0},
		"nothing":               {r, "reviewer", "", 0},
		"an hour later":         {r, "reviewer", token, time.Hour + time.Millisecond},
		"a token that was bent": {r, "reviewer", token + "x", 0},
	} {
		then := New(Options{Cursors: s.o.Cursors, Now: func() time.Time { return now.Add(of.later) }})
		if _, ok := then.openSeen(of.r, of.account, of.token); ok {
			t.Errorf("%s is taken", name)
		}
	}
}
