package web_test

import (
	"context"
	"crypto/tls"
	"log/slog"
	"net"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"postern/app/web"
)

func withTLS(t *testing.T, f files) func(*web.ServerOptions) {
	t.Helper()
	c, err := web.ReadCertificate(f.cert, f.key)
	if err != nil {
		t.Fatal(err)
	}
	return func(o *web.ServerOptions) { o.Certificate = c }
}

// watched serves over TLS and takes up replaced files when told to.
func watched(t *testing.T, f files) (s started, again chan os.Signal, log *logBuffer) {
	t.Helper()
	c, err := web.ReadCertificate(f.cert, f.key)
	if err != nil {
		t.Fatal(err)
	}
	again, log = make(chan os.Signal), newLogBuffer()
	ctx, stop := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() {
		defer close(done)
		c.Watch(ctx, again, slog.New(slog.NewJSONHandler(log, nil)))
	}()
	t.Cleanup(func() { stop(); <-done })
	return start(t, ok, func(o *web.ServerOptions) { o.Certificate = c }), again, log
}

// shown is the name in the certificate that a client is shown.
func shown(address string, config *tls.Config) (string, error) {
	conn, err := tls.DialWithDialer(&net.Dialer{Timeout: 10 * time.Second}, "tcp", address, config)
	if err != nil {
		return "", err
	}
	defer conn.Close()
	return conn.ConnectionState().PeerCertificates[0].Subject.CommonName, nil
}

// wait waits for a line with these words; lines before it are passed over.
func (b *logBuffer) wait(t *testing.T, words string) {
	t.Helper()
	for {
		select {
		case <-b.more:
		case <-time.After(10 * time.Second):
			t.Fatalf("the log does not say %q", words)
		}
		b.mu.Lock()
		line := b.lines[0]
		b.lines = b.lines[1:]
		b.mu.Unlock()
		if strings.Contains(line, words) {
			return
		}
	}
}

func TestACertificateIsReplacedUnderLoadWithoutABrokenHandshake(t *testing.T) {
	t.Parallel()
	old, renewed := newPair(t, "old"), newPair(t, "renewed")
	f := newFiles(t, old)
	s, _, log := watched(t, f) // on its own, within a second
	trust := trusting(old, renewed)

	var clients sync.WaitGroup
	end := make(chan struct{})
	for range 2 {
		clients.Go(func() {
			for last := "old"; ; {
				select {
				case <-end:
					return
				default:
				}
				name, err := shown(s.address, trust)
				if err != nil || name == "old" && last == "renewed" {
					t.Errorf("shown %q after %q: %v", name, last, err)
				}
				last = name
			}
		})
	}
	put(t, f.cert, renewed.cert)
	log.wait(t, "the one before stays") // looked at between the two
	put(t, f.key, renewed.key)
	log.wait(t, "certificate read")
	if name, err := shown(s.address, trust); name != "renewed" || err != nil {
		t.Errorf("shown %q: %v", name, err)
	}
	close(end)
	clients.Wait()
}

func TestABrokenPairKeepsTheOneBefore(t *testing.T) {
	t.Parallel()
	good, other := newPair(t, "good"), newPair(t, "other")
	for name, breakIt := range map[string]func(t *testing.T, f files){
		"no PEM":                        func(t *testing.T, f files) { put(t, f.cert, []byte("nothing")) },
		"half a file":                   func(t *testing.T, f files) { put(t, f.cert, good.cert[:len(good.cert)/2]) },
		"an empty key":                  func(t *testing.T, f files) { put(t, f.key, nil) },
		"another's key":                 func(t *testing.T, f files) { put(t, f.key, other.key) },
		"a file that is gone":           func(t *testing.T, f files) { _ = os.Remove(f.cert) },
		"a key that everybody may read": func(t *testing.T, f files) { _ = os.Chmod(f.key, 0o644) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := newFiles(t, good)
			s, again, log := watched(t, f)
			breakIt(t, f)
			again <- os.Interrupt // any signal will do
			log.wait(t, `"level":"ERROR","msg":"certificate could not be read; the one before stays"`)
			if name, err := shown(s.address, trusting(good)); name != "good" || err != nil {
				t.Errorf("shown %q: %v", name, err)
			}
			if _, err := web.ReadCertificate(f.cert, f.key); err == nil {
				t.Error("a gateway would start with it")
			}
			put(t, f.cert, other.cert)
			put(t, f.key, other.key)
			again <- os.Interrupt
			log.wait(t, "certificate read")
			if name, err := shown(s.address, trusting(other)); name != "other" || err != nil {
				t.Errorf("after it was mended: shown %q: %v", name, err)
			}
		})
	}
}

func TestOldTLSAndWeakSuitesAreRefused(t *testing.T) {
	t.Parallel()
	p := newPair(t, "a")
	s := start(t, ok, withTLS(t, newFiles(t, p)))
	for _, tc := range []struct {
		name          string
		version, most uint16
		suite         uint16
		good          bool
	}{
		{"TLS 1.0", tls.VersionTLS10, tls.VersionTLS10, 0, false},
		{"TLS 1.1", tls.VersionTLS11, tls.VersionTLS11, 0, false},
		{"CBC", tls.VersionTLS12, tls.VersionTLS12, tls.TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA256, false},
		{"CBC with SHA-1", tls.VersionTLS12, tls.VersionTLS12, tls.TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA, false},
		{"AES-GCM", tls.VersionTLS12, tls.VersionTLS12, tls.TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256, true},
		{"ChaCha20", tls.VersionTLS12, tls.VersionTLS12, tls.TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256, true},
		{"TLS 1.3", tls.VersionTLS13, tls.VersionTLS13, 0, true},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			c := trusting(p)
			c.MinVersion, c.MaxVersion = tc.version, tc.most
			if tc.suite != 0 {
				c.CipherSuites = []uint16{tc.suite}
			}
			if _, err := shown(s.address, c); (err == nil) != tc.good {
				t.Errorf("handshake: %v", err)
			}
		})
	}
}

func TestAHandshakeThatDoesNotComeIsCut(t *testing.T) {
	t.Parallel()
	p := newPair(t, "a")
	s := start(t, ok, func(o *web.ServerOptions) {
		withTLS(t, newFiles(t, p))(o)
		o.Limits.HeaderTime = soon
	})
	if got := answer(t, s.dial(t), "\x16\x03\x01"); got != 0 {
		t.Errorf("status %d", got)
	}
}
