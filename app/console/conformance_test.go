package console_test

import (
	"net/http"
	"strings"
	"testing"

	"postern/app/approval"
	"postern/app/apptest"
	"postern/app/bankfile"
	"postern/app/identity"
	"postern/app/partners"
	"postern/app/selfservice"
	"postern/app/store"
	"postern/app/store/storetest"
	"postern/models"
)

// A reviewer reads what a partner's conformance runs came to where its production is asked
// for and decided, and whether the signature holds; nobody changes it.
func TestWhatConformanceRunsCameToIsRead(t *testing.T) {
	t.Parallel()
	for name, config := range map[string]func(testing.TB) store.Config{"sqlite": storetest.SQLiteConfig, "postgres": storetest.PostgresConfig} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			runsAreRead(t, newHouseOf(t, config(t), apptest.Options{Seed: func(s *apptest.Seed) {
				a := apptest.Application("app_sandbox", "p_travel")
				a.Environment, a.Name = models.Sandbox, "Coupons"
				s.Applications = append(s.Applications, a)
			}}))
		})
	}
}

func runsAreRead(t *testing.T, h *house) {
	t.Helper()
	of := "/console/partners/p_travel/applications/app_sandbox"
	wants(t, h.page(reviewer, of), "No run has ended yet")
	link, err := h.App.Users().InviteUser(t.Context(), "test", "p_travel", identity.MemberInvitation{Name: "Zhou Hang", Email: "zhou@travel.example", Role: models.PortalOwner})
	if err != nil {
		t.Fatal(err)
	}
	user := selfservice.User{By: approval.By{Account: link.Account.ID, Person: link.Account.PersonID}, Partner: "p_travel"}
	runs := h.App.Conformance()
	if err := runs.Begin(t.Context(), user, "app_sandbox"); err != nil {
		t.Fatal(err)
	}
	wants(t, h.page(reviewer, of), "No run has ended yet")
	if err := runs.Stop(t.Context(), user, "app_sandbox"); err != nil {
		t.Fatal(err)
	}
	list, err := h.App.Store().ConformanceRuns(t.Context(), "app_sandbox", 1)
	if err != nil || len(list) != 1 {
		t.Fatal(list, err)
	}
	run := "/console/partners/p_travel/conformance/" + list[0].ID
	for _, role := range []models.StaffRole{officer, reviewer} {
		wants(t, h.page(role, of), "Coupons", run, "0 of 8 as they should be")
		page := h.page(role, run)
		wants(t, page, "stopped before its end", "holds", "not played", run+"/result", "The visit is kept")
		lacks(t, page, `method="post" action="/console/partners`)
	}
	if rec := h.as(reviewer, run+"/result", nil); rec.Code != http.StatusOK || strings.Count(rec.Body.String(), ".") != 2 || rec.Body.String() != list[0].Result {
		t.Errorf("the signed result: %d %.80s", rec.Code, rec.Body)
	}
	for _, path := range []string{strings.Replace(run, "p_travel", "p_rent", 1), run + "x", strings.Replace(run, "p_travel", "p_rent", 1) + "/result"} {
		if rec := h.as(reviewer, path, nil); rec.Code != http.StatusNotFound {
			t.Errorf("%s: %d", path, rec.Code)
		}
	}

	// Where production is asked for, and decided.
	content, err := bankfile.Compose(partners.Application{
		ID: "app_live_coupons", Partner: "p_travel", Name: "Coupons", Environment: models.Production, Suite: "A256", AuthMethod: models.PrivateKeyJWT, AddressMode: models.AddressOff, Status: models.Active,
	})
	if err != nil {
		t.Fatal(err)
	}
	h.Write(func(tx *store.Tx, now int64) error {
		return tx.CreatePartnerRequest(&models.PartnerRequest{
			PartnerID: "p_travel", ApplicationID: "app_live_coupons", Content: content, Reason: "We go live.", State: models.PartnerSubmitted, Maker: user.Account, MakerPerson: user.Person, MadeAt: now, WaitsSince: now,
		})
	})
	wants(t, h.page(officer, "/console/partner-requests/1"), run, "0 of 8 as they should be")
	rec := h.as(officer, "/console/partner-requests/1/propose", map[string][]string{"reason": {"They have run it."}})
	if rec.Code != http.StatusSeeOther {
		t.Fatalf("%d %.600s", rec.Code, rec.Body)
	}
	wants(t, h.page(reviewer, "/console/approvals/1"), run, "0 of 8 as they should be")

	h.Exec("UPDATE conformance_runs SET result = replace(result, '.', '.e')")
	wants(t, h.page(reviewer, run), "does not hold")
}
