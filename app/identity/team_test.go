package identity_test

import (
	"fmt"
	"sync"
	"testing"

	"postern/app/identity"
	"postern/app/store"
	"postern/app/store/storetest"
	"postern/models"
)

// PostgreSQL ends one of two transactions that wait for each other's rows: the
// team's rows and the partner's are locked in one order.
func TestAMemberProvesToBeThereWhileOthersAreInvited(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		h, ctx := newHouse(t, s), t.Context()
		err := s.Write(ctx, func(tx *store.Tx) error {
			return tx.SavePartner(models.Partner{ID: "lianhe", Name: "Lianhe", Status: models.Active})
		})
		if err != nil {
			t.Fatal(err)
		}
		link := must[identity.Link](t)(h.InviteUser(ctx, "test", "lianhe", identity.MemberInvitation{Name: "Zhou Hang", Email: "zhou@lianhe.example", Role: models.PortalOwner, Production: true}))
		cookie := must[string](t)(h.OpenLink(ctx, models.PortalRealm, link.Token, identity.Client{}))
		if err := h.SetPassword(ctx, models.PortalRealm, cookie, identity.Enrolment{Login: "zhou", Name: "Zhou Hang", Password: password, Again: password}); err != nil {
			t.Fatal(err)
		}
		seed := must[identity.TOTPSeed](t)(h.OfferTOTP(ctx, models.PortalRealm, cookie))
		full, _, err := h.ConfirmTOTP(ctx, models.PortalRealm, cookie, h.code(seed.Secret), identity.Client{})
		if err != nil {
			t.Fatal(err)
		}
		owner := must[identity.Who](t)(h.Current(ctx, models.PortalRealm, full))
		faults := make(chan error, 80)
		var all sync.WaitGroup
		for worker := range 4 {
			all.Go(func() {
				for n := range 20 {
					if worker%2 == 0 {
						_, err := h.OfferTOTP(ctx, models.PortalRealm, full)
						faults <- err
						continue
					}
					name := fmt.Sprintf("m%d-%d", worker, n)
					_, err := h.InviteMember(ctx, owner, identity.MemberInvitation{Name: name, Email: name + "@lianhe.example", Role: models.PortalViewer})
					faults <- err
				}
			})
		}
		all.Wait()
		close(faults)
		for err := range faults {
			if err != nil {
				t.Error(err)
			}
		}
	})
}
