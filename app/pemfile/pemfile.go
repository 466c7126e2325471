package pemfile

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io/fs"
	"os"
)

// Roots reads a file of authorities; nil, which stands for the system's, for no
// file. It fails when there is none in it.
func Roots(file string) (*x509.CertPool, error) {
	if file == "" {
		return nil, nil
	}
	text, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	roots := x509.NewCertPool()
	if !roots.AppendCertsFromPEM(text) {
		return nil, errors.New(file + " holds no certificate in PEM")
	}
	return roots, nil
}

// KeyPair reads a certificate with its chain, and its private key. It fails when
// they do not fit together, or when everybody may read the key.
func KeyPair(cert, key string) (tls.Certificate, error) {
	info, err := os.Stat(key)
	if err != nil {
		return tls.Certificate{}, err
	}
	if err := CheckKeyMode(key, info.Mode()); err != nil {
		return tls.Certificate{}, err
	}
	pair, err := tls.LoadX509KeyPair(cert, key)
	if err != nil {
		return tls.Certificate{}, fmt.Errorf("%s and %s: %w", cert, key, err)
	}
	return pair, nil
}

// CheckKeyMode fails when everybody may read the file of a private key.
func CheckKeyMode(key string, mode fs.FileMode) error {
	if mode.Perm()&0o007 != 0 {
		return errors.New(key + " is readable by everybody; chmod 640 it or less")
	}
	return nil
}
