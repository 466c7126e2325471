package control_test

import (
	"context"
	"log/slog"
	"slices"
	"testing"
	"time"

	"postern/app/control"
	"postern/app/store"
	"postern/app/store/storetest"
	"postern/models"
)

// BenchmarkFreeze measures, of a node that follows the database as a served one
// does, the time from the commit of a freeze until it would refuse, and until
// that is on record: what a node adds to a click. Milliseconds.
func BenchmarkFreeze(b *testing.B) {
	for name, open := range map[string]func(testing.TB) *store.Store{"sqlite": storetest.SQLite, "postgres": storetest.Postgres} {
		b.Run(name, func(b *testing.B) { benchmarkFreeze(b, open(b)) })
	}
}

func benchmarkFreeze(b *testing.B, s *store.Store) {
	ctx, stop := context.WithCancel(b.Context())
	defer stop()
	f, err := control.Open(ctx, s, time.Now, slog.New(slog.DiscardHandler))
	if err != nil {
		b.Fatal(err)
	}
	heart := control.NewHeart(control.HeartOptions{
		Store: s, Feed: f, Node: "other", Ready: func() bool { return true }, InFlight: func() int64 { return 0 }, Now: time.Now, Log: slog.New(slog.DiscardHandler),
	})
	f.Listen(func(c models.Change) error { heart.Heard(c); return nil })
	go f.Run(ctx)
	go heart.Run(ctx)
	var refused, recorded []float64
	for i := range b.N {
		id := "f-" + time.Now().Format(time.RFC3339Nano)
		began := time.Now()
		z := models.Freeze{ID: id, TargetKind: models.FreezePartner, TargetID: id, Stops: models.FreezeAll, StartedAt: began.UnixMilli()}
		if err := s.Write(ctx, func(tx *store.Tx) error { return tx.SaveFreeze(z, z.StartedAt) }); err != nil {
			b.Fatal(err)
		}
		for !f.Frozen(models.FreezePartner, id, models.FreezeCall) {
			time.Sleep(time.Millisecond)
		}
		refused = append(refused, float64(time.Since(began).Microseconds())/1000)
		for list := []models.FreezeNode(nil); len(list) == 0; {
			if list, err = s.FreezeNodes(ctx, id); err != nil {
				b.Fatal(err)
			}
		}
		recorded = append(recorded, float64(time.Since(began).Microseconds())/1000)
		time.Sleep(time.Duration(i*37%250) * time.Millisecond) // anywhere between two polls
	}
	for unit, list := range map[string][]float64{"refused": refused, "recorded": recorded} {
		slices.Sort(list)
		b.ReportMetric(list[len(list)/2], unit+"-p50-ms")
		b.ReportMetric(list[len(list)-1], unit+"-max-ms")
	}
}
