package console

import (
	"bytes"
	"context"
	"strconv"
	"time"

	"github.com/gin-gonic/gin"

	"postern/app/records"
	"postern/app/web"
	"postern/models"
	"postern/views/console"
	"postern/views/ui"
)

// Times of a stream.
const (
	beatEvery  = 15 * time.Second
	streamLife = time.Hour // then the browser asks anew, through the guard
)

// LogStream sends the log's new rows as they come, until the page is left, the
// session ends or the node stops.
func (s *Console) LogStream(c *gin.Context) error {
	ctx := c.Request.Context()
	q := logQueryOf(c)
	f, err := q.filter(s.o.Now().In(s.o.Zone))
	if err != nil {
		return err
	}
	if !f.Followed() {
		return records.ErrFilter
	}
	names, err := s.o.Records.Names(ctx)
	if err != nil {
		return err
	}
	follower, err := s.o.Tail.Follow(ctx, f, max(c.Query("after"), c.GetHeader("Last-Event-ID")))
	if err != nil {
		return err
	}
	defer follower.Stop()

	long := web.SendLong(c, "text/event-stream")
	if long.Beat() != nil {
		return nil
	}
	s.follow(c, follower, long, func(b records.Batch) ([]byte, error) { return s.logRows(ctx, q, names, b.Rows) })
	return nil
}

// follow sends batches; who does not take them is gone, which is no fault.
func (s *Console) follow(c *gin.Context, follower *records.Follower, long *web.Long, draw func(records.Batch) ([]byte, error)) {
	ctx := c.Request.Context()
	beat := time.NewTicker(beatEvery)
	defer beat.Stop()
	over := time.NewTimer(streamLife)
	defer over.Stop()
	for {
		select {
		case b, open := <-follower.Batches:
			if !open || s.sendBatch(long, b, draw) != nil {
				return
			}
		case <-beat.C:
			if !s.StillIn(ctx, c) || long.Beat() != nil {
				return
			}
		case <-ctx.Done():
			return
		case <-web.Stopping(ctx):
			return
		case <-over.C:
			return
		}
	}
}

// sendBatch sends the rate, then the rows.
func (s *Console) sendBatch(long *web.Long, b records.Batch, draw func(records.Batch) ([]byte, error)) error {
	if err := long.Send(web.Event{Name: "rate", Data: strconv.Itoa(b.Matched)}); err != nil || len(b.Rows) == 0 {
		return err
	}
	rows, err := draw(b)
	if err != nil {
		return err
	}
	if b.Matched > len(b.Rows) {
		if err := long.Send(web.Event{Name: "rush", Data: strconv.Itoa(b.Matched)}); err != nil {
			return err
		}
	}
	return long.Send(web.Event{ID: b.Rows[0].ID, Data: string(rows)})
}

func (s *Console) logRows(ctx context.Context, q logQuery, names records.Names, lines []models.Event) ([]byte, error) {
	rows := make([]ui.Row, len(lines))
	for i, e := range lines {
		rows[i] = s.logRow(ctx, q, names, e, false)
		rows[i].Fresh = true
	}
	var b bytes.Buffer
	err := console.LogRows(s.logHead(ctx), rows).Render(ctx, &b)
	return b.Bytes(), err
}
