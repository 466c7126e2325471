package web_test

import (
	"bytes"
	"crypto/rand"
	"encoding/json"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/gin-gonic/gin"

	"postern/app/web"
)

func TestARequestIsLoggedWithItsMilliseconds(t *testing.T) {
	t.Parallel()
	var log bytes.Buffer
	now := time.Unix(1795140332, 0)
	e, err := web.New(web.Options{
		Log: slog.New(slog.NewJSONHandler(&log, nil)), Rand: rand.Reader,
		Now: func() time.Time { return now },
	})
	if err != nil {
		t.Fatal(err)
	}
	e.GET("/slow", func(*gin.Context) { now = now.Add(14_250 * time.Microsecond) })
	e.ServeHTTP(httptest.NewRecorder(), httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/slow", http.NoBody))
	var line struct {
		Message string  `json:"msg"`
		Took    float64 `json:"took_ms"`
	}
	if err := json.Unmarshal(log.Bytes(), &line); err != nil || line.Message != "request served" || line.Took != 14.25 {
		t.Errorf("logged %s and error %v, want took_ms of 14.25", log.String(), err)
	}
}
