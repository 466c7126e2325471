package ledger

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"postern/app/errs"
	"postern/models"
)

const atColumns = `at_hash, jti, partner_id, application_id, service_id, environment, suite, scope, subject_sealed,
subject_mac, ak_kid, return_to, issued_at, expires_at, revoked_at, spent_at, r_hash, vid`

const visitColumns = `vid, at_hash, partner_id, application_id, service_id, environment, scope, subject_sealed,
subject_mac, customer_sealed, customer_mac, auth_time, opened_at, dead_after, epoch, ended_at, end_reason`

// errNoAT and errNoVisit carry no wire code: the door picks one.
var (
	errNoAT    = &errs.Error{Kind: errs.NotFound, Message: "There is no such access token.", Reason: "no_at_row"}
	errNoVisit = &errs.Error{Kind: errs.NotFound, Message: "There is no such visit.", Reason: "no_visit"}
)

// ATRow reads the row of the AT whose SHA-256 is atHash (base64url). It returns
// errs.NotFound if the authority never issued it or it is past retention.
func (l *Ledger) ATRow(ctx context.Context, atHash string) (models.ATRow, error) {
	stmt, err := l.store.ReadStmt(ctx, "SELECT "+atColumns+" FROM at_rows WHERE at_hash = ?")
	if err != nil {
		return models.ATRow{}, ErrUnavailable.Wrap(err)
	}
	row, err := scanAT(stmt.QueryRowContext(ctx, atHash))
	if errors.Is(err, sql.ErrNoRows) {
		return models.ATRow{}, errNoAT
	}
	if err != nil {
		return models.ATRow{}, ErrUnavailable.Wrap(fmt.Errorf("read AT row: %w", err))
	}
	return row, nil
}

// Visit reads a visit. It returns errs.NotFound if there is none.
func (l *Ledger) Visit(ctx context.Context, vid string) (models.Visit, error) {
	stmt, err := l.store.ReadStmt(ctx, "SELECT "+visitColumns+" FROM visits WHERE vid = ?")
	if err != nil {
		return models.Visit{}, ErrUnavailable.Wrap(err)
	}
	var v models.Visit
	err = stmt.QueryRowContext(ctx, vid).Scan(&v.VID, &v.ATHash, &v.PartnerID, &v.ApplicationID, &v.ServiceID,
		&v.Environment, &v.Scope, &v.SubjectSealed, &v.SubjectMAC, &v.CustomerSealed, &v.CustomerMAC, &v.AuthTime, &v.OpenedAt,
		&v.DeadAfter, &v.Epoch, &v.EndedAt, &v.EndReason)
	if errors.Is(err, sql.ErrNoRows) {
		return models.Visit{}, errNoVisit
	}
	if err != nil {
		return models.Visit{}, ErrUnavailable.Wrap(fmt.Errorf("read visit: %w", err))
	}
	return v, nil
}

func scanAT(row *sql.Row) (r models.ATRow, err error) {
	err = row.Scan(&r.ATHash, &r.JTI, &r.PartnerID, &r.ApplicationID, &r.ServiceID, &r.Environment, &r.Suite,
		&r.Scope, &r.SubjectSealed, &r.SubjectMAC, &r.AKKID, &r.ReturnTo, &r.IssuedAt, &r.ExpiresAt,
		&r.RevokedAt, &r.SpentAt, &r.RHash, &r.VID)
	return r, err
}
