package upstream

import (
	"errors"
	"fmt"
)

// Errors of [Pool.Do]; compare with errors.Is. A cancelled caller gets an error
// that wraps context.Canceled instead.
var (
	// ErrUnavailable: refused, reset, unreachable, no connection in time, the
	// circuit open, too many calls under way, or no such upstream.
	ErrUnavailable = errors.New("upstream is unavailable")
	// ErrTimeout: the call was not over when its time was. A write may have
	// happened.
	ErrTimeout = errors.New("upstream timed out")
	// ErrReply: the upstream answered, and the answer may not be used: too
	// large, broken framing, an encoding nobody asked for, a malformed header. A
	// write may have happened.
	ErrReply = errors.New("upstream reply is unusable")
	// ErrRequest: the request is not one that may be sent. Nothing was sent.
	ErrRequest = errors.New("request to upstream is malformed")
)

// errGatewayStatus marks a reply of 502, 503 or 504 for the breaker; it never
// leaves this package.
var errGatewayStatus = errors.New("upstream answered with a gateway error")

// errBroken marks an ErrReply that is the connection's fault and not the
// content's, so that the breaker counts it.
var errBroken = errors.New("broken framing")

// errAttempts ends a read that net/http keeps sending.
var errAttempts = errors.New("the upstream kept dropping the request")

func requestFault(what string) error { return fmt.Errorf("%w: %s", ErrRequest, what) }

func replyFault(what string) error { return fmt.Errorf("%w: %s", ErrReply, what) }
