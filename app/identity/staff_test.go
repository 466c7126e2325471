package identity_test

import (
	"crypto/rand"
	"slices"
	"testing"
	"time"

	"postern/app/apptest"
	"postern/app/change"
	"postern/app/identity"
	"postern/app/store"
	"postern/app/store/storetest"
	"postern/models"
)

func TestAResetChangesNothingUntilItIsFinished(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		h, ctx := newHouse(t, s), t.Context()
		links := must[[]identity.Link](t)(h.SetUp(ctx, "command line"))
		m, security := h.enrol(links[0], "lin.tao"), h.enrol(links[1], "he.jing")
		owner, by := must[identity.Who](t)(h.current(m.cookie)), must[identity.Who](t)(h.current(security.cookie))

		_, err := h.NewLink(ctx, by, by.Account.ID)
		h.refused("one's own account", err, identity.ErrOwn)
		_, err = h.NewLink(ctx, by, "stf_nobody")
		h.refused("nobody's account", err, identity.ErrNoAccount)
		_, err = h.NewLink(ctx, by, owner.Account.ID)
		h.refused("on one person's word", err, identity.ErrNoReset)
		h.allowReset(owner.Account.ID)
		h.later(24 * time.Hour)
		by = must[identity.Who](t)(h.current(h.again(security)))
		_, err = h.NewLink(ctx, by, owner.Account.ID)
		h.refused("a day after it was agreed to", err, identity.ErrNoReset)
		h.allowReset(owner.Account.ID)
		m.cookie = h.again(m)
		link := must[identity.Link](t)(h.NewLink(ctx, by, owner.Account.ID))
		_, err = h.NewLink(ctx, by, owner.Account.ID)
		h.refused("a second link", err, identity.ErrNoReset)
		if kinds := h.events(owner.Account.ID); !slices.Contains(kinds, "account.reset") {
			t.Errorf("events %v", kinds)
		}

		const fresh = "another lantern 8 orchard"
		cookie := must[string](t)(h.OpenLink(ctx, models.StaffRealm, link.Token, identity.Client{}))
		if err := h.SetPassword(ctx, models.StaffRealm, cookie, identity.Enrolment{Login: "he.jing", Name: "He Jing", Password: fresh, Again: fresh}); err != nil {
			t.Fatal(err)
		}
		seed := must[identity.TOTPSeed](t)(h.OfferTOTP(ctx, models.StaffRealm, cookie))
		_, _, err = h.ConfirmTOTP(ctx, models.StaffRealm, cookie, "000000", identity.Client{})
		if err == nil {
			t.Fatal("a wrong code finished it")
		}
		// What there was still opens, and what is being set up does not.
		_, err = h.signIn(m.login, fresh)
		h.refused("the new password, too early", err, identity.ErrCredentials)
		half := must[string](t)(h.signIn(m.login, password))
		_, err = h.second(half, h.code(seed.Secret))
		h.refused("the new authenticator, too early", err, identity.ErrCredentials)
		still := must[string](t)(h.second(half, h.code(m.secret)))

		h.later(30 * time.Second)
		full, recovery, err := h.ConfirmTOTP(ctx, models.StaffRealm, cookie, h.code(seed.Secret), identity.Client{})
		if err != nil || len(recovery) != 10 {
			t.Fatalf("%d codes, %v", len(recovery), err)
		}
		if now := must[identity.Who](t)(h.current(full)); now.Account.Login != m.login || now.Account.Name != owner.Account.Name {
			t.Errorf("a reset made %q of %q", now.Account.Login, m.login)
		}
		for name, cookie := range map[string]string{"the session from before": still, "the first one": m.cookie} {
			_, err = h.current(cookie)
			h.refused(name, err, identity.ErrSignedOut)
		}
		_, err = h.signIn(m.login, password)
		h.refused("the old password", err, identity.ErrCredentials)
		half = must[string](t)(h.signIn(m.login, fresh))
		h.later(30 * time.Second)
		for name, code := range map[string]string{"the old authenticator": h.code(m.secret), "an old recovery code": m.recovery[0]} {
			_, err = h.second(half, code)
			h.refused(name, err, identity.ErrCredentials)
		}
		must[string](t)(h.second(half, recovery[0]))
	})
}

// allowReset is what a change request does that two persons agreed on.
func (h *house) allowReset(account string) {
	h.t.Helper()
	content := must[string](h.t)(identity.Reset{Account: account}.Content())
	err := h.store.Write(h.t.Context(), func(tx *store.Tx) error {
		b, err := tx.Business()
		if err != nil {
			return err
		}
		_, err = identity.Resets{}.Apply(b, content, change.Writer{Tx: tx, Now: h.now, Rand: rand.Reader, Actor: "test"})
		return err
	})
	if err != nil {
		h.t.Fatal(err)
	}
}

// again signs somebody in once more.
func (h *house) again(m member) string {
	h.t.Helper()
	cookie := must[string](h.t)(h.second(must[string](h.t)(h.signIn(m.login, password)), h.code(m.secret)))
	h.later(30 * time.Second) // the code that was used counts no more
	return cookie
}

func TestSettingUpByPasskey(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		h, ctx := newHouse(t, s), t.Context()
		links := must[[]identity.Link](t)(h.SetUp(ctx, "command line"))
		cookie := must[string](t)(h.OpenLink(ctx, models.StaffRealm, links[0].Token, identity.Client{}))
		_, err := h.OfferPasskey(ctx, models.StaffRealm, cookie)
		h.refused("a passkey before the password", err, identity.ErrStage)
		if err := h.SetPassword(ctx, models.StaffRealm, cookie, identity.Enrolment{Login: "lin", Name: "Lin", Password: password, Again: password}); err != nil {
			t.Fatal(err)
		}
		key := apptest.NewPasskey(t, origin)
		asked := must[identity.Ceremony](t)(h.OfferPasskey(ctx, models.StaffRealm, cookie))
		given := identity.Answer{Cookie: asked.Cookie, Text: key.Create(asked.Options)}
		h.refused("as if it were in", h.AddPasskey(ctx, models.StaffRealm, cookie, "Laptop", given), identity.ErrStage)
		full, recovery, err := h.EnrolPasskey(ctx, models.StaffRealm, cookie, "Laptop", given, identity.Client{})
		if err != nil || len(recovery) != 10 {
			t.Fatalf("%d codes, %v", len(recovery), err)
		}
		must[string](t)(h.byPasskey(key))
		who := must[identity.Who](t)(h.current(full))
		factors, _, err := h.Factors(ctx, who.Account.ID)
		if err != nil || len(factors) != 1 || factors[0].Kind != models.PasskeyFactor {
			t.Errorf("factors %+v, %v", factors, err)
		}
		h.refused("away with the last one", h.RemoveFactor(ctx, models.StaffRealm, full, factors[0].ID), identity.ErrLastFactor)
	})
}

func TestASeedIsConfirmedWhereItWasShown(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		h, ctx := newHouse(t, s), t.Context()
		m := h.first()
		key := h.passkey(m)
		one, two := must[string](t)(h.byPasskey(key)), must[string](t)(h.byPasskey(key))
		seed := must[identity.TOTPSeed](t)(h.OfferTOTP(ctx, models.StaffRealm, one))
		if again := must[identity.TOTPSeed](t)(h.OfferTOTP(ctx, models.StaffRealm, one)); again != seed {
			t.Error("a page that is loaded again shows another seed")
		}
		if other := must[identity.TOTPSeed](t)(h.OfferTOTP(ctx, models.StaffRealm, two)); other == seed {
			t.Error("another session sees the seed")
		}
		if err := h.AddTOTP(ctx, models.StaffRealm, two, "Phone", h.code(seed.Secret)); err == nil {
			t.Error("a seed was confirmed in another session")
		}
		if err := h.AddTOTP(ctx, models.StaffRealm, one, "Phone", h.code(seed.Secret)); err != nil {
			t.Fatal(err)
		}
		half := must[string](t)(h.signIn(m.login, password))
		_, err := h.second(half, h.code(seed.Secret))
		h.refused("the code that confirmed it", err, identity.ErrCredentials)
		h.later(30 * time.Second)
		must[string](t)(h.second(half, h.code(seed.Secret)))
	})
}

func TestWhoIsDisabledIsOut(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		h, ctx := newHouse(t, s), t.Context()
		links := must[[]identity.Link](t)(h.SetUp(ctx, "command line"))
		system, security := h.enrol(links[0], "lin.tao"), h.enrol(links[1], "he.jing")
		by := must[identity.Who](t)(h.current(security.cookie))
		m := h.enrol(must[identity.Link](t)(h.Invite(ctx, "command line", identity.Invitation{Login: "sun", Name: "Sun Yue", Roles: []models.StaffRole{models.AuditRole}})), "sun")
		key := h.passkey(m)
		account := must[identity.Who](t)(h.current(m.cookie)).Account.ID

		h.allowReset(account)
		link := must[identity.Link](t)(h.NewLink(ctx, by, account))
		if ended := must[int64](t)(h.EndSessions(ctx, by, account)); ended != 1 {
			t.Errorf("%d sessions ended, want 1", ended)
		}
		_, err := h.current(m.cookie)
		h.refused("a session that was ended", err, identity.ErrSignedOut)
		in := must[string](t)(h.byPasskey(key))
		half := must[string](t)(h.signIn(m.login, password))
		for range 2 { // twice is once
			if err := h.Disable(ctx, by, account); err != nil {
				t.Fatal(err)
			}
		}
		_, err = h.current(in)
		h.refused("a session", err, identity.ErrSignedOut)
		_, err = h.second(half, h.code(m.secret))
		h.refused("half a session", err, identity.ErrSignedOut)
		_, err = h.byPasskey(key)
		h.refused("the passkey", err, identity.ErrCredentials)
		_, err = h.signIn(m.login, password)
		h.refused("the password", err, identity.ErrCredentials)
		_, err = h.OpenLink(ctx, models.StaffRealm, link.Token, identity.Client{})
		h.refused("a link from before", err, identity.ErrLink)
		_, err = h.NewLink(ctx, by, account)
		h.refused("a new link", err, identity.ErrDisabled)

		if err := h.Enable(ctx, by, account); err != nil {
			t.Fatal(err)
		}
		must[string](t)(h.byPasskey(key))
		_, err = h.current(in)
		h.refused("a session from before", err, identity.ErrSignedOut)

		h.refused("the last of a first office", h.Disable(ctx, by, must[identity.Who](t)(h.current(system.cookie)).Account.ID), identity.ErrLastAdmin)
		h.later(6 * time.Minute)
		h.refused("without a proof", h.Disable(ctx, must[identity.Who](t)(h.current(security.cookie)), account), identity.ErrVerify)
	})
}
