package console

import (
	"context"
	"io"
	"log/slog"
	"sync/atomic"
	"time"

	"postern/app/approval"
	"postern/app/directory"
	"postern/app/gateway/upstream"
	"postern/app/identity"
	"postern/app/keyring"
	"postern/app/limit"
	"postern/app/records"
	"postern/app/settings"
	"postern/app/store"
	"postern/app/web"
	"postern/models"
	"postern/policies"
)

// Options are what the console works with.
type Options struct {
	Identity     *identity.Identity
	Approvals    *approval.Approvals
	Records      *records.Records
	Tail         *records.Tail
	Cursors      web.Cursors
	Store        *store.Store
	Directory    *directory.Directory
	Feed         Feed
	Visits       Visits
	Upstreams    *upstream.Pool // this node's
	Keys         *keyring.Ring
	Settings     *settings.Live
	Node         string // this node's name
	Facts        Facts
	Staff        *policies.Staff
	Address      string // where the console is reached, without a trailing slash
	Cookies      web.Cookies
	Certificates func() map[string]time.Time // the listeners' own, by listener, and when each ends; nil where none has one
	Bank, BankZH string                      // the bank's name in each language
	Zone         *time.Location              // the bank's, in which times are shown
	Failures     *limit.FailureGate
	Questions    *limit.FailureGate         // how often an address may be asked for a passkey, or be sent to sign on
	SignOn       bool                       // the bank's own sign-on is one way in
	SignOnName   string                     // what the staff call it; may be empty
	Ready        func(context.Context) bool // whether this node answers
	Now          func() time.Time
	Rand         io.Reader
	Log          *slog.Logger
}

// Visits ends visits; authority.Authority does.
type Visits interface {
	EndVisit(ctx context.Context, vid, account, why string) error
}

// Feed knows what is frozen; control.Feed does.
type Feed interface {
	Frozen(kind models.FreezeTarget, id string, what models.FreezeScope) bool
	Thawed(scopes []string, what models.FreezeScope) []string
	Poll(ctx context.Context) error
}

// Console has the staff's screens.
type Console struct {
	o     Options
	looks *limit.Buckets // at pages, by account
	ready atomic.Bool    // both administrators are in; it does not become untrue
}

// New returns the console's screens.
func New(o Options) *Console { return &Console{o: o, looks: limit.NewBuckets(maxLookers)} }
