package authority

import (
	"time"

	"postern/app/seal"
	"postern/app/token"
)

// openedTicket is a VT that opened, with the visit's keys ready for use. It is
// shared and must not be changed.
type openedTicket struct {
	ticket   token.Ticket
	kid      string // of the ticket key
	up, down *seal.Direct
}

// How many opened tickets are kept, and how long: a page's calls come in
// bursts, and what follows the first need not derive the same keys again.
const (
	maxOpened  = 4096
	openedLife = 5 * time.Minute
)

// openTicket opens a VT, or finds it opened. What it says holds as long as the
// key that sealed it lives; times, states and freezes are for the caller to
// check each time. It fails with token.ErrTicket, or with a fault of the keys.
func (a *Authority) openTicket(vt string) (*openedTicket, error) {
	if o, ok := a.opened.GetIfPresent(vt); ok && a.Ring.TicketByID(o.kid) != nil {
		return o, nil
	}
	o := &openedTicket{}
	var err error
	o.ticket, err = token.OpenTicket(vt, func(kid string) *token.TicketKey {
		o.kid = kid
		return a.Ring.TicketByID(kid)
	})
	if err != nil {
		return nil, err
	}
	up, down, err := seal.DeriveKeys(o.ticket.Suite, o.ticket.R, o.ticket.SID)
	if err != nil {
		return nil, err
	}
	if o.up, err = seal.NewDirect(o.ticket.Suite, up); err != nil {
		return nil, err
	}
	if o.down, err = seal.NewDirect(o.ticket.Suite, down); err != nil {
		return nil, err
	}
	a.opened.Set(vt, o)
	return o, nil
}
