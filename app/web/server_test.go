package web_test

import (
	"bufio"
	"context"
	"crypto/tls"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"postern/app/config"
	"postern/app/web"
)

// soon is a limit that a test can wait for.
const soon = 100 * time.Millisecond

// answer sends octets and returns the first answer's status; 0 when the
// connection was closed without one, which must not take long.
func answer(t *testing.T, conn net.Conn, raw string) int {
	t.Helper()
	if _, err := io.WriteString(conn, raw); err != nil {
		return 0
	}
	res, err := http.ReadResponse(bufio.NewReader(conn), nil)
	var late net.Error
	if errors.As(err, &late) && late.Timeout() {
		t.Fatal("the connection was held for ten seconds")
	}
	if err != nil {
		return 0
	}
	defer res.Body.Close()
	_, _ = io.Copy(io.Discard, res.Body) // cut short or not, its status is the answer
	return res.StatusCode
}

func TestSlowPeersAreCut(t *testing.T) {
	t.Parallel()
	// As the doors do: a body that does not come is the caller's fault.
	read := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if _, err := io.ReadAll(r.Body); err != nil {
			w.WriteHeader(http.StatusBadRequest)
		}
	})
	const long = time.Minute
	for _, tc := range []struct {
		name, raw string
		limits    func(*config.Limits)
		want      int
	}{
		{"nothing is sent", "", func(l *config.Limits) { l.HeaderTime = soon }, 0},
		{"a header that does not end", "GET / HTTP/1.1\r\nHost: a\r\n", func(l *config.Limits) { l.HeaderTime = soon }, 0},
		{
			"a body that does not come", "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\nabc",
			func(l *config.Limits) { l.HeaderTime, l.RequestTime = soon, 2*soon }, 400,
		},
		{"chunks that do not end", "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n", func(l *config.Limits) { l.RequestTime = soon }, 400},
		{"a whole request", "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc", func(l *config.Limits) { l.HeaderTime, l.RequestTime = long, long }, 200},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			s := start(t, read, limited(tc.limits))
			if got := answer(t, s.dial(t), tc.raw); got != tc.want {
				t.Errorf("status %d, want %d", got, tc.want)
			}
		})
	}
}

func TestSlowPeersLeaveOthersAlone(t *testing.T) {
	t.Parallel()
	s := start(t, ok, nil)
	for i := range 300 {
		begun := "GET / HTTP/1.1\r\nHost: a\r\n"
		if i%2 == 0 {
			begun = "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\nabc"
		}
		if _, err := io.WriteString(s.dial(t), begun); err != nil {
			t.Fatal(err)
		}
	}
	for range 100 {
		if got := answer(t, s.dial(t), "GET / HTTP/1.1\r\nHost: a\r\n\r\n"); got != 200 {
			t.Fatalf("status %d beside slow peers", got)
		}
	}
}

func TestAKeptConnectionIsClosedWhenIdle(t *testing.T) {
	t.Parallel()
	s := start(t, ok, limited(func(l *config.Limits) { l.IdleTime = soon }))
	conn := s.dial(t)
	if got := answer(t, conn, "GET / HTTP/1.1\r\nHost: a\r\n\r\n"); got != 200 {
		t.Fatalf("status %d", got)
	}
	if n, err := conn.Read(make([]byte, 1)); !errors.Is(err, io.EOF) {
		t.Errorf("%d octets, %v; want the end", n, err)
	}
}

func TestAnAnswerThatNobodyReadsIsCut(t *testing.T) {
	t.Parallel()
	written := make(chan error, 1)
	s := start(t, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		for chunk := make([]byte, 1<<20); ; {
			if _, err := w.Write(chunk); err != nil {
				written <- err
				return
			}
		}
	}), limited(func(l *config.Limits) { l.AnswerTime = soon }))
	if _, err := io.WriteString(s.dial(t), "GET / HTTP/1.1\r\nHost: a\r\n\r\n"); err != nil {
		t.Fatal(err)
	}
	select {
	case <-written:
	case <-time.After(10 * time.Second):
		t.Error("it still writes")
	}
}

func TestAHeaderOverTheLimitIsRefused(t *testing.T) {
	t.Parallel()
	s := start(t, ok, limited(func(l *config.Limits) { l.HeaderSize = 8 << 10 }))
	for length, want := range map[int]int{7 << 10: 200, 16 << 10: 431} {
		head := "GET / HTTP/1.1\r\nHost: a\r\nX-A: " + strings.Repeat("a", length) + "\r\n\r\n"
		if got := answer(t, s.dial(t), head); got != want {
			t.Errorf("%d octets: status %d, want %d", length, got, want)
		}
	}
}

func TestConnectionsBeyondTheLimitAreClosedAndTheirPlacesComeBack(t *testing.T) {
	t.Parallel()
	log := newLogBuffer()
	s := start(t, ok, func(o *web.ServerOptions) { o.Limits.Connections, o.Log = 2, slog.New(slog.NewJSONHandler(log, nil)) })
	const get = "GET / HTTP/1.1\r\nHost: a\r\n\r\n"
	first, second := s.dial(t), s.dial(t)
	if a, b := answer(t, first, get), answer(t, second, get); a != 200 || b != 200 {
		t.Fatalf("statuses %d and %d within the limit", a, b)
	}
	for range 100 { // a flood
		if got := answer(t, s.dial(t), get); got != 0 {
			t.Fatalf("status %d beyond the limit", got)
		}
	}
	if got := answer(t, first, get); got != 200 {
		t.Errorf("status %d on a connection that was there before", got)
	}
	if n := len(log.more); n != 1 {
		t.Errorf("%d lines about the flood, want one", n)
	}
	_ = first.Close()
	for deadline := time.Now().Add(10 * time.Second); answer(t, s.dial(t), get) != 200; {
		if time.Now().After(deadline) {
			t.Fatal("the place of a closed connection does not come back")
		}
	}
}

func TestBrowsersAreToldToComeBackOverTLS(t *testing.T) {
	t.Parallel()
	for _, hsts := range []bool{true, false} {
		s := start(t, ok, func(o *web.ServerOptions) { o.HSTS = hsts })
		res, err := http.Get("http://" + s.address + "/")
		if err != nil {
			t.Fatal(err)
		}
		_ = res.Body.Close()
		if got := res.Header.Get("Strict-Transport-Security"); (got == "max-age=31536000") != hsts {
			t.Errorf("HSTS %v: header %q", hsts, got)
		}
	}
}

// held is a handler whose requests wait until they are let go.
type held struct{ entered, release chan struct{} }

func newHeld() held { return held{make(chan struct{}, 1000), make(chan struct{})} }

func (h held) ServeHTTP(w http.ResponseWriter, _ *http.Request) {
	h.entered <- struct{}{}
	<-h.release
	_, _ = io.WriteString(w, strings.Repeat("whole ", 10_000))
}

func TestShutdownAnswersWhatIsUnderWay(t *testing.T) {
	t.Parallel()
	p := newPair(t, "a")
	f := newFiles(t, p)
	for _, protocol := range []string{"HTTP/1.1", "HTTP/2.0"} {
		t.Run(protocol, func(t *testing.T) {
			t.Parallel()
			h := newHeld()
			s := start(t, h, withTLS(t, f))
			transport := &http.Transport{TLSClientConfig: trusting(p), ForceAttemptHTTP2: protocol == "HTTP/2.0"}
			if protocol == "HTTP/1.1" {
				transport.TLSNextProto = map[string]func(string, *tls.Conn) http.RoundTripper{}
			}
			client := http.Client{Transport: transport}
			got := make(chan string, 1)
			go func() { got <- fetch(&client, "https://"+s.address+"/", protocol) }()
			<-h.entered

			s.Leave()
			ended := make(chan error, 1)
			go func() { ended <- s.Shutdown(context.Background()) }()
			if err := <-s.served; err != nil { // no more connections are taken
				t.Errorf("served: %v", err)
			}
			close(h.release)
			if text := <-got; text != "complete" {
				t.Error(text)
			}
			if err := <-ended; err != nil {
				t.Errorf("shutdown: %v", err)
			}
		})
	}
}

// fetch says whether the answer is complete, in the protocol wanted and, in
// HTTP/1.1, the last one on its connection.
func fetch(client *http.Client, url, protocol string) string {
	res, err := client.Get(url)
	if err != nil {
		return err.Error()
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	switch {
	case err != nil:
		return err.Error()
	case len(body) != 60_000 || res.Proto != protocol:
		return res.Proto + ": an answer was cut"
	}
	return "complete"
}

func TestShutdownCutsWhatOutlastsIt(t *testing.T) {
	t.Parallel()
	h := newHeld()
	s := start(t, h, nil)
	conn := s.dial(t)
	if _, err := io.WriteString(conn, "GET / HTTP/1.1\r\nHost: a\r\n\r\n"); err != nil {
		t.Fatal(err)
	}
	<-h.entered
	ctx, cancel := context.WithTimeout(t.Context(), soon)
	defer cancel()
	if err := s.Shutdown(ctx); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("shutdown: %v", err)
	}
	if _, err := conn.Read(make([]byte, 1)); err == nil {
		t.Error("it was answered")
	}
	close(h.release)
}

func TestALeavingServerEndsEachConnectionWithItsNextAnswer(t *testing.T) {
	t.Parallel()
	s := start(t, ok, nil)
	conn := s.dial(t)
	const get = "GET / HTTP/1.1\r\nHost: a\r\n\r\n"
	if got := answer(t, conn, get); got != 200 {
		t.Fatalf("status %d", got)
	}
	s.Leave()
	if got := answer(t, conn, get); got != 200 {
		t.Fatalf("status %d", got)
	}
	if _, err := conn.Read(make([]byte, 1)); !errors.Is(err, io.EOF) {
		t.Errorf("%v; want the end", err)
	}
	if got := answer(t, s.dial(t), get); got != 200 {
		t.Errorf("status %d for a client that has not noticed yet", got)
	}
}
