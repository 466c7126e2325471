package bankfile_test

import (
	"crypto/rand"
	"fmt"
	"strings"
	"testing"

	"postern/app/bankfile"
	"postern/app/partners"
	"postern/app/store"
	"postern/app/store/storetest"
)

// differences are what one entry changes of the example, and what a person is
// told: each line with what it does.
var differences = []struct {
	name, text string
	want       []string // in this order, the only ones
}{
	{"a partner is suspended", "partners: [{id: travel, status: suspended}]", []string{"narrows status: active -> suspended"}},
	{"a partner is closed", "partners: [{id: travel, status: closed}]", []string{"narrows status: active -> closed"}},
	{"a profile is written", `partners: [{id: travel, legal_name: Travel Ltd, credit_code: 91350100m000100y43, contract: C-1, contract_ends: "2027-06-30", risk: high,
  contacts: [{kind: security, name: He Jing, phone: "+86 138 0000 6027"}, {kind: manager, name: Wang Lei, email: wang.lei@bank.example}]}]`, []string{
		"        legal_name: Travel Ltd", "        credit_code: 91350100M000100Y43", "        contract: C-1", "        contract_ends: 2027-06-30",
		"narrows risk: medium -> high", "        security contact is added", "        manager contact is added",
	}},
	{"a lower tier of risk", "partners: [{id: travel, risk: low}]", []string{"WIDENS  risk: medium -> low"}},
	{"a partner is renamed", "partners: [{id: travel, name: Lianhe}]", []string{"        name: Lianhe Travel 联合出行 -> Lianhe"}},

	{"limits", "applications: [{id: travel-app, at_lifetime: 0, daily_quota: 50, at_rate: 5}]", []string{
		"WIDENS  at_lifetime: 60 -> 120 by default", "narrows daily_quota: 100000 -> 50", "WIDENS  at_rate: the gateway's -> 5",
	}},
	{"a limit that is lifted", "applications: [{id: travel-app, daily_quota: 0}]", []string{"WIDENS  daily_quota: 100000 -> no limit"}},
	{"a limit that is written out", "services: [{id: 'urn:h5:loan', max_age: 7200}]", []string{"        max_age: 7200 by default -> 7200"}},
	{"addresses", "applications: [{id: travel-app, address_mode: dry_run, addresses: [203.0.113.0/24, 198.51.100.7]}]", []string{
		"WIDENS  address_mode: enforce -> dry_run", "WIDENS  address 198.51.100.7/32 is added", "narrows address 2001:db8:1::/48 is taken away",
	}},
	{"stricter addresses", "applications: [{id: travel-site, address_mode: dry_run}]", []string{"narrows address_mode: off -> dry_run"}},
	{"a better proof", "applications: [{id: travel-site, auth_method: private_key_jwt}]", []string{"narrows auth_method: client_secret_basic -> private_key_jwt"}},
	{"a place to return to", "applications: [{id: travel-app, return_addresses: ['lianhetravel://home', 'lianhetravel://loan']}]", []string{
		"WIDENS  return address lianhetravel://loan is added", "narrows return address https://app.travel.example/back is taken away",
	}},

	{"fields", `scopes:
  - id: loan.offer:read
    permissions:
      - resource: loan.offer
        action: read
        fields:
          - {path: offer.limit, class: C2, treatment: mask, mask: amount}
          - {path: offer.rate, class: C1, treatment: keep}
          - {path: offer.score, class: C3, treatment: drop}
          - {path: holder.name, class: C2, treatment: keep}
          - {path: holder.age, class: C2, treatment: mask, mask: amount}
          - {path: holder.note, treatment: drop}
`, []string{
		"narrows field offer.limit under loan.offer:read now leaves masked as amount, class C2 (before: leaves unmasked, class C2)",
		"WIDENS  field holder.name under loan.offer:read now leaves unmasked, class C2 (before: leaves masked as name, class C2)",
		"WIDENS  field holder.age under loan.offer:read leaves masked as amount, class C2",
		"        field holder.note under loan.offer:read does not leave, class C3",
		"narrows field holder.phone under loan.offer:read is no longer named, and does not leave (was: leaves masked as phone, class C2)",
	}},
	{"a mask that shows more, a class that guards less", `scopes:
  - id: account.balance:read
    permissions:
      - resource: account.balance
        action: read
        fields: [{path: balance, class: C1, treatment: keep}, {path: account, class: C3, treatment: mask, mask: phone}]`, []string{
		"WIDENS  field balance under account.balance:read now leaves unmasked, class C1 (before: leaves unmasked, class C2)",
		"WIDENS  field account under account.balance:read now leaves masked as phone, class C3 (before: leaves masked as card, class C3)",
	}},
	{"permissions", "scopes: [{id: 'session:sign-in', requires_customer: true, permissions: [{resource: session, action: sign-in, deny: true}, {resource: a, action: b, raw: true}]}]", []string{
		"narrows requires_customer: true", "narrows session:sign-in is denied",
		"narrows field signed_in under session:sign-in is no longer named, and does not leave (was: leaves unmasked, class C1)",
		"WIDENS  a:b is allowed", "WIDENS  replies under a:b leave whole (raw): true",
	}},

	{"a service", "services: [{id: 'urn:h5:loan', allow_no_origin: true, durable_calls: true, status: suspended, origins: ['https://loan.bank.example', 'https://l.bank.example']}]", []string{
		"narrows status: active -> suspended", "WIDENS  allow_no_origin: true", "narrows durable_calls: true", "WIDENS  origin https://l.bank.example is added",
	}},
	{"an upstream", "services: [{id: 'urn:h5:rates', upstreams: [{environment: production, base_url: 'https://r.internal.bank.example', introspection_hash: XlGelA0XxgxNU7TeEHQ-g68TzkYmFZmsUZhwGaS6hXY}]}]", []string{
		"WIDENS  upstream for production: https://rates.internal.bank.example -> https://r.internal.bank.example", "WIDENS  upstream for production may introspect",
	}},
	{"a route", "services: [{id: 'urn:h5:rates', routes: [{id: rates, method: GET, pattern: '/rates/{kind}', resource: deposit.rates, action: read, bindings: {kind: '{sub}'}, query_names: [q]}]}]", []string{
		"WIDENS  route rates: pattern: /rates -> /rates/{kind}", "WIDENS  route rates: query name q is added", "narrows route rates: binding of kind: {sub}",
	}},
	{"a route that goes", "services: [{id: 'urn:h5:rates', routes: []}]", []string{"narrows route rates is taken away"}},

	{"later in the evening", "services: [{id: 'urn:h5:loan', hours: [{days: [mon, tue, wed, thu, fri, sat, sun], from: '06:00', to: '23:45'}]}]", []string{
		"WIDENS  hours: mon tue wed thu fri sat sun 06:00-23:30 -> mon tue wed thu fri sat sun 06:00-23:45",
	}},
	{"no week-ends", "services: [{id: 'urn:h5:loan', hours: [{days: [mon, tue, wed, thu, fri], from: '06:00', to: '23:30'}]}]", []string{
		"narrows hours: mon tue wed thu fri sat sun 06:00-23:30 -> mon tue wed thu fri 06:00-23:30",
	}},
	{"the same hours in two spans", "services: [{id: 'urn:h5:loan', hours: [{days: [tue, wed, thu, fri, sat, sun], from: '06:00', to: '23:30'}, {days: [mon], from: '06:00', to: '23:30'}]}]", []string{
		"        hours: mon tue wed thu fri sat sun 06:00-23:30 -> mon 06:00-23:30, tue wed thu fri sat sun 06:00-23:30",
	}},
	{"hours that are lifted", "services: [{id: 'urn:h5:loan', hours: []}]", []string{"WIDENS  hours: mon tue wed thu fri sat sun 06:00-23:30 -> always"}},
	{"first hours", "services: [{id: 'urn:h5:rates', hours: [{days: [sun], from: '22:00', to: '02:00'}]}]", []string{"narrows hours: always -> sun 22:00-02:00"}},
	{"a stop that is longer, and a new one", `services:
  - id: urn:h5:loan
    stops:
      - {from: "2026-12-31T22:30:00+08:00", to: "2027-01-01T06:30:00+08:00", reason_en: Year-end closing, reason_zh: 年终决算}
      - {from: "2027-06-30T22:30:00+08:00", to: "2027-07-01T06:00:00+08:00", reason_en: Half-year closing, reason_zh: 半年结息}`, []string{
		"narrows stop from 2026-12-31T14:30:00Z: until 2026-12-31T22:00:00Z -> 2026-12-31T22:30:00Z",
		"        stop from 2026-12-31T14:30:00Z: reason_zh: 年终结算 -> 年终决算",
		"narrows stop from 2027-06-30T14:30:00Z until 2027-06-30T22:00:00Z is added: Half-year closing / 半年结息",
	}},
	{"stops that are lifted", "services: [{id: 'urn:h5:loan', stops: []}]", []string{"WIDENS  stop from 2026-12-31T14:30:00Z until 2026-12-31T22:00:00Z is taken away"}},

	{"a credential", "credentials: [{id: travel-site-secret-1, not_after: never}]", []string{"WIDENS  not_after: 2027-11-21T16:00:00Z -> never"}},
	{"a credential that is revoked", "credentials: [{id: travel-app-sig-1, revoked: true}]", []string{"narrows revoked: true"}},
	{"a grant that is shortened", "grants: [{id: travel-app-offer, ends_at: 2027-01-01T00:00:00Z}]", []string{"narrows ends_at: 2028-11-21T16:00:00Z -> 2027-01-01T00:00:00Z"}},
	{"a grant that is ended", "grants: [{id: travel-app-offer, ended: true}]", []string{"narrows ended: true"}},
}

func TestAPlanSaysInWordsWhatWidens(t *testing.T) {
	t.Parallel()
	s := storetest.SQLite(t)
	applied(t, s, example(t))
	for _, c := range differences {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			plan, err := read(t, c.text).Preview(t.Context(), s, bankfile.Options{Now: now})
			if err != nil {
				t.Fatal(err)
			}
			lines := strings.Split(strings.TrimSuffix(plan.String(), "\n"), "\n")
			var got []string
			for _, l := range lines[1:] {
				got = append(got, l[:8]+strings.TrimPrefix(l[8:], "    "))
			}
			if strings.Join(got, "\n") != strings.Join(c.want, "\n") {
				t.Errorf("it says\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(c.want, "\n"))
			}
			widens := strings.Contains(strings.Join(c.want, "\n"), "WIDENS")
			if (plan.Widening() == 1) != widens {
				t.Errorf("%d things widen", plan.Widening())
			}
		})
	}
}

func TestWhateverIsNewWidens(t *testing.T) {
	t.Parallel()
	plan, err := read(t, "partners: [{id: p, name: P}]").Preview(t.Context(), nil, bankfile.Options{Now: now})
	if want := "WIDENS  partner p is new\n            status: draft\n            name: P\n            risk: medium\n"; err != nil || plan.String() != want || plan.Widening() != 1 {
		t.Errorf("plan %q and error %v, want %q", plan, err, want)
	}
}

func TestTextsThatLookLikeOtherThingsComeBackAsTheyWere(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		names := []string{
			"true", "null", "~", "12", "0x1f", "1e3", ".5", "2026-11-22", "2026-11-22T10:05:11Z", "- a", "a: b", "a #b", "#b", "'", `"`, `\`, "{a}", "[a]",
			"*a", "&a", "!a", "%a", "@a", "`a", "| a", "> a", "? a", "yes", "off", "é", "联合出行", "a, b", "=", "<<", "--- a", "...", "\u00a0x", ".inf", "?", "-", "a:",
		}
		var text strings.Builder
		text.WriteString("partners:\n")
		for i := range names {
			fmt.Fprintf(&text, "  - {id: p%d, name: x}\n", i)
		}
		next := 0
		rename := func(thing any) {
			if p, ok := thing.(*partners.Partner); ok {
				p.Name = names[next]
				next++
			}
		}
		plan, err := read(t, text.String()).Apply(t.Context(), s, bankfile.Options{Now: now, Adjust: rename}, rand.Reader)
		if err != nil {
			t.Fatal(err)
		}
		if len(plan.Things) != len(names) {
			t.Fatalf("%d partners, want %d", len(plan.Things), len(names))
		}
		other := storetest.SQLite(t)
		applied(t, other, export(t, s))
		if first, second := export(t, s), export(t, other); first != second {
			t.Errorf("it gives back\n%s\nwant\n%s", second, first)
		}
		if plan := applied(t, s, export(t, s)); len(plan.Things) != 0 {
			t.Errorf("its own export changes\n%s", plan)
		}
	})
}
