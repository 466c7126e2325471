package directory

import (
	"time"

	"postern/models"
)

// Note is one thing beside the policy that matters to a call. ID names the message
// that says it and Args are the message's: texts, numbers and times.
type Note struct {
	ID   string
	Code string // with which the call is refused; empty when it is not for this
	Args []any
}

// State is how things stand on a node.
type State struct {
	Frozen func(kind, id string) bool // for calls
	Now    time.Time
	Zone   *time.Location // the bank's
}

// Notes tell what beside the policy matters to the call: first what refuses it, in
// the order in which a page would meet it.
func (x Explanation) Notes(s State) []Note {
	list := append(x.inactive(s), x.closed(s)...)
	for _, scope := range x.Frozen {
		list = append(list, Note{ID: "policy.scope_frozen", Args: []any{scope}})
	}
	if x.Customer {
		list = append(list, Note{ID: "policy.customer"})
	}
	if x.Service.Echoes(x.Application.Environment) {
		list = append(list, Note{ID: "policy.echo"})
	}
	for _, scope := range x.Consents {
		list = append(list, Note{ID: "policy.consent", Args: []any{scope, x.Service.Scopes[scope].ConsentVersion}})
	}
	return list
}

// Code is the code of the first note that refuses the call; "" if none does.
func Code(notes []Note) string {
	for _, n := range notes {
		if n.Code != "" {
			return n.Code
		}
	}
	return ""
}

// inactive tells what is not active, or frozen.
func (x Explanation) inactive(s State) (list []Note) {
	add := func(id string, args ...any) { list = append(list, Note{ID: id, Code: "not_active", Args: args}) }
	if !x.Application.Active() {
		add("policy.application_state", string(x.Application.Status), string(x.Application.Partner.Status))
	}
	if x.Service.Status != models.Active {
		add("policy.service_state", string(x.Service.Status))
	}
	for _, target := range [][3]string{
		{"everything", "", "policy.everything_frozen"},
		{"partner", x.Application.PartnerID, "policy.partner_frozen"},
		{"application", x.Application.ID, "policy.application_frozen"},
		{"service", x.Service.ID, "policy.service_frozen"},
	} {
		if s.Frozen(target[0], target[1]) {
			add(target[2])
			break // frozen for more than one reason is frozen
		}
	}
	return list
}

// closed tells that the service is closed by its plan, until when and why.
func (x Explanation) closed(s State) []Note {
	closure, closed := x.Service.Hours.Closed(s.Now, s.Zone)
	if !closed {
		return nil
	}
	until := closure.Until.In(s.Zone)
	if stop := closure.Stop; stop != nil {
		return []Note{{ID: "policy.closed_stop", Code: "unavailable", Args: []any{until, stop.ReasonEN, stop.ReasonZH}}}
	}
	return []Note{{ID: "policy.closed_hours", Code: "unavailable", Args: []any{until}}}
}
