package app_test

import (
	"fmt"
	"testing"
	"time"

	"postern/app/apptest"
	"postern/app/store"
	"postern/models"
)

// plantRollup puts counts of an hour that began so long ago into the database.
func plantRollup(w *apptest.World, ago time.Duration, outcome string, count int) {
	start := w.Clock.Now().Add(-ago).Truncate(time.Hour).UnixMilli()
	w.Exec(fmt.Sprintf(`INSERT INTO rollups (span, start, kind, application_id, service_id, route_id, outcome, node, count, duration_sum,
		duration_max, upstream_sum, upstream_max) VALUES ('hour', %d, 'at', '%s', '', '', '%s', '', %d, 0, 0, 0, 0)`, start, apptest.Travel, outcome, count))
}

func set(w *apptest.World, key, value string) {
	w.Write(func(tx *store.Tx, now int64) error {
		return tx.SaveSetting(models.Setting{Key: key, Value: value, ChangedBy: "test", ChangedAt: now})
	})
}

func runJob(t *testing.T, w *apptest.World, name string) {
	t.Helper()
	if run, err := w.App.RunJob(t.Context(), name); err != nil || run.Result != models.JobOK {
		t.Fatalf("%s: %+v %v", name, run, err)
	}
}

func TestRetentionFollowsWhatIsSetWhileItRuns(t *testing.T) {
	t.Parallel()
	each(t, apptest.Options{}, func(t *testing.T, w *apptest.World) {
		plantRollup(w, 60*24*time.Hour, "ok", 1)
		runJob(t, w, "retention")
		if n := w.Count("rollups"); n != 1 {
			t.Fatalf("by the default %d rows are left, want 1", n)
		}
		set(w, "retention.hourly_counts_days", "31")
		w.Clock.Add(time.Second) // each run has its own begin
		runJob(t, w, "retention")
		if n := w.Count("rollups"); n != 0 {
			t.Errorf("by what was set %d rows are left, want none", n)
		}
	})
}

func TestRulesOfAlertsFollowWhatIsSetWhileTheyAreLookedAt(t *testing.T) {
	t.Parallel()
	each(t, apptest.Options{}, func(t *testing.T, w *apptest.World) {
		other := w.Node()
		look := func(want int) {
			t.Helper()
			for _, node := range []*apptest.World{w, other} {
				if _, err := node.App.Alerts().LookAtAll(t.Context()); err != nil {
					t.Fatal(err)
				}
			}
			list, err := w.App.Store().Alerts(t.Context(), false)
			if err != nil || len(list) != want {
				t.Errorf("%d alerts last (%v), want %d", len(list), err, want)
			}
		}
		plantRollup(w, 0, "invalid_grant", 5)
		look(0)
		set(w, "alerts.rules.refusals.on", "false")
		set(w, "alerts.rules.refusals.count", "5")
		other.Refresh()
		look(0)
		w.Write(func(tx *store.Tx, now int64) error { return tx.DeleteSetting("alerts.rules.refusals.on", now) })
		other.Refresh()
		look(1)
	})
}
