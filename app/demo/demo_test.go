package demo_test

import (
	"context"
	"crypto/rand"
	"log/slog"
	"testing"
	"time"

	"postern/app/demo"
)

// start runs a whole demo on free ports; it ends with the test.
func start(t *testing.T, folder string) *demo.Demo {
	t.Helper()
	d, err := demo.Start(t.Context(), demo.Options{
		Data: folder, Now: time.Now, Rand: rand.Reader,
		Log: slog.New(slog.NewTextHandler(t.Output(), &slog.HandlerOptions{Level: slog.LevelWarn})),
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := d.Close(context.WithoutCancel(t.Context())); err != nil {
			t.Error("the demo did not stop cleanly:", err)
		}
	})
	return d
}
