package token_test

import (
	"crypto/rand"
	"encoding/base64"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"postern/app/seal"
	"postern/app/token"
)

func ticketKey(t testing.TB) (string, *token.TicketKey) {
	t.Helper()
	kid := base64.RawURLEncoding.EncodeToString([]byte("8 octets"))
	secret := make([]byte, 32)
	if _, err := rand.Read(secret); err != nil {
		t.Fatal(err)
	}
	k, err := token.NewTicketKey(kid, secret)
	if err != nil {
		t.Fatal(err)
	}
	return kid, k
}

func sample() token.Ticket {
	return token.Ticket{
		VID: "lUDpqniSxJpV2vRGgHLO_Q", SID: "Lz9qBU2UkanL0F0x20R4BA", PartnerID: "p", ClientID: "app_demo",
		ServiceID: "urn:h5:loan", Environment: "production", Suite: seal.A256, Subject: "用户 7781", Customer: "c-1",
		Scopes: []string{"account.balance:read", "loan.offer:read"}, R: []byte(strings.Repeat("\x00r", 16)),
		IssuedAt: 1, ExpiresAt: 2, RenewUntil: 3, DeadAfter: 4, AuthTime: 5, Epoch: 6,
		Consents: []token.Consent{
			{ID: "019a0000-0000-7000-8000-000000000001", Scope: "loan.offer:read", Version: 3, EndsAt: 0},
			{ID: "c", Scope: "account.balance:read", Version: 1 << 40, EndsAt: 1_795_000_000_000},
		},
	}
}

// full is a ticket with as many consents as one may have.
func full() token.Ticket {
	t := sample()
	t.Scopes, t.Consents = nil, nil
	for i := range token.MaxConsents {
		scope := fmt.Sprintf("a.scope.of.usual.length:%d", i)
		t.Scopes = append(t.Scopes, scope)
		t.Consents = append(t.Consents, token.Consent{ID: "019a0000-0000-7000-8000-000000000001", Scope: scope, Version: 1000, EndsAt: 1_795_000_000_000})
	}
	return t
}

func TestTicket(t *testing.T) {
	t.Parallel()
	kid, key := ticketKey(t)
	keys := func(k string) *token.TicketKey {
		if k == kid {
			return key
		}
		return nil
	}
	vt, err := key.Seal(sample(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}

	t.Run("what was sealed comes back whole", func(t *testing.T) {
		t.Parallel()
		got, err := token.OpenTicket(vt, keys)
		if err != nil {
			t.Fatal(err)
		}
		if d := cmp.Diff(sample(), got); d != "" {
			t.Error(d)
		}
	})
	t.Run("with many consents it still fits", func(t *testing.T) {
		t.Parallel()
		vt, err := key.Seal(full(), rand.Reader)
		if err != nil {
			t.Fatal(err)
		}
		if got, err := token.OpenTicket(vt, keys); err != nil || cmp.Diff(full(), got) != "" {
			t.Errorf("%v: %s", err, cmp.Diff(full(), got))
		}
	})
	t.Run("without consents it is as it was before there were any", func(t *testing.T) {
		t.Parallel()
		old := sample()
		old.Consents = nil
		vt, err := key.Seal(old, rand.Reader)
		if err != nil {
			t.Fatal(err)
		}
		if got, err := token.OpenTicket(vt, keys); err != nil || cmp.Diff(old, got) != "" {
			t.Errorf("%v: %s", err, cmp.Diff(old, got))
		}
	})
	t.Run("a changed character anywhere is refused", func(t *testing.T) {
		t.Parallel()
		for i := range vt {
			b := []byte(vt)
			if b[i] == 'A' {
				b[i] = 'B'
			} else {
				b[i] = 'A'
			}
			if _, err := token.OpenTicket(string(b), keys); !errors.Is(err, token.ErrTicket) {
				t.Fatalf("character %d: %v", i, err)
			}
		}
	})
	t.Run("truncated, extended and foreign tickets are refused", func(t *testing.T) {
		t.Parallel()
		_, other := ticketKey(t)
		foreign, err := other.Seal(sample(), rand.Reader)
		if err != nil {
			t.Fatal(err)
		}
		for _, bad := range []string{"", "x", vt[:len(vt)-1], vt[:40], vt + "A", vt + "\n", vt + "=", strings.Repeat("A", 5000), foreign} {
			if _, err := token.OpenTicket(bad, keys); !errors.Is(err, token.ErrTicket) {
				t.Errorf("%.20q: %v", bad, err)
			}
		}
	})
	t.Run("too long a ticket is not made", func(t *testing.T) {
		t.Parallel()
		big := sample()
		big.Subject = strings.Repeat("s", 4000)
		if _, err := key.Seal(big, rand.Reader); err == nil {
			t.Error("sealed")
		}
	})
}

func FuzzOpenTicket(f *testing.F) {
	kid, key := ticketKey(f)
	vt, err := key.Seal(sample(), rand.Reader)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(vt)
	f.Add("AQ")
	f.Fuzz(func(t *testing.T, s string) {
		got, err := token.OpenTicket(s, func(k string) *token.TicketKey {
			if k == kid {
				return key
			}
			return nil
		})
		if err == nil && s != vt {
			t.Errorf("opened a ticket that was never sealed: %+v", got)
		}
	})
}

func BenchmarkTicket(b *testing.B) {
	kid, key := ticketKey(b)
	_ = kid
	vt, err := key.Seal(sample(), rand.Reader)
	if err != nil {
		b.Fatal(err)
	}
	b.Run("seal", func(b *testing.B) {
		for b.Loop() {
			if _, err := key.Seal(sample(), rand.Reader); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("open", func(b *testing.B) {
		for b.Loop() {
			if _, err := token.OpenTicket(vt, func(string) *token.TicketKey { return key }); err != nil {
				b.Fatal(err)
			}
		}
	})
}
