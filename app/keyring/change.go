package keyring

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"postern/app/change"
	"postern/app/errs"
	"postern/app/ledger"
	"postern/app/store"
	"postern/models"
)

// ChangeKind is the name of a change request about keys.
const ChangeKind = "keys"

// Act is what a change does to keys.
type Act string

// The acts. Rotate and Replace make a key; the others end one.
const (
	ActRotate    Act = "rotate"     // a successor, listed before its first use
	ActReplace   Act = "replace"    // a successor at once, for a compromised key
	ActRetire    Act = "retire"     // of a key that opens nothing any more
	ActRetireNow Act = "retire_now" // whatever it still opens
)

// Makes reports whether a new key is drawn.
func (a Act) Makes() bool { return a == ActRotate || a == ActReplace }

// Change is what a request about keys asks for. Use and Environment name the
// kind of which a key is made, KID the key that is ended.
type Change struct {
	Do          Act                `json:"do"`
	Use         models.KeyUse      `json:"use,omitempty"`
	Environment models.Environment `json:"environment,omitempty"`
	KID         string             `json:"kid,omitempty"`
}

// Content is the change as a request holds it.
func (c Change) Content() (string, error) {
	text, err := json.Marshal(c)
	return string(text), err
}

// Changes describes and applies changes of the ring's keys that two persons have
// agreed to. It is an approval.Preparer: keys are drawn before the transaction.
type Changes struct{ ring *Ring }

// Changes are the ring's changes that can be asked for.
func (r *Ring) Changes() Changes { return Changes{r} }

// Describe says what a change would do now. What cannot be done is a fault of
// the field "key".
func (c Changes) Describe(b store.Business, content string, now time.Time) (change.Plan, error) {
	_, plan, err := describe(b, content, now)
	return plan, err
}

// Ending lists the keys that a change would retire before their time.
func (c Changes) Ending(b store.Business, content string, now time.Time) ([]models.Key, error) {
	asked, err := readChange(content)
	if err != nil {
		return nil, err
	}
	switch asked.Do {
	case ActReplace:
		return standingOf(b, KindOf(asked.Use, asked.Environment), now)
	case ActRetireNow:
		row, err := oneOf(b, asked.KID)
		return []models.Key{row}, err
	}
	return nil, nil
}

// errUnprepared refuses to make a key without one that was drawn before.
var errUnprepared = errors.New("keys change by what Prepare returns")

// Apply refuses: see Prepare.
func (c Changes) Apply(store.Business, string, change.Writer) (change.Plan, error) {
	return change.Plan{}, errUnprepared
}

// Prepare draws the key that a change needs, if it needs one, and returns what
// writes the change. A key that is not used in the end was never anywhere but in
// memory.
func (c Changes) Prepare(content string) (func(store.Business, string, change.Writer) (change.Plan, error), error) {
	asked, err := readChange(content)
	if err != nil {
		return nil, err
	}
	var made models.Key
	if asked.Do.Makes() {
		if made, err = c.ring.draw(KindOf(asked.Use, asked.Environment)); err != nil {
			return nil, err
		}
	}
	return func(b store.Business, content string, w change.Writer) (change.Plan, error) {
		return apply(b, content, w, made)
	}, nil
}

func apply(b store.Business, content string, w change.Writer, made models.Key) (change.Plan, error) {
	asked, plan, err := describe(b, content, w.Now)
	if err != nil {
		return plan, err
	}
	switch asked.Do {
	case ActRotate:
		made.ActiveFrom = activeFrom(w.Now, false)
		if err := w.RotateKey(made, w.At()); err != nil {
			return plan, err
		}
		return plan, told(w, "key.rotated", askedFor, made, nil)
	case ActReplace:
		made.ActiveFrom = activeFrom(w.Now, true)
		ended, err := w.ReplaceKey(made, w.At())
		if err != nil {
			return plan, err
		}
		return plan, told(w, "key.rotated", compromised, made, ended)
	}
	return plan, end(b, w, asked)
}

// end retires the key that is meant.
func end(b store.Business, w change.Writer, asked Change) error {
	row, err := oneOf(b, asked.KID)
	if err != nil {
		return err
	}
	retired, err := w.RetireKey(row.KID, w.At())
	if err == nil && !retired {
		err = ErrRetired
	}
	if err != nil {
		return err
	}
	why := askedFor
	if asked.Do == ActRetireNow {
		why = compromised
	}
	return told(w, "key.retired", why, row, nil)
}

// told is the event of a change that was agreed to, with who decided.
func told(w change.Writer, kind, reason string, k models.Key, ended []string) error {
	return w.Event(ledger.Event{Kind: kind, Reason: reason}, eventDetail(kind, k, ended))
}

func readChange(content string) (Change, error) {
	var c Change
	if err := json.Unmarshal([]byte(content), &c); err != nil {
		return c, fmt.Errorf("read change of keys: %w", err)
	}
	return c, nil
}

// describe reads a change and says what it would do. The keys that it read stay
// as they are until the transaction ends.
func describe(b store.Business, content string, now time.Time) (Change, change.Plan, error) {
	var plan change.Plan
	c, err := readChange(content)
	if err != nil {
		return c, plan, err
	}
	var d change.Comparison
	kind := KindOf(c.Use, c.Environment)
	if c.Do.Makes() {
		err = c.describeNew(b, kind, now, &d)
	} else {
		kind, err = c.describeEnd(b, now, &d)
	}
	if err != nil {
		return c, plan, err
	}
	plan.Things = []change.Planned{{Kind: "key", ID: kind.String(), Differences: d.List}}
	return c, plan, nil
}

func (c Change) describeNew(b store.Business, kind Kind, now time.Time, d *change.Comparison) error {
	if kind.Use == models.SubjectKey || !slices.Contains(kinds(), kind) {
		return fault("key.no_kind", "keys of this kind are not made here")
	}
	standing, err := standingOf(b, kind, now)
	if err != nil {
		return err
	}
	if c.Do == ActReplace {
		d.Note(change.Neutral, "%s is made and used at once", "a successor")
		for _, row := range standing {
			noteEnding(d, row)
		}
		if kind.Use == models.SigningKey {
			d.Note(change.Neutral, "%s by whoever keeps the JWKS; they fetch it again, or refuse for up to five minutes", "the successor is not known")
		}
		return nil
	}
	d.Note(change.Neutral, "%s is made: listed at once, used five minutes later", "a successor")
	for _, row := range standing {
		if row.ActiveUntil == 0 {
			d.Note(change.Neutral, "%s %s makes nothing new from then on, and opens what it made for %d minutes more", "key", row.KID, wholeMinutes(row.Use))
		}
	}
	return nil
}

func wholeMinutes(use models.KeyUse) int { return int((outlives(use) + time.Minute - 1) / time.Minute) }

// noteEnding says what ends with a key that is retired before its time.
func noteEnding(d *change.Comparison, row models.Key) {
	d.Note(change.Narrows, "%s %s is retired at once, and its private part is deleted", "key", row.KID)
	switch row.Use {
	case models.ApplicationKey:
		d.Note(change.Narrows, "ATs that carry %s %s and are not spent open no visit any more: partners ask for new ones; visits that are open go on", "key", row.KID)
	case models.SigningKey:
		d.Note(change.Narrows, "ATs and assertions that %s %s signed are refused by whoever fetches the JWKS from now on; visits that are open go on", "key", row.KID)
	case models.EvidenceKey:
		d.Note(change.Neutral, "checkpoints that %s %s signed are verified by its public key as before; auditors must know from when on not to believe it", "key", row.KID)
	case models.TicketKey:
		d.Note(change.Narrows, "every visit whose VT %s %s sealed ends: its visitor begins again in the partner's app; no AT is touched", "key", row.KID)
	}
}

func (c Change) describeEnd(b store.Business, now time.Time, d *change.Comparison) (Kind, error) {
	if c.Do != ActRetire && c.Do != ActRetireNow {
		return Kind{}, fault("key.no_act", "nothing of this name is done to keys")
	}
	row, err := oneOf(b, c.KID)
	if err != nil {
		return Kind{}, err
	}
	if stateOf(row, now) != Superseded {
		return Kind{}, fault("key.newest", "this key is the newest of its kind, or in use: nothing could be made without it")
	}
	if c.Do == ActRetireNow {
		noteEnding(d, row)
		return kindOf(row), nil
	}
	if now.UnixMilli() < row.ActiveUntil+outlives(row.Use).Milliseconds() {
		return Kind{}, fault("key.still_opens", "this key still opens what it made; it is retired by itself once it does not")
	}
	d.Note(change.Neutral, "%s %s opens nothing any more: it is retired, and its private part is deleted", "key", row.KID)
	return kindOf(row), nil
}

// standingOf lists the keys of a kind that make something or are going to: what
// a new one takes over from. The newest comes first.
func standingOf(b store.Business, kind Kind, now time.Time) ([]models.Key, error) {
	rows, err := b.LiveKeys()
	if err != nil {
		return nil, err
	}
	return slices.DeleteFunc(rows, func(row models.Key) bool {
		return kindOf(row) != kind || row.ActiveUntil != 0 && row.ActiveUntil <= now.UnixMilli()
	}), nil
}

// oneOf finds a live key that may be ended.
func oneOf(b store.Business, kid string) (models.Key, error) {
	rows, err := b.LiveKeys()
	if err != nil {
		return models.Key{}, err
	}
	i := slices.IndexFunc(rows, func(row models.Key) bool { return row.KID == kid && row.Use != models.SubjectKey })
	if i < 0 {
		return models.Key{}, fault("key.gone", "this key is retired already, or there never was one")
	}
	return rows[i], nil
}

func fault(id, text string) error {
	var f errs.Fields
	f.Check(false, "key", id, text)
	return f.Invalid()
}
