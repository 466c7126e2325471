package bankfile

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"io"
	"reflect"
	"strconv"
	"time"

	"postern/app/approval"
	"postern/app/change"
	"postern/app/ledger"
	"postern/app/store"
)

// overlay puts what the entry says into a thing, a pointer to an input. Faults
// were told when the form was read.
func (e *entry) overlay(thing any) {
	v := reflect.ValueOf(thing).Elem()
	quiet := decoder{item: func() {}, at: func(string, int) {}, fault: func(string, int, string) {}}
	quiet.decode(e.node, v, "", member{})
	if e.jwk != "" {
		v.FieldByName("JWK").SetString(e.jwk)
	}
	v.FieldByName("ID").SetString(e.id)
}

// Preview says what Apply would do, on one picture of s that others may change
// meanwhile; a nil s is a database that is not there yet. The error is a Refusal
// when the document breaks a rule.
func (d *Document) Preview(ctx context.Context, s *store.Store, o Options) (change.Plan, error) {
	var plan change.Plan
	look := func(b store.Business) (err error) {
		_, plan, err = d.plan(b, o)
		return err
	}
	if s == nil {
		return plan, look(store.Business{})
	}
	err := s.Business(ctx, look)
	return plan, err
}

// applyTimeout bounds the transaction of a file. Nodes that follow the changes
// wait 30 s for numbers that were drawn and are not there yet (decision 0012).
const applyTimeout = 20 * time.Second

// Apply writes what is new or different, all of it or nothing, with an event for
// each and one for the file; what is equal is not touched. It compares and
// writes in one transaction, so nothing that somebody else wrote is written
// over. The error is a Refusal when the document breaks a rule, and
// approval.ErrSecondPerson when somebody else must approve it.
func (d *Document) Apply(ctx context.Context, s *store.Store, o Options, random io.Reader) (change.Plan, error) {
	ctx, cancel := context.WithTimeout(ctx, applyTimeout)
	defer cancel()
	var plan change.Plan
	err := s.Write(ctx, func(tx *store.Tx) error {
		b, err := tx.Business()
		if err != nil {
			return err
		}
		var w world
		if w, plan, err = d.plan(b, o); err != nil || len(plan.Things) == 0 {
			return err
		}
		actor, err := approval.Directly(b, plan.Widening() > 0)
		if err != nil {
			return err
		}
		return d.write(w, plan, change.NewWriter(ctx, tx, actor, o.Now, random))
	})
	return plan, err
}

func (d *Document) write(w world, plan change.Plan, to change.Writer) error {
	if err := w.save(to); err != nil {
		return err
	}
	return to.Event(ledger.Event{Kind: "bank_file.applied"}, map[string]string{
		"file_sha256": d.hash, "changes": strconv.Itoa(len(plan.Things)), "widening": strconv.Itoa(plan.Widening()),
	})
}

func hash(text []byte) string {
	sum := sha256.Sum256(text)
	return base64.RawURLEncoding.EncodeToString(sum[:])
}
