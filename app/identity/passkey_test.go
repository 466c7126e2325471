package identity_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"postern/app/apptest"
	"postern/app/identity"
	"postern/app/store"
	"postern/app/store/storetest"
	"postern/models"
)

// passkey adds one to a member's account.
func (h *house) passkey(m member) *apptest.Passkey {
	h.t.Helper()
	key := apptest.NewPasskey(h.t, origin)
	asked := must[identity.Ceremony](h.t)(h.OfferPasskey(h.t.Context(), models.StaffRealm, m.cookie))
	err := h.AddPasskey(h.t.Context(), models.StaffRealm, m.cookie, "Laptop", identity.Answer{Cookie: asked.Cookie, Text: key.Create(asked.Options)})
	if err != nil {
		h.t.Fatal(err)
	}
	return key
}

func (h *house) byPasskey(key *apptest.Passkey) (string, error) {
	h.t.Helper()
	asked := must[identity.Ceremony](h.t)(h.AskPasskey(h.t.Context()))
	return h.SignInPasskey(h.t.Context(), models.StaffRealm, identity.Answer{Cookie: asked.Cookie, Text: key.Get(asked.Options)}, identity.Client{})
}

// events lists the kinds of an account's events, oldest first.
func (h *house) events(account string) (kinds []string) {
	h.t.Helper()
	stmt, err := h.store.ReadStmt(h.t.Context(), "SELECT kind, body FROM events ORDER BY at, id")
	if err != nil {
		h.t.Fatal(err)
	}
	rows, err := stmt.QueryContext(h.t.Context())
	if err != nil {
		h.t.Fatal(err)
	}
	defer rows.Close()
	for rows.Next() {
		var kind, detail string
		if err := rows.Scan(&kind, &detail); err != nil {
			h.t.Fatal(err)
		}
		if strings.Contains(detail, account) {
			kinds = append(kinds, kind)
		}
	}
	if err := rows.Err(); err != nil {
		h.t.Fatal(err)
	}
	return kinds
}

func TestAPasskeyAloneOpens(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		h := newHouse(t, s)
		m := h.first()
		key := h.passkey(m)
		who := must[identity.Who](t)(h.current(must[string](t)(h.byPasskey(key))))
		if who.Session.Stage != models.StageFull || who.Account.Login != m.login || !h.Verified(who) {
			t.Fatalf("in as %+v", who)
		}
		// Nobody can guess a passkey, so a lock does not keep its owner out, and
		// stays for those who guess.
		for range 5 {
			_, err := h.signIn(m.login, "wrong wrong wrong")
			h.refused("a wrong password", err, identity.ErrCredentials)
		}
		must[string](t)(h.byPasskey(key))
		_, err := h.signIn(m.login, password)
		h.refused("the right password, still locked", err, identity.ErrCredentials)

		disable(t, s, who.Account)
		_, err = h.byPasskey(key)
		h.refused("the passkey of a disabled account", err, identity.ErrCredentials)
	})
}

func disable(t *testing.T, s *store.Store, a models.Account) {
	t.Helper()
	a.Status = models.AccountDisabled
	if err := s.Write(t.Context(), func(tx *store.Tx) error { return tx.SaveAccount(a) }); err != nil {
		t.Fatal(err)
	}
}

func TestWhatIsNotThePasskeysAnswerOpensNothing(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		h := newHouse(t, s)
		links := must[[]identity.Link](t)(h.SetUp(t.Context(), "command line"))
		m, other := h.enrol(links[0], "lin.tao"), h.enrol(links[1], "he.jing")
		key, foreign := h.passkey(m), h.passkey(other)
		for _, c := range []struct {
			name  string
			wrong func(*apptest.Passkey)
		}{
			{"another origin", func(k *apptest.Passkey) { k.Origin = "https://console.bank.example.evil.example" }},
			{"the origin in other letters", func(k *apptest.Passkey) { k.Origin = "https://CONSOLE.bank.example" }},
			{"another port", func(k *apptest.Passkey) { k.Origin = origin + ":8443" }},
			{"another host's key", func(k *apptest.Passkey) { k.Host = "bank.example" }},
			{"nobody there", func(k *apptest.Passkey) { k.Flags = apptest.Verified }},
			{"nobody verified", func(k *apptest.Passkey) { k.Flags = apptest.Present }},
			{"somebody else's handle", func(k *apptest.Passkey) { k.Handle = foreign.Handle }},
			{"no handle", func(k *apptest.Passkey) { k.Handle = nil }},
		} {
			k := *key
			c.wrong(&k)
			_, err := h.byPasskey(&k)
			h.refused(c.name, err, identity.ErrCredentials)
		}
		key.Count += 20
		must[string](t)(h.byPasskey(key))
		_, err := h.byPasskey(apptest.NewPasskey(t, origin))
		h.refused("a passkey that nobody has", err, identity.ErrCredentials)
		asked := must[identity.Ceremony](t)(h.AskPasskey(t.Context()))
		for name, text := range map[string]string{"no JSON": "{", "nothing": "", "other JSON": `{"id":"a"}`, "an array": `[]`} {
			_, err := h.SignInPasskey(t.Context(), models.StaffRealm, identity.Answer{Cookie: asked.Cookie, Text: []byte(text)}, identity.Client{})
			h.refused(name, err, identity.ErrCredentials)
		}
	})
}

func TestAChallengeIsAnsweredOnce(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		h, ctx := newHouse(t, s), t.Context()
		m := h.first()
		key := h.passkey(m)
		asked := must[identity.Ceremony](t)(h.AskPasskey(ctx))
		answer := identity.Answer{Cookie: asked.Cookie, Text: key.Get(asked.Options)}
		wrong := identity.Answer{Cookie: asked.Cookie, Text: []byte("{}")}
		in := func(a identity.Answer) error {
			_, err := h.SignInPasskey(ctx, models.StaffRealm, a, identity.Client{})
			return err
		}
		h.refused("a wrong answer", in(wrong), identity.ErrCredentials)
		h.refused("the right answer after a wrong one", in(answer), identity.ErrCredentials)

		asked = must[identity.Ceremony](t)(h.AskPasskey(ctx))
		answer = identity.Answer{Cookie: asked.Cookie, Text: key.Get(asked.Options)}
		if err := in(answer); err != nil {
			t.Fatal(err)
		}
		h.refused("the same answer again", in(answer), identity.ErrCredentials)

		asked = must[identity.Ceremony](t)(h.AskPasskey(ctx))
		again := must[identity.Ceremony](t)(h.AskPasskey(ctx))
		h.refused("the answer to another browser's question", in(identity.Answer{Cookie: again.Cookie, Text: key.Get(asked.Options)}), identity.ErrCredentials)
		h.refused("an answer without the cookie", in(identity.Answer{Text: key.Get(asked.Options)}), identity.ErrCredentials)
		h.later(5 * time.Minute)
		h.refused("an answer after five minutes", in(identity.Answer{Cookie: asked.Cookie, Text: key.Get(asked.Options)}), identity.ErrCredentials)
		// What was asked to make one is no question for using one, nor the reverse.
		cookie := must[string](t)(h.byPasskey(key))
		offer := must[identity.Ceremony](t)(h.OfferPasskey(ctx, models.StaffRealm, cookie))
		h.refused("an answer to another kind of question", in(identity.Answer{Cookie: offer.Cookie, Text: key.Get(offer.Options)}), identity.ErrCredentials)
	})
}

func TestACopiedPasskeyIsFound(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		h := newHouse(t, s)
		m := h.first()
		key := h.passkey(m)
		copied := *key
		must[string](t)(h.byPasskey(key))
		must[string](t)(h.byPasskey(key))
		_, err := h.byPasskey(&copied)
		h.refused("a counter that fell", err, identity.ErrCredentials)
		account := must[identity.Who](t)(h.current(m.cookie)).Account.ID
		if kinds := h.events(account); !slices.Contains(kinds, "passkey.counter_dropped") {
			t.Errorf("events %v", kinds)
		}
		if must[string](t)(h.byPasskey(key)) == "" {
			t.Error("its owner is out")
		}
	})
}

func TestAPasskeyIsASecondFactorAndAProof(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		h, ctx := newHouse(t, s), t.Context()
		links := must[[]identity.Link](t)(h.SetUp(ctx, "command line"))
		m, other := h.enrol(links[0], "lin.tao"), h.enrol(links[1], "he.jing")
		key, foreign := h.passkey(m), h.passkey(other)

		half := must[string](t)(h.signIn(m.login, password))
		ask := func(cookie string) identity.Ceremony {
			t.Helper()
			return must[identity.Ceremony](t)(h.AskOwnPasskey(ctx, models.StaffRealm, cookie))
		}
		second := func(cookie string, a identity.Answer) (string, error) {
			return h.SecondPasskey(ctx, models.StaffRealm, cookie, a, identity.Client{})
		}
		asked := ask(half)
		_, err := second(half, identity.Answer{Cookie: asked.Cookie, Text: foreign.Get(asked.Options)})
		h.refused("somebody else's passkey", err, identity.ErrCredentials)
		asked = ask(half)
		elsewhere := must[string](t)(h.signIn(m.login, password))
		_, err = second(elsewhere, identity.Answer{Cookie: asked.Cookie, Text: key.Get(asked.Options)})
		h.refused("the answer to another session's question", err, identity.ErrCredentials)
		asked = ask(half)
		_, err = h.VerifyPasskey(ctx, models.StaffRealm, half, identity.Answer{Cookie: asked.Cookie, Text: key.Get(asked.Options)}, identity.Client{})
		h.refused("a proof with half a session", err, identity.ErrStage)
		full := must[string](t)(second(half, identity.Answer{Cookie: asked.Cookie, Text: key.Get(asked.Options)}))

		h.later(6 * time.Minute)
		who := must[identity.Who](t)(h.current(full))
		if h.Verified(who) {
			t.Fatal("six minutes later it still counts as proved")
		}
		_, err = h.OfferPasskey(ctx, models.StaffRealm, full)
		h.refused("another passkey without a proof", err, identity.ErrVerify)
		asked = ask(full)
		next := must[string](t)(h.VerifyPasskey(ctx, models.StaffRealm, full, identity.Answer{Cookie: asked.Cookie, Text: key.Get(asked.Options)}, identity.Client{}))
		if now := must[identity.Who](t)(h.current(next)); !h.Verified(now) || now.Session.EndsAt != who.Session.EndsAt {
			t.Errorf("after the proof: %+v", now.Session)
		}
		_, err = h.current(full)
		h.refused("the cookie from before the proof", err, identity.ErrSignedOut)
	})
}

func TestOnlyWhatWasAskedForBecomesAPasskey(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		h, ctx := newHouse(t, s), t.Context()
		links := must[[]identity.Link](t)(h.SetUp(ctx, "command line"))
		m, other := h.enrol(links[0], "lin.tao"), h.enrol(links[1], "he.jing")
		add := func(cookie string, change func(*apptest.Passkey)) error {
			t.Helper()
			asked := must[identity.Ceremony](t)(h.OfferPasskey(ctx, models.StaffRealm, m.cookie))
			key := apptest.NewPasskey(t, origin)
			change(key)
			return h.AddPasskey(ctx, models.StaffRealm, cookie, "Laptop", identity.Answer{Cookie: asked.Cookie, Text: key.Create(asked.Options)})
		}
		for name, wrong := range map[string]func(*apptest.Passkey){
			"another origin":      func(k *apptest.Passkey) { k.Origin = "https://evil.example" },
			"another host's key":  func(k *apptest.Passkey) { k.Host = "evil.example" },
			"nobody verified":     func(k *apptest.Passkey) { k.Flags = apptest.Present },
			"nobody there at all": func(k *apptest.Passkey) { k.Flags = 0 },
		} {
			h.refused(name, add(m.cookie, wrong), identity.ErrPasskey)
		}
		h.refused("another session's question", add(other.cookie, func(*apptest.Passkey) {}), identity.ErrChallenge)
		key := h.passkey(m)
		asked := must[identity.Ceremony](t)(h.OfferPasskey(ctx, models.StaffRealm, other.cookie))
		err := h.AddPasskey(ctx, models.StaffRealm, other.cookie, "Mine now", identity.Answer{Cookie: asked.Cookie, Text: key.Create(asked.Options)})
		h.refused("a passkey that somebody has", err, identity.ErrPasskey)
		if len(key.Handle) == 0 || strings.Contains(string(key.Handle), "lin") {
			t.Errorf("the handle %q says who it is", key.Handle)
		}
	})
}

func TestAConsoleAtAnAddressHasNoPasskeys(t *testing.T) {
	t.Parallel()
	for address, want := range map[string]bool{
		origin: true, "http://localhost:8081": true, "https://10.1.2.3": false, "https://[::1]:8081": false, "": false,
	} {
		if got := identity.New(identity.Options{Address: address, Name: "Bank"}).Passkeys(); got != want {
			t.Errorf("%q: %v, want %v", address, got, want)
		}
	}
}
