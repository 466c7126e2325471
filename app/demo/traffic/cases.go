package traffic

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"time"

	"postern/app/play/partner"
	"postern/app/play/visitor"
)

// Case is one kind of visit; Want is the code it must end with, "" when it
// goes well.
type Case struct {
	Name   string
	Want   string
	weight int
	play   func(ctx context.Context, o Options) error
}

// Cases is what the trickle is made of, by weight.
var Cases = []Case{
	{"an offer looked at", "", 30, look},
	{"an offer looked at by a narrow partner", "", 12, lookNarrow},
	{"an application sent", "", 10, apply},
	{"a customer who signs in", "", 8, signIn},
	{"a visit renewed and closed", "", 6, renewAndClose},
	{"an AT spent twice", "at_spent", 4, spendTwice},
	{"an AT too late", "invalid_at", 3, tooLate},
	{"a foreign origin", "origin_denied", 4, foreignOrigin},
	{"a scope that is not granted", "invalid_scope", 4, unknownScope},
	{"a suspended partner", "invalid_client", 5, suspended},
	{"a wrong assertion", "invalid_client", 3, impostor},
	{"a call beyond the scope", "scope_denied", 4, beyondScope},
	{"a route that does not exist", "no_route", 3, noRoute},
	{"a write sent twice", "replayed", 4, writeTwice},
	{"accounts without signing in", "customer_required", 4, notSignedIn},
	{"a call after closing", "invalid_vt", 3, afterClosing},
}

var (
	offers      = visitor.Call{Method: "GET", Path: "/loans/offers"}
	application = visitor.Call{Method: "POST", Path: "/loans/applications", Body: map[string]int{"term": 24}}
	accounts    = visitor.Call{Method: "GET", Path: "/me/accounts"}
)

// ticket obtains an AT for one of many visitors.
func ticket(ctx context.Context, o Options, by *partner.Backend, scope string) (partner.Ticket, error) {
	id := make([]byte, 3)
	if _, err := io.ReadFull(o.Rand, id); err != nil {
		return partner.Ticket{}, fmt.Errorf("draw subject: %w", err)
	}
	subject := "u" + base64.RawURLEncoding.EncodeToString(id)
	got, _, err := by.Ask(ctx, partner.Ask{Resource: o.Service, Subject: subject, Scope: scope})
	return got, err
}

func open(ctx context.Context, o Options, by *partner.Backend) (*visitor.Visit, error) {
	got, err := ticket(ctx, o, by, "")
	if err != nil {
		return nil, err
	}
	return o.Page.Open(ctx, got.AT)
}

// call opens a visit of by's and makes the calls one after the other.
func call(ctx context.Context, o Options, by *partner.Backend, calls ...visitor.Call) error {
	visit, err := open(ctx, o, by)
	if err != nil {
		return err
	}
	for _, c := range calls {
		if err := do(ctx, visit, c); err != nil {
			return err
		}
	}
	return nil
}

// do makes a call that the bank must grant.
func do(ctx context.Context, visit *visitor.Visit, c visitor.Call) error {
	reply, err := visit.Call(ctx, c)
	if err == nil && reply.Status >= 400 {
		return fmt.Errorf("%s %s: the bank answered %d", c.Method, c.Path, reply.Status)
	}
	return err
}

func look(ctx context.Context, o Options) error       { return call(ctx, o, o.Wide, offers) }
func lookNarrow(ctx context.Context, o Options) error { return call(ctx, o, o.Narrow, offers) }
func apply(ctx context.Context, o Options) error      { return call(ctx, o, o.Wide, offers, application) }

func signIn(ctx context.Context, o Options) error {
	code := visitor.Call{Method: "POST", Path: "/session/sign-in", Body: map[string]string{"phone": "13812346027", "code": "246810"}}
	balance := visitor.Call{Method: "GET", Path: "/accounts/6228480402564890018/balance", Query: "currency=CNY"}
	return call(ctx, o, o.Wide, offers, code, accounts, balance)
}

func renewAndClose(ctx context.Context, o Options) error {
	visit, err := open(ctx, o, o.Wide)
	if err != nil {
		return err
	}
	if err := visit.Renew(ctx); err != nil {
		return err
	}
	if err := do(ctx, visit, offers); err != nil {
		return err
	}
	return visit.Close(ctx)
}

func spendTwice(ctx context.Context, o Options) error {
	got, err := ticket(ctx, o, o.Wide, "")
	if err != nil {
		return err
	}
	if _, err := o.Page.Open(ctx, got.AT); err != nil {
		return fmt.Errorf("first opening: %v", err) // not wrapped: its code is not the one wanted
	}
	_, err = o.Page.Open(ctx, got.AT)
	return err
}

// lateness is past the second that Late's ATs live.
const lateness = 2200 * time.Millisecond

func tooLate(ctx context.Context, o Options) error {
	got, err := ticket(ctx, o, o.Late, "")
	if err != nil {
		return err
	}
	if !wait(ctx, lateness) {
		return ctx.Err()
	}
	_, err = o.Page.Open(ctx, got.AT)
	return err
}

func foreignOrigin(ctx context.Context, o Options) error {
	got, err := ticket(ctx, o, o.Wide, "")
	if err != nil {
		return err
	}
	_, err = o.Page.From("https://loan.bank.elsewhere.example").Open(ctx, got.AT)
	return err
}

func unknownScope(ctx context.Context, o Options) error {
	_, err := ticket(ctx, o, o.Narrow, "account.balance:read")
	return err
}

func suspended(ctx context.Context, o Options) error {
	_, err := ticket(ctx, o, o.Suspended, "")
	return err
}

func impostor(ctx context.Context, o Options) error {
	_, err := ticket(ctx, o, o.Impostor, "")
	return err
}

func beyondScope(ctx context.Context, o Options) error { return call(ctx, o, o.Narrow, application) }

func noRoute(ctx context.Context, o Options) error {
	return call(ctx, o, o.Wide, visitor.Call{Method: "GET", Path: "/loans/secrets"})
}

func notSignedIn(ctx context.Context, o Options) error { return call(ctx, o, o.Wide, accounts) }

func writeTwice(ctx context.Context, o Options) error {
	id := make([]byte, 16)
	if _, err := io.ReadFull(o.Rand, id); err != nil {
		return fmt.Errorf("draw jti: %w", err)
	}
	once := application
	once.JTI = base64.RawURLEncoding.EncodeToString(id)
	return call(ctx, o, o.Wide, once, once)
}

var errStillOpen = errors.New("a closed visit still answers")

func afterClosing(ctx context.Context, o Options) error {
	visit, err := open(ctx, o, o.Wide)
	if err != nil {
		return err
	}
	if err := visit.Close(ctx); err != nil {
		return fmt.Errorf("closing: %v", err) // not wrapped: its code is not the one wanted
	}
	// Dead on every node within one second (protocol section 6).
	if !wait(ctx, 1100*time.Millisecond) {
		return ctx.Err()
	}
	if err := do(ctx, visit, offers); err != nil {
		return err
	}
	return errStillOpen
}
