package doctor_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"database/sql"
	"encoding/pem"
	"log"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"postern/app/config"
	"postern/app/doctor"
	"postern/app/keyring"
	"postern/app/ledger"
	"postern/app/store"
	"postern/app/store/storetest"
	"postern/models"
)

const day = 24 * time.Hour

// ward is a gateway that is well, for tests to spoil.
type ward struct {
	doctor.Patient
	store    *store.Store
	now      time.Time
	upstream *httptest.Server
}

func newWard(t *testing.T, c store.Config) *ward {
	t.Helper()
	w := &ward{store: storetest.Open(t, c), now: time.Now()}
	w.Patient = doctor.Patient{Config: config.Default(), Store: c, Masters: keyring.Masters{newMaster(t, 1)}, Now: func() time.Time { return w.now }}
	w.Config.Issuer = "https://gateway.bank.example"
	w.Config.Listeners.Gateway.Address, w.Config.Listeners.Internal.Address = free(t), free(t)
	w.Room = 1 << 20
	if c.Path != "" {
		if err := os.Chmod(filepath.Dir(c.Path), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	w.openKeys(t)
	w.serveUpstream(t, time.Now().Add(365*day))
	w.write(t, func(tx *store.Tx) error {
		return tx.SaveService(service("urn:h5:loan", "https://loan.bank.example/h5"))
	})
	w.write(t, func(tx *store.Tx) error {
		return tx.SetOrigins("urn:h5:loan", []string{"https://loan.bank.example"}, 1)
	})
	l, err := ledger.Open(t.Context(), w.store, ledger.Options{Node: "a", Now: w.Now, Rand: rand.Reader})
	if err != nil {
		t.Fatal(err)
	}
	if err := l.Append(t.Context(), ledger.Event{Kind: "lived", Outcome: "ok"}); err != nil {
		t.Fatal(err)
	}
	if err := l.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	return w
}

func (w *ward) openKeys(t *testing.T) *keyring.Ring {
	t.Helper()
	r, err := keyring.Open(t.Context(), keyring.Options{
		Store: w.store, Master: w.Masters[0], Now: w.Now, Rand: rand.Reader,
		Event: func(kind, reason string, detail map[string]string) (models.Event, error) {
			return ledger.Make(ledger.Event{Kind: kind, Reason: reason, Detail: detail}, w.Now(), rand.Reader)
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// serveUpstream gives the loan service an upstream whose certificate ends at end.
func (w *ward) serveUpstream(t *testing.T, end time.Time) {
	t.Helper()
	pair := certificate(t, "127.0.0.1", end)
	w.upstream = httptest.NewUnstartedServer(http.NotFoundHandler())
	w.upstream.TLS = &tls.Config{Certificates: []tls.Certificate{pair}}
	w.upstream.Config.ErrorLog = log.New(t.Output(), "", 0) // doctor hangs up after the handshake
	w.upstream.StartTLS()
	t.Cleanup(w.upstream.Close)
	w.Roots = x509.NewCertPool()
	w.Roots.AddCert(pair.Leaf)
	w.write(t, func(tx *store.Tx) error {
		if err := tx.SaveService(service("urn:h5:loan", "https://loan.bank.example/h5")); err != nil {
			return err
		}
		return tx.SaveUpstream(models.Upstream{ServiceID: "urn:h5:loan", Environment: models.Production, BaseURL: w.upstream.URL}, 1)
	})
}

func (w *ward) write(t *testing.T, f func(*store.Tx) error) {
	t.Helper()
	if err := w.store.Write(t.Context(), f); err != nil {
		t.Fatal(err)
	}
}

func (w *ward) exec(t *testing.T, statement string) {
	t.Helper()
	err := w.store.WriteGroup(t.Context(), func(tx *sql.Tx) error {
		_, err := tx.ExecContext(t.Context(), statement)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

// stop closes the store, as a gateway that stops.
func (w *ward) stop(t *testing.T) {
	t.Helper()
	if err := w.store.Close(); err != nil {
		t.Fatal(err)
	}
}

// certify gives a listener a certificate.
func (w *ward) certify(t *testing.T, l *config.Listener, host string, end time.Time) {
	t.Helper()
	pair := certificate(t, host, end)
	key, err := x509.MarshalPKCS8PrivateKey(pair.PrivateKey)
	if err != nil {
		t.Fatal(err)
	}
	folder := t.TempDir()
	l.TLS = config.TLS{Cert: filepath.Join(folder, "tls.crt"), Key: filepath.Join(folder, "tls.key")}
	for name, block := range map[string]*pem.Block{
		l.TLS.Cert: {Type: "CERTIFICATE", Bytes: pair.Certificate[0]}, l.TLS.Key: {Type: "PRIVATE KEY", Bytes: key},
	} {
		if err := os.WriteFile(name, pem.EncodeToMemory(block), 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

func certificate(t *testing.T, host string, end time.Time) tls.Certificate {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: host}, DNSNames: []string{host},
		NotBefore: end.Add(-400 * day), NotAfter: end,
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign,
	}
	if ip := net.ParseIP(host); ip != nil {
		template.DNSNames, template.IPAddresses = nil, []net.IP{ip}
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	leaf, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key, Leaf: leaf}
}

func newMaster(t *testing.T, first byte) *keyring.Master {
	t.Helper()
	key := make([]byte, keyring.MasterKeySize)
	key[0] = first
	m, err := keyring.NewMaster(key)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func service(id, page string) models.Service {
	return models.Service{ID: id, Name: id, H5URL: page, Class: "A2", Status: models.Active}
}

// listen takes an address; handler nil takes connections and says nothing.
func listen(t *testing.T, handler http.Handler) (address string) {
	t.Helper()
	l, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	if handler == nil {
		t.Cleanup(func() { _ = l.Close() })
		return l.Addr().String()
	}
	s := &http.Server{Handler: handler, ReadHeaderTimeout: time.Second}
	go func() { _ = s.Serve(l) }()
	t.Cleanup(func() { _ = s.Close() })
	return l.Addr().String()
}

// free is an address that nobody listens at.
func free(t *testing.T) string {
	t.Helper()
	l, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

// free is how much room the disk has, octets.
func (w *ward) free() int64 {
	var fs syscall.Statfs_t
	if err := syscall.Statfs(filepath.Dir(w.Store.Path), &fs); err != nil {
		return 0
	}
	return int64(fs.Bavail) * int64(fs.Bsize)
}

func chmod(t *testing.T, path string, mode os.FileMode) {
	t.Helper()
	if err := os.Chmod(path, mode); err != nil {
		t.Fatal(err)
	}
}

// damage overwrites the root pages of tables behind the first ones.
func damage(t *testing.T, w *ward) {
	t.Helper()
	w.stop(t)
	f, err := os.OpenFile(w.Store.Path, os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	var page int64
	db, err := sql.Open("sqlite3", "file:"+w.Store.Path+"?mode=ro&immutable=1")
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if err := db.QueryRow("SELECT rootpage FROM sqlite_schema WHERE name = 'shapes'").Scan(&page); err != nil {
		t.Fatal(err)
	}
	if _, err := f.WriteAt([]byte(strings.Repeat("damage", 600)), (page-1)*4096); err != nil {
		t.Fatal(err)
	}
}
