package feeds_test

import (
	"bufio"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"io"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"
)

// authority signs certificates for tests.
type authority struct {
	cert *x509.Certificate
	key  *ecdsa.PrivateKey
	file string // its own certificate, PEM
}

func newAuthority(t testing.TB) *authority {
	t.Helper()
	a := &authority{file: filepath.Join(t.TempDir(), "ca.pem")}
	var der []byte
	der, a.key = a.sign(t, &x509.Certificate{IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign})
	var err error
	a.cert, err = x509.ParseCertificate(der)
	must(t, err)
	must(t, os.WriteFile(a.file, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), 0o644))
	return a
}

// sign makes a certificate; without one of its own yet, for itself.
func (a *authority) sign(t testing.TB, c *x509.Certificate) ([]byte, *ecdsa.PrivateKey) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	must(t, err)
	c.SerialNumber, c.Subject = big.NewInt(1), pkix.Name{CommonName: "test"}
	c.NotBefore, c.NotAfter = testTime.Add(-time.Hour), testTime.Add(24*time.Hour)
	parent, signer := a.cert, a.key
	if parent == nil {
		parent, signer = c, key
	}
	der, err := x509.CreateCertificate(rand.Reader, c, parent, &key.PublicKey, signer)
	must(t, err)
	return der, key
}

// files writes a certificate and its key.
func (a *authority) files(t testing.TB) (cert, key string) {
	t.Helper()
	der, private := a.sign(t, &x509.Certificate{
		DNSNames: []string{"siem.bank.example"}, IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth},
	})
	folder := t.TempDir()
	cert, key = filepath.Join(folder, "cert.pem"), filepath.Join(folder, "key.pem")
	octets, err := x509.MarshalPKCS8PrivateKey(private)
	must(t, err)
	must(t, os.WriteFile(cert, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), 0o644))
	must(t, os.WriteFile(key, pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: octets}), 0o600))
	return cert, key
}

// receiver is a syslog receiver (RFC 5425) that may misbehave.
type receiver struct {
	t        testing.TB
	listener net.Listener
	tls      *tls.Config
	reset    bool // it answers the end of a connection with a reset
	all      sync.WaitGroup

	mu   sync.Mutex
	got  seen
	raw  []string
	fail func() bool // asked before each message: whether the connection breaks there
	news chan struct{}
}

func newReceiver(t testing.TB, a *authority, change func(*tls.Config)) *receiver {
	t.Helper()
	certFile, keyFile := a.files(t)
	pair, err := tls.LoadX509KeyPair(certFile, keyFile)
	must(t, err)
	r := &receiver{
		t: t, got: seen{}, news: make(chan struct{}, 1),
		tls: &tls.Config{Certificates: []tls.Certificate{pair}, Time: func() time.Time { return testTime }},
	}
	if change != nil {
		change(r.tls)
	}
	r.listen("127.0.0.1:0")
	t.Cleanup(r.stop)
	return r
}

func (r *receiver) address() string { return r.listener.Addr().String() }

func (r *receiver) listen(address string) {
	var err error
	r.listener, err = (&net.ListenConfig{}).Listen(r.t.Context(), "tcp", address)
	must(r.t, err)
	r.all.Go(func() {
		for {
			conn, err := r.listener.Accept()
			if err != nil {
				return
			}
			r.all.Go(func() { r.serve(conn) })
		}
	})
}

func (r *receiver) stop() {
	r.listener.Close()
	r.all.Wait()
}

// serve takes messages until the sender ends the connection, and ends it then.
func (r *receiver) serve(conn net.Conn) {
	c := tls.Server(conn, r.tls)
	in := bufio.NewReader(c)
	for {
		digits, err := in.ReadString(' ')
		if err != nil {
			if r.reset {
				_ = conn.(*net.TCPConn).SetLinger(0)
				conn.Close()
			}
			c.Close() // says close_notify
			return
		}
		n, err := strconv.Atoi(strings.TrimSuffix(digits, " "))
		if err != nil {
			r.t.Errorf("no length: %q", digits)
		}
		text := make([]byte, n)
		if _, err := io.ReadFull(in, text); err != nil {
			if !errors.Is(err, io.ErrUnexpectedEOF) {
				r.t.Logf("receiver: %v", err)
			}
			conn.Close()
			return
		}
		if !r.take(string(text)) {
			_ = conn.(*net.TCPConn).SetLinger(0) // it crashes: nobody may take that for an orderly end
			conn.Close()
			return
		}
	}
}

// take reports whether the connection lives on.
func (r *receiver) take(message string) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.fail != nil && r.fail() {
		return false
	}
	r.raw = append(r.raw, message)
	parts := strings.SplitN(message, " ", 8)
	if len(parts) != 8 {
		r.t.Errorf("a header of %d parts: %s", len(parts)-1, message)
		return true
	}
	if !strings.Contains(parts[7], `"omitted":`) {
		r.got.add(r.t, []byte(parts[7]))
	}
	select {
	case r.news <- struct{}{}:
	default:
	}
	return true
}

// messages are those that arrived, without their lengths.
func (r *receiver) messages() []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.raw)
}

// upTo is the last number before which none is missing.
func (r *receiver) upTo() (seq int64) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for {
		if _, ok := r.got[seq+1]; !ok {
			return seq
		}
		seq++
	}
}

// waitFor returns once everything up to a number has arrived.
func (r *receiver) waitFor(n int64) {
	r.t.Helper()
	late := time.After(time.Minute)
	for r.upTo() < n {
		select {
		case <-r.news:
		case <-late:
			r.t.Fatalf("only %d of %d have arrived", r.upTo(), n)
		}
	}
}
