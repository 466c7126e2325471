package consents

import (
	"context"
	"fmt"
	"io"
	"strconv"
	"time"

	"postern/app/keyring"
	"postern/app/ledger"
	"postern/app/store"
	"postern/models"
)

// Registry keeps consents in a store; safe for concurrent use.
type Registry struct {
	Store *store.Store
	Now   func() time.Time
	Rand  io.Reader
}

const (
	// MaxAtOnce bounds the consents that are looked at for one person: the newest.
	MaxAtOnce = 200
	// endAtOnce is how many one transaction of a withdrawal ends; each is four rows.
	endAtOnce = 100
)

// again is how old a consent that has an end must be before giving it again
// makes another one: a page that asks at each visit must not fill the table.
const again = 24 * time.Hour

// Live lists the consents of one person to one application that hold now, the
// newest first. What a customer agreed to under another of the partner's subjects
// is not among them: the partner could not withdraw it for this one.
func (r *Registry) Live(ctx context.Context, who models.Visitor, applicationID string) ([]models.Consent, error) {
	if who == (models.Visitor{}) {
		return nil, nil
	}
	return r.Store.Consents(ctx, of(who, applicationID, r.Now()), MaxAtOnce)
}

// of is what holds of one person's to one application, the newest first.
func of(who models.Visitor, applicationID string, now time.Time) store.ConsentFilter {
	return store.ConsentFilter{ApplicationID: applicationID, Visitor: who, OneSubject: true, LiveAt: now.UnixMilli(), Newest: true}
}

// Give writes a consent and its event, and returns it as it is on disk. ID and
// GivenAt are filled in. Where the same person's consent to the same version
// holds already without an end, or was given within a day, that one is returned
// and nothing is written.
func (r *Registry) Give(ctx context.Context, c models.Consent, text models.ConsentText, e ledger.Event) (models.Consent, error) {
	now := r.Now()
	e.Kind, e.Outcome, e.Detail = "consent.given", "ok", detail(c, text)
	made, err := ledger.Make(e, now, r.Rand)
	if err != nil {
		return models.Consent{}, err
	}
	c.ID, c.GivenAt = made.ID, now.UnixMilli()
	err = r.Store.Write(ctx, func(tx *store.Tx) error {
		f := of(c.Visitor, c.ApplicationID, now)
		f.ScopeID = c.ScopeID
		held, err := tx.Consents(f, MaxAtOnce)
		if err != nil {
			return err
		}
		for _, h := range held {
			if h.Version == c.Version && (h.EndsAt == 0 || now.Sub(time.UnixMilli(h.GivenAt)) < again) {
				c = h
				return nil
			}
		}
		if err := tx.GiveConsent(c); err != nil {
			return err
		}
		return tx.AppendEvent(made)
	})
	return c, err
}

// detail is what the ledger is told of a consent. The text is named by scope,
// version and hash; the person is not.
func detail(c models.Consent, text models.ConsentText) map[string]string {
	return map[string]string{"scope": c.ScopeID, "version": strconv.FormatInt(c.Version, 10), "text_sha256": text.Hash()}
}

// Withdrawal says which consents end, and on whose word.
type Withdrawal struct {
	// What ends: all that hold of it. With an id, all of that consent's person,
	// application and scope: who withdraws means the data, not a row.
	Consents store.ConsentFilter
	By       models.Withdrawer
	Reason   string
	Actor    string // of a bank's withdrawal, for the ledger
	Event    ledger.Event
}

// Withdraw ends consents, each with its event, and returns those that it ended.
// None is no fault: what is not there holds nothing open (as in RFC 7009
// section 2.2). An id of another application than the filter's is not there.
// With an error it returns those that it ended before.
func (r *Registry) Withdraw(ctx context.Context, w Withdrawal) (ended []models.Consent, err error) {
	for n := endAtOnce; n == endAtOnce; {
		some, err := r.withdrawSome(ctx, w)
		if err != nil {
			return ended, err
		}
		n, ended = len(some), append(ended, some...)
	}
	return ended, nil
}

// withdrawSome ends up to endAtOnce consents in one transaction.
func (r *Registry) withdrawSome(ctx context.Context, w Withdrawal) (ended []models.Consent, err error) {
	now := r.Now()
	err = r.Store.Write(ctx, func(tx *store.Tx) error {
		f, found, err := whole(tx, w.Consents)
		if err != nil || !found {
			return err
		}
		f.LiveAt = now.UnixMilli()
		if ended, err = tx.Consents(f, endAtOnce); err != nil {
			return err
		}
		for _, c := range ended {
			if err := r.end(tx, c, w, now); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return ended, nil
}

// whole turns a filter with an id into one for all that the consent's person
// gave the application for the scope.
func whole(tx *store.Tx, f store.ConsentFilter) (store.ConsentFilter, bool, error) {
	if f.ID == "" {
		return f, true, nil
	}
	list, err := tx.Consents(f, 1)
	if err != nil || len(list) == 0 {
		return f, false, err
	}
	c := list[0]
	return store.ConsentFilter{ApplicationID: c.ApplicationID, ScopeID: c.ScopeID, Visitor: c.Visitor}, true, nil
}

// Remember is how long a node keeps in mind that a consent was withdrawn: no
// ticket that names it opens anything any longer then.
const Remember = keyring.TicketOutlives

func (r *Registry) end(tx *store.Tx, c models.Consent, w Withdrawal, now time.Time) error {
	text, err := tx.ConsentText(c.ScopeID, c.Version)
	if err != nil {
		return err
	}
	err = tx.EndConsent(c.ID, store.Withdrawal{
		At: now.UnixMilli(), By: w.By, Reason: w.Reason, Until: now.Add(Remember).UnixMilli(),
	})
	if err != nil {
		return err
	}
	made, err := ledger.Make(eventOf(c, text, w), now, r.Rand)
	if err != nil {
		return fmt.Errorf("withdraw consent: %w", err)
	}
	return tx.AppendEvent(made)
}

func eventOf(c models.Consent, text models.ConsentText, w Withdrawal) ledger.Event {
	e := w.Event
	e.Kind, e.Outcome, e.Detail = "consent.withdrawn", "ok", detail(c, text)
	e.PartnerID, e.ApplicationID, e.ServiceID = c.PartnerID, c.ApplicationID, c.ServiceID
	e.Detail["id"], e.Detail["by"] = c.ID, string(w.By)
	for name, value := range map[string]string{"reason": w.Reason, "actor": w.Actor} {
		if value != "" {
			e.Detail[name] = value
		}
	}
	return e
}
