package console

import (
	"context"
	"log/slog"
	"sync/atomic"
	"time"

	"postern/app/approval"
	"postern/app/identity"
	"postern/app/limit"
	"postern/app/store"
	"postern/app/web"
	"postern/policies"
)

// Options are what the console works with.
type Options struct {
	Identity   *identity.Identity
	Approvals  *approval.Approvals
	Store      *store.Store
	Staff      *policies.Staff
	Cookies    web.Cookies
	SignOn     bool           // the bank's own sign-on is one way in
	SignOnName string         // what the staff call it; may be empty
	Bank       string         // the bank's name, as the screens show it
	Zone       *time.Location // the bank's, in which times are shown
	Failures   *limit.FailureGate
	Questions  *limit.FailureGate         // how often an address may be asked for a passkey, or be sent to sign on
	Ready      func(context.Context) bool // whether this node answers
	Now        func() time.Time
	Log        *slog.Logger
}

// Console has the staff's screens.
type Console struct {
	o     Options
	ready atomic.Bool // both administrators are in; it does not become untrue
}

// New returns the console's screens.
func New(o Options) *Console { return &Console{o: o} }
