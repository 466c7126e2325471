package feeds_test

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	mathrand "math/rand/v2"
	"net"
	"os"
	"regexp"
	"strings"
	"testing"
	"time"

	"postern/app/config"
	"postern/app/feeds"
	"postern/app/ledger"
	"postern/app/store"
	"postern/app/store/storetest"
)

func toSyslog(address, ca string) func(*feeds.Options) {
	return func(o *feeds.Options) {
		o.Feeds = []config.Feed{{Name: "siem", Syslog: config.FeedSyslog{Address: address, CA: ca}}}
	}
}

func TestMessagesAreOfRFC5424(t *testing.T) {
	t.Parallel()
	a := newAuthority(t)
	recv := newReceiver(t, a, nil)
	s, c := storetest.SQLite(t), newClock()
	must(t, s.Write(t.Context(), func(tx *store.Tx) error {
		for i, e := range []ledger.Event{
			{Kind: "at.issued", Outcome: "ok", ServiceID: "贷款"},
			{Kind: "at.reused", Outcome: "invalid_at", Alarm: true},
			{Kind: strings.Repeat("k", 40) + "\n", Outcome: "ok", Reason: strings.Repeat("x", 70_000)},
		} {
			made, err := ledger.Make(e, testTime.Add(time.Duration(i)*time.Millisecond), zeros{})
			if err != nil {
				return err
			}
			if err := tx.AppendEvent(made); err != nil {
				return err
			}
		}
		return nil
	}))
	r := newRunner(s, c, func(o *feeds.Options) { toSyslog(recv.address(), a.file)(o); o.Node = "node 1" })
	must(t, r.Number(t.Context()))
	r.Step(t.Context())
	r.End(t.Context())
	want := []string{
		`<109>1 2026-11-22T10:00:00.000Z node_1 postern - at.issued - {"seq":1,"epoch":0,"leaf_hash":"HASH","event":` +
			`{"id":"01a202b2-c500-7000-8000-000000000000","at":1795341600000,"kind":"at.issued","outcome":"ok","service_id":"贷款"}}`,
		`<105>1 2026-11-22T10:00:00.001Z node_1 postern - at.reused - {"seq":2,"epoch":0,"leaf_hash":"HASH","event":` +
			`{"id":"01a202b2-c501-7000-8000-000000000000","at":1795341600001,"kind":"at.reused","outcome":"invalid_at","alarm":true}}`,
		`<109>1 2026-11-22T10:00:00.002Z node_1 postern - kkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkk - {"seq":3,"epoch":0,"leaf_hash":"HASH",` +
			`"omitted":{"id":"01a202b2-c502-7000-8000-000000000000","octets":70147}}`,
	}
	hash := regexp.MustCompile(`"leaf_hash":"[\w-]{43}"`)
	got := recv.messages()
	if len(got) != len(want) {
		t.Fatalf("%d messages arrived", len(got))
	}
	for i, message := range got {
		if message = hash.ReplaceAllString(message, `"leaf_hash":"HASH"`); message != want[i] {
			t.Errorf("got\n%s\nwant\n%s", message, want[i])
		}
	}
	if f := lagOf(t, s, "siem"); f.Position != 3 {
		t.Errorf("the feed is at %+v", f)
	}
}

type zeros struct{}

func (zeros) Read(p []byte) (int, error) { clear(p); return len(p), nil }

// A connection that breaks anywhere loses nothing, and the position never
// passes what the receiver has not read.
func TestBrokenConnectionsLoseNothing(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		const n = 6000
		a := newAuthority(t)
		recv := newReceiver(t, a, nil)
		random := mathrand.New(mathrand.NewPCG(1, 2))
		breaks, left := 0, 40
		recv.fail = func() bool {
			if left == 0 || random.IntN(300) > 0 {
				return false
			}
			left--
			breaks++
			return true
		}
		plant(t, s, n)
		c := newClock()
		r := newRunner(s, c, func(o *feeds.Options) {
			toSyslog(recv.address(), a.file)(o)
			o.Slack = feeds.Slack{Events: 1200, Age: time.Minute}
		})
		must(t, r.Number(t.Context()))
		for step := 0; ; step++ {
			r.Step(t.Context())
			position := lagOf(t, s, "siem").Position
			if arrived := recv.upTo(); position > arrived {
				t.Fatalf("the position is %d, and only %d have arrived", position, arrived)
			}
			if position == n {
				break
			}
			if step > 500 {
				t.Fatalf("it does not come to an end; position %d", position)
			}
			c.Add(time.Second)
		}
		recv.mu.Lock()
		defer recv.mu.Unlock()
		recv.got.wantAll(t, n)
		if breaks < 5 {
			t.Errorf("only %d connections broke", breaks)
		}
	})
}

// A receiver may die between our end of the connection and its own.
func TestAResetInThePlaceOfAnEndConfirmsNothing(t *testing.T) {
	t.Parallel()
	a := newAuthority(t)
	recv := newReceiver(t, a, nil)
	recv.reset = true
	s, c := storetest.SQLite(t), newClock()
	plant(t, s, 3)
	r := newRunner(s, c, toSyslog(recv.address(), a.file))
	must(t, r.Number(t.Context()))
	r.Step(t.Context())
	recv.waitFor(3)
	c.Add(31 * time.Second)
	r.Step(t.Context())
	if f := lagOf(t, s, "siem"); f.Position != 0 || !strings.Contains(f.Error, "did not confirm") {
		t.Errorf("the feed is at %+v", f)
	}
}

// What an idle receiver's end leaves unconfirmed is sent again.
func TestAReceiverThatRestartsWhileNothingHappensIsNoticed(t *testing.T) {
	t.Parallel()
	a := newAuthority(t)
	recv := newReceiver(t, a, nil)
	s, c := storetest.SQLite(t), newClock()
	closing := false
	recv.fail = func() bool { return closing }
	plant(t, s, 3)
	r := newRunner(s, c, toSyslog(recv.address(), a.file))
	must(t, r.Number(t.Context()))
	r.Step(t.Context())
	recv.waitFor(3)
	if f := lagOf(t, s, "siem"); f.Position != 0 || f.Waiting != 3 {
		t.Errorf("nothing is confirmed yet: %+v", f)
	}
	c.Add(31 * time.Second) // a receiver that behaves confirms them
	r.Step(t.Context())
	if f := lagOf(t, s, "siem"); f.Position != 3 {
		t.Errorf("after half a minute: %+v", f)
	}
	recv.mu.Lock()
	closing = true
	recv.mu.Unlock()
	plant(t, s, 1)
	must(t, r.Number(t.Context()))
	r.Step(t.Context())
	c.Add(31 * time.Second)
	r.Step(t.Context())
	if f := lagOf(t, s, "siem"); f.Position != 3 || f.Error == "" {
		t.Errorf("a receiver that read nothing: %+v", f)
	}
	recv.mu.Lock()
	closing = false
	recv.mu.Unlock()
	r.Step(t.Context())
	recv.waitFor(4)
	r.End(t.Context())
	if f := lagOf(t, s, "siem"); f.Position != 4 || f.Error != "" {
		t.Errorf("at the end: %+v", f)
	}
}

func TestWhoIsNotTheReceiverGetsNothing(t *testing.T) {
	t.Parallel()
	a, foreign := newAuthority(t), newAuthority(t)
	cert, key := a.files(t)
	strangerCert, strangerKey := foreign.files(t)
	clients := x509.NewCertPool()
	clients.AddCert(a.cert)
	asks := func(c *tls.Config) { c.ClientAuth, c.ClientCAs = tls.RequireAndVerifyClientCert, clients }
	openKey := key + ".open"
	text, err := os.ReadFile(key)
	must(t, err)
	must(t, os.WriteFile(openKey, text, 0o644))
	for name, tc := range map[string]struct {
		server func(*tls.Config)
		client config.FeedSyslog
		want   string // of the failure; empty for none
	}{
		"the right one":                 {nil, config.FeedSyslog{CA: a.file}, ""},
		"by another name":               {nil, config.FeedSyslog{CA: a.file, ServerName: "siem.bank.example"}, ""},
		"another authority's":           {nil, config.FeedSyslog{CA: foreign.file}, "signed by unknown authority"},
		"the system's authorities":      {nil, config.FeedSyslog{}, "unknown authority"},
		"a name that is not its own":    {nil, config.FeedSyslog{CA: a.file, ServerName: "other.bank.example"}, "not other.bank.example"},
		"TLS 1.1":                       {func(c *tls.Config) { c.MinVersion, c.MaxVersion = tls.VersionTLS10, tls.VersionTLS11 }, config.FeedSyslog{CA: a.file}, "protocol version"},
		"TLS 1.2":                       {func(c *tls.Config) { c.MaxVersion = tls.VersionTLS12 }, config.FeedSyslog{CA: a.file}, ""},
		"one that asks for ours":        {asks, config.FeedSyslog{CA: a.file, Cert: cert, Key: key}, ""},
		"and gets none":                 {asks, config.FeedSyslog{CA: a.file}, "certificate required"},
		"and gets a stranger's":         {asks, config.FeedSyslog{CA: a.file, Cert: strangerCert, Key: strangerKey}, "tls:"},
		"with a key that all may read":  {asks, config.FeedSyslog{CA: a.file, Cert: cert, Key: openKey}, "readable by everybody"},
		"a file that is no certificate": {nil, config.FeedSyslog{CA: "doc.go"}, "no certificate in PEM"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			recv := newReceiver(t, a, tc.server)
			tc.client.Address = recv.address()
			s, c := storetest.SQLite(t), newClock()
			plant(t, s, 1)
			r := newRunner(s, c, func(o *feeds.Options) { o.Feeds = []config.Feed{{Name: "siem", Syslog: tc.client}} })
			must(t, r.Number(t.Context()))
			r.Step(t.Context())
			c.Add(31 * time.Second)
			r.Step(t.Context())
			f := lagOf(t, s, "siem")
			if tc.want == "" && f.Position != 1 || tc.want != "" && (f.Position != 0 || !strings.Contains(f.Error, tc.want)) {
				t.Errorf("got %+v, want %q", f, tc.want)
			}
			if arrived := recv.upTo(); (arrived == 1) != (tc.want == "") {
				t.Errorf("%d events arrived", arrived)
			}
		})
	}
}

// A receiver that takes connections and never reads stops its feed, and nothing
// else; once there is a better one at its place everything arrives.
func TestADeadReceiverStopsNothingElse(t *testing.T) {
	t.Parallel()
	s := storetest.SQLite(t)
	a := newAuthority(t)
	recv := newReceiver(t, a, nil)
	address := recv.address()
	recv.stop()
	dead, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", address) // takes connections, says nothing
	must(t, err)
	r := newRunner(s, newClock(), toSyslog(address, a.file))
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() { defer close(done); r.Run(ctx) }()
	happen(t, openLedger(t, s, newClock(), "node-1", nil), 200)
	must(t, dead.Close()) // what waits in its queue is reset
	recv.listen(address)
	recv.waitFor(200)
	cancel()
	<-done
	after := newRunner(s, newClock(), toSyslog(address, a.file)) // what the stop has cut off comes again
	after.Step(t.Context())
	after.End(t.Context())
	if f := lagOf(t, s, "siem"); f.Position != 200 {
		t.Errorf("after it all: %+v", f)
	}
}

func TestWithoutFeedsNothingIsNumbered(t *testing.T) {
	t.Parallel()
	s := storetest.SQLite(t)
	plant(t, s, 1)
	newRunner(s, newClock(), func(*feeds.Options) {}).Run(t.Context())
	if waiting, err := s.Unnumbered(t.Context()); err != nil || !waiting {
		t.Errorf("waiting %v, %v", waiting, err)
	}
}
