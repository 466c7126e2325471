package store_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"postern/app/store"
	"postern/app/store/storetest"
	"postern/models"
)

func plantPartners(t *testing.T, s *store.Store, list ...models.Partner) {
	t.Helper()
	err := s.Write(t.Context(), func(tx *store.Tx) error {
		for _, p := range list {
			if err := tx.SavePartner(p); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

func partnerIDs(t *testing.T, s *store.Store, f store.PartnerFilter, after store.PartnerPlace, limit int) string {
	t.Helper()
	list, err := s.Partners(t.Context(), f, after, limit)
	if err != nil {
		t.Fatal(err)
	}
	var ids []string
	for _, p := range list {
		ids = append(ids, p.ID)
	}
	return strings.Join(ids, " ")
}

func TestPartnersAreFoundByTheBeginningOfWhatNamesThem(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		plantPartners(t, s,
			models.Partner{ID: "lianhe", Name: "Lianhe Travel 联合出行", LegalName: "上海联合出行网络科技有限公司", CreditCode: "91310115MA1K4XQT7C", Contract: "HT-2026-0317", Status: models.Active},
			models.Partner{ID: "chengzi", Name: "Chengzi Rent", LegalName: "Ünder Ltd", Contract: "HT-2026-0400", Status: models.Draft, Risk: models.RiskHigh},
		)
		for search, want := range map[string]string{
			"lianhe": "lianhe", "TRAV": "lianhe", "travel 联": "lianhe", "出行": "lianhe", "网络": "lianhe", "91310115ma": "lianhe", "ht-2026-0317": "lianhe",
			"ht-2026": "chengzi lianhe", "rent": "chengzi", "ünder": "chengzi", "ÜNDER": "chengzi", "ｃｈｅｎ": "chengzi", "": "chengzi lianhe",
			"ianhe": "", "%": "", "_": "", "a\x00b": "", "\xff": "", "'; DROP TABLE partners; --": "", "\U0010ffff": "",
		} {
			if got := partnerIDs(t, s, store.PartnerFilter{Search: search}, store.PartnerPlace{}, 10); got != want {
				t.Errorf("%q finds %q, want %q", search, got, want)
			}
		}
		if got := partnerIDs(t, s, store.PartnerFilter{Status: models.Draft, Risk: models.RiskHigh}, store.PartnerPlace{}, 10); got != "chengzi" {
			t.Errorf("the filters find %q", got)
		}
		plantPartners(t, s, models.Partner{ID: "lianhe", Name: "Another", Status: models.Active})
		if got := partnerIDs(t, s, store.PartnerFilter{Search: "travel"}, store.PartnerPlace{}, 10); got != "" {
			t.Errorf("an old name finds %q", got)
		}
	})
}

func TestPartnersArePagedByKeyInEachOrder(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		var all []models.Partner
		for i := range 7 {
			// Two of each share what the list is ordered by.
			all = append(all, models.Partner{ID: fmt.Sprintf("p%d", i), Name: fmt.Sprintf("N%d", i/2), ContractEnds: fmt.Sprintf("2027-0%d-01", 1+i/2), CreatedAt: int64(1 + i/2), Status: models.Active})
		}
		plantPartners(t, s, all...)
		for sort, want := range map[store.PartnerSort]string{
			store.PartnersByName: "p0 p1 p2 p3 p4 p5 p6", store.PartnersByContract: "p0 p1 p2 p3 p4 p5 p6", store.PartnersByCreation: "p6 p5 p4 p3 p2 p1 p0",
		} {
			var got []string
			place := store.PartnerPlace{}
			for range 9 {
				list, err := s.Partners(t.Context(), store.PartnerFilter{Sort: sort}, place, 2)
				if err != nil {
					t.Fatal(err)
				}
				if len(list) == 0 {
					break
				}
				for _, p := range list {
					got = append(got, p.ID)
				}
				last := list[len(list)-1]
				place = store.PartnerPlace{Name: last.NameKey, Contract: last.ContractEnds, Created: last.CreatedAt, ID: last.ID}
			}
			if strings.Join(got, " ") != want {
				t.Errorf("by %s: %v, want %s", sort, got, want)
			}
		}
	})
}

// Every page of the list is read along an index, in its order: a plan that sorts,
// or walks the whole table, is found here.
func TestListsOfPartnersHaveTheirIndexes(t *testing.T) {
	t.Parallel()
	s := storetest.SQLite(t)
	for sort, index := range map[store.PartnerSort]string{
		store.PartnersByName: "partners_by_name", store.PartnersByCreation: "partners_by_creation", store.PartnersByContract: "partners_by_contract",
	} {
		for _, place := range []store.PartnerPlace{{}, {ID: "p", Name: "n", Contract: "2027-01-01", Created: 1}} {
			plan := s.ExplainPartners(t.Context(), t, store.PartnerFilter{Sort: sort, Status: models.Active}, place, 50)
			if !slices.ContainsFunc(plan, func(line string) bool { return strings.Contains(line, index) }) || strings.Contains(strings.Join(plan, " "), "TEMP B-TREE") {
				t.Errorf("by %s at %v: %q", sort, place, plan)
			}
		}
	}
	plan := strings.Join(s.ExplainPartners(t.Context(), t, store.PartnerFilter{Search: "lian"}, store.PartnerPlace{}, 50), "; ")
	if !strings.Contains(plan, "SEARCH partner_terms USING") {
		t.Errorf("a search: %s", plan)
	}
}

func TestALiveVisitIsOneThatCouldGoOn(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		plantPartners(t, s, models.Partner{ID: "p", Name: "P", Status: models.Active})
		err := s.Write(t.Context(), func(tx *store.Tx) error {
			return tx.SaveApplication(models.Application{ID: "a", PartnerID: "p", Name: "A", Environment: models.Sandbox, Status: models.Active, Epoch: 2})
		})
		if err != nil {
			t.Fatal(err)
		}
		for i, v := range []models.Visit{
			{OpenedAt: 50, DeadAfter: 200, Epoch: 2}, {OpenedAt: 50, DeadAfter: 100, Epoch: 2}, {OpenedAt: 50, DeadAfter: 200, Epoch: 1},
			{OpenedAt: 50, DeadAfter: 200, Epoch: 2, EndedAt: 60}, {OpenedAt: 60, DeadAfter: 300, Epoch: 2},
		} {
			v.VID, v.ApplicationID, v.PartnerID, v.Environment = fmt.Sprint("v", i), "a", "p", models.Sandbox
			s.PlantVisit(t.Context(), t, v)
		}
		live, err := s.LiveVisits(t.Context(), []string{"a", "b"}, 0, 100)
		if err != nil || live["a"] != 2 || live["b"] != 0 {
			t.Errorf("live %v, %v", live, err)
		}
	})
}

// gorm writes the time of its own clock into columns of this name unless it is
// told not to.
func TestTimesAreThoseThatWereGiven(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		for _, at := range []int64{1_800_000_000_001, 1_800_000_000_002} {
			plantPartners(t, s, models.Partner{ID: "p", Name: "P", Status: models.Active, CreatedAt: at, UpdatedAt: at})
			err := s.Write(t.Context(), func(tx *store.Tx) error {
				if err := tx.SaveApplication(models.Application{ID: "a", PartnerID: "p", Name: "A", Environment: models.Sandbox, Status: models.Active, CreatedAt: at, UpdatedAt: at}); err != nil {
					return err
				}
				return tx.SaveOnboarding(models.Onboarding{ID: "d", AccountID: "x", Step: "partner", Content: "{}", CreatedAt: at, UpdatedAt: at})
			})
			if err != nil {
				t.Fatal(err)
			}
			for _, table := range []string{"partners", "applications", "onboarding_drafts"} {
				stmt, err := s.ReadStmt(t.Context(), "SELECT updated_at FROM "+table)
				if err != nil {
					t.Fatal(err)
				}
				var got int64
				if err := stmt.QueryRow().Scan(&got); err != nil || got != at {
					t.Errorf("%s: updated at %d, %v, want %d", table, got, err, at)
				}
			}
		}
	})
}
