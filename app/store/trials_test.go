package store_test

import (
	"testing"
	"time"

	"postern/app/store"
	"postern/app/store/storetest"
	"postern/models"
)

// What trials leave is deleted once it has ended; what has no end has not.
func TestOfTrialsTheEndedCredentialsAreDeleted(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		now := time.UnixMilli(1_800_000_000_000)
		err := s.Write(t.Context(), func(tx *store.Tx) error {
			if err := tx.SavePartner(models.Partner{ID: "p", Name: "P", Status: models.Active}); err != nil {
				return err
			}
			if err := tx.SaveApplication(models.Application{ID: "a", PartnerID: "p", Name: "A", Environment: models.Sandbox, Status: models.Active}); err != nil {
				return err
			}
			for id, end := range map[string]int64{"try-it-over": 5, "try-it-without-end": 0, "try-it-on": now.UnixMilli() + 1, "own-over": 5} {
				c := models.Credential{ID: id, ApplicationID: "a", Use: models.ClientSecret, SecretHash: id, NotAfter: end}
				if err := tx.SaveCredential(c, 1); err != nil {
					return err
				}
			}
			n, err := tx.DeleteOldTrials(now, 10)
			if err == nil && n != 1 {
				t.Errorf("%d deleted", n)
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	})
}
