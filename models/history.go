package models

// CallTuple is what calls have in common that a decision about them depends on:
// calls that are alike in it are alike to any draft of the policy.
type CallTuple struct {
	ID            int64 `gorm:"primaryKey"`
	ServiceID     string
	ApplicationID string
	RouteID       string // empty where no route was found
	ScopeSet      string // names Scopes
	Scopes        string // of the visit, sorted, with spaces between; empty where the visit is not on record any more
	Customer      bool   // one of the bank's customers had signed in
	Outcome       CallOutcome
	ShapeID       string
	LastAt        int64 // of the last such call
}

// CallOutcome is how a call ended, as far as a policy can have a say in it.
type CallOutcome string

// The outcomes.
const (
	CallOK       CallOutcome = "ok"       // answered
	CallError    CallOutcome = "error"    // answered with a status of 400 or above
	CallEcho     CallOutcome = "echo"     // answered from a sample reply
	CallDenied   CallOutcome = "denied"   // the policy refused it
	CallCustomer CallOutcome = "customer" // a customer had to sign in first
	CallNoRoute  CallOutcome = "no_route"
	CallRefused  CallOutcome = "refused" // for what has nothing to do with policy
)

// OutcomeOf sorts a call by what is on record of it.
func OutcomeOf(c Call) CallOutcome {
	switch {
	case c.Code == "" && c.Reason == "echo":
		return CallEcho
	case c.Code == "" && c.Status >= 400:
		return CallError
	case c.Code == "":
		return CallOK
	case c.Code == "scope_denied" && c.Reason != "binding":
		return CallDenied
	case c.Code == "customer_required":
		return CallCustomer
	case c.Code == "no_route":
		return CallNoRoute
	}
	return CallRefused
}
