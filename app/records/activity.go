package records

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strconv"
	"time"

	"postern/app/ledger"
	"postern/app/store"
	"postern/models"
)

// Doings are kinds of events that activity shows and filters as one.
type Doings string

// What people do.
const (
	SigningIn Doings = "signing_in"
	WaysIn    Doings = "ways_in" // accounts, their factors and roles, teams of partners
	Asking    Doings = "asking"  // change requests and partners' requests, and what was decided
	Changing  Doings = "changing"
	Stopping  Doings = "stopping"
	Reading   Doings = "reading"
	Running   Doings = "running" // the gateway itself: keys, settings, alerts
)

// AllDoings are all of them, in the order in which they are offered.
var AllDoings = []Doings{Changing, Asking, Stopping, Reading, SigningIn, WaysIn, Running}

// doings are the ledger's words for each.
var doings = map[Doings][]string{
	SigningIn: {"session.signed_in", "session.signed_out", "session.refused", "session.ended", "session.verified", "account.locked"},
	WaysIn: {
		"account.invited", "account.password_set", "account.disabled", "account.enabled", "account.reset_allowed", "account.reset",
		"account.recovered", "account.email_set", "setup_link.made", "setup_link.used", "factor.added", "factor.removed", "factor.renamed",
		"factor.recovery_made", "factor.recovery_used", "passkey.counter_dropped", "role.given", "role.taken",
		"member.invited", "member.changed", "member.removed",
		"second_member.on", "second_member.off_asked", "second_member.stays", "second_member.off",
	},
	Asking: {
		"change.requested", "change.approved", "change.rejected", "change.sent_back", "change.withdrawn", "change.commented", "change.outdated",
		"partner_request.made", "partner_request.taken", "partner_request.asked_back", "partner_request.answered",
		"partner_request.declined", "partner_request.approved", "partner_request.confirmed", "partner_request.withdrawn",
	},
	Changing: {
		"bank_file.applied", "service.created", "service.changed", "scope.created", "scope.changed", "partner.created", "partner.changed",
		"partner.closed", "partner.noted", "application.created", "application.changed", "weather.raised", "weather.ended", "conformance.began", "conformance.skipped", "conformance.ended", "credential.created", "credential.changed",
		"grant.created", "grant.changed", "consent.withdrawn", "announcement.made", "announcement.changed", "announcement.withdrawn",
	},
	Stopping: {"freeze.started", "freeze.ended", "freeze.drilled", "visits.ended", "visit.ended"},
	Reading: {
		"page.read", "log.read", "log.exported", "statement.exported", "visit.read", "subject.shown", "subject.searched", "activity.read",
		"activity.exported",
	},
	Running: {"key.rotated", "key.retired", "key.resealed", "setting.changed", "alert.acknowledged", "feed.forgotten", "evidence.accepted"},
}

// ActivityFilter says whose doings are wanted, and which. Empty members ask for nothing.
type ActivityFilter struct {
	Actor       string // an account's id, or what the ledger calls who has none
	Doings      Doings
	Partner     string
	From, Until int64 // [From, Until), Unix ms; an Until of 0 is now, and later
}

// row is the filter as the store takes it.
func (f ActivityFilter) row() (store.LogFilter, error) {
	kinds, known := doings[f.Doings]
	if f.Doings != "" && !known || f.From < 0 || f.Until != 0 && f.Until < f.From {
		return store.LogFilter{}, ErrFilter
	}
	return store.LogFilter{Persons: true, Actor: f.Actor, Kinds: slices.Clone(kinds), Partner: f.Partner}, nil
}

// Activity reads a page of what persons did, newest first. It is walked as the
// issuance log is (docs/decisions/0024): along ids, no further than some thousand
// lines a page. ErrFilter refuses what cannot be asked for.
func (r *Records) Activity(ctx context.Context, f ActivityFilter, at Place) (Page, error) {
	row, err := f.row()
	if err != nil {
		return Page{}, err
	}
	return r.page(ctx, window(f.From, f.Until), row, at)
}

// LookedAtActivity puts on record whose doings somebody has read, and which.
func (r *Records) LookedAtActivity(ctx context.Context, reader string, f ActivityFilter) error {
	return r.Trace(ctx, reader, ledger.Event{Kind: "activity.read"}, f.detail())
}

// detail is the filter as the ledger takes it down.
func (f ActivityFilter) detail() map[string]string {
	detail := map[string]string{"whose": cmp.Or(f.Actor, "everybody")}
	for name, value := range map[string]string{"doings": string(f.Doings), "partner": f.Partner} {
		if value != "" {
			detail[name] = value
		}
	}
	for name, ms := range map[string]int64{"from": f.From, "until": f.Until} {
		if ms != 0 {
			detail[name] = strconv.FormatInt(ms, 10)
		}
	}
	return detail
}

var activityColumns = []string{
	"time", "unix_ms", "who", "account_id", "role", "address", "event", "outcome", "reason", "partner", "partner_id", "application", "application_id",
	"service_id", "visit", "details", "request_id", "id", "leaf_hash",
}

// ExportActivity writes what persons did as a file, newest first, to somebody who
// takes it along, and puts that on record before the first octet. Refusals are
// those of Export: more than MaxAlone rows are ErrMany, and nobody approves more.
func (r *Records) ExportActivity(ctx context.Context, f ActivityFilter, format Format, actor, reason string, begin func() io.Writer) error {
	if !Reasonable(reason) {
		return ErrReason
	}
	if f.Until == 0 {
		f.Until = r.o.Now().UnixMilli() + 1 // what was counted does not grow
	}
	row, err := f.row()
	if err == nil && Types[format] == "" {
		err = ErrFilter
	}
	if err != nil {
		return err
	}
	list := listing{span: window(f.From, f.Until), row: row, most: MaxAlone}
	if err := r.few(ctx, list); err != nil {
		return err
	}
	names, err := r.Names(ctx)
	if err != nil {
		return err
	}
	detail := f.detail()
	detail["format"], detail["rows_at_most"] = string(format), strconv.Itoa(MaxAlone)
	if err := r.Trace(ctx, actor, ledger.Event{Kind: "activity.exported", Reason: reason}, detail); err != nil {
		return err
	}
	people := map[string]string{}
	return r.writeSheet(ctx, format, begin(), activityColumns, list, func(e models.Event) ([]string, error) {
		if _, known := people[e.Actor]; !known {
			if people[e.Actor], err = r.person(ctx, e.Actor); err != nil {
				return nil, err
			}
		}
		from, about := OriginOf(e), ""
		if detail := e.Detail(); len(detail) > 0 {
			text, err := json.Marshal(detail)
			if err != nil {
				return nil, fmt.Errorf("write details: %w", err)
			}
			about = string(text)
		}
		return []string{
			time.UnixMilli(e.At).In(r.o.Zone).Format(exportTime), strconv.FormatInt(e.At, 10), people[e.Actor], e.Actor, from.Role, from.Address,
			e.Kind, e.Outcome, e.Reason, names.Partner(e.PartnerID), e.PartnerID, names.Application(e.ApplicationID), e.ApplicationID,
			e.ServiceID, e.VID, about, e.RequestID, e.ID, e.LeafHash,
		}, nil
	})
}

// person is the name of an account; of who has none, such as the command line, what
// the ledger calls them.
func (r *Records) person(ctx context.Context, actor string) (name string, err error) {
	err = r.o.Store.Accounts(ctx, func(a store.Accounts) error {
		list, err := a.AccountsByID([]string{actor})
		if len(list) > 0 {
			name = list[0].Name
		}
		return err
	})
	return cmp.Or(name, actor), err
}

// OriginOf reads in which role and from where an event was caused; empty members
// are on record of none.
func OriginOf(e models.Event) ledger.Origin {
	var body struct {
		Role    string `json:"actor_role"`
		Address string `json:"actor_address"`
	}
	if err := json.Unmarshal([]byte(e.Body), &body); err != nil {
		return ledger.Origin{}
	}
	return ledger.Origin{Role: body.Role, Address: body.Address}
}

// KindsOf lists the ledger's words for doings.
func KindsOf(d Doings) []string { return slices.Clone(doings[d]) }
