package identity_test

import (
	"context"
	"crypto/rand"
	"errors"
	"io"
	"sync"
	"testing"
	"time"

	"postern/app/errs"
	"postern/app/identity"
	"postern/app/store"
	"postern/app/store/storetest"
	"postern/models"
)

// clear seals nothing: what is sealed, and how, is the keyring's.
type clear struct{}

func (clear) Seal(label, plain string, _ io.Reader) (string, error) { return label + "|" + plain, nil }

func (clear) Open(label, sealed string) (string, error) {
	if len(sealed) < len(label)+1 || sealed[:len(label)+1] != label+"|" {
		return "", errors.New("sealed under another label")
	}
	return sealed[len(label)+1:], nil
}

const (
	password = "copper lantern 7 orchard"
	origin   = "https://console.bank.example"
)

// house is an identity over a database, on a clock that the test sets.
type house struct {
	*identity.Identity
	t     *testing.T
	store *store.Store
	mu    sync.Mutex
	now   time.Time
}

func newHouse(t *testing.T, s *store.Store) *house {
	h := &house{t: t, store: s, now: time.Date(2026, 11, 26, 9, 0, 0, 0, time.UTC)}
	h.Identity = identity.New(identity.Options{
		Store: s, Sealer: func() identity.Sealer { return clear{} }, Name: "Haitang Bank", Address: origin,
		Idle: 30 * time.Minute, Session: 10 * time.Hour, Rand: rand.Reader,
		Now: func() time.Time { h.mu.Lock(); defer h.mu.Unlock(); return h.now },
	})
	return h
}

func (h *house) later(d time.Duration) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.now = h.now.Add(d)
}

func must[T any](t *testing.T) func(T, error) T {
	return func(x T, err error) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return x
	}
}

// member is somebody who has set up an account.
type member struct {
	login, secret, cookie string
	recovery              []string
}

// enrol goes the way from a set-up link to a full session.
func (h *house) enrol(link identity.Link, login string) member {
	h.t.Helper()
	ctx, is := h.t.Context(), must[string](h.t)
	cookie := is(h.OpenLink(ctx, models.StaffRealm, link.Token, identity.Client{Address: "192.0.2.7"}))
	if err := h.SetPassword(ctx, models.StaffRealm, cookie, identity.Enrolment{Login: login, Name: "Wang Lei", Password: password, Again: password}); err != nil {
		h.t.Fatal(err)
	}
	seed := must[identity.TOTPSeed](h.t)(h.OfferTOTP(ctx, models.StaffRealm, cookie))
	full, recovery, err := h.ConfirmTOTP(ctx, models.StaffRealm, cookie, h.code(seed.Secret), identity.Client{})
	if err != nil {
		h.t.Fatal(err)
	}
	h.later(30 * time.Second) // the code that was used counts no more
	return member{login, seed.Secret, full, recovery}
}

func (h *house) code(secret string) string {
	h.t.Helper()
	return must[string](h.t)(identity.TOTPCode(secret, h.now))
}

// first sets up one of the first two.
func (h *house) first() member {
	h.t.Helper()
	links := must[[]identity.Link](h.t)(h.SetUp(h.t.Context(), "command line"))
	return h.enrol(links[0], "wang.lei@haitang.example")
}

func (h *house) signIn(login, password string) (string, error) {
	return h.SignIn(h.t.Context(), models.StaffRealm, login, password, identity.Client{})
}

func (h *house) second(cookie, code string) (string, error) {
	return h.Second(h.t.Context(), models.StaffRealm, cookie, code, identity.Client{})
}

func (h *house) current(cookie string) (identity.Who, error) {
	return h.Current(h.t.Context(), models.StaffRealm, cookie)
}

func (h *house) refused(what string, err, want error) {
	h.t.Helper()
	if !errors.Is(err, want) {
		h.t.Errorf("%s: %v, want %v", what, err, want)
	}
}

func TestTheFirstTwoSetThemselvesUp(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		h := newHouse(t, s)
		links := must[[]identity.Link](t)(h.SetUp(t.Context(), "command line"))
		if len(links) != 2 || links[0].Role != models.SystemRole || links[1].Role != models.SecurityRole {
			t.Fatalf("links %+v", links)
		}
		again := must[[]identity.Link](t)(h.SetUp(t.Context(), "command line"))
		_, err := h.OpenLink(t.Context(), models.StaffRealm, links[0].Token, identity.Client{})
		h.refused("a link that was made again", err, identity.ErrLink)

		system := h.enrol(again[0], "system.lin")
		if ready := must[bool](t)(h.Ready(t.Context())); ready {
			t.Error("ready with one of two")
		}
		_, err = h.OpenLink(t.Context(), models.StaffRealm, again[0].Token, identity.Client{})
		h.refused("a link that was used", err, identity.ErrLink)
		if left := must[[]identity.Link](t)(h.SetUp(t.Context(), "command line")); len(left) != 1 || left[0].Role != models.SecurityRole {
			t.Fatalf("links once system is in: %+v", left)
		} else {
			h.later(identity.SetupLinkLife)
			_, err = h.OpenLink(t.Context(), models.StaffRealm, left[0].Token, identity.Client{})
			h.refused("a link that is over", err, identity.ErrLink)
		}
		security := must[[]identity.Link](t)(h.SetUp(t.Context(), "command line"))
		h.enrol(security[0], "security.he")
		if ready := must[bool](t)(h.Ready(t.Context())); !ready {
			t.Error("not ready with both")
		}
		_, err = h.SetUp(t.Context(), "command line")
		h.refused("a third", err, identity.ErrStaffExist)
		_, err = h.current(system.cookie)
		h.refused("an unused session", err, identity.ErrSignedOut)
	})
}

func TestNobodyGetsPastAStage(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		h, ctx := newHouse(t, s), t.Context()
		links := must[[]identity.Link](t)(h.SetUp(ctx, "command line"))
		cookie := must[string](t)(h.OpenLink(ctx, models.StaffRealm, links[0].Token, identity.Client{}))
		_, err := h.OfferTOTP(ctx, models.StaffRealm, cookie)
		h.refused("a seed before the password", err, identity.ErrStage)
		_, err = h.second(cookie, "123456")
		h.refused("a second factor while enrolling", err, identity.ErrStage)
		_, err = h.Current(ctx, models.PortalRealm, cookie)
		h.refused("the other house", err, identity.ErrSignedOut)

		m := h.enrol(must[[]identity.Link](t)(h.SetUp(ctx, "command line"))[0], "wang")
		half := must[string](t)(h.signIn("wang", password))
		if who := must[identity.Who](t)(h.current(half)); who.Session.Stage != models.StageSecond {
			t.Errorf("stage %s after the password", who.Session.Stage)
		}
		_, _, err = h.ConfirmTOTP(ctx, models.StaffRealm, half, h.code(m.secret), identity.Client{})
		h.refused("enrolling with half a session", err, identity.ErrStage)
		full := must[string](t)(h.second(half, h.code(m.secret)))
		if full == half {
			t.Error("the session kept its cookie")
		}
		_, err = h.current(half)
		h.refused("the cookie from before the second factor", err, identity.ErrSignedOut)
		who := must[identity.Who](t)(h.current(full))
		if len(who.Roles) != 1 || who.Roles[0] != models.SystemRole || !h.Verified(who) {
			t.Errorf("in as %+v", who)
		}
	})
}

func TestWrongSignInsLookAlikeAndLock(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		h := newHouse(t, s)
		m := h.first()
		_, err := h.signIn("nobody", password)
		h.refused("an unknown login", err, identity.ErrCredentials)
		half := must[string](t)(h.signIn(" WANG.LEI@Haitang.example ", password))
		for range 2 {
			_, err = h.second(half, "000000")
			h.refused("a wrong code", err, identity.ErrCredentials)
		}
		// Passwords and codes count together, whatever the spelling.
		for _, login := range []string{"wang.lei@haitang.example", "Wang.Lei@haitang.example", "ｗang.lei@haitang.example"} {
			_, err = h.signIn(login, "wrong wrong wrong")
			h.refused("a wrong password", err, identity.ErrCredentials)
		}
		_, err = h.signIn(m.login, password)
		h.refused("the right password while locked", err, identity.ErrCredentials)
		_, err = h.second(half, h.code(m.secret))
		h.refused("the right code while locked", err, identity.ErrCredentials)
		h.later(15 * time.Minute)
		half = must[string](t)(h.signIn(m.login, password))
		must[string](t)(h.second(half, h.code(m.secret)))
	})
}

func TestManyGuessesAtOnceAreCountedEach(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		h := newHouse(t, s)
		m := h.first()
		half := must[string](t)(h.signIn(m.login, password))
		var wait sync.WaitGroup
		for range 20 {
			wait.Go(func() {
				if _, err := h.second(half, "000000"); err == nil {
					t.Error("a wrong code was taken")
				}
			})
		}
		wait.Wait()
		_, err := h.second(half, h.code(m.secret))
		h.refused("the right code after twenty wrong ones", err, identity.ErrCredentials)
	})
}

func TestACodeCountsOnce(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		h := newHouse(t, s)
		m := h.first()
		code := h.code(m.secret)
		one, two := must[string](t)(h.signIn(m.login, password)), must[string](t)(h.signIn(m.login, password))
		must[string](t)(h.second(one, code))
		_, err := h.second(two, code)
		h.refused("a code that was used", err, identity.ErrCredentials)
		must[string](t)(h.second(two, m.recovery[3]))
		three := must[string](t)(h.signIn(m.login, password))
		_, err = h.second(three, m.recovery[3])
		h.refused("a recovery code that was used", err, identity.ErrCredentials)
		h.later(2 * time.Minute)
		_, err = h.second(three, code)
		h.refused("a code of two minutes ago", err, identity.ErrCredentials)
	})
}

func TestSessionsEnd(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		h, ctx := newHouse(t, s), t.Context()
		m := h.first()
		who := must[identity.Who](t)(h.current(m.cookie))
		for range 23 { // used all day
			h.later(25 * time.Minute)
			must[identity.Who](t)(h.current(m.cookie))
		}
		h.later(25 * time.Minute)
		_, err := h.current(m.cookie)
		h.refused("a session that is too old", err, identity.ErrSignedOut)

		again := func() (string, identity.Who) {
			t.Helper()
			h.later(time.Minute)
			cookie := must[string](t)(h.second(must[string](t)(h.signIn(m.login, password)), h.code(m.secret)))
			return cookie, must[identity.Who](t)(h.current(cookie))
		}
		cookie, _ := again()
		other, otherWho := again()
		if list := must[[]models.Session](t)(h.Sessions(ctx, who.Account.ID)); len(list) != 2 {
			t.Errorf("%d sessions are listed, want 2", len(list))
		}
		if err := h.EndSession(ctx, otherWho, must[identity.Who](t)(h.current(cookie)).Session.ID); err != nil {
			t.Fatal(err)
		}
		_, err = h.current(cookie)
		h.refused("a session that its owner ended elsewhere", err, identity.ErrSignedOut)
		if err := h.SignOut(ctx, otherWho); err != nil {
			t.Fatal(err)
		}
		_, err = h.current(other)
		h.refused("a session that was signed out", err, identity.ErrSignedOut)
	})
}

func TestProofIsAskedAgain(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		h, ctx := newHouse(t, s), t.Context()
		m := h.first()
		h.later(6 * time.Minute)
		who := must[identity.Who](t)(h.current(m.cookie))
		if h.Verified(who) {
			t.Fatal("six minutes later it still counts as proved")
		}
		_, err := h.Verify(ctx, who, m.cookie, "wrong wrong wrong", h.code(m.secret), identity.Client{})
		h.refused("a wrong password", err, identity.ErrCredentials)
		_, err = h.Verify(ctx, who, m.cookie, password, "000000", identity.Client{})
		h.refused("a wrong code", err, identity.ErrCredentials)
		next := must[string](t)(h.Verify(ctx, who, m.cookie, password, h.code(m.secret), identity.Client{}))
		now := must[identity.Who](t)(h.current(next))
		if !h.Verified(now) || now.Session.EndsAt != who.Session.EndsAt {
			t.Errorf("after the proof: %+v", now.Session)
		}
		_, err = h.current(m.cookie)
		h.refused("the cookie from before the proof", err, identity.ErrSignedOut)
	})
}

func TestEnrolmentNamesEveryFault(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		h, ctx := newHouse(t, s), t.Context()
		links := must[[]identity.Link](t)(h.SetUp(ctx, "command line"))
		h.enrol(links[1], "he.jing")
		cookie := must[string](t)(h.OpenLink(ctx, models.StaffRealm, links[0].Token, identity.Client{}))
		good := identity.Enrolment{Login: "wang", Name: "Wang Lei", Password: password, Again: password}
		for _, c := range []struct {
			name   string
			change func(*identity.Enrolment)
			field  string
			want   string
		}{
			{"somebody else's login, spelled differently", func(e *identity.Enrolment) { e.Login = " HE.jing" }, "login", "account.login_taken"},
			{"no login", func(e *identity.Enrolment) { e.Login = " " }, "login", "account.login"},
			{"a login that turns the line around", func(e *identity.Enrolment) { e.Login = "a\u202eb" }, "login", "account.login"},
			{"no name", func(e *identity.Enrolment) { e.Name = "" }, "name", "account.name"},
			{"eleven characters", func(e *identity.Enrolment) { e.Password, e.Again = "copper-lant", "copper-lant" }, "password", "account.password_short"},
			{"a common one", func(e *identity.Enrolment) { e.Password, e.Again = "password1234", "password1234" }, "password", "account.password_common"},
			{"one's own name", func(e *identity.Enrolment) { e.Password, e.Again = "Wang Lei Wang Lei", "Wang Lei Wang Lei" }, "password", "account.password_common"},
			{"another one", func(e *identity.Enrolment) { e.Again = password + "!" }, "again", "account.password_again"},
		} {
			e := good
			c.change(&e)
			err := h.SetPassword(ctx, models.StaffRealm, cookie, e)
			if got := errs.FieldsOf(err)[c.field].ID; got != c.want {
				t.Errorf("%s: %q at %s, want %q (%v)", c.name, got, c.field, c.want, err)
			}
		}
		if err := h.SetPassword(ctx, models.StaffRealm, cookie, good); err != nil {
			t.Error(err)
		}
	})
}

func TestTheDatabaseHoldsAdministratorsApart(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		h, ctx := newHouse(t, s), context.Background()
		m := h.first()
		who := must[identity.Who](t)(h.current(m.cookie))
		give := func(role models.StaffRole) error {
			return s.Write(ctx, func(tx *store.Tx) error {
				return tx.GiveRole(models.StaffRoleRow{AccountID: who.Account.ID, PersonID: who.Account.PersonID, Role: role, GivenBy: "x", GivenAt: 1})
			})
		}
		for _, role := range []models.StaffRole{models.SecurityRole, models.AuditRole} {
			h.refused("also "+string(role), give(role), store.ErrTaken)
		}
		if err := give("king"); err == nil {
			t.Error("a role that there is not was given")
		}
		// A second account of the same person changes nothing.
		second := who.Account
		second.ID, second.Login = "stf_second", "second"
		if err := s.Write(ctx, func(tx *store.Tx) error { return tx.SaveAccount(second) }); err != nil {
			t.Fatal(err)
		}
		err := s.Write(ctx, func(tx *store.Tx) error {
			return tx.GiveRole(models.StaffRoleRow{AccountID: second.ID, PersonID: second.PersonID, Role: models.AuditRole, GivenBy: "x", GivenAt: 1})
		})
		h.refused("audit by a second account", err, store.ErrTaken)
	})
}
