package demo

import (
	"context"
	"log/slog"
	"slices"
	"time"

	"postern/app/demo/story"
	"postern/app/store"
	"postern/models"
)

// ledger reads what the gateway has put on record. The demo may look, as it is
// the bank here too; no endpoint of the gateway tells this to anybody.
type ledger struct {
	store *store.Store
	log   *slog.Logger
}

// Refusals are put on disk up to 200 ms after their answer.
const (
	entryWait  = time.Second
	entryEvery = 20 * time.Millisecond
)

// explain gives a step that was refused the ledger's line about it, if there is
// one in time. Refused calls are records of their own, not lines.
func (l ledger) explain(ctx context.Context, s *story.Step, requestID string) {
	if s.Code == "" || s.Letter == "G" || requestID == "" {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, entryWait)
	defer cancel()
	tick := time.NewTicker(entryEvery)
	defer tick.Stop()
	for {
		events, err := l.store.EventsOf(ctx, requestID)
		if err != nil {
			l.log.WarnContext(ctx, "ledger not read", slog.String("request_id", requestID), slog.Any("err", err))
			return
		}
		if i := slices.IndexFunc(events, func(e models.Event) bool { return e.Outcome != "ok" }); i >= 0 {
			e := events[i]
			s.Entry = &story.Entry{At: time.UnixMilli(e.At), Reason: e.Reason, VID: e.VID, Body: []byte(e.Body)}
			return
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return
		}
	}
}
