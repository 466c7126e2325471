package killswitch

import (
	"encoding/json"
	"fmt"

	"postern/app/errs"
	"postern/app/store"
	"postern/models"
)

// Target is what is stopped. Everything has no id.
type Target struct {
	Kind models.FreezeTarget `json:"kind"`
	ID   string              `json:"id,omitempty"`
}

// ErrNoTarget refuses what there is not.
var errNoTarget = errs.Message{ID: "freeze.target", Text: "There is no such thing to stop."}

// Find checks that there is such a target; a fault is one of the field "target".
func (t Target) Find(b store.Business) error {
	found, err := t.find(b)
	if err != nil {
		return err
	}
	if !found {
		return errs.Fields{"target": errNoTarget}.Invalid()
	}
	return nil
}

func (t Target) find(b store.Business) (bool, error) {
	ids := []string{t.ID}
	switch t.Kind {
	case models.FreezePartner:
		list, err := b.Partners(ids)
		return len(list) == 1, err
	case models.FreezeApplication:
		list, err := b.Applications(ids)
		return len(list) == 1, err
	case models.FreezeService:
		list, err := b.Services(ids)
		return len(list) == 1, err
	case models.FreezeDataScope:
		list, err := b.Scopes(ids)
		return len(list) == 1, err
	case models.FreezeEverything:
		return t.ID == "", nil
	}
	return false, nil
}

// Subject is how lists of requests name the target: "partner lianhe-travel".
func (t Target) Subject() string {
	if t.Kind == models.FreezeEverything {
		return string(t.Kind)
	}
	return string(t.Kind) + " " + t.ID
}

// Applications are those whose visits are the target's; of everything and of a
// service none is named. all says that every application's are.
func (t Target) applications(b store.Business) (list []models.Application, err error) {
	switch t.Kind {
	case models.FreezePartner:
		return b.ApplicationsOf([]string{t.ID})
	case models.FreezeApplication:
		return b.Applications([]string{t.ID})
	case models.FreezeEverything:
		return b.Applications(nil)
	}
	return nil, nil
}

func compose(content any) (string, error) {
	text, err := json.Marshal(content)
	if err != nil {
		return "", fmt.Errorf("write order: %w", err)
	}
	return string(text), nil
}

func read(content string, into any) error {
	if err := json.Unmarshal([]byte(content), into); err != nil {
		return errs.New(errs.Invalid, "order", "This does not say what to stop.").Wrap(err)
	}
	return nil
}

// Ending is whose live visits a change of a kind ends, all of them; false where it ends
// none, or one alone.
func Ending(kind, content string) (t Target, ends bool) {
	switch kind {
	case EndKind:
		var e End
		if err := read(content, &e); err != nil {
			return t, false
		}
		return e.Target, true
	case FreezeKind:
		var o Order
		if err := read(content, &o); err != nil {
			return t, false
		}
		return o.Target, o.ends()
	}
	return t, false
}
