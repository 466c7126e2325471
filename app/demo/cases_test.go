package demo_test

import (
	"testing"

	"postern/app/demo/traffic"
)

func TestEveryKindOfVisitEndsAsItShould(t *testing.T) {
	t.Parallel()
	d := start(t, t.TempDir())
	trickle := traffic.New(d.TrafficOptions())
	for _, c := range traffic.Cases {
		t.Run(c.Name, func(t *testing.T) {
			t.Parallel()
			if err := trickle.Play(t.Context(), c); err != nil {
				t.Error(err)
			}
		})
	}
}
