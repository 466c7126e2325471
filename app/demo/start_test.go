package demo_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"postern/app/demo"
	"postern/app/demo/traffic"
)

func TestASecondStartContinuesWithTheSameKeysAndData(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	first := start(t, folder)
	if err := first.Close(context.WithoutCancel(t.Context())); err != nil {
		t.Fatal(err)
	}
	before := files(t, folder)
	second := start(t, folder)
	for name, content := range before {
		if after := files(t, folder)[name]; !bytes.Equal(after, content) {
			t.Errorf("%s changed at the second start", name)
		}
	}
	// The listeners have moved, so this also holds the addresses to the new ports.
	if err := traffic.New(second.TrafficOptions()).Play(t.Context(), traffic.Cases[0]); err != nil {
		t.Error(err)
	}
}

// files reads the secrets of a folder and holds each to its owner's eyes.
func files(t *testing.T, folder string) map[string][]byte {
	t.Helper()
	found := map[string][]byte{}
	err := filepath.WalkDir(folder, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() || strings.Contains(path, "postern.db") {
			return err
		}
		info, err := entry.Info()
		if err != nil {
			return err
		}
		if info.Mode().Perm() != 0o600 {
			t.Errorf("%s may be read by others: %s", entry.Name(), info.Mode())
		}
		if strings.HasPrefix(entry.Name(), "demo.") { // its log and its lock
			return nil
		}
		found[entry.Name()], err = os.ReadFile(path)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	if _, there := found["master.key"]; !there || len(found) != 13 {
		t.Errorf("the folder holds %d secrets, want a master key, the staff's, the users' and two keys for each of five applications", len(found))
	}
	return found
}

// printed is what Run writes, read while it runs.
type printed struct {
	mu   sync.Mutex
	text strings.Builder
	once sync.Once
	done chan struct{}
}

func (p *printed) Write(b []byte) (int, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.text.Write(b)
	p.once.Do(func() { close(p.done) })
	return len(b), nil
}

func TestRunSaysWhatToOpenAndStopsWithItsContext(t *testing.T) {
	t.Parallel()
	ctx, stop := context.WithCancel(t.Context())
	out := &printed{done: make(chan struct{})}
	ended := make(chan error, 1)
	folder := t.TempDir()
	go func() {
		ended <- demo.Run(ctx, demo.Options{Data: folder, Traffic: true, Out: out, Log: slog.New(slog.DiscardHandler), Now: time.Now, Rand: rand.Reader})
	}()
	select {
	case <-out.done:
	case err := <-ended:
		t.Fatal("the demo ended before it began:", err)
	}
	for _, part := range []string{"Open     http://localhost:", "Check my loan offer", folder, "Ctrl-C", "Traffic", "--base-port", "/console", "officer ", "code ", "/staff", "in a new tab", "demo.log.old", filepath.Join(folder, "demo.log")} {
		if !strings.Contains(out.text.String(), part) {
			t.Errorf("the text lacks %q:\n%s", part, out.text.String())
		}
	}
	stop()
	if err := <-ended; err != nil {
		t.Error("the demo did not stop cleanly:", err)
	}
	if !strings.HasSuffix(out.text.String(), "Stopped.\n") {
		t.Errorf("the last words are not that it stopped:\n%s", out.text.String())
	}
}

func TestPortsFromABase(t *testing.T) {
	t.Parallel()
	want := demo.Ports{Gateway: 8080, Internal: 8081, Portal: 8082, H5: 8090, Bank: 8091, Partner: 8092}
	if got, err := demo.PortsFrom(8080); err != nil || got != want {
		t.Errorf("ports %v and error %v, want %v", got, err, want)
	}
	for _, base := range []int{-1, 0, 1023, 65524} {
		if got, err := demo.PortsFrom(base); err == nil {
			t.Errorf("base port %d gave %v", base, got)
		}
	}
	if _, err := demo.PortsFrom(65523); err != nil {
		t.Error("the highest base port is refused:", err)
	}
}

func TestTheLogIsItsOwnersAndKeepsOneRunBefore(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	path := filepath.Join(folder, "demo.log")
	for range 3 {
		d := start(t, folder)
		if err := d.Close(context.WithoutCancel(t.Context())); err != nil {
			t.Fatal(err)
		}
		log := string(read(t, path))
		if !strings.HasPrefix(log, "{") || !strings.Contains(log, `"level":"INFO"`) {
			t.Errorf("the log reads %q, want lines at Info", log)
		}
	}
	logs, err := filepath.Glob(path + "*")
	if err != nil || len(logs) != 2 {
		t.Errorf("logs %v and error %v, want this run's and the last one's", logs, err)
	}
}

func read(t *testing.T, path string) []byte {
	t.Helper()
	content, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return content
}

func TestTwoDemosCannotShareAPort(t *testing.T) {
	t.Parallel()
	d := start(t, t.TempDir())
	address, err := url.Parse(d.URL())
	if err != nil {
		t.Fatal(err)
	}
	var port int
	for _, digit := range address.Port() {
		port = port*10 + int(digit-'0')
	}
	_, err = demo.Start(t.Context(), demo.Options{Data: t.TempDir(), Now: time.Now, Rand: rand.Reader, Ports: demo.Ports{Partner: port}})
	for _, part := range []string{fmt.Sprintf("port %d, for the partners' page", port), "the demo needs the ports", "--base-port N"} {
		if err == nil || !strings.Contains(err.Error(), part) {
			t.Errorf("error %v, want %q in it", err, part)
		}
	}
}

func TestTheShellAnswersItsOwnPagesOnly(t *testing.T) {
	t.Parallel()
	d := start(t, t.TempDir())
	own := strings.TrimSuffix(d.URL(), "/")
	for _, tc := range []struct {
		name, method, path, origin, media, body string
		want                                    int
	}{
		{"the start page", http.MethodGet, "/", "", "", "", http.StatusOK},
		{"a partner that does not exist", http.MethodGet, "/partners/nobody", "", "", "", http.StatusNotFound},
		{"a visit that does not exist", http.MethodGet, "/visits/AAAAAAAAAAAAAAAAAAAAAA", "", "", "", http.StatusNotFound},
		{"a tap", http.MethodPost, "/partners/lianhe/visits", own, "application/x-www-form-urlencoded", "", http.StatusSeeOther},
		{"a tap from another site", http.MethodPost, "/partners/lianhe/visits", "https://elsewhere.example", "application/x-www-form-urlencoded", "", http.StatusForbidden},
		{"a tap from nowhere", http.MethodPost, "/partners/lianhe/visits", "", "application/x-www-form-urlencoded", "", http.StatusForbidden},
		{"steps of no visit", http.MethodPost, "/visits/AAAAAAAAAAAAAAAAAAAAAA/steps", own, "application/json", `{"kind":"keys"}`, http.StatusNotFound},
		{"a choice that leads out", http.MethodPost, "/preferences", own, "application/x-www-form-urlencoded", "lang=zh-CN&to=//elsewhere.example/", http.StatusSeeOther},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			answer := ask(t, tc.method, own+tc.path, tc.origin, tc.media, tc.body)
			if answer.StatusCode != tc.want {
				t.Errorf("status %d, want %d", answer.StatusCode, tc.want)
			}
			if to := answer.Header.Get("Location"); strings.Contains(to, "elsewhere") {
				t.Errorf("the answer leads to %s", to)
			}
			if tc.want != http.StatusForbidden && !strings.Contains(answer.Header.Get("Content-Security-Policy"), "default-src 'none'") {
				t.Error("the answer has no content security policy")
			}
		})
	}
}

func TestReportsMustBeReports(t *testing.T) {
	t.Parallel()
	d := start(t, t.TempDir())
	own := strings.TrimSuffix(d.URL(), "/")
	visit := ask(t, http.MethodPost, own+"/partners/chengzi/visits", own, "application/x-www-form-urlencoded", "").Header.Get("Location")
	for _, tc := range []struct {
		name, media, body string
		want              int
	}{
		{"another media type", "text/plain", `{"kind":"keys"}`, http.StatusUnsupportedMediaType},
		{"no JSON", "application/json", "kind=keys", http.StatusBadRequest},
		{"another kind", "application/json", `{"kind":"leave"}`, http.StatusBadRequest},
		{"too much", "application/json", `{"kind":"keys","path":"` + strings.Repeat("x", 300<<10) + `"}`, http.StatusRequestEntityTooLarge},
		{"one of keys", "application/json", `{"kind":"keys","from":1,"until":2}`, http.StatusOK},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			if got := ask(t, http.MethodPost, own+visit+"/steps", own, tc.media, tc.body).StatusCode; got != tc.want {
				t.Errorf("status %d, want %d", got, tc.want)
			}
		})
	}
}

func ask(t *testing.T, method, address, origin, media, body string) *http.Response {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), method, address, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Origin", origin)
	request.Header.Set("Content-Type", media)
	client := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	answer, err := client.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = answer.Body.Close() })
	if _, err := io.Copy(io.Discard, answer.Body); err != nil {
		t.Fatal(err)
	}
	return answer
}
