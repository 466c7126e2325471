package web_test

import (
	"bufio"
	"context"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/gin-gonic/gin"

	"postern/app/config"
	"postern/app/web"
)

// A long answer outlasts the times that other answers have, and ends when the
// server is to stop: an open page must not hold a node.
func TestALongAnswerOutlastsLimitsAndEndsWithTheServer(t *testing.T) {
	t.Parallel()
	gin.SetMode(gin.ReleaseMode)
	engine := gin.New()
	more := make(chan string)
	engine.GET("/", func(c *gin.Context) {
		long := web.SendLong(c, "text/event-stream")
		for {
			select {
			case data := <-more:
				if long.Send(web.Event{Name: "n", ID: "7", Data: data}) != nil {
					return
				}
			case <-web.Stopping(c.Request.Context()):
				return
			}
		}
	})
	limits := config.Default().Limits
	limits.AnswerTime = 1 // over before the first answer begins
	s := web.NewServer(web.ServerOptions{Handler: engine, Limits: limits, Log: slog.New(slog.DiscardHandler)})
	l, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	served := make(chan error, 1)
	go func() { served <- s.Serve(l) }()

	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://"+l.Addr().String()+"/", nil)
	if err != nil {
		t.Fatal(err)
	}
	began := make(chan struct{})
	go func() { more <- "one\ntwo\r"; close(began) }()
	reply, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer reply.Body.Close()
	<-began
	lines := bufio.NewScanner(reply.Body)
	read := func(n int) string {
		var got []string
		for range n {
			if !lines.Scan() {
				break
			}
			got = append(got, lines.Text())
		}
		return strings.Join(got, "|")
	}
	if got := read(5); got != "event: n|id: 7|data: one|data: two|" {
		t.Errorf("first event: %q", got)
	}
	more <- "late"
	if got := read(4); got != "event: n|id: 7|data: late|" {
		t.Errorf("the next event: %q", got)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	if err := s.Shutdown(ctx); err != nil {
		t.Error("the server did not stop:", err)
	}
	if err := <-served; err != nil {
		t.Error(err)
	}
}
