package upstream

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"sync/atomic"

	"github.com/sony/gobreaker/v2"

	"postern/app/directory"
)

// State is the state of an upstream's circuit.
type State uint8

// The states of a circuit, numbered as the metrics show them. The zero value is
// Closed: calls pass.
const (
	Closed   State = iota // calls pass
	HalfOpen              // one call probes, the others are refused
	Open                  // calls are refused
)

// upstream is one configured upstream with its connections and its circuit.
type upstream struct {
	config    Config
	base      *url.URL
	transport *http.Transport
	breaker   *gobreaker.CircuitBreaker[*Reply]
	underWay  atomic.Int64
}

func newUpstream(config Config, options Options) (*upstream, error) {
	base, err := directory.ParseBaseURL(config.BaseURL)
	if err != nil {
		return nil, err
	}

	return &upstream{
		config:    config,
		base:      base,
		transport: newTransport(config, options),
		breaker: gobreaker.NewCircuitBreaker[*Reply](gobreaker.Settings{
			Name:         config.Name,
			MaxRequests:  1,
			Timeout:      config.Cooldown,
			ReadyToTrip:  func(c gobreaker.Counts) bool { return c.ConsecutiveFailures >= uint32(config.BreakAfter) },
			IsSuccessful: answered,
			// A visitor who leaves says nothing about the upstream.
			IsExcluded: func(err error) bool { return errors.Is(err, context.Canceled) },
		}),
	}, nil
}

// answered tells the breaker whether the upstream is alive. An answer that may
// not be used because of its content counts as alive: otherwise one page that
// asks for one bad route could close the way for all others.
func answered(err error) bool {
	return err == nil || errors.Is(err, ErrReply) && !errors.Is(err, errBroken)
}

// do runs one call inside the breaker.
func (u *upstream) do(ctx context.Context, r Request) (*Reply, error) {
	// Hanging calls must not pile up until the breaker has seen enough of them.
	if u.underWay.Add(1) > int64(u.config.MaxConcurrent) {
		u.underWay.Add(-1)
		return nil, fmt.Errorf("%w: too many calls under way", ErrUnavailable)
	}
	defer u.underWay.Add(-1)

	limited, cancel := context.WithTimeout(ctx, u.config.Timeout)
	defer cancel()
	if r.safe() && u.base.Scheme == "https" {
		var stop context.CancelCauseFunc
		limited, stop = boundAttempts(limited)
		defer stop(nil)
	}
	// Built before the breaker is asked: a malformed request is no failure of
	// the upstream.
	req, err := r.build(limited, u.base)
	if err != nil {
		return nil, err
	}

	reply, err := u.breaker.Execute(func() (*Reply, error) { return u.roundTrip(req) })
	switch {
	case errors.Is(err, errGatewayStatus):
	case errors.Is(err, gobreaker.ErrOpenState), errors.Is(err, gobreaker.ErrTooManyRequests):
		return nil, fmt.Errorf("%w: %w", ErrUnavailable, err)
	case err != nil:
		return nil, err
	}
	reply.BytesOut = int64(len(r.Body))

	return reply, nil
}

// roundTrip sends req and reads its reply. It uses the transport itself: an
// http.Client would follow redirects and could keep cookies.
func (u *upstream) roundTrip(req *http.Request) (*Reply, error) {
	ctx := req.Context()
	res, err := u.transport.RoundTrip(req)
	if err != nil {
		return nil, classify(ctx, err)
	}
	reply, err := readReply(ctx, res, u.config.MaxReply)
	if err != nil {
		return nil, classify(ctx, err)
	}

	switch reply.Status {
	case http.StatusBadGateway, http.StatusServiceUnavailable, http.StatusGatewayTimeout:
		return reply, errGatewayStatus
	}

	return reply, nil
}

// classify turns an error of net/http into one of ours. Only the end of the
// call's own time is a timeout: a connection that was not made in its time
// carried nothing, which the caller of a write wants to know.
func classify(ctx context.Context, err error) error {
	switch cause := ctx.Err(); {
	case errors.Is(err, ErrReply):
		return err
	case errors.Is(context.Cause(ctx), errAttempts):
		return fmt.Errorf("%w: %w", ErrUnavailable, errAttempts)
	case errors.Is(cause, context.Canceled):
		return fmt.Errorf("call upstream: %w", context.Canceled)
	case errors.Is(cause, context.DeadlineExceeded):
		return fmt.Errorf("%w: %w", ErrTimeout, err)
	}

	return fmt.Errorf("%w: %w", ErrUnavailable, err)
}

func (u *upstream) state() State {
	switch u.breaker.State() {
	case gobreaker.StateOpen:
		return Open
	case gobreaker.StateHalfOpen:
		return HalfOpen
	default:
		return Closed
	}
}
