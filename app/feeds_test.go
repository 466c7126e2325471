package app_test

import (
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"postern/app"
	"postern/app/apptest"
	"postern/app/config"
)

func withFeed(path string) apptest.Options {
	return apptest.Options{Config: func(c *app.Config) {
		c.Feeds = []config.Feed{{Name: "archive", File: config.FeedFile{Path: path}}}
	}}
}

func TestAFeedHasEverythingWhenItsGatewayStops(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "events.jsonl")
	w := newWorld(t, withFeed(path))
	for range 20 {
		w.AT(apptest.Travel, nil)
	}
	w.Close()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	events, lines := w.Count("events"), strings.Count(string(text), "\n")
	if issued := strings.Count(string(text), `"kind":"at.issued"`); issued != 20 || lines != events {
		t.Errorf("%d lines, %d of them issued; %d events", lines, issued, events)
	}
	w.Open()
	w.Close()
	if again, err := os.ReadFile(path); err != nil || strings.Count(string(again), `"kind":"at.issued"`) != 20 {
		t.Errorf("after another start: %v\n%s", err, again)
	}
}

// A receiver that is away stops nobody, and is told of.
func TestAFeedThatFailsStopsNobody(t *testing.T) {
	t.Parallel()
	folder := filepath.Join(t.TempDir(), "none")
	w := newWorld(t, withFeed(filepath.Join(folder, "events.jsonl")))
	w.AT(apptest.Travel, nil)
	w.Close()
	w.Clock.Add(10 * time.Second)
	w.Open() // as a node that starts, it knows how far the feeds are
	ready := readiness(w, "application/json")
	if ready.Code != http.StatusOK || !strings.Contains(ready.Body.String(), "events wait, the first for 1") {
		t.Errorf("ready: %d %s", ready.Code, ready.Body)
	}
	metrics := w.Internal(httptest.NewRequest(http.MethodGet, "/metrics", nil)).Body.String()
	for _, want := range []string{`postern_feed_behind_seconds{feed="archive"} 1`, `postern_feed_waiting_events{feed="archive"} `, `postern_feed_last_success_seconds{feed="archive"} 0`} {
		if !strings.Contains(metrics, want) {
			t.Errorf("no %s in the metrics", want)
		}
	}
	w.AT(apptest.Travel, nil)
	if err := os.Mkdir(folder, 0o700); err != nil {
		t.Fatal(err)
	}
	w.Close()
	w.Open()
	w.Close()
	text, err := os.ReadFile(filepath.Join(folder, "events.jsonl"))
	if issued := strings.Count(string(text), `"kind":"at.issued"`); err != nil || issued != 2 {
		t.Errorf("%d events arrived late, want 2: %v", issued, err)
	}
}
