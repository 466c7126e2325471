package feeds

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"time"

	"postern/app/config"
	"postern/app/pemfile"
)

// syslogTimeout bounds each of connecting, sending a batch and confirming.
const syslogTimeout = 10 * time.Second

// syslog is a target over TLS (RFC 5425). Syslog knows no acknowledgement. What
// it has is an orderly end: a receiver that gets our close_notify answers it
// (section 4.4) behind everything that came before. So from time to time the
// connection is ended to know that all of it was read, and the next batch opens
// another one.
type syslog struct {
	c    config.FeedSyslog
	node string
	now  func() time.Time
	most Slack

	conn  *tls.Conn  // nil until it is needed
	dirty bool       // something was sent through conn that is not confirmed
	ended chan error // how the receiver's side of conn ended
	end   error      // what came through it
}

func (t *syslog) slack() Slack { return t.most }

func (t *syslog) send(ctx context.Context, records []record) error {
	ctx, cancel := context.WithTimeout(ctx, syslogTimeout)
	defer cancel()
	if err := t.ready(ctx); err != nil {
		return err
	}
	var b bytes.Buffer
	for _, r := range records {
		b.Write(r.message(t.node))
	}
	defer t.interrupt(ctx)()
	t.dirty = true
	if _, err := t.conn.Write(b.Bytes()); err != nil {
		return fmt.Errorf("send to %s: %w", t.c.Address, t.cause(ctx, err))
	}
	return nil
}

// cause prefers what the receiver said, such as that it wants a certificate, to
// what that did to our write.
func (t *syslog) cause(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	if end := t.over(); end != nil {
		return end
	}
	return err
}

// interrupt ends what waits for the network when ctx does; call what it returns
// after: then nothing more is ended.
func (t *syslog) interrupt(ctx context.Context) (done func()) {
	conn, ended := t.conn, make(chan struct{})
	_ = conn.SetDeadline(time.Time{}) // of an earlier one; a dead connection says so later
	stop := context.AfterFunc(ctx, func() {
		defer close(ended)
		_ = conn.SetDeadline(time.Unix(1, 0)) // long ago
	})
	return func() {
		if !stop() {
			<-ended
		}
	}
}

// confirm ends the connection and returns once the receiver has, too, behind
// everything that was sent. A receiver that died, or closed with something
// unread, resets the connection instead; one that ended it before us may not
// have read the last of it.
func (t *syslog) confirm(ctx context.Context) error {
	if !t.dirty {
		return errAgain
	}
	defer t.close()
	if err := t.lost(); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, syslogTimeout)
	defer cancel()
	defer t.interrupt(ctx)()
	if err := t.conn.CloseWrite(); err != nil {
		return fmt.Errorf("end connection to %s: %w", t.c.Address, t.cause(ctx, err))
	}
	select {
	case err := <-t.ended:
		if errors.Is(err, io.EOF) {
			err = acknowledged(ctx, t.conn.NetConn())
		}
		if err != nil {
			return fmt.Errorf("%s did not confirm what was sent: %w", t.c.Address, err)
		}
		return nil
	case <-ctx.Done():
		return fmt.Errorf("%s did not answer the end of the connection (RFC 5425 section 4.4)", t.c.Address)
	}
}

// lost is why what was sent and not confirmed may not have arrived.
func (t *syslog) lost() error {
	if end := t.over(); t.dirty && end != nil {
		return fmt.Errorf("%s ended the connection: %w", t.c.Address, end)
	}
	return nil
}

// over is how the receiver's side ended, if it did.
func (t *syslog) over() error {
	if t.conn == nil {
		return nil
	}
	select {
	case t.end = <-t.ended:
	default:
	}
	return t.end
}

func (t *syslog) close() {
	if t.conn != nil {
		t.conn.NetConn().Close() //nolint:errcheck // whether anything arrived was asked before
	}
	t.conn, t.dirty, t.end = nil, false, nil
}

// ready connects where there is no connection, or one that nothing was sent
// through. What was sent through a lost one, no other can confirm.
func (t *syslog) ready(ctx context.Context) error {
	if err := t.lost(); err != nil {
		return err
	}
	if t.conn != nil && t.over() == nil {
		return nil
	}
	t.close()
	c, err := SyslogTLS(t.c)
	if err != nil {
		return err
	}
	c.Time = t.now
	conn, err := (&tls.Dialer{NetDialer: &net.Dialer{}, Config: c}).DialContext(ctx, "tcp", t.c.Address)
	if err != nil {
		return fmt.Errorf("connect to %s: %w", t.c.Address, err)
	}
	t.conn, t.ended = conn.(*tls.Conn), make(chan error, 1) // which tls.Dialer promises
	go drain(t.conn, t.ended)
	return nil
}

// drain reads what a receiver has no reason to send, to know when it is gone.
func drain(conn *tls.Conn, ended chan<- error) {
	buffer := make([]byte, 512)
	for {
		if _, err := conn.Read(buffer); err != nil {
			ended <- err
			return
		}
	}
}

// SyslogTLS reads the files that a receiver's settings name, each time anew: who
// replaces them starts nothing again.
func SyslogTLS(c config.FeedSyslog) (*tls.Config, error) {
	host, _, err := net.SplitHostPort(c.Address)
	if err != nil {
		return nil, err
	}
	t := &tls.Config{MinVersion: tls.VersionTLS12, ServerName: host}
	if c.ServerName != "" {
		t.ServerName = c.ServerName
	}
	if t.RootCAs, err = pemfile.Roots(c.CA); err != nil {
		return nil, err
	}
	if c.Cert != "" {
		own, err := pemfile.KeyPair(c.Cert, c.Key)
		if err != nil {
			return nil, err
		}
		t.Certificates = []tls.Certificate{own}
	}
	return t, nil
}
