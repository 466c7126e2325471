package web

import (
	"context"
	"crypto/tls"
	"log/slog"
	"os"
	"sync/atomic"
	"time"

	"postern/app/pemfile"
)

// Certificate is a listener's certificate, read from two PEM files and read
// again when they change.
type Certificate struct {
	certFile, keyFile string
	current           atomic.Pointer[tls.Certificate]

	// Of the one goroutine in Watch.
	read  stamps // what the files were like when current was read
	fault string // what was last said about them
}

// stamps tell whether files were replaced.
type stamps [2]struct {
	modified time.Time
	size     int64
}

// ReadCertificate reads a certificate and its private key. It fails when they
// do not fit together, or when everybody may read the key.
func ReadCertificate(certFile, keyFile string) (*Certificate, error) {
	c := &Certificate{certFile: certFile, keyFile: keyFile}
	if err := c.load(); err != nil {
		return nil, err
	}
	return c, nil
}

// load reads the files unless they are those that were read already. The
// stamps are taken first: a file that changes meanwhile is read again.
func (c *Certificate) load() error {
	stamps, err := c.look()
	if err != nil || stamps == c.read {
		return err
	}
	pair, err := pemfile.KeyPair(c.certFile, c.keyFile)
	if err != nil {
		return err
	}
	c.current.Store(&pair)
	c.read = stamps
	return nil
}

func (c *Certificate) look() (stamps, error) {
	var s stamps
	for i, name := range []string{c.certFile, c.keyFile} {
		info, err := os.Stat(name)
		if err != nil {
			return s, err
		}
		if name == c.keyFile {
			if err := pemfile.CheckKeyMode(name, info.Mode()); err != nil {
				return s, err
			}
		}
		s[i].modified, s[i].size = info.ModTime(), info.Size()
	}
	return s, nil
}

// Ends is when the certificate ends that is shown now.
func (c *Certificate) Ends() time.Time { return c.current.Load().Leaf.NotAfter }

// lookEvery is how often files are looked at.
const lookEvery = time.Second

// Watch takes up files that were replaced, until ctx ends: within a second, or
// at once when again has something. While they cannot be read, or do not fit
// together because one of them is still to come, the pair before stays.
func (c *Certificate) Watch(ctx context.Context, again <-chan os.Signal, log *slog.Logger) {
	tick := time.NewTicker(lookEvery)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		case <-again:
			c.read, c.fault = stamps{}, "" // whatever they look like, and say it again
		}
		c.refresh(ctx, log)
	}
}

// refresh logs each new certificate, and each new fault once.
func (c *Certificate) refresh(ctx context.Context, log *slog.Logger) {
	before := c.current.Load()
	if err := c.load(); err != nil {
		if c.fault != err.Error() {
			c.fault = err.Error()
			log.ErrorContext(ctx, "certificate could not be read; the one before stays", slog.Any("err", err))
		}
		return
	}
	c.fault = ""
	if now := c.current.Load(); now != before {
		log.InfoContext(ctx, "certificate read", slog.String("file", c.certFile),
			slog.String("serial", now.Leaf.SerialNumber.Text(16)), slog.Time("not_after", now.Leaf.NotAfter))
	}
}

// tlsConfig takes TLS 1.2 with AEAD and forward secrecy, and TLS 1.3, which has
// nothing else (RFC 9325 section 4.2).
func (c *Certificate) tlsConfig() *tls.Config {
	return &tls.Config{
		MinVersion: tls.VersionTLS12,
		CipherSuites: []uint16{
			tls.TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256, tls.TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256,
			tls.TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384, tls.TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384,
			tls.TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256, tls.TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256,
		},
		GetCertificate: func(*tls.ClientHelloInfo) (*tls.Certificate, error) { return c.current.Load(), nil },
	}
}
