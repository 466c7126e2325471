package recordview

import (
	"bytes"
	"context"
	"strconv"
	"time"

	"github.com/gin-gonic/gin"

	"postern/app/records"
	"postern/app/web"
	"postern/models"
	"postern/views/recordview"
	"postern/views/ui"
)

// Times of a stream.
const (
	beatEvery  = 15 * time.Second
	streamLife = time.Hour // then the browser asks anew, through the guard
)

// Follow answers with the batches of a follower as events, until the page is left, still
// says that its reader may not have them any more, or the node stops. Who does not take
// them is gone, which is no fault.
func Follow(c *gin.Context, follower *records.Follower, still func() bool, draw func(records.Batch) ([]byte, error)) {
	ctx := c.Request.Context()
	defer follower.Stop()
	long := web.SendLong(c, "text/event-stream")
	if long.Beat() != nil {
		return
	}
	beat := time.NewTicker(beatEvery)
	defer beat.Stop()
	over := time.NewTimer(streamLife)
	defer over.Stop()
	for {
		select {
		case b, open := <-follower.Batches:
			if !open || sendBatch(long, b, draw) != nil {
				return
			}
		case <-beat.C:
			if !still() || long.Beat() != nil {
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
func sendBatch(long *web.Long, b records.Batch, draw func(records.Batch) ([]byte, error)) error {
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

// Rows draws lines that came in.
func (v View) Rows(ctx context.Context, q Query, names records.Names, lines []models.Event) ([]byte, error) {
	rows := make([]ui.Row, len(lines))
	for i, e := range lines {
		rows[i] = v.row(ctx, q, names, e, false)
		rows[i].Fresh = true
	}
	var b bytes.Buffer
	err := recordview.LogRows(v.head(ctx), rows).Render(ctx, &b)
	return b.Bytes(), err
}
