package web

import (
	"context"
	"net/http"
	"strings"
	"time"

	"github.com/gin-gonic/gin"
)

// sendTime is how long one piece of a long answer may take to be taken.
const sendTime = 15 * time.Second

type stoppingKey struct{}

// Stopping is closed when the server that a request came through takes no more:
// answers that would go on for long end then. It is nil for other requests.
func Stopping(ctx context.Context) <-chan struct{} {
	stopping, _ := ctx.Value(stoppingKey{}).(<-chan struct{})
	return stopping
}

// Long is an answer that is sent in pieces, for longer than an answer may
// usually take. Each piece has a time of its own.
type Long struct {
	w       http.ResponseWriter
	control *http.ResponseController
}

// SendLong begins a long answer: neither the time for a request nor the time for
// an answer ends it from here on.
func SendLong(c *gin.Context, mediaType string) *Long {
	l := &Long{w: c.Writer, control: http.NewResponseController(c.Writer)}
	// Not every writer of a test knows deadlines; none is what is wanted.
	_ = l.control.SetReadDeadline(time.Time{})
	_ = l.control.SetWriteDeadline(time.Time{})
	c.Header("Content-Type", mediaType)
	c.Status(http.StatusOK)
	return l
}

// Write sends a piece. Whoever does not take it in time is cut.
func (l *Long) Write(b []byte) (int, error) {
	late := time.AfterFunc(sendTime, func() { _ = l.control.SetWriteDeadline(time.Unix(1, 0)) })
	defer late.Stop()
	return l.w.Write(b)
}

// Flush sends what waits.
func (l *Long) Flush() error {
	late := time.AfterFunc(sendTime, func() { _ = l.control.SetWriteDeadline(time.Unix(1, 0)) })
	defer late.Stop()
	return l.control.Flush()
}

// Event is a server-sent event (HTML Living Standard section 9.2.6). Name and ID
// may be empty; they hold no line break.
type Event struct{ Name, ID, Data string }

// Send sends an event.
func (l *Long) Send(e Event) error {
	var b strings.Builder
	if e.Name != "" {
		b.WriteString("event: " + e.Name + "\n")
	}
	if e.ID != "" {
		b.WriteString("id: " + e.ID + "\n")
	}
	for line := range strings.SplitSeq(strings.ReplaceAll(e.Data, "\r", ""), "\n") {
		b.WriteString("data: " + line + "\n")
	}
	b.WriteString("\n")
	return l.send(b.String())
}

// Beat tells the other side, and all proxies on the way, that this still lives.
func (l *Long) Beat() error { return l.send(": beat\n\n") }

func (l *Long) send(text string) error {
	if _, err := l.Write([]byte(text)); err != nil {
		return err
	}
	return l.Flush()
}
