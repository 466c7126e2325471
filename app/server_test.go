package app_test

import (
	"bufio"
	"context"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/gin-gonic/gin"

	"postern/app/apptest"
	"postern/app/config"
	"postern/app/web"
)

// serve puts the gateway on a real listener; ask sends octets as they are and
// returns the first answer's status, 0 when the connection just closed.
func serve(t *testing.T, w *apptest.World) (ask func(raw string) int) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	served := make(chan error, 1)
	go func() {
		served <- web.Serve(ctx, l, w.Handler(), config.Default().Limits, slog.New(slog.DiscardHandler))
	}()
	t.Cleanup(func() {
		stop()
		if err := <-served; err != nil {
			t.Error(err)
		}
	})
	return func(raw string) int {
		t.Helper()
		conn, err := net.Dial("tcp", l.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		if err := conn.SetDeadline(time.Now().Add(10 * time.Second)); err != nil {
			t.Fatal(err)
		}
		if _, err := io.WriteString(conn, raw); err != nil {
			return 0
		}
		res, err := http.ReadResponse(bufio.NewReader(conn), nil)
		if err != nil {
			return 0
		}
		defer res.Body.Close()
		return res.StatusCode
	}
}

func TestRequestsThatTwoServersWouldReadDifferently(t *testing.T) {
	t.Parallel()
	w := newWorld(t, apptest.Options{})
	p := w.NewVisit(apptest.Travel, nil)
	ask := serve(t, w)
	const head = "POST /gateway/v1/calls HTTP/1.1\r\nHost: gateway.bank.example\r\nContent-Type: application/jose\r\nConnection: close\r\n"
	body := string(p.Seal("call+jwe", p.Plain("GET", "/loans/offers")))
	visit := "Origin: " + apptest.Origin + "\r\nAuthorization: Visit " + p.Visit.VT + "\r\n"
	for _, tc := range []struct {
		name, raw string
		want      int
	}{
		{"two lengths", head + "Content-Length: 3\r\nContent-Length: 4\r\n\r\nabcd", 400},
		{"a length with a sign", head + "Content-Length: +3\r\n\r\nabc", 400},
		{"bad chunks", head + visit + "Transfer-Encoding: chunked\r\n\r\nzz\r\nabc\r\n0\r\n\r\n", 400},
		{"bad chunks of a stranger, which are not read", head + "Transfer-Encoding: chunked\r\n\r\nzz\r\nabc\r\n0\r\n\r\n", 401},
		{"another transfer encoding", head + "Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n", 501},
		{"two transfer encodings", head + "Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n\r\n0\r\n\r\n", 501},
		{"a space before the colon", head + "Content-Length : 3\r\n\r\nabc", 400},
		{"a folded header", head + "X-A: 1\r\n  2\r\nContent-Length: 3\r\n\r\nabc", 401},
		{"two hosts", "POST /gateway/v1/calls HTTP/1.1\r\nHost: a\r\nHost: b\r\nContent-Length: 0\r\n\r\n", 400},
		{"no host", "POST /gateway/v1/calls HTTP/1.1\r\nContent-Length: 0\r\n\r\n", 400},
		{"NUL in a header", head + "X-A: \x00\r\nContent-Length: 0\r\n\r\n", 400},
		{"headers over 16 KiB", head + "X-A: " + strings.Repeat("a", 24<<10) + "\r\nContent-Length: 0\r\n\r\n", 431},
		{"what is not HTTP", "SSH-2.0-x\r\n\r\n", 400},
		{"HTTP/2 without being asked", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 404},
		{"the same call as it should be", head + visit + "Connection: x-user\r\nX-User: 1\r\nX_User: 2\r\nContent-Length: " + strconv.Itoa(len(body)) + "\r\n\r\n" + body, 200},
	} {
		t.Run(tc.name, func(t *testing.T) {
			if got := ask(tc.raw); got != tc.want {
				t.Errorf("status %d, want %d", got, tc.want)
			}
		})
	}
	if seen := w.Bank.Seen(); len(seen) != 1 || seen[0].Header.Get("X-User") != "" || len(seen[0].Header["X_user"]) != 0 {
		t.Errorf("the bank saw %+v", seen)
	}
}

func TestAPanicSaysNothing(t *testing.T) {
	t.Parallel()
	log := &logBuffer{}
	w := newWorld(t, apptest.Options{})
	e, err := web.New(web.Options{Log: slog.New(slog.NewTextHandler(log, nil)), Now: w.Clock.Now, Rand: w.Config.Rand})
	if err != nil {
		t.Fatal(err)
	}
	e.GET("/panic", func(*gin.Context) { panic("a fault of ours on core-7") })
	rec := httptest.NewRecorder()
	e.ServeHTTP(rec, httptest.NewRequest(http.MethodGet, "/panic", nil))
	if rec.Code != 500 || strings.Contains(rec.Body.String(), "core-7") || len(rec.Header().Get("X-Request-Id")) != 26 {
		t.Errorf("%d %v %s", rec.Code, rec.Header(), rec.Body)
	}
	if !strings.Contains(string(log.text()), rec.Header().Get("X-Request-Id")) || !strings.Contains(string(log.text()), "core-7") {
		t.Errorf("the log says %s", log.text())
	}
}

func TestRequestIDsAreOurs(t *testing.T) {
	t.Parallel()
	w := newWorld(t, apptest.Options{})
	seen := map[string]bool{}
	for range 100 {
		r := httptest.NewRequest(http.MethodGet, "/healthz", nil)
		r.Header.Set("X-Request-Id", "chosen\r\nby them")
		rec := w.Do(r)
		id := rec.Header().Get("X-Request-Id")
		if len(id) != 26 || strings.Contains(id, "chosen") || seen[id] || strings.TrimSpace(rec.Body.String()) != "ok" {
			t.Fatalf("id %q, body %q", id, rec.Body)
		}
		seen[id] = true
	}
}
