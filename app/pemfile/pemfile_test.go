package pemfile_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"math/big"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"postern/app/pemfile"
)

// pair makes a certificate that signs itself, and its key.
func pair(t *testing.T) (cert, key string) {
	t.Helper()
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1)}
	made, err := x509.CreateCertificate(rand.Reader, template, template, private.Public(), private)
	if err != nil {
		t.Fatal(err)
	}
	secret, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		t.Fatal(err)
	}
	return write(t, "CERTIFICATE", made), write(t, "PRIVATE KEY", secret)
}

func write(t *testing.T, kind string, octets []byte) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "file.pem")
	if err := os.WriteFile(path, pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: octets}), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestRoots(t *testing.T) {
	t.Parallel()
	cert, key := pair(t)
	if roots, err := pemfile.Roots(cert); err != nil || roots == nil {
		t.Errorf("%v, %v", roots, err)
	}
	if roots, err := pemfile.Roots(""); err != nil || roots != nil {
		t.Errorf("no file: %v, %v", roots, err)
	}
	for path, want := range map[string]string{key: "holds no certificate", cert + ".none": "no such file"} {
		if roots, err := pemfile.Roots(path); roots != nil || err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, %v, want %q", roots, err, want)
		}
	}
}

func TestKeyPair(t *testing.T) {
	t.Parallel()
	cert, key := pair(t)
	_, other := pair(t)
	if own, err := pemfile.KeyPair(cert, key); err != nil || len(own.Certificate) != 1 {
		t.Errorf("%v, %v", own, err)
	}
	open := write(t, "PRIVATE KEY", nil)
	if err := os.Chmod(open, 0o644); err != nil {
		t.Fatal(err)
	}
	for path, want := range map[string]string{other: cert + " and " + other, open: "readable by everybody", key + ".none": "no such file"} {
		if _, err := pemfile.KeyPair(cert, path); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want %q", err, want)
		}
	}
}
