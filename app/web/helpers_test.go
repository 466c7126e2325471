package web_test

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"log/slog"
	"math/big"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"postern/app/config"
	"postern/app/web"
)

// host is the name in every certificate.
const host = "gateway.bank.example"

// started is a server of a test.
type started struct {
	*web.Server
	address string
	served  chan error
}

// start serves h within the default limits, which change may tighten.
func start(t *testing.T, h http.Handler, change func(*web.ServerOptions)) started {
	t.Helper()
	o := web.ServerOptions{Handler: h, Limits: config.Default().Limits, Log: slog.New(slog.DiscardHandler)}
	if change != nil {
		change(&o)
	}
	l, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := started{web.NewServer(o), l.Addr().String(), make(chan error, 1)}
	go func() { s.served <- s.Serve(l) }()
	t.Cleanup(func() {
		gone, cancel := context.WithCancel(context.Background())
		cancel()
		_ = s.Shutdown(gone) // what a test left open is cut
	})
	return s
}

// limited tightens limits only.
func limited(change func(*config.Limits)) func(*web.ServerOptions) {
	return func(o *web.ServerOptions) { change(&o.Limits) }
}

// ok answers every request.
var ok = http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte("ok")) })

// dial connects; the connection does not outlast the test, nor any test ten seconds.
func (s started) dial(t *testing.T) net.Conn {
	t.Helper()
	conn, err := (&net.Dialer{}).DialContext(t.Context(), "tcp", s.address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	if err := conn.SetDeadline(time.Now().Add(10 * time.Second)); err != nil {
		t.Fatal(err)
	}
	return conn
}

// pair is a certificate as PEM.
type pair struct {
	name      string // its subject
	cert, key []byte
}

func newPair(t *testing.T, name string) pair {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := x509.Certificate{
		SerialNumber: big.NewInt(time.Now().UnixNano()), Subject: pkix.Name{CommonName: name}, DNSNames: []string{host},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour), IsCA: true, BasicConstraintsValid: true,
	}
	der, err := x509.CreateCertificate(rand.Reader, &template, &template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	private, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	return pair{
		name, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}),
		pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: private}),
	}
}

// files are where a listener's certificate lies.
type files struct{ cert, key string }

func newFiles(t *testing.T, p pair) files {
	t.Helper()
	folder := t.TempDir()
	f := files{filepath.Join(folder, "tls.crt"), filepath.Join(folder, "tls.key")}
	put(t, f.cert, p.cert)
	put(t, f.key, p.key)
	return f
}

// put replaces a file whole, as whoever brings certificates does.
func put(t *testing.T, name string, content []byte) {
	t.Helper()
	if err := os.WriteFile(name+".new", content, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(name+".new", name); err != nil {
		t.Fatal(err)
	}
}

// trusting is a client's configuration that trusts these certificates.
func trusting(pairs ...pair) *tls.Config {
	pool := x509.NewCertPool()
	for _, p := range pairs {
		pool.AppendCertsFromPEM(p.cert)
	}
	return &tls.Config{RootCAs: pool, ServerName: host}
}

// logBuffer keeps a log and lets a test wait for a line in it.
type logBuffer struct {
	mu    sync.Mutex
	lines []string
	more  chan struct{}
}

func newLogBuffer() *logBuffer { return &logBuffer{more: make(chan struct{}, 1000)} }

// Write keeps one line.
func (b *logBuffer) Write(line []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.lines = append(b.lines, string(line))
	b.more <- struct{}{}
	return len(line), nil
}
