package demo_test

import (
	"regexp"
	"testing"
	"time"

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

// lines takes what is written, one send a line.
type lines chan string

func (l lines) Write(b []byte) (int, error) {
	l <- string(b)
	return len(b), nil
}

func TestTrafficIsSummedUp(t *testing.T) {
	t.Parallel()
	d := start(t, t.TempDir())
	o := d.TrafficOptions()
	written := make(lines, 100)
	o.Out, o.Every, o.Pause = written, 300*time.Millisecond, 10*time.Millisecond
	running := traffic.Start(t.Context(), o)
	defer running.Stop()
	form := regexp.MustCompile(`^traffic: [1-9]\d* visits, \d+ refused( \(([a-z_]+ \d+(, )?)+\))?\n$`)
	deadline := time.After(20 * time.Second)
	for {
		select {
		case line := <-written:
			if form.MatchString(line) {
				return
			}
		case <-deadline:
			t.Fatal("no line summed up a visit")
		}
	}
}
