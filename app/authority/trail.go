package authority

import (
	"strings"

	"postern/app/errs"
	"postern/app/ledger"
	"postern/app/token"
	"postern/models"
)

// trail is what the ledger is told about who and where.
type trail struct {
	requestID, partnerID, clientID, serviceID, vid string
}

func (t trail) of(row models.ATRow) trail {
	t.partnerID, t.clientID, t.serviceID, t.vid = row.PartnerID, row.ApplicationID, row.ServiceID, row.VID
	return t
}

func (t trail) ofTicket(k token.Ticket) trail {
	t.partnerID, t.clientID, t.serviceID, t.vid = k.PartnerID, k.ClientID, k.ServiceID, k.VID
	return t
}

func (t trail) event(kind string, detail map[string]string) ledger.Event {
	return ledger.Event{
		Kind: kind, Outcome: "ok", RequestID: t.requestID, PartnerID: t.partnerID,
		ApplicationID: t.clientID, ServiceID: t.serviceID, VID: t.vid, Detail: detail,
	}
}

// refused puts a refusal on record. A ledger too full for it is a fault of
// ours that must not turn the refusal into something else.
func (a *Authority) refused(kind string, err error, t trail) {
	e := errs.Of(err)
	event := t.event(kind, nil)
	event.Outcome, event.Reason = e.Code, e.Reason
	a.note(kind, a.Ledger.Refuse(event))
}

// RefuseAT puts a refusal of step B on record; app is empty when the caller
// did not prove who it is.
func (a *Authority) RefuseAT(err error, c Caller, requestID, resource string) {
	t := trail{requestID: requestID, serviceID: resource}
	if c.Application != nil {
		t.partnerID, t.clientID = c.Application.PartnerID, c.Application.ID
	}
	a.refused("at.refused", err, t)
}

func splitScope(s string) []string { return strings.Fields(s) }

func joinScope(list []string) string { return strings.Join(list, " ") }

// subjectHint shows a visitor enough of the partner's user id to recognise it,
// and never more than half.
func subjectHint(s string) string {
	switch {
	case s == "":
		return ""
	case len(s) >= 8:
		return s[:2] + "****" + s[len(s)-2:]
	case len(s) >= 2:
		return s[:1] + "****"
	default:
		return "****"
	}
}
