package alerts_test

import (
	"context"
	"errors"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"postern/app"
	"postern/app/alerts"
	"postern/app/alerts/post"
	"postern/app/apptest"
	"postern/app/config"
	"postern/app/store"
	"postern/app/store/storetest"
	"postern/models"
)

// scene is a gateway's world, and what a node would tell of itself.
type scene struct {
	*apptest.World
	config config.Alerts
	node   string

	circuits     map[string]bool
	certificates map[string]time.Time
	queued       int
	lost         int64
	free         int64
	freeErr      error
	changesAge   time.Duration
	feeds        []alerts.Feed
	evidence     alerts.Evidence

	watch *alerts.Watch
	of    *app.App // whose store watch looks at
}

// tight are rules that little is too much for, and two receivers.
func tight() config.Alerts {
	c := config.Default().Alerts
	c.Rules.Refusals.Count, c.Rules.Refusals.Percent = 3, 50
	c.Rules.Unredeemed.Count, c.Rules.Unredeemed.Percent = 2, 60
	c.Mail.Host = "mail.example:25"
	c.WeCom.URL = config.NewSecret("https://wecom.example/?key=planted-key")
	c.WeCom.Severity = "critical"
	c.Mail.Language = "en"
	return c
}

// each runs a test in a world on each database.
func each(t *testing.T, test func(t *testing.T, s *scene)) {
	t.Helper()
	for name, open := range map[string]func(testing.TB) store.Config{"sqlite": storetest.SQLiteConfig, "postgres": storetest.PostgresConfig} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			test(t, newScene(apptest.New(t, open(t), apptest.Options{})))
		})
	}
}

func newScene(w *apptest.World) *scene {
	return &scene{World: w, config: tight(), node: "node-1", free: 8 << 30, circuits: map[string]bool{}}
}

// eye is the scene's watch; after a restart it is a new one.
func (s *scene) eye() *alerts.Watch {
	if s.watch != nil && s.of == s.App {
		return s.watch
	}
	s.of = s.App
	s.watch = alerts.New(alerts.Options{
		Store: s.App.Store(), Config: s.config, Notices: s.notices(), Node: s.node, Zone: time.UTC, Now: s.Clock.Now, Rand: s.Config.Rand,
		Local: alerts.Local{
			Circuits:     func() map[string]bool { return s.circuits },
			Certificates: func() map[string]time.Time { return s.certificates },
			Queue:        func() (int, int) { return s.queued, 100 },
			Lost:         func() int64 { return s.lost },
			Free:         func() (int64, error) { return s.free, s.freeErr },
			ChangesAge:   func() time.Duration { return s.changesAge },
		},
		Feeds:    func(context.Context, time.Time) ([]alerts.Feed, error) { return s.feeds, nil },
		Evidence: func(context.Context, time.Time) (alerts.Evidence, error) { return s.evidence, nil },
	})
	return s.watch
}

// look looks once, as the jobs do: at the node, then at everything.
func (s *scene) look() {
	s.T.Helper()
	if _, err := s.eye().LookAtNode(s.T.Context()); err != nil {
		s.T.Fatal(err)
	}
	if _, err := s.eye().LookAtAll(s.T.Context()); err != nil {
		s.T.Fatal(err)
	}
}

// alerts are all there are, the newest first.
func (s *scene) alerts() []models.Alert {
	s.T.Helper()
	list, err := s.App.Store().Alerts(s.T.Context(), true)
	if err != nil {
		s.T.Fatal(err)
	}
	return list
}

// one is the only alert there is.
func (s *scene) one() models.Alert {
	s.T.Helper()
	list := s.alerts()
	if len(list) != 1 {
		s.T.Fatalf("%d alerts, want one: %+v", len(list), list)
	}
	return list[0]
}

// waiting is the news that waits for a receiver.
func (s *scene) waiting(receiver string) string {
	s.T.Helper()
	list, err := s.App.Store().WaitingDeliveries(s.T.Context(), receiver, 1000)
	if err != nil {
		s.T.Fatal(err)
	}
	var news []string
	for _, d := range list {
		news = append(news, string(d.News))
	}
	return strings.Join(news, " ")
}

// askFrom asks for an AT from an address.
func (s *scene) askFrom(address, client string, change url.Values) int {
	form := s.TokenForm(client)
	for name, v := range change {
		form[name] = v
	}
	r := httptest.NewRequest("POST", "/oauth/token", strings.NewReader(form.Encode()))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.RemoteAddr = address + ":4711"
	return s.Do(r).Code
}

// receiver takes messages, or does not.
type receiver struct {
	mu    sync.Mutex
	took  []post.Message
	fails int // how many it does not take first
	hangs bool
	room  int
	err   error
}

func (r *receiver) Room() int {
	if r.room == 0 {
		return 64 << 10
	}
	return r.room
}

func (r *receiver) Send(ctx context.Context, m post.Message) error {
	if r.hangs {
		<-ctx.Done()
		return ctx.Err()
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.fails > 0 {
		r.fails--
		return errors.New("down")
	}
	r.took = append(r.took, m)
	return r.err
}

// messages are what it took.
func (r *receiver) messages() []post.Message {
	r.mu.Lock()
	defer r.mu.Unlock()
	return append([]post.Message(nil), r.took...)
}
