package records

import (
	"context"
	"io"
	"time"

	"postern/app/change"
	"postern/app/errs"
	"postern/app/ledger"
	"postern/app/store"
)

// Subjects opens user ids for display and makes what they are searched by;
// keyring.Subjects does.
type Subjects interface {
	Open(label, sealed string) (string, error)
	MAC(label, subject string) string
}

// Options are what a Records works with.
type Options struct {
	Store    *store.Store
	Subjects func() Subjects
	Now      func() time.Time
	Rand     io.Reader
	Zone     *time.Location // the bank's, in which counts begin
}

// Records reads the log and visits. It may be used by any number of goroutines.
type Records struct{ o Options }

// New returns a Records over o's store.
func New(o Options) *Records { return &Records{o: o} }

// Refusals of this package.
var (
	ErrReason   = errs.New(errs.Invalid, "reason", "Say why, in a few words.")
	ErrFilter   = errs.New(errs.Invalid, "filter", "This is not something that the log can be asked for.")
	ErrMany     = errs.New(errs.Conflict, "export_too_large", "More than 100,000 rows are taken along only with a second person's approval.")
	ErrNotTaken = errs.New(errs.Conflict, "export_not_approved", "An export is taken along by whoever asked for it, within 24 hours of its approval.")
	ErrNothing  = errs.New(errs.NotFound, "no_such_record", "There is no such record.")
	ErrFollower = errs.New(errs.Unavailable, "followers", "Too many follow the log at once.")
)

// Trace puts on record that somebody read something: before it is shown, and if
// that fails it is not. Nothing in detail may be personal data.
func (r *Records) Trace(ctx context.Context, actor string, e ledger.Event, detail map[string]string) error {
	return r.o.Store.Write(ctx, func(tx *store.Tx) error {
		return change.NewWriter(ctx, tx, actor, r.o.Now(), r.o.Rand).Event(e, detail)
	})
}
