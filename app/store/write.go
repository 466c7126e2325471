package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"gorm.io/gorm"

	"postern/models"
)

// slowTransaction is the longest that a transaction may hold SQLite's writer:
// everybody who asks for a token waits behind it.
const slowTransaction = 50 * time.Millisecond

// Tx is one running business change. It is bound to its transaction: there is
// no way from it to a pool, so nothing done through it survives a rollback. It
// ends with the callback that it was given to.
type Tx struct {
	db   *gorm.DB
	told map[models.Change]bool // the notices it holds already
}

// AppendEvent writes an event of a business change in its own transaction, so
// that the change and its trace stand or fall together. Make the event with
// ledger.Make.
func (tx *Tx) AppendEvent(e models.Event) error {
	if err := tx.db.Create(&e).Error; err != nil {
		return fmt.Errorf("append event: %w", err)
	}
	return nil
}

// AppendChange tells every node that something it may hold in memory has moved.
// Notices become visible together with what they are about, so one of each is
// enough: a service that is saved with a hundred routes is dropped once.
func (tx *Tx) AppendChange(c models.Change) error {
	if tx.told[c] {
		return nil
	}
	if tx.told == nil {
		tx.told = map[models.Change]bool{}
	}
	tx.told[c] = true
	if err := tx.db.Create(&c).Error; err != nil {
		return fmt.Errorf("append change: %w", err)
	}
	return nil
}

// Write runs f in one transaction and commits it; an error or a panic of f
// rolls it back. The context is honoured while waiting for the writer and by
// the statements. It returns ErrNested at once from inside another Write or
// WriteGroup. Keep f short: no network, no key generation, no waiting for
// another goroutine that writes.
func (s *Store) Write(ctx context.Context, f func(*Tx) error) error {
	leave, err := s.enter(ctx, businessTurn)
	if err != nil {
		return fmt.Errorf("write: %w", err)
	}
	defer leave()

	tx := s.writing.WithContext(ctx).Begin()
	if tx.Error != nil {
		return fmt.Errorf("begin write: %w", tx.Error)
	}
	committed := false
	defer func() { // also when f panics or ends its goroutine
		if !committed {
			tx.Rollback()
		}
	}()
	if err := f(&Tx{db: tx}); err != nil {
		return err
	}
	committed = true // a commit that fails has ended the transaction, too
	if err := tx.Commit().Error; err != nil {
		return fmt.Errorf("commit write: %w", err)
	}
	return nil
}

// WriteGroup runs f in one transaction for the ledger's group. It is Write with
// bare SQL: gorm costs twice the time there. On SQLite it goes before waiting
// business writes, and ctx is honoured only while waiting: a context that can
// end makes the driver start a goroutine for each statement.
func (s *Store) WriteGroup(ctx context.Context, f func(*sql.Tx) error) error {
	leave, err := s.enter(ctx, groupTurn)
	if err != nil {
		return fmt.Errorf("write group: %w", err)
	}
	defer leave()

	if s.dialect == SQLite {
		ctx = context.WithoutCancel(ctx)
	}
	tx, err := s.writer.BeginTx(ctx, nil)
	if err != nil {
		return fmt.Errorf("begin group: %w", err)
	}
	committed := false
	defer func() {
		if !committed {
			_ = tx.Rollback() // the error that brought us here is the one to tell
		}
	}()
	if err := f(tx); err != nil {
		return err
	}
	committed = true
	if err := tx.Commit(); err != nil {
		return fmt.Errorf("commit group: %w", err)
	}
	return nil
}

// Nested returns ErrNested if the calling goroutine is inside the callback of a
// Write, else nil. The ledger asks before it waits for its queue; it does not
// ask about groups, which run nearly always under load and are its own.
func (s *Store) Nested() error {
	if s.inside.holdCaller(businessTurn) {
		return ErrNested
	}
	return nil
}

// errReadOnly answers who writes through a store that was opened to read.
var errReadOnly = errors.New("the store was opened read-only")

// enter takes the writer; the returned function gives it back.
func (s *Store) enter(ctx context.Context, t turn) (leave func(), err error) {
	if s.writer == nil {
		return nil, errReadOnly
	}
	if s.inside.holdCaller(businessTurn, groupTurn) {
		return nil, ErrNested
	}
	if err := context.Cause(ctx); err != nil {
		return nil, err
	}
	if s.lock != nil {
		if err := s.lock.acquire(ctx, t); err != nil {
			return nil, err
		}
	}
	out := s.inside.enter(t)
	done := s.stopwatch(ctx)
	return func() {
		out()
		if s.lock != nil {
			s.lock.release()
		}
		done()
	}, nil
}

// stopwatch returns what logs a transaction that took too long.
func (s *Store) stopwatch(ctx context.Context) (done func()) {
	if s.now == nil {
		return func() {}
	}
	start := s.now()
	return func() {
		if took := s.now().Sub(start); took > slowTransaction {
			s.log.WarnContext(ctx, "transaction was slow", slog.Float64("took_ms", float64(took.Microseconds())/1000))
		}
	}
}
