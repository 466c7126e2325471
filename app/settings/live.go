package settings

import (
	"context"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"

	"postern/app/config"
	"postern/models"
)

// Source is where what was set is kept; store.Store.
type Source interface {
	Settings(ctx context.Context) ([]models.Setting, error)
}

// Live is what holds on a node. It is safe for concurrent use; readers never wait.
type Live struct {
	source Source
	told   config.Config
	log    *slog.Logger

	reading sync.Mutex // one Reload at a time: an older picture must not replace a newer one
	now     atomic.Pointer[picture]
}

// picture is what holds, and which of it was set in the console, by key.
type picture struct {
	config.Config
	set map[string]models.Setting
}

// Open reads what was set. told is what the node was told at its start.
func Open(ctx context.Context, source Source, told config.Config, log *slog.Logger) (*Live, error) {
	l := &Live{source: source, told: told, log: log}
	return l, l.Reload(ctx)
}

// Reload reads what was set again; called when the feed says that it moved. A
// value that this release does not take is logged and left out: the node must not
// stand still for it.
func (l *Live) Reload(ctx context.Context) error {
	l.reading.Lock()
	defer l.reading.Unlock()
	rows, err := l.source.Settings(ctx)
	if err != nil {
		return fmt.Errorf("load settings: %w", err)
	}
	p, faults := over(l.told, rows)
	for _, f := range faults {
		l.log.WarnContext(ctx, "setting of the console was not taken", slog.String("key", f.Key), slog.String("problem", f.Problem))
	}
	l.now.Store(&p)
	return nil
}

// over lays what was set over what a node was told, where that says nothing.
func over(told config.Config, rows []models.Setting) (picture, config.Faults) {
	p := picture{Config: told, set: map[string]models.Setting{}}
	var faults config.Faults
	for _, row := range rows {
		if Locked(told, row.Key) {
			continue
		}
		next, wrong := p.Config.With(map[string]string{row.Key: row.Value})
		if len(wrong) > 0 {
			faults = append(faults, wrong...)
			continue
		}
		p.Config, p.set[row.Key] = next, row
	}
	return p, faults
}

// Locked reports whether a node's file, environment or flags say a setting.
func Locked(told config.Config, key string) bool { return told.Origin(key).Kind != config.FromDefault }

// Retention is how long rows are kept.
func (l *Live) Retention() config.Retention { return l.now.Load().Retention }

// Rules are the rules of alerts.
func (l *Live) Rules() config.AlertRules { return l.now.Load().Alerts.Rules }

// Config is all that holds, what was set in the console included.
func (l *Live) Config() config.Config { return l.now.Load().Config }

// Row is a setting that holds, and who set it in the console, if it was there.
type Row struct {
	config.Shown
	By string // account
	At int64  // Unix ms
}

// Rows lists all settings that hold, as people may see them.
func (l *Live) Rows() []Row {
	p := l.now.Load()
	var list []Row
	for _, s := range p.Shown() {
		row := Row{Shown: s}
		if set, ok := p.set[s.Key]; ok {
			row.Origin, row.By, row.At = config.Origin{Kind: config.FromConsole}, set.ChangedBy, set.ChangedAt
		}
		list = append(list, row)
	}
	return list
}
