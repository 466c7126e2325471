package web_test

import (
	"bytes"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"net/http"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	"golang.org/x/net/http2"
	"golang.org/x/net/http2/hpack"

	"postern/app/config"
	"postern/app/web"
)

// framed is an HTTP/2 connection whose frames a test writes itself.
type framed struct {
	*http2.Framer
	conn net.Conn
}

func (s started) frames(t *testing.T, p pair) framed {
	t.Helper()
	c := trusting(p)
	c.NextProtos = []string{"h2"}
	conn, err := tls.DialWithDialer(&net.Dialer{Timeout: 10 * time.Second}, "tcp", s.address, c)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	if err := conn.SetDeadline(time.Now().Add(10 * time.Second)); err != nil {
		t.Fatal(err)
	}
	f := framed{http2.NewFramer(conn, conn), conn}
	if _, err := io.WriteString(conn, http2.ClientPreface); err != nil {
		t.Fatal(err)
	}
	if err := f.WriteSettings(); err != nil {
		t.Fatal(err)
	}
	return f
}

// get asks on a stream, with this many headers of a thousand octets.
func (f framed) get(stream uint32, headers int) error {
	var block bytes.Buffer
	e := hpack.NewEncoder(&block)
	fields := [][2]string{{":method", "GET"}, {":scheme", "https"}, {":authority", host}, {":path", "/"}}
	for i := range headers {
		fields = append(fields, [2]string{"x-" + strconv.Itoa(i), strings.Repeat("a", 1000)})
	}
	for _, h := range fields {
		if err := e.WriteField(hpack.HeaderField{Name: h[0], Value: h[1]}); err != nil {
			return err
		}
	}
	return f.WriteHeaders(http2.HeadersFrameParam{StreamID: stream, BlockFragment: block.Bytes(), EndStream: stream != unfinished, EndHeaders: true})
}

// unfinished is a stream whose body does not end.
const unfinished = 99

// until reads frames until one is what a test waits for.
func (f framed) until(t *testing.T, is func(http2.Frame) bool) {
	t.Helper()
	for {
		frame, err := f.ReadFrame()
		if err != nil {
			t.Fatalf("the frame did not come: %v", err)
		}
		if is(frame) {
			return
		}
	}
}

func TestHTTP2StreamsAreLimited(t *testing.T) {
	t.Parallel()
	p := newPair(t, "a")
	h := newHeld()
	defer close(h.release)
	s := start(t, h, withTLS(t, newFiles(t, p)))
	f := s.frames(t, p)
	f.until(t, func(frame http2.Frame) bool {
		settings, ok := frame.(*http2.SettingsFrame)
		if !ok || settings.IsAck() {
			return false
		}
		if most, _ := settings.Value(http2.SettingMaxConcurrentStreams); most != 100 {
			t.Errorf("%d streams are announced", most)
		}
		return true
	})
	for i := range uint32(101) {
		if err := f.get(2*i+1, 0); err != nil {
			t.Fatal(err)
		}
	}
	f.until(t, func(frame http2.Frame) bool {
		reset, ok := frame.(*http2.RSTStreamFrame)
		return ok && reset.StreamID == 201
	})
	for range 100 {
		<-h.entered
	}
	if len(h.entered) != 0 {
		t.Error("the stream beyond the limit was served")
	}
}

func TestStreamsThatAreResetBuyNoWork(t *testing.T) {
	t.Parallel()
	p := newPair(t, "a")
	h := newHeld()
	s := start(t, h, withTLS(t, newFiles(t, p)))
	f := s.frames(t, p)
	go func() { // ends with the connection
		for i := range uint32(10_000) {
			if f.get(2*i+1, 0) != nil || f.WriteRSTStream(2*i+1, http2.ErrCodeCancel) != nil {
				return
			}
		}
	}()
	f.until(t, func(frame http2.Frame) bool {
		away, ok := frame.(*http2.GoAwayFrame)
		return ok && away.ErrCode == http2.ErrCodeEnhanceYourCalm
	})
	if n := len(h.entered); n > 100 {
		t.Errorf("%d requests ran at once", n)
	}
	close(h.release)
}

func TestAnHTTP2HeaderOverTheLimitIsRefused(t *testing.T) {
	t.Parallel()
	p := newPair(t, "a")
	s := start(t, ok, func(o *web.ServerOptions) {
		withTLS(t, newFiles(t, p))(o)
		limited(func(l *config.Limits) { l.HeaderSize = 8 << 10 })(o)
	})
	for stream, tc := range map[uint32]struct {
		headers int
		want    string
	}{1: {7, "200"}, 3: {15, "431"}} {
		f := s.frames(t, p)
		f.ReadMetaHeaders = hpack.NewDecoder(4096, nil)
		if err := f.get(stream, tc.headers); err != nil {
			t.Fatal(err)
		}
		f.until(t, func(frame http2.Frame) bool {
			headers, ok := frame.(*http2.MetaHeadersFrame)
			if ok && headers.PseudoValue("status") != tc.want {
				t.Errorf("%d headers: status %s, want %s", tc.headers, headers.PseudoValue("status"), tc.want)
			}
			return ok
		})
	}
}

func TestAnHTTP2BodyThatDoesNotComeIsCut(t *testing.T) {
	t.Parallel()
	p := newPair(t, "a")
	read := make(chan error, 1)
	s := start(t, http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		_, err := io.ReadAll(r.Body)
		read <- err
	}), func(o *web.ServerOptions) {
		withTLS(t, newFiles(t, p))(o)
		o.Limits.RequestTime = soon
	})
	f := s.frames(t, p)
	if err := f.get(unfinished, 0); err != nil {
		t.Fatal(err)
	}
	select {
	case err := <-read:
		if !errors.Is(err, os.ErrDeadlineExceeded) {
			t.Errorf("read: %v", err)
		}
	case <-time.After(10 * time.Second):
		t.Error("it still waits")
	}
}

func TestALeavingServerSaysGoAway(t *testing.T) {
	t.Parallel()
	p := newPair(t, "a")
	s := start(t, ok, withTLS(t, newFiles(t, p)))
	f := s.frames(t, p)
	s.Leave()
	if err := f.get(1, 0); err != nil {
		t.Fatal(err)
	}
	f.until(t, func(frame http2.Frame) bool {
		away, ok := frame.(*http2.GoAwayFrame)
		return ok && away.ErrCode == http2.ErrCodeNo
	})
}
