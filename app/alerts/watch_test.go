package alerts_test

import (
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"postern/app/alerts"
	"postern/app/apptest"
	"postern/app/errs"
	"postern/models"
)

func TestAnAlertFromItsFirstSightToItsAcknowledgement(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, s *scene) {
		began := s.Clock.Now().UnixMilli()
		s.free = 1 << 29
		s.look()
		s.Clock.Add(time.Minute)
		s.free = 1 << 28
		s.look()
		a := s.one()
		if a.State() != models.AlertOpen || a.FirstAt != began || a.LastAt != began+60_000 || a.Count != 2 || a.Numbers["free"] != "256" {
			t.Fatalf("while it lasts: %+v", a)
		}

		s.free = 1 << 20 // under a sixteenth
		s.look()
		if a := s.one(); a.Severity != models.Critical || s.waiting("mail") != "raised worse" || s.waiting("wecom") != "worse" {
			t.Errorf("worse: %+v; mail is told %q, wecom %q", a, s.waiting("mail"), s.waiting("wecom"))
		}

		s.free = 8 << 30
		s.Clock.Add(5 * time.Minute)
		s.look()
		if a := s.one(); a.State() != models.AlertOpen {
			t.Errorf("not seen for exactly as long as it takes: %+v", a)
		}
		s.Clock.Add(time.Millisecond)
		s.look()
		a = s.one()
		if a.State() != models.AlertResolved || a.ResolvedAt != s.Clock.Now().UnixMilli() || s.waiting("wecom") != "worse resolved" {
			t.Errorf("over: %+v; wecom is told %q", a, s.waiting("wecom"))
		}
		if list, err := s.App.Store().Alerts(t.Context(), false); err != nil || len(list) != 1 {
			t.Errorf("over and not acknowledged, listed are %v, %v", list, err)
		}

		s.free = 1 << 29
		s.look()
		if list := s.alerts(); len(list) != 2 || list[0].ID == a.ID || list[0].State() != models.AlertOpen || list[0].Severity != models.Warning {
			t.Errorf("again: %+v", list)
		}
		acknowledge(t, s, a.ID)
		if list, err := s.App.Store().Alerts(t.Context(), false); err != nil || len(list) != 1 || list[0].ID == a.ID {
			t.Errorf("over and acknowledged, listed are %v, %v", list, err)
		}
	})
}

func acknowledge(t *testing.T, s *scene, id string) {
	t.Helper()
	k := alerts.Acknowledgement{ID: id, By: "Wang Min", Note: "the disk was cleaned, ticket 4711", User: "ops"}
	if _, err := alerts.Acknowledge(t.Context(), s.App.Store(), k, s.Clock.Now(), s.Config.Rand); err != nil {
		t.Fatal(err)
	}
}

func TestAnAcknowledgementIsOnRecord(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, s *scene) {
		s.NewVisit(apptest.Travel, nil)
		at := s.AT(apptest.Travel, nil)
		s.NewPage(at).Open()
		s.NewPage(at).TryOpen()
		s.look()
		id := s.one().ID
		store := s.App.Store()
		for name, tc := range map[string]struct {
			k    alerts.Acknowledgement
			want error
		}{
			"nobody":            {alerts.Acknowledgement{ID: id, Note: "n"}, alerts.ErrName},
			"a name of two":     {alerts.Acknowledgement{ID: id, By: "a\nb", Note: "n"}, alerts.ErrName},
			"no note":           {alerts.Acknowledgement{ID: id, By: "a"}, alerts.ErrNote},
			"too long a note":   {alerts.Acknowledgement{ID: id, By: "a", Note: strings.Repeat("长", 501)}, alerts.ErrNote},
			"a note of lines":   {alerts.Acknowledgement{ID: id, By: "a", Note: strings.Repeat("x", 300) + "\n"}, alerts.ErrNote},
			"a note of no text": {alerts.Acknowledgement{ID: id, By: "a", Note: "\xff"}, alerts.ErrNote},
		} {
			if _, err := alerts.Acknowledge(t.Context(), store, tc.k, s.Clock.Now(), s.Config.Rand); !errors.Is(err, tc.want) {
				t.Errorf("%s: %v", name, err)
			}
		}
		if _, err := alerts.Acknowledge(t.Context(), store, alerts.Acknowledgement{ID: "x", By: "a", Note: "n"}, s.Clock.Now(), s.Config.Rand); errs.KindOf(err) != errs.NotFound {
			t.Errorf("an unknown one: %v", err)
		}
		acknowledge(t, s, id)
		again := alerts.Acknowledgement{ID: id, By: "other", Note: "n"}
		if _, err := alerts.Acknowledge(t.Context(), store, again, s.Clock.Now(), s.Config.Rand); !errors.Is(err, alerts.ErrDone) || !strings.Contains(err.Error(), "by Wang Min") {
			t.Errorf("twice: %v", err)
		}
		a := s.one()
		if a.State() != models.AlertAcknowledged || a.AckedBy != "Wang Min" || a.AckNote != "the disk was cleaned, ticket 4711" {
			t.Errorf("acknowledged: %+v", a)
		}
		events := s.Events("alert.acknowledged")
		if len(events) != 1 || events[0].ApplicationID != apptest.Travel || events[0].Actor != "Wang Min" ||
			events[0].Detail["alert"] != id || events[0].Detail["user"] != "ops" || events[0].Detail["rule"] != alerts.SpentTwice {
			t.Errorf("on record: %+v", events)
		}
	})
}

func TestWhatNobodyAcknowledgesIsRemindedOf(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, s *scene) {
		s.free = 1 << 29
		s.look()
		s.Clock.Add(4 * time.Hour)
		s.look()
		if got := s.waiting("mail"); got != "raised" {
			t.Errorf("after exactly as long as it takes: %q", got)
		}
		s.Clock.Add(time.Millisecond)
		s.look()
		s.look()
		if got := s.waiting("mail"); got != "raised reminder" {
			t.Errorf("a little later: %q", got)
		}
		s.free = 8 << 30
		s.Clock.Add(5 * time.Hour)
		s.look()
		if got := s.waiting("mail"); got != "raised reminder resolved" {
			t.Errorf("over: %q", got)
		}
		s.Clock.Add(4*time.Hour + time.Millisecond)
		s.look()
		if got := s.waiting("mail"); got != "raised reminder resolved reminder" {
			t.Errorf("over, and nobody has looked: %q", got)
		}
		acknowledge(t, s, s.one().ID)
		s.Clock.Add(9 * time.Hour)
		s.look()
		if got := strings.Count(s.waiting("mail"), "reminder"); got != 2 {
			t.Errorf("acknowledged, and reminded %d times", got)
		}
	})
}

// Two nodes that look at once raise one alert, and tell each receiver once.
func TestTwoNodesRaiseOneAlert(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, s *scene) {
		other := newScene(s.Node())
		other.node, other.free = "node-2", 1<<20
		s.free = 1 << 20
		s.feeds = []alerts.Feed{{Name: "siem", Behind: time.Hour}}
		other.feeds = s.feeds
		at := s.AT(apptest.Travel, nil)
		s.NewPage(at).Open()
		s.NewPage(at).TryOpen()
		watches := []*alerts.Watch{s.eye(), other.eye()}
		for range 5 {
			var all sync.WaitGroup
			for _, w := range watches {
				for _, look := range []func() error{
					func() error { _, err := w.LookAtNode(t.Context()); return err },
					func() error { _, err := w.LookAtAll(t.Context()); return err },
				} {
					all.Go(func() {
						if err := look(); err != nil {
							t.Error(err)
						}
					})
				}
			}
			all.Wait()
		}
		by := map[string]int64{}
		for _, a := range s.alerts() {
			by[a.Rule+" "+a.SubjectID] = a.Count
		}
		if len(by) != 4 || len(s.alerts()) != 4 || by["spent_twice "+apptest.Travel] != 10 || by["feed_behind siem"] != 10 || by["disk node-1"] != 5 || by["disk node-2"] != 5 {
			t.Errorf("alerts by subject, and how often each was seen: %v", by)
		}
		if got := s.waiting("mail"); got != "raised raised raised raised" {
			t.Errorf("mail is told %q", got)
		}
		if got := s.waiting("wecom"); got != "raised raised raised" {
			t.Errorf("wecom is told %q", got)
		}
	})
}

func TestAReceiverHearsOfTheRulesItWants(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, s *scene) {
		s.config.Mail.Rules = []string{alerts.Queue}
		s.free, s.queued = 1, 90
		s.look()
		if len(s.alerts()) != 2 || s.waiting("mail") != "raised" || s.waiting("wecom") != "raised raised" {
			t.Errorf("mail is told %q, wecom %q", s.waiting("mail"), s.waiting("wecom"))
		}
	})
}

func TestLastingAlertsAreCounted(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, s *scene) {
		s.free = 1 << 29
		s.look()
		s.look()
		counts := s.eye().Counts()
		if len(counts) != 24 || counts[alerts.Counted{Rule: alerts.Disk, Severity: models.Warning}] != 1 || counts[alerts.Counted{Rule: alerts.Disk, Severity: models.Critical}] != 0 {
			t.Errorf("counted %v", counts)
		}
	})
}
