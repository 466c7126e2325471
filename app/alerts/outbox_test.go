package alerts_test

import (
	"errors"
	"fmt"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
	"unicode/utf8"

	"postern/app/alerts"
	"postern/app/alerts/post"
	"postern/app/apptest"
	"postern/app/config"
	"postern/app/store"
	"postern/app/store/storetest"
	"postern/models"
)

func (s *scene) outbox(senders map[string]post.Sender) *alerts.Outbox {
	return alerts.NewOutbox(s.eye(), senders)
}

func TestAMessageSaysWhatHappenedAndWhatToDo(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, s *scene) {
		at := s.AT(apptest.Travel, nil)
		s.NewPage(at).Open()
		s.NewPage(at).TryOpen()
		s.look()
		mail, wecom := &receiver{}, &receiver{room: 2048}
		if note, err := s.outbox(map[string]post.Sender{"mail": mail, "wecom": wecom}).Send(t.Context()); err != nil || note != "told 2 pieces of news" {
			t.Fatal(note, err)
		}
		if _, err := s.outbox(map[string]post.Sender{"mail": mail, "wecom": wecom}).Send(t.Context()); err != nil {
			t.Fatal(err)
		}
		if len(mail.messages()) != 1 || len(wecom.messages()) != 1 {
			t.Fatalf("mail took %d, wecom %d", len(mail.messages()), len(wecom.messages()))
		}
		a := s.one()
		m := mail.messages()[0]
		for _, want := range []string{
			"[critical] An AT came twice (new)\n", "About: application app_travel (app_travel · Lianhe Travel)\n",
			"in the last 1h: 1; the limit is 1.", "Since: 2026-11-22 10:05:11 +0000", "What to do: Treat it as theft",
			"docs/alerts.md, section spent_twice\n", "postern alerts ack " + a.ID + " --by NAME --note TEXT\n",
		} {
			if !strings.Contains(m.Text, want) {
				t.Errorf("it does not say %q:\n%s", want, m.Text)
			}
		}
		if m.Title != "Postern: [critical] An AT came twice (new)" || len(m.Entries) != 1 || m.Entries[0].ID != a.ID || m.Entries[0].Numbers["times"] != "1" {
			t.Errorf("%+v", m)
		}
		if text := wecom.messages()[0].Text; !strings.Contains(text, "【严重】AT 被二次使用（新告警）") || !strings.Contains(text, "确认：postern alerts ack "+a.ID) {
			t.Errorf("in Chinese:\n%s", text)
		}
	})
}

func TestAReceiverThatIsDownGetsItLaterAndInOrder(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, s *scene) {
		mail := &receiver{fails: 2}
		o := s.outbox(map[string]post.Sender{"mail": mail})
		s.free = 1 << 29
		s.look()
		send := func(wantErr bool) {
			t.Helper()
			if _, err := o.Send(t.Context()); (err != nil) != wantErr {
				t.Errorf("sent: %v", err)
			}
		}
		send(true)
		send(false) // it is not due
		if mail.fails != 1 {
			t.Fatalf("it was tried before its time")
		}
		s.free = 8 << 30
		s.Clock.Add(30 * time.Second)
		send(true)
		s.Clock.Add(5 * time.Minute)
		s.look()
		send(false)
		if got := mail.messages(); len(got) != 1 || len(got[0].Entries) != 2 || got[0].Entries[0].News != "raised" || got[0].Entries[1].News != "resolved" {
			t.Fatalf("took %+v", got)
		}
		if got := s.waiting("mail"); got != "" {
			t.Errorf("%q still waits", got)
		}
	})
}

func TestARestartLosesNothingThatWaits(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, s *scene) {
		s.free = 1 << 29
		s.look()
		s.Restart()
		mail := &receiver{}
		if _, err := s.outbox(map[string]post.Sender{"mail": mail}).Send(t.Context()); err != nil || len(mail.messages()) != 1 {
			t.Errorf("after a restart: %v, %v", mail.messages(), err)
		}
	})
}

// storm puts so many alerts into the database, each with its news for mail.
func storm(t *testing.T, s *scene, n int) {
	t.Helper()
	at := s.Clock.Now().UnixMilli()
	err := s.App.Store().Write(t.Context(), func(tx *store.Tx) error {
		for i := range n {
			id := fmt.Sprintf("01937000-0000-7000-8000-%012d", i)
			a := models.Alert{ID: id, Rule: alerts.NewAddress, SubjectKind: "application", SubjectID: fmt.Sprintf("app_%04d", i),
				SubjectName: "App", Severity: models.Warning, FirstAt: at, LastAt: at, RemindedAt: at, Count: 1, Numbers: map[string]string{"addresses": "1"}}
			if _, err := tx.RaiseAlert(a); err != nil {
				return err
			}
			if err := tx.AppendDelivery(models.Delivery{ID: id, AlertID: id, Receiver: "mail", News: models.NewsRaised, DueAt: at}); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

func TestAStormIsFewMessages(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, s *scene) {
		storm(t, s, 450)
		for _, room := range []int{64 << 10, 2048} {
			s.Exec("UPDATE deliveries SET sent_at = 0, attempts = 0")
			mail := &receiver{room: room}
			o := s.outbox(map[string]post.Sender{"mail": mail})
			for range 4 {
				if _, err := o.Send(t.Context()); err != nil {
					t.Fatal(err)
				}
			}
			got := mail.messages()
			if len(got) != 3 || s.waiting("mail") != "" {
				t.Fatalf("%d messages for 450 alerts; %q waits", len(got), s.waiting("mail"))
			}
			m := got[0]
			if len(m.Text) > room || !utf8.ValidString(m.Text) || len(m.Entries) != 200 || m.Title != "Postern: 200 alerts" {
				t.Errorf("%d octets in room for %d, %d entries, title %q", len(m.Text), room, len(m.Entries), m.Title)
			}
			listed := strings.Count(m.Text, "new)")
			if listed == 0 || listed+m.More != 200 || (m.More > 0) != strings.Contains(m.Text, "more: postern alerts list") {
				t.Errorf("with room for %d octets %d are listed and %d are more:\n%s", room, listed, m.More, m.Text)
			}
		}
	})
}

// Somebody has got it, so it is not sent again; the job tells of the others.
func TestWhatSomeGotIsNotSentAgain(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, s *scene) {
		storm(t, s, 1)
		mail := &receiver{err: post.Partly{Why: errors.New("no such mailbox")}}
		if _, err := s.outbox(map[string]post.Sender{"mail": mail}).Send(t.Context()); err == nil {
			t.Error("no fault was told")
		}
		if got := s.waiting("mail"); got != "" || s.Count("deliveries WHERE sent_at > 0 AND last_error = 'no such mailbox'") != 1 {
			t.Errorf("%q waits", got)
		}
	})
}

func TestAReceiverIsGivenUpAfterADay(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, s *scene) {
		storm(t, s, 1)
		s.Exec("UPDATE deliveries SET attempts = 48")
		mail := &receiver{fails: 5}
		o := s.outbox(map[string]post.Sender{"mail": mail})
		for range 2 {
			if _, err := o.Send(t.Context()); err == nil {
				t.Error("no fault was told")
			}
			s.Clock.Add(time.Hour)
		}
		if got := s.waiting("mail"); got != "" || s.Count("deliveries WHERE gave_up_at > 0 AND last_error = 'down' AND attempts = 50") != 1 {
			t.Errorf("%q waits", got)
		}
	})
}

// A receiver that hangs neither keeps the others waiting nor holds the job for ever.
func TestAReceiverThatHangsStopsNobodyElse(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := storetest.SQLite(t)
		now := time.Now()
		w := alerts.New(alerts.Options{Store: s, Config: tight(), Node: "a", Now: func() time.Time { return now }, Rand: counting{},
			Local: alerts.Local{Free: func() (int64, error) { return 1, nil }}})
		if _, err := w.LookAtNode(t.Context()); err != nil {
			t.Fatal(err)
		}
		mail, wecom := &receiver{hangs: true}, &receiver{}
		began := time.Now()
		_, err := alerts.NewOutbox(w, map[string]post.Sender{"mail": mail, "wecom": wecom}).Send(t.Context())
		if err == nil || !strings.Contains(err.Error(), "mail: ") || len(wecom.messages()) != 1 || time.Since(began) != 15*time.Second {
			t.Errorf("after %v: wecom took %d; %v", time.Since(began), len(wecom.messages()), err)
		}
	})
}

// counting is randomness for ids, of which no two are alike.
type counting struct{}

var counter atomic.Uint32

func (counting) Read(p []byte) (int, error) {
	n := byte(counter.Add(1))
	for i := range p {
		p[i] = n
	}
	return len(p), nil
}

func TestATestMessageIsNone(t *testing.T) {
	t.Parallel()
	mail := &receiver{}
	c := config.Default().Alerts
	c.Mail.Host = "mail.example:25"
	o := alerts.NewOutbox(alerts.New(alerts.Options{Config: c, Now: time.Now, Rand: counting{}}), map[string]post.Sender{"mail": mail})
	if err := o.Test(t.Context(), "mail"); err != nil || len(mail.messages()) != 1 || !strings.Contains(mail.messages()[0].Text, "测试") {
		t.Errorf("%v, %+v", err, mail.messages())
	}
}
