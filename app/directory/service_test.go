package directory_test

import (
	"testing"
	"time"

	"postern/app/keyring"
	"postern/app/store"
	"postern/models"
)

func TestNullIsNoOrigin(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(w *world) { w.origins = append(w.origins, "null") })
	_, svc := w.parties(t)
	for origin, want := range map[string]bool{"https://loan.example": true, "null": false, "": false} {
		if svc.Origins[origin] != want || w.OriginListed(origin) != want {
			t.Errorf("origin %q: of the service %v, listed %v, want %v", origin, svc.Origins[origin], w.OriginListed(origin), want)
		}
	}
}

func TestNoVisitOutlivesTheKeyOfItsTickets(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name               string
		maxAge, vt, renew  int64 // as the row says, seconds
		wantAge, wantVT    int64
		wantRenew, wantRaw int64
	}{
		{"what the row leaves out", 0, 0, 0, 7200, 900, 900, 1800},
		{"what the row says", 3600, 60, 0, 3600, 60, 900, 1800},
		{"less than data of class C3 may live", 600, 0, 0, 600, 900, 900, 600},
		{"the most", 9000, 9000, 9000, 9000, 9000, 9000, 1800},
		{"a day", 86400, 86400, 86400, 9000, 9000, 9000, 1800},
		{"nonsense", -1, -1, -1, 7200, 900, 900, 1800},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, func(w *world) {
				w.service.MaxAge, w.service.VTLifetime, w.service.RenewWindow = c.maxAge, c.vt, c.renew
				w.raw = true
			})
			_, svc := w.parties(t)
			if svc.MaxAgeOf("balance:read") != c.wantAge || svc.VTLifetime != c.wantVT || svc.RenewWindow != c.wantRenew {
				t.Errorf("age %d, VT %d, renewal %d; want %d, %d, %d", svc.MaxAgeOf("balance:read"), svc.VTLifetime, svc.RenewWindow, c.wantAge, c.wantVT, c.wantRenew)
			}
			if got := svc.MaxAgeOf("balance:read offer:read"); got != c.wantRaw {
				t.Errorf("age with a scope whose replies leave whole: %d, want %d", got, c.wantRaw)
			}
			if time.Duration(svc.MaxAge)*time.Second >= keyring.TicketOutlives {
				t.Errorf("a visit of %d s outlives the key of its tickets", svc.MaxAge)
			}
		})
	}
}

func TestHoursThatCannotBeReadOpenNothing(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	w.write(t, func(tx *store.Tx) error {
		return tx.SetHours(serviceID, []models.ServiceHours{{ServiceID: serviceID, Days: "mon", Opens: "9", Closes: "17:00"}}, now.UnixMilli())
	})
	if _, err := w.Service(t.Context(), serviceID); err == nil {
		t.Error("a service whose hours nobody can read is open")
	}
}
