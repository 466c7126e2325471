package app_test

import (
	"net/http"
	"path/filepath"
	"strings"
	"testing"

	"postern/app"
	"postern/app/apptest"
	"postern/app/config"
	"postern/app/evidence"
	"postern/models"
)

// vouch is a minute of the jobs that keep the ledger provable.
func vouch(w *apptest.World) {
	w.T.Helper()
	if _, err := w.App.Evidence().Grow(w.T.Context()); err != nil {
		w.T.Fatal(err)
	}
	if _, err := w.App.Evidence().Look(w.T.Context()); err != nil {
		w.T.Fatal(err)
	}
}

// An older database in the place of this one opens nothing, until somebody says at
// the node that it is meant.
func TestADatabaseOfAnotherPastStopsTheNode(t *testing.T) {
	t.Parallel()
	for name, open := range databases() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			anchor := filepath.Join(t.TempDir(), "anchor.jsonl")
			w := apptest.New(t, open(t), apptest.Options{Config: func(c *app.Config) { c.Evidence = config.Evidence{Anchor: anchor} }})
			at := w.AT(apptest.Travel, nil)
			vouch(w)
			if ready := readiness(w, "application/json"); ready.Code != http.StatusOK || !strings.Contains(ready.Body.String(), "the anchor agrees, up to event ") {
				t.Fatalf("ready: %d %s", ready.Code, ready.Body)
			}

			// What a copy of before would look like.
			w.Exec("DELETE FROM events WHERE kind = 'at.issued'")
			w.Exec("UPDATE trees SET size = size - 1")
			w.Exec("DELETE FROM checkpoints")
			w.Restart()
			if ready := readiness(w, "application/json"); ready.Code != http.StatusServiceUnavailable || !strings.Contains(ready.Body.String(), "the anchor vouches for another database") {
				t.Errorf("ready: %d %s", ready.Code, ready.Body)
			}
			if rec := w.PostForm("/oauth/token", w.TokenForm(apptest.Travel)); rec.Code != http.StatusServiceUnavailable {
				t.Errorf("B: %d %s", rec.Code, rec.Body)
			}
			if answer := w.NewPage(at).TryOpen(); answer.Code() != "unavailable" {
				t.Errorf("D: %+v", answer)
			}
			if alarms := w.Events(evidence.EventDiffers); len(alarms) != 2 || w.App.Evidence().Anchor().State != models.AnchorDiffers {
				t.Errorf("%d alarms, want one at each start; %+v", len(alarms), w.App.Evidence().Anchor())
			}

			if err := evidence.Accept(t.Context(), w.App.Store(), anchor, "test", w.Clock.Now()); err != nil {
				t.Fatal(err)
			}
			vouch(w)
			if ready := readiness(w, "application/json"); ready.Code != http.StatusOK {
				t.Errorf("ready: %d %s", ready.Code, ready.Body)
			}
			w.AT(apptest.Travel, nil)
		})
	}
}
