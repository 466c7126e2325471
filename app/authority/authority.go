package authority

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"io"
	"log/slog"
	"sync/atomic"
	"time"

	"github.com/maypok86/otter/v2"

	"postern/app/consents"
	"postern/app/control"
	"postern/app/directory"
	"postern/app/errs"
	"postern/app/keyring"
	"postern/app/ledger"
	"postern/app/limit"
	"postern/models"
)

// Rates are the token buckets of one application where it has none of its own,
// and of one visit. A zero rate does not limit.
type Rates struct{ AT, VT, Call, Visit limit.Rate }

// Options are what an authority works with.
type Options struct {
	Issuer    string
	Ledger    *ledger.Ledger
	Ring      *keyring.Ring
	Directory *directory.Directory
	Feed      *control.Feed
	Differs   func() bool // whether the database is known to be another one than was vouched for; nil for never
	Consents  *consents.Registry
	Buckets   *limit.Buckets
	Replays   *limit.ReplayWindow
	Rates     Rates
	Zone      *time.Location // the bank's, on whose clock services open
	Now       func() time.Time
	Rand      io.Reader
	Log       *slog.Logger
}

// Authority decides; safe for concurrent use.
type Authority struct {
	Options
	assertions *otter.Cache[string, signedAssertion]
	opened     *otter.Cache[string, *openedTicket] // by VT
	lost       atomic.Int64                        // records that the ledger did not take
	noted      atomic.Int64                        // Unix ms of the last complaint about it
}

// maxAssertions bounds the signed assertions that are kept for reuse.
const maxAssertions = 20_000

// New returns an authority.
func New(o Options) *Authority {
	return &Authority{
		Options:    o,
		assertions: otter.Must(&otter.Options[string, signedAssertion]{MaximumSize: maxAssertions}),
		opened: otter.Must(&otter.Options[string, *openedTicket]{
			MaximumSize: maxOpened, ExpiryCalculator: otter.ExpiryWriting[string, *openedTicket](openedLife),
		}),
	}
}

// newID draws an id of 16 random octets: 22 base64url characters.
func (a *Authority) newID() (string, error) {
	var b [16]byte
	if _, err := io.ReadFull(a.Rand, b[:]); err != nil {
		return "", fmt.Errorf("draw id: %w", err)
	}
	return base64.RawURLEncoding.EncodeToString(b[:]), nil
}

// newVID makes the name of a visit: 22 characters, of which the first 8 are
// the Unix milliseconds, the rest 80 random bits. A vid is a name and no secret;
// the time in front keeps what happens together together in the database.
func (a *Authority) newVID(now time.Time) (string, error) {
	var b [16]byte
	binary.BigEndian.PutUint64(b[:8], uint64(now.UnixMilli())<<16)
	if _, err := io.ReadFull(a.Rand, b[6:]); err != nil {
		return "", fmt.Errorf("draw vid: %w", err)
	}
	return base64.RawURLEncoding.EncodeToString(b[:]), nil
}

// hashAT is how an AT is known in the ledger: base64url SHA-256 of its compact form.
func hashAT(at string) string {
	h := sha256.Sum256([]byte(at))
	return base64.RawURLEncoding.EncodeToString(h[:])
}

// hashR is how the ledger knows R without learning it. R has 256 bits (128 in
// GM) of its own, so a plain hash can't be searched.
func hashR(r []byte) string {
	h := sha256.New()
	h.Write([]byte("h5-access/v1 r\x00"))
	h.Write(r)
	return base64.RawURLEncoding.EncodeToString(h.Sum(nil))
}

// Ready refuses while this node can't know what is true: its feed of changes is
// too old, its clock stands behind what is on record, or the database is not the one
// that the node's anchor vouches for. The door for partners asks
// before it looks at who calls: what is known of him may be old, too.
func (a *Authority) Ready() error {
	if a.Feed.Stale() {
		return errUnavailable.Because("feed_stale")
	}
	if a.Ledger.ClockBehind() {
		return errUnavailable.Because("clock_behind")
	}
	if a.Differs != nil && a.Differs() {
		return errUnavailable.Because("evidence_differs")
	}
	return nil
}

// takeVisit draws from the bucket of one visit or of one spent AT, so that one
// visitor can't use up what its partner's others need.
func (a *Authority) takeVisit(id string) error {
	ok, retry := a.Buckets.Take("visit "+id, a.Rates.Visit, a.Now())
	if ok {
		return nil
	}
	return errRateLimited.Because("rate_visit").With(errs.Help{RetryAfter: retry})
}

// take draws from an application's bucket for one sort of traffic.
func (a *Authority) take(sort string, app *directory.Application, own int64, standard limit.Rate) error {
	if err := a.limitWeather(sort, app); err != nil {
		return err
	}
	rate := standard
	if own > 0 {
		rate = limit.Rate{PerSecond: float64(own), Burst: int(2 * own)}
	}
	ok, retry := a.Buckets.Take(sort+" "+app.ID, rate, a.Now())
	if ok {
		return nil
	}
	return errRateLimited.Because("rate_" + sort).With(errs.Help{RetryAfter: retry})
}

// checkActive refuses what staff suspended or froze.
func (a *Authority) checkActive(app *directory.Application, svc *directory.Service, what models.FreezeScope) error {
	switch {
	case !app.Active():
		return errNotActive.Because("application_not_active")
	case svc.Status != models.Active:
		return errNotActive.Because("service_not_active")
	case a.Feed.Frozen("partner", app.PartnerID, what),
		a.Feed.Frozen("application", app.ID, what),
		a.Feed.Frozen("service", svc.ID, what):
		return errNotActive.Because("frozen")
	}
	return nil
}

// checkServing refuses what checkActive does, and then what is closed by plan:
// where new traffic is let in. What was let in before it closed is answered.
func (a *Authority) checkServing(app *directory.Application, svc *directory.Service, what models.FreezeScope) error {
	if err := a.checkActive(app, svc, what); err != nil {
		return err
	}
	return a.checkOpen(svc)
}

// The reasons of errClosed.
const (
	reasonHours = "closed_hours"
	reasonStop  = "planned_stop"
)

// checkOpen refuses while the service is closed by its hours or a planned stop,
// and says for how long.
func (a *Authority) checkOpen(svc *directory.Service) error {
	now := a.Now()
	closure, closed := svc.Hours.Closed(now, a.Zone)
	if !closed {
		return nil
	}
	reason := reasonHours
	if closure.Stop != nil {
		reason = reasonStop
	}
	return errClosed.Because(reason).With(errs.Help{RetryAfter: closure.Until.Sub(now)})
}

// ByPlan reports whether a refusal is one that the bank has planned, or a partner for its
// sandbox: no fault, however its status reads.
func ByPlan(e *errs.Error) bool {
	return e.Reason == reasonHours || e.Reason == reasonStop || models.ByWeather(e.Reason)
}

// checkOrigin holds a request's Origin against the service's list. Browsers
// send one with every POST; none at all passes only if the service says so.
func checkOrigin(svc *directory.Service, origin string) error {
	if origin == "" && svc.AllowNoOrigin {
		return nil
	}
	if origin == "" || !svc.Origins[origin] {
		return errOriginDenied.Because("origin")
	}
	return nil
}

// parties loads the application and the service of a token. Whatever is gone
// since the token was made is not active.
func (a *Authority) parties(ctx context.Context, clientID, serviceID string) (*directory.Application, *directory.Service, error) {
	app, err := a.Directory.Application(ctx, clientID)
	if err != nil {
		return nil, nil, goneOr(err, "application_gone")
	}
	svc, err := a.Directory.Service(ctx, serviceID)
	if err != nil {
		return nil, nil, goneOr(err, "service_gone")
	}
	return app, svc, nil
}

func goneOr(err error, reason string) error {
	if errs.KindOf(err) == errs.NotFound {
		return errNotActive.Because(reason)
	}
	return err
}
