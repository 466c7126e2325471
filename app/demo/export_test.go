package demo

import (
	"context"
	"errors"
	"time"

	"postern/app/demo/traffic"
	"postern/app/store"
	"postern/models"
)

// TrafficOptions says who would take part in the demo's traffic.
func (d *Demo) TrafficOptions() traffic.Options { return d.takers }

// BankURL is the address of the bank's loan system.
func (d *Demo) BankURL() string { return d.places.bank }

// PlanStop closes the loan service for a time, as the bank's staff would.
func (d *Demo) PlanStop(ctx context.Context, from, to time.Time) error {
	stop := models.ServiceStop{ServiceID: serviceID, StartsAt: from.UnixMilli(), EndsAt: to.UnixMilli(), ReasonEN: "Day-end", ReasonZH: "日终"}
	err := d.app.Store().Write(ctx, func(tx *store.Tx) error {
		return tx.SetStops(serviceID, []models.ServiceStop{stop}, time.Now().UnixMilli())
	})
	return errors.Join(err, d.app.Refresh(ctx))
}

// ConsoleURL is the address of the staff console.
func (d *Demo) ConsoleURL() string { return d.places.internal + "/console" }

// SignIn is what somebody of the staff types to get in now.
func (d *Demo) SignIn(role models.StaffRole, now time.Time) (login, password, code string) {
	for _, c := range d.staff {
		if c.Role == role {
			return c.Login, c.Password, c.code(now)
		}
	}
	return "", "", ""
}
