package identity

import (
	"encoding/json"
	"fmt"
	"time"

	"postern/app/change"
	"postern/app/store"
	"postern/models"
)

// ResetKind is the name of a change request that lets a new set-up link be made
// for somebody who is in already: whoever gets it becomes the account's owner.
const ResetKind = "reset"

// resetLife is for how long the link may be made once that is approved.
const resetLife = 24 * time.Hour

// Reset is what such a request asks for.
type Reset struct {
	Account string `json:"account"`
}

// Content is the reset as a request holds it.
func (r Reset) Content() (string, error) {
	text, err := json.Marshal(r)
	return string(text), err
}

// Resets describes and applies resets. Nobody does that alone.
type Resets struct{}

// Describe says what a reset would do; nothing for who is not in.
func (r Resets) Describe(b store.Business, content string, _ time.Time) (change.Plan, error) {
	_, plan, err := r.read(b, content)
	return plan, err
}

// Apply lets the link be made; NewLink makes it.
func (r Resets) Apply(b store.Business, content string, w change.Writer) (change.Plan, error) {
	a, plan, err := r.read(b, content)
	if err != nil || len(plan.Things) == 0 {
		return plan, err
	}
	a.ResetUntil, a.UpdatedAt = w.Now.Add(resetLife).UnixMilli(), w.At()
	if err := w.SaveAccount(a); err != nil {
		return plan, err
	}
	return plan, told(w, "account.reset_allowed", a, map[string]string{"login": a.Login})
}

func (r Resets) read(b store.Business, content string) (a models.Account, plan change.Plan, err error) {
	var asked Reset
	if err := json.Unmarshal([]byte(content), &asked); err != nil {
		return a, plan, fmt.Errorf("read reset: %w", err)
	}
	a, found, err := b.Accounts().Account(asked.Account)
	if err != nil {
		return a, plan, err
	}
	if !found || a.Realm != models.StaffRealm {
		return a, plan, ErrNoAccount
	}
	if a.Status != models.AccountActive {
		return a, plan, nil
	}
	var d change.Comparison
	d.Note(change.Widens, "a new set-up link may be made for %s: who gets it becomes the account's owner", a.Name)
	plan.Things = []change.Planned{{Kind: "staff", ID: a.Login, Differences: d.List}}
	return a, plan, nil
}
