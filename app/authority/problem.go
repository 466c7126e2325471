package authority

import (
	"encoding/json"
	"math"
	"time"

	"postern/app/errs"
)

// The refusals of protocol section 7.
var (
	ErrBadEnvelope   = errs.New(errs.Invalid, "bad_envelope", "Not an envelope that this gateway takes.")
	ErrTooLarge      = errs.New(errs.TooLarge, "too_large", "The request is over the size limit.")
	errStale         = errs.New(errs.Invalid, "stale_request", "The request's time is outside the window.")
	errReplayed      = errs.New(errs.Conflict, "replayed", "This request was seen before.")
	errInvalidAT     = errs.New(errs.Unauthenticated, "invalid_at", "The AT is not valid here.")
	errATSpent       = errs.New(errs.Conflict, "at_spent", "The AT was used already.")
	errOriginDenied  = errs.New(errs.Forbidden, "origin_denied", "The page's origin is not one of the service's.")
	errInvalidVT     = errs.New(errs.Unauthenticated, "invalid_vt", "The VT is not valid.")
	errNotActive     = errs.New(errs.Forbidden, "not_active", "The partner, application or service is not active.")
	errScopeDenied   = errs.New(errs.Forbidden, "scope_denied", "No grant covers this call.")
	errConsentStale  = errs.New(errs.Conflict, "consent_stale", "This is not the consent that is asked for now.")
	errNeedsCustomer = errs.New(errs.Forbidden, "customer_required", "The visitor must sign in first.")
	errNoRoute       = errs.New(errs.NotFound, "no_route", "The service has no such route.")
	errRateLimited   = errs.New(errs.RateLimited, "rate_limited", "Too many requests.")
	errBadGateway    = errs.New(errs.BadGateway, "upstream_unavailable", "The bank's system gave no answer that may leave.")
	errClosed        = errs.New(errs.Unavailable, "unavailable", "The service is closed at this time; nothing was done.")
	errUnavailable   = errs.New(errs.Unavailable, "unavailable", "The gateway can't do this now; nothing was done.")
)

// statuses of protocol section 7, by code.
var statuses = map[string]int{
	"bad_envelope": 400, "too_large": 413, "stale_request": 400, "replayed": 409,
	"invalid_at": 401, "at_spent": 409, "origin_denied": 403, "invalid_vt": 401,
	"not_active": 403, "scope_denied": 403, "customer_required": 403, "consent_stale": 409, "no_route": 404,
	"rate_limited": 429, "upstream_unavailable": 502, "upstream_timeout": 504, "unavailable": 503,
}

// Refusal returns err as one of the codes of protocol section 7: whatever is
// not one of them is unavailable, for nothing was done.
func Refusal(err error) *errs.Error {
	e := errs.Of(err)
	if _, known := statuses[e.Code]; known {
		return e
	}
	return errUnavailable.Because("internal").Wrap(err)
}

// Status is the number that goes with a code of protocol section 7.
func Status(code string) int {
	if s, ok := statuses[code]; ok {
		return s
	}
	return statuses["unavailable"]
}

// Problem is the object of RFC 9457 that a refusal becomes.
type Problem struct {
	Type       string `json:"type"`
	Title      string `json:"title"`
	Status     int    `json:"status"`
	Code       string `json:"code"`
	RequestID  string `json:"request_id"`
	ServerTime int64  `json:"server_time"`
	JTI        string `json:"jti,omitempty"`
	Permission string `json:"permission,omitempty"`
	RetryAfter int64  `json:"retry_after,omitempty"`
	First      string `json:"first,omitempty"`
	Version    int64  `json:"version,omitempty"`
}

// NewProblem makes the object for a refusal; jti is empty in the clear.
func NewProblem(e *errs.Error, requestID, jti string, now time.Time) Problem {
	return Problem{
		Type: "urn:postern:problem:" + e.Code, Title: e.Message, Status: Status(e.Code), Code: e.Code,
		RequestID: requestID, ServerTime: now.Unix(), JTI: jti,
		Permission: e.Help.Permission, RetryAfter: RetrySeconds(e.Help.RetryAfter), First: e.Help.First, Version: e.Help.Version,
	}
}

// RetrySeconds rounds a wait up to whole seconds, as Retry-After has it.
func RetrySeconds(d time.Duration) int64 { return int64(math.Ceil(d.Seconds())) }

func (p Problem) encode() ([]byte, error) { return json.Marshal(p) }
