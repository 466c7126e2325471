package errs

import (
	"errors"
	"fmt"
	"time"
)

// Kind says what a caller may do about an error. Its zero value is Internal:
// an error that nobody classified is never shown to anybody.
type Kind int

// None is the kind of no error at all.
const None Kind = -1

// The kinds, from "our fault" to "yours".
const (
	Internal        Kind = iota // a fault of ours; the cause is logged, a request id shown
	Invalid                     // the input breaks a rule; Fields says which
	Unauthenticated             // who is calling is not proved
	Forbidden                   // proved, and not allowed
	NotFound
	Conflict    // the state does not allow it (again)
	TooLarge    // over a size limit
	RateLimited // RetryAfter says when
	Unavailable // nothing was done; trying later may work
	BadGateway  // the system behind us gave no answer that may leave
	Timeout     // the system behind us gave no answer in time
)

// Error crosses package boundaries. Message is English and safe to show to
// the caller; Cause is logged and never rendered.
type Error struct {
	Kind    Kind
	Code    string // wire code, e.g. "at_spent" (protocol section 7) or "invalid_client" (RFC 6749 section 5.2)
	Message string
	Reason  string // stable word for logs, metrics and the ledger; never sent to the caller
	Fields  Fields // what is wrong with which field of an input
	Help    Help
	Cause   error
}

// Help is what a refusal tells the caller beyond its code (protocol section 7).
type Help struct {
	Permission string        // the permission that is missing, "resource:action"
	RetryAfter time.Duration // whole seconds are sent, rounded up
	First      string        // of a replayed write: "running", "done" or "unknown"
	Version    int64         // of the consent that is asked for now
}

// New returns an error of kind k with a wire code and a message that is safe to show.
func New(k Kind, code, message string) *Error {
	return &Error{Kind: k, Code: code, Message: message}
}

// Because returns a copy of e that carries the ledger's word for why.
func (e *Error) Because(reason string) *Error {
	c := *e
	c.Reason = reason
	return &c
}

// Wrap returns a copy of e with cause behind it.
func (e *Error) Wrap(cause error) *Error {
	c := *e
	c.Cause = cause
	return &c
}

// With returns a copy of e that carries h.
func (e *Error) With(h Help) *Error {
	c := *e
	c.Help = h
	return &c
}

// Error gives code, reason and cause: for logs, never for callers.
func (e *Error) Error() string {
	s := e.Code
	if s == "" {
		s = e.Message
	}
	if e.Reason != "" {
		s += " (" + e.Reason + ")"
	}
	if e.Cause != nil {
		return fmt.Sprintf("%s: %v", s, e.Cause)
	}
	return s
}

// Unwrap gives the cause to errors.Is and errors.As.
func (e *Error) Unwrap() error { return e.Cause }

// Is makes errors.Is true for errors of the same non-empty code, so that a
// sentinel and its copies with a reason compare equal.
func (e *Error) Is(target error) bool {
	t, ok := target.(*Error)
	return ok && t.Code != "" && t.Code == e.Code
}

// Of returns the first *Error in err's chain, or an Internal one that wraps
// err. It returns nil only for nil.
func Of(err error) *Error {
	if err == nil {
		return nil
	}
	var e *Error
	if errors.As(err, &e) {
		return e
	}
	return &Error{Kind: Internal, Message: "Something went wrong on our side.", Cause: err}
}

// KindOf returns the kind of err: Internal for errors nobody classified, None
// for nil.
func KindOf(err error) Kind {
	if err == nil {
		return None
	}
	return Of(err).Kind
}
