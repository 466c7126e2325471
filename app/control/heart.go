package control

import (
	"context"
	"log/slog"
	"slices"
	"sync"
	"time"

	"postern/app/store"
	"postern/models"
)

// The heart's times. Who has said nothing for Silent is not counted on any more:
// by then its feed is too old for it to decide anything.
const (
	BeatEvery = 5 * time.Second
	Silent    = 3 * BeatEvery
	forgotten = 30 * 24 * time.Hour // a name that has not been used for so long
)

// HeartOptions are what a heart works with; all are required.
type HeartOptions struct {
	Store    *store.Store
	Feed     *Feed
	Node     string // unique among the nodes of one database
	Version  string
	Ready    func() bool  // whether the node decides anything now
	InFlight func() int64 // calls on their way through it
	Now      func() time.Time
	Log      *slog.Logger
}

// Heart tells the other nodes that this one is there, and when it obeyed.
type Heart struct {
	o       HeartOptions
	started int64
	woken   chan struct{}

	turn   sync.Mutex // one beat at a time
	mu     sync.Mutex
	obeyed []models.FreezeNode // not on record yet; guarded by mu
}

// NewHeart returns the heart of a node that starts now. Run makes it beat.
func NewHeart(o HeartOptions) *Heart {
	return &Heart{o: o, started: o.Now().UnixMilli(), woken: make(chan struct{}, 1)}
}

// Heard takes a change that the node has taken up: of a freeze, it notes that
// nothing goes through any more. It waits for nothing.
func (h *Heart) Heard(c models.Change) {
	if c.Kind != models.ChangeFreeze {
		return
	}
	h.mu.Lock()
	h.obeyed = append(h.obeyed, models.FreezeNode{
		FreezeID: c.Subject, Node: h.o.Node, ObeyedAt: h.o.Now().UnixMilli(), InFlight: h.o.InFlight(),
	})
	h.mu.Unlock()
	select {
	case h.woken <- struct{}{}:
	default:
	}
}

// Run beats until ctx ends, and then says that the node has stopped.
func (h *Heart) Run(ctx context.Context) {
	tick := time.NewTicker(BeatEvery)
	defer tick.Stop()
	failing := false
	for {
		err := h.Beat(ctx)
		if err != nil && !failing && ctx.Err() == nil {
			h.o.Log.WarnContext(ctx, "node could not tell that it is there", slog.Any("err", err))
		}
		failing = err != nil
		select {
		case <-ctx.Done():
			h.stop(context.WithoutCancel(ctx))
			return
		case <-tick.C:
		case <-h.woken:
		}
	}
}

// Beat puts on record that the node is there, and what it has obeyed. What could
// not be written is tried again with the next one.
func (h *Heart) Beat(ctx context.Context) error {
	h.turn.Lock()
	defer h.turn.Unlock()
	h.mu.Lock()
	waiting := slices.Clone(h.obeyed)
	h.mu.Unlock()
	err := h.o.Store.Write(ctx, func(tx *store.Tx) error {
		if len(waiting) > 0 {
			if err := tx.ObeyFreezes(waiting); err != nil {
				return err
			}
		}
		return tx.SaveNode(h.node(0))
	})
	if err == nil {
		h.mu.Lock()
		h.obeyed = h.obeyed[len(waiting):]
		h.mu.Unlock()
	}
	return err
}

// stopPatience bounds the last word.
const stopPatience = 2 * time.Second

func (h *Heart) stop(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, stopPatience)
	defer cancel()
	now := h.o.Now()
	err := h.o.Store.Write(ctx, func(tx *store.Tx) error {
		if err := tx.ForgetNodes(now.Add(-forgotten).UnixMilli()); err != nil {
			return err
		}
		return tx.SaveNode(h.node(now.UnixMilli()))
	})
	if err != nil {
		h.o.Log.WarnContext(ctx, "node could not tell that it stops", slog.Any("err", err))
	}
}

func (h *Heart) node(stopped int64) models.Node {
	return models.Node{
		Name: h.o.Node, Version: h.o.Version, StartedAt: h.started, SeenAt: h.o.Now().UnixMilli(), StoppedAt: stopped,
		Ready: h.o.Ready(), FeedAge: h.o.Feed.Age().Milliseconds(), InFlight: h.o.InFlight(),
	}
}
