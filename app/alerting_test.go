package app_test

import (
	"encoding/pem"
	"io"
	"log/slog"
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
	"postern/app/store"
	"postern/app/store/storetest"
)

// A gateway whose upstream goes down tells a webhook, over TLS, and holds the
// webhook's secrets back from everything that it writes.
func TestAGatewayTellsOfAnUpstreamThatIsDown(t *testing.T) {
	t.Parallel()
	bodies := make(chan string, 10)
	soc := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		bodies <- string(body)
		if len(bodies) == 1 {
			http.Error(w, "not yet: "+r.RequestURI, http.StatusServiceUnavailable)
		}
	}))
	t.Cleanup(soc.Close)
	ca := filepath.Join(t.TempDir(), "ca.pem")
	if err := os.WriteFile(ca, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: soc.Certificate().Raw}), 0o600); err != nil {
		t.Fatal(err)
	}
	log, planted := &logBuffer{}, secrets{}
	planted.add("key in the address", []byte("planted-key-of-the-webhook"))
	planted.add("secret of the webhook", []byte("planted-secret-of-the-webhook"))
	o := apptest.Options{Config: func(c *app.Config) {
		c.Log = slog.New(slog.NewJSONHandler(log, &slog.HandlerOptions{Level: slog.LevelDebug}))
		c.Alerts = config.Default().Alerts
		c.Alerts.Webhook = config.Webhook{
			URL:     config.NewSecret(soc.URL + "/?key=planted-key-of-the-webhook"),
			Secret:  config.NewSecret("planted-secret-of-the-webhook"),
			Telling: config.Telling{Severity: "warning", Language: "en", CA: ca},
		}
	}}
	w := apptest.New(t, storetest.SQLiteConfig(t), o)
	w.Config.Log.Info("configured", slog.Any("alerts", w.Config.Alerts))
	p := w.NewVisit(apptest.Travel, nil)
	w.Bank.Answer(answering(503, "application/json", `{}`))
	for range 12 {
		p.Get("/loans/offers")
	}
	look(t, w)
	w.Clock.Add(time.Minute)
	look(t, w)
	if _, err := w.App.Outbox().Send(t.Context()); err == nil {
		t.Error("a receiver that answers 503 is no fault")
	}
	w.Clock.Add(time.Minute)
	if _, err := w.App.Outbox().Send(t.Context()); err != nil {
		t.Error(err)
	}
	<-bodies
	if body := <-bodies; !strings.Contains(body, `"rule":"upstream_down"`) || !strings.Contains(body, apptest.Service+" production") || !strings.Contains(body, "Car instalments") {
		t.Errorf("the webhook got %s", body)
	}
	metrics := w.Internal(httptest.NewRequest(http.MethodGet, "/metrics", nil)).Body.String()
	for _, want := range []string{`postern_alerts{rule="upstream_down",severity="critical"} 1`, `postern_alerts{rule="disk",severity="warning"} 0`} {
		if !strings.Contains(metrics, want) {
			t.Errorf("/metrics does not say %s", want)
		}
	}
	for place, text := range lookEverywhere(t, w, log) {
		if found := planted.in(text); len(found) != 0 {
			t.Errorf("%s holds %q", place, found)
		}
	}
}

func look(t *testing.T, w *apptest.World) {
	t.Helper()
	if _, err := w.App.Alerts().LookAtNode(t.Context()); err != nil {
		t.Fatal(err)
	}
}

// The address from which an AT is asked for is noted, also by a node that stops
// before its job has written it.
func TestWhereATsAreAskedFromIsNoted(t *testing.T) {
	t.Parallel()
	w := apptest.New(t, storetest.SQLiteConfig(t), apptest.Options{})
	w.AT(apptest.Travel, nil)
	w.AT(apptest.Travel, nil)
	form := w.TokenForm(apptest.Rent)
	form.Set("client_assertion", "forged")
	w.PostForm("/oauth/token", form)
	w.Restart()
	if n, noted := w.Count("application_sources"), w.Count("application_sources WHERE application_id = 'app_travel' AND prefix = '192.0.2.1/32'"); n != 1 || noted != 1 {
		t.Errorf("%d addresses are noted, %d as they should be", n, noted)
	}
}

func TestAReceiverThatCannotBeOpenedStopsTheStart(t *testing.T) {
	t.Parallel()
	w := apptest.New(t, storetest.SQLiteConfig(t), apptest.Options{})
	c := w.Config
	c.Store = store.Config{Driver: "sqlite", Path: filepath.Join(t.TempDir(), "other.db")}
	c.Alerts = config.Default().Alerts
	c.Alerts.WeCom = config.WeCom{URL: config.NewSecret("https://wecom.example/?key=k"), Telling: config.Telling{CA: "/no/such/file"}}
	if _, err := app.New(t.Context(), c); err == nil || !strings.Contains(err.Error(), "alerts.wecom.ca") {
		t.Errorf("got %v", err)
	}
}
