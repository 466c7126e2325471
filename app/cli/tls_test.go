package cli_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"math/big"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"testing"
	"time"

	"postern/app/store/storetest"
)

// writePair writes a new certificate for loopback over the files of a folder.
func writePair(t *testing.T, folder string) (pool *x509.CertPool) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := x509.Certificate{
		SerialNumber: big.NewInt(time.Now().UnixNano()), IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
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
	pool = x509.NewCertPool()
	for name, block := range map[string]pem.Block{"tls.crt": {Type: "CERTIFICATE", Bytes: der}, "tls.key": {Type: "PRIVATE KEY", Bytes: private}} {
		text := pem.EncodeToMemory(&block)
		pool.AppendCertsFromPEM(text) // takes the certificate and passes over the key
		if err := os.WriteFile(filepath.Join(folder, name), text, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return pool
}

// get asks over TLS, on a connection of its own.
func get(t *testing.T, pool *x509.CertPool, url string) *http.Response {
	t.Helper()
	client := http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: pool}, ForceAttemptHTTP2: true}}
	t.Cleanup(client.CloseIdleConnections)
	res, err := client.Get(url)
	if err != nil {
		t.Fatal(err)
	}
	_ = res.Body.Close()
	return res
}

func TestServeOverTLSTakesUpANewCertificate(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	pool := writePair(t, folder)
	settings := map[string]string{"POSTERN_LIMITS_NOTICE_TIME": "0s"}
	for _, listener := range []string{"GATEWAY", "INTERNAL"} {
		settings["POSTERN_LISTENERS_"+listener+"_TLS_CERT"] = filepath.Join(folder, "tls.crt")
		settings["POSTERN_LISTENERS_"+listener+"_TLS_KEY"] = filepath.Join(folder, "tls.key")
	}
	s := serve(t, newServedWorld(t, storetest.SQLiteConfig(t)), settings)
	res := get(t, pool, "https://"+s.gateway+"/healthz")
	if res.StatusCode != http.StatusOK || res.ProtoMajor != 2 || res.Header.Get("Strict-Transport-Security") == "" {
		t.Errorf("the gateway says %s %s %v", res.Proto, res.Status, res.Header)
	}
	res = get(t, pool, "https://"+s.internal+"/readyz")
	if res.StatusCode != http.StatusOK || res.Header.Get("Strict-Transport-Security") != "" {
		t.Errorf("the internal listener says %s %v", res.Status, res.Header)
	}

	renewed := writePair(t, folder)
	s.log.wait(t, "certificate read")
	s.log.wait(t, "certificate read") // each listener by itself
	if res := get(t, renewed, "https://"+s.gateway+"/healthz"); res.StatusCode != http.StatusOK {
		t.Errorf("with the new certificate: %s", res.Status)
	}
	s.stop()
	if code := <-s.ended; code != 0 {
		t.Errorf("exit %d:\n%s", code, s.log)
	}
}

func TestServeTellsOfTLSWhereItIsOn(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name, issuer, proxies string
		want                  bool
	}{
		{"nobody ends TLS", "https://gateway.bank.example", "", false},
		{"a listed proxy ends TLS", "https://gateway.bank.example", "192.0.2.1", true},
		{"a browser would hold it against all of localhost", "https://localhost", "192.0.2.1", false},
		{"pages use no TLS", "http://localhost", "192.0.2.1", false},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			s := serve(t, newServedWorld(t, storetest.SQLiteConfig(t)), map[string]string{
				"POSTERN_ISSUER": tc.issuer, "POSTERN_LISTENERS_GATEWAY_TRUSTED_PROXIES": tc.proxies, "POSTERN_LIMITS_NOTICE_TIME": "0s",
			})
			res, err := http.Get("http://" + s.gateway + "/healthz")
			if err != nil {
				t.Fatal(err)
			}
			_ = res.Body.Close()
			if got := res.Header.Get("Strict-Transport-Security") != ""; got != tc.want {
				t.Errorf("told: %v", got)
			}
			s.stop()
			<-s.ended
		})
	}
}
