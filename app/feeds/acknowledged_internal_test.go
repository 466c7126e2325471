//go:build linux

package feeds

import (
	"context"
	"errors"
	"io"
	"net"
	"testing"
	"time"
)

// pair is a connection on loopback, from both sides.
func pair(t *testing.T) (mine, peer *net.TCPConn) {
	t.Helper()
	l, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	a, err := (&net.Dialer{}).DialContext(t.Context(), "tcp", l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	b, err := l.Accept()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { a.Close(); b.Close() })
	return a.(*net.TCPConn), b.(*net.TCPConn)
}

// readEnd reads to the end that the peer has said.
func readEnd(t *testing.T, c net.Conn) {
	t.Helper()
	if rest, err := io.ReadAll(c); err != nil || len(rest) > 0 {
		t.Fatalf("read %q, %v", rest, err)
	}
}

func TestAnEndCountsOnlyIfEverythingBeforeItWasTaken(t *testing.T) {
	t.Parallel()
	within, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	for name, tc := range map[string]struct {
		act  func(t *testing.T, mine, peer *net.TCPConn)
		want error
	}{
		"the peer read it, and closed": {func(t *testing.T, mine, peer *net.TCPConn) {
			_, err := mine.Write([]byte("text"))
			_, read := io.ReadFull(peer, make([]byte, 4))
			if err = errors.Join(err, read, peer.Close()); err != nil {
				t.Fatal(err)
			}
			readEnd(t, mine)
		}, nil},
		"the peer closed while it was on its way": {func(t *testing.T, mine, peer *net.TCPConn) {
			if err := peer.Close(); err != nil {
				t.Fatal(err)
			}
			readEnd(t, mine)
			if _, err := mine.Write([]byte("text")); err != nil {
				t.Fatal(err)
			}
		}, errReset},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			mine, peer := pair(t)
			tc.act(t, mine, peer)
			if err := acknowledged(within, mine); !errors.Is(err, tc.want) {
				t.Errorf("got %v, want %v", err, tc.want)
			}
		})
	}
}
