package change

import (
	"context"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"

	"postern/app/ledger"
	"postern/app/store"
)

// Writer writes changes and their traces in one transaction.
type Writer struct {
	*store.Tx
	Now   time.Time
	Rand  io.Reader
	Actor string // who changes; it stands in each event
	From  ledger.Origin

	Partner string // on whose own word, where it is not the bank's

	Request int64  // the change request that was approved; 0 for none
	Maker   string // the account that asked for it, where another one approved
	Because string // the reason that was given; may be empty
}

// NewWriter writes what the request of ctx changes, on actor's word.
func NewWriter(ctx context.Context, tx *store.Tx, actor string, now time.Time, random io.Reader) Writer {
	return Writer{Tx: tx, Now: now, Rand: random, Actor: actor, From: ledger.OriginOf(ctx)}
}

// At is the time of the change, Unix ms.
func (w Writer) At() int64 { return w.Now.UnixMilli() }

// Record writes the event of a change: e with its subject and ids filled in,
// made or changed by w's actor.
func (w Writer) Record(e ledger.Event, id string, isNew bool, differences []Difference) error {
	verb := "changed"
	if isNew {
		verb = "created"
	}
	texts := make([]string, len(differences))
	for i, d := range differences {
		texts[i] = d.Text
	}
	e.Kind += "." + verb
	return w.Event(e, map[string]string{"id": id, "changes": strings.Join(texts, "; ")})
}

// Event writes an event with details, the actor, and in which role and from where
// they act.
func (w Writer) Event(e ledger.Event, detail map[string]string) error {
	e.Outcome, e.Actor, e.From, e.Detail = "ok", w.Actor, w.From, detail
	if w.Request != 0 {
		e.Detail["request"] = strconv.FormatInt(w.Request, 10)
	}
	if w.Maker != "" {
		e.Detail["maker"] = w.Maker
	}
	if w.Because != "" {
		e.Detail["because"] = w.Because
	}
	made, err := ledger.Make(e, w.Now, w.Rand)
	if err != nil {
		return fmt.Errorf("make event: %w", err)
	}
	return w.AppendEvent(made)
}
