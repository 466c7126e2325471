package authority

import (
	"context"
	"encoding/base64"
	"encoding/binary"

	"postern/app/directory"
	"postern/app/errs"
	"postern/app/ledger"
)

// ErrVisitOver refuses to end a visit that is over already.
var ErrVisitOver = errs.New(errs.Conflict, "visit_over", "This visit is over already.")

// endedByStaff stands in visits.end_reason.
const endedByStaff = "ended_by_bank"

// EndVisit ends one visit on an account's word: this node lets nothing of it
// through from then on, the others within a second. It fails with errs.NotFound
// when there is none, and with ErrVisitOver.
func (a *Authority) EndVisit(ctx context.Context, vid, account, why string) error {
	v, err := a.Ledger.Visit(ctx, vid)
	if err != nil {
		return err
	}
	if v.EndedAt != 0 || a.Now().UnixMilli() >= v.DeadAfter {
		return ErrVisitOver
	}
	app, err := a.Directory.Application(ctx, v.ApplicationID)
	if err != nil {
		return err
	}
	svc, err := a.Directory.Service(ctx, v.ServiceID)
	if err != nil {
		return err
	}
	if over(vid, v.Epoch, app, svc) != "" {
		return ErrVisitOver
	}
	ended, err := a.Ledger.EndVisit(ctx, vid, endedByStaff, v.DeadAfter, ledger.Event{
		Kind: "visit.ended", Outcome: "ok", PartnerID: v.PartnerID, ApplicationID: v.ApplicationID, ServiceID: v.ServiceID, VID: vid,
		Actor: account, From: ledger.OriginOf(ctx), Detail: map[string]string{"because": why},
	})
	if err != nil {
		return err
	}
	a.Feed.EndVisit(vid, v.DeadAfter)
	if !ended {
		return ErrVisitOver
	}
	return nil
}

// over says why a visit is over together with others: by its application's
// epoch, or by when its service's visits were ended; "" when it is not.
func over(vid string, epoch int64, app *directory.Application, svc *directory.Service) string {
	switch {
	case epoch < app.Epoch:
		return "epoch"
	case svc.VisitsAfter > 0 && openedAt(vid) <= svc.VisitsAfter:
		return "service_visits_ended"
	}
	return ""
}

// openedAt is when a visit was opened, Unix ms, as its name tells (newVID); 0 for
// what is no such name.
func openedAt(vid string) int64 {
	var b [8]byte
	if len(vid) < 8 {
		return 0
	}
	if _, err := base64.RawURLEncoding.Decode(b[2:], []byte(vid[:8])); err != nil {
		return 0
	}
	return int64(binary.BigEndian.Uint64(b[:])) //nolint:gosec // 48 bits
}
