package bankfile_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"postern/app/bankfile"
	"postern/app/store"
	"postern/app/store/storetest"
	"postern/models"
)

// The pieces that cases begin with.
const (
	service     = "services:\n  - id: urn:h5:new\n    name: New\n    h5_url: https://new.bank.example/h5\n    origins: [https://new.bank.example]\n"
	route       = service + "    routes:\n      - {id: new, method: GET, pattern: /new, resource: new, action: read, "
	stop        = service + "    stops:\n      - reason_en: Day-end\n        reason_zh: 日终\n        from: 2026-12-31T15:00:00Z\n"
	scope       = "scopes:\n  - id: new:read\n    service: urn:h5:loan\n    title: New\n"
	field       = scope + "    permissions:\n      - resource: loan.offer\n        action: read\n        fields:\n"
	application = "applications:\n  - id: new-app\n    partner: travel\n    name: New\n    environment: production\n"
	credential  = "credentials:\n  - id: new-key\n    application: travel-app\n"
	grant       = "grants:\n  - id: new-grant\n    application: travel-app\n    scope: loan.offer:read\n    purpose: New\n"
	key         = `kty: EC, crv: P-256, x: EvHnS03SK1gr4wFl4U27rREtDsqyBqmQ7hLzW4ZQ8M8, y: wDQk14mjO7Xy0Y0qZRTqCh5449A1S4e9mp80FdJ2v1s`
)

// wrong are files with one fault each, in their last line unless line says
// another. They are held against a database that holds the example.
var wrong = []struct {
	name, text string
	line       int
	want       string
}{
	// Form.
	{"a section that is not known", "partner: []", 0, `unknown section "partner"; known are services, scopes`},
	{"a section that is no list", "partners: {id: travel}", 0, "want a list"},
	{"an entry that is no mapping", "partners:\n  - travel", 0, "want keys with values"},
	{"an entry without an id", "partners:\n  - name: Travel", 0, "has no id"},
	{"an entry that is here twice", "partners:\n  - id: travel\n  - id: travel", 0, "in line 2 already"},
	{"a key that is not known", "partners:\n  - id: travel\n    nmae: Travel", 0, `unknown key "nmae"; known here: id, name, status`},
	{"a key that is here twice", "partners:\n  - id: travel\n    name: A\n    name: B", 0, "in line 3 already"},
	{"a key below that is not known", field + "          - {path: a, treatment: drop, clas: C1}", 0, `unknown key "clas"`},
	{"a key without a value", "partners:\n  - id: travel\n    name:", 0, "nothing is written here"},
	{"a number where text belongs", "partners:\n  - id: travel\n    name: 12", 0, "put 12 into quotes"},
	{"a truth value where text belongs", "partners:\n  - id: travel\n    name: true", 0, "put true into quotes"},
	{"text where a number belongs", "applications:\n  - id: travel-app\n    at_lifetime: '60'", 0, "whole number without quotes"},
	{"a number of another base", "applications:\n  - id: travel-app\n    at_lifetime: 0x3c", 0, "whole number"},
	{"a number with a leading zero", "applications:\n  - id: travel-app\n    at_lifetime: 060", 0, "whole number"},
	{"text where true or false belongs", "grants:\n  - id: travel-app-offer\n    ended: yes", 0, "want true or false"},
	{"text where a list belongs", "applications:\n  - id: travel-app\n    addresses: 203.0.113.7", 0, "want a list"},
	{"a day where a time belongs", "grants:\n  - id: travel-app-offer\n    ends_at: 2026-11-22", 0, "want a time such as"},
	{"never as a beginning", grant + "    starts_at: never", 0, "want a time such as"},
	{"an anchor", "partners:\n  - id: travel\n    name: &name Travel", 0, "anchors, aliases and tags are not taken"},
	{"a tag", "partners:\n  - id: travel\n    name: !!str Travel", 0, "anchors, aliases and tags are not taken"},
	{"two documents", "partners: []\n---\npartners: []", 0, "a file is one document"},
	{"nothing", "", 1, "says nothing"},

	// Services.
	{"an id that is no URI", "services:\n  - id: loan", 0, "absolute URI"},
	{"a service without a name", "services:\n  - {id: urn:h5:new, h5_url: 'https://n.example/', origins: ['https://n.example']}", 0, "cannot be a name"},
	{"a class that is not known", service + "    class: A3", 0, "want A1 or A2"},
	{"an API id of another form", service + "    api_id: OP1097230", 0, "want 24 characters"},
	{"an API id of the other level", service + "    api_id: OP10972301H5000100000001", 0, "another level than class A2"},
	{"an active service without an API id", service + "    status: active", 2, "needs its JR/T 0185 API id"},
	{"a state that is not known", service + "    status: open", 0, "want draft, active, suspended or closed"},
	{"a page without TLS", "services:\n  - id: urn:h5:loan\n    h5_url: http://loan.bank.example/h5", 0, "want https"},
	{"a page with a fragment", "services:\n  - id: urn:h5:loan\n    h5_url: https://loan.bank.example/h5#a", 0, "without fragment"},
	{"a page with a user", "services:\n  - id: urn:h5:loan\n    h5_url: https://u@loan.bank.example/h5", 0, "user name"},
	{"a page on an origin that is not listed", "services:\n  - id: urn:h5:loan\n    h5_url: https://elsewhere.example/h5", 0, "not among the service's origins"},
	{"no origin", "services:\n  - id: urn:h5:loan\n    h5_url: https://loan.bank.example/h5\n    origins: []", 0, "at least one origin"},
	{"an origin with a path", "services:\n  - id: urn:h5:loan\n    origins: [https://loan.bank.example, https://a.example/]", 0, "nothing behind host and port"},
	{"an origin with its scheme's own port", "services:\n  - id: urn:h5:loan\n    origins: [https://loan.bank.example, 'https://a.example:443']", 0, "is no origin"},
	{"an origin in capitals", "services:\n  - id: urn:h5:loan\n    origins: [https://loan.bank.example, https://A.example]", 0, "small letters"},
	{"an origin without TLS", "services:\n  - id: urn:h5:loan\n    origins: [https://loan.bank.example, http://a.example]", 0, "is no origin"},
	{"null among origins", "services:\n  - id: urn:h5:loan\n    origins: [https://loan.bank.example, 'null']", 0, "null is no origin"},
	{"an origin of another service", "services:\n  - id: urn:h5:loan\n    origins: [https://loan.bank.example, https://rates.bank.example]", 0, "origin of service urn:h5:rates"},
	{"a visit longer than keys live", service + "    max_age: 9001", 0, "want 0 to 9000 seconds"},
	{"a negative limit", service + "    vt_lifetime: -1", 0, "out of range"},
	{"a body too large", service + "    max_body: 16777217", 0, "out of range"},
	{"an upstream of no environment", service + "    upstreams: [{environment: prod, base_url: 'https://u.example'}]", 0, "want production or sandbox"},
	{"two upstreams of one environment", service + "    upstreams:\n      - {environment: sandbox, base_url: 'https://u.example'}\n      - {environment: sandbox, base_url: 'https://v.example'}", 0, "two upstreams for sandbox"},
	{"an upstream with a query", service + "    upstreams: [{environment: sandbox, base_url: 'https://u.example?a'}]", 0, "query and fragment are not allowed"},
	{"an introspection secret in clear", service + "    upstreams: [{environment: sandbox, base_url: 'https://u.example', introspection_hash: secret}]", 0, "no hash of a secret"},
	{"a service that comes back", "services:\n  - id: urn:h5:old\n    status: active", 0, "a service that is closed cannot become active"},

	// Routes.
	{"a method that is not known", service + "    routes:\n      - {id: new, method: get, pattern: /, resource: a, action: b}", 0, `method "get" is not known`},
	{"a pattern without a slash", service + "    routes:\n      - {id: new, method: GET, pattern: a, resource: a, action: b}", 0, "begins with a slash"},
	{"a pattern that no path matches", service + "    routes:\n      - {id: new, method: GET, pattern: /a//b, resource: a, action: b}", 0, `segment "" is none`},
	{"braces inside a segment", service + "    routes:\n      - {id: new, method: GET, pattern: '/a-{b}', resource: a, action: b}", 0, "around a whole segment"},
	{"a parameter that nobody checks", service + "    routes:\n      - {id: new, method: GET, pattern: '/a/{b}', resource: a, action: b}", 0, "nobody checks whose {b} is"},
	{"a binding to what is not known", route + "query_names: [user], bindings: {user: '{partner}'}}", 0, "want {sub} or {customer}"},
	{"a binding of what is not there", route + "bindings: {user: '{sub}'}}", 0, "stands neither in path nor query"},
	{"an owner check that is not known", route + "owner_check: gateway}", 0, `owner check "gateway" is not known: want upstream, or leave the key away`},
	{"an owner check that is called none", route + "owner_check: none}", 0, `owner check "none" is not known: want upstream, or leave the key away`},
	{"two routes in one place", route + "}\n      - {id: newer, method: GET, pattern: /new, resource: new, action: read}", 0, "is taken by route new"},
	{"a route of another service", service + "    routes:\n      - {id: rates, method: GET, pattern: /, resource: a, action: b}", 0, "is a route of service urn:h5:rates"},
	{"a colon in a resource", service + "    routes:\n      - {id: new, method: GET, pattern: /, resource: 'a:b', action: b}", 0, "is no resource"},
	{"a path of error fields that is none", route + "error_fields: ['a..b']}", 0, `path "a..b"`},
	{"JSON among reply types", route + "reply_types: [application/json]}", 0, "and not JSON"},
	{"a sample reply that is not strict", route + "sample_reply: '{\"a\":1,\"a\":2}'}", 0, "repeated names"},
	{"a query name that splits", route + "query_names: ['a&b']}", 0, "cannot be a name in the query"},
	{"a write in class A1", "services:\n  - id: urn:h5:rates\n    routes: [{id: rates, method: POST, pattern: /rates, resource: a, action: b}]", 0, "is read only"},

	{"a day that is none", service + "    hours:\n      - days: [mon]\n        from: '09:00'\n        to: '17:00'\n      - from: '09:00'\n        to: '17:00'\n        days: [mon, montag]", 0, `"montag" is no day`},
	{"hours without a day", service + "    hours: [{days: [], from: '09:00', to: '17:00'}]", 0, "name at least one day"},
	{"an opening that is no time", service + "    hours:\n      - days: [mon]\n        to: '17:00'\n        from: '9:00'", 0, "no time of day"},
	{"a closing that is no time", service + "    hours:\n      - days: [mon]\n        from: '09:00'\n        to: '24:30'", 0, "no time of day"},
	{"hours of no length", service + "    hours:\n      - days: [mon]\n        from: '09:00'\n        to: '09:00'", 0, "a whole day is 00:00 to 24:00"},
	{"hours twice", service + "    hours:\n      - {days: [mon, tue], from: '09:00', to: '17:00'}\n      - {days: [tue, mon], from: '09:00', to: '17:00'}", 0, "mon tue 09:00-17:00 is here twice"},
	{"a stop that ends before it begins", stop + "        to: 2026-12-31T14:00:00Z", 0, "end before it begins"},
	{"a stop without an end", stop, 7, "enter when the stop ends"},
	{"a stop of weeks", stop + "        to: 2027-02-01T15:00:01Z", 0, "at most 31 days"},
	{"a stop without a word for Chinese readers", "services:\n  - id: urn:h5:loan\n    stops: [{from: 2026-12-31T15:00:00Z, to: 2026-12-31T16:00:00Z, reason_en: Day-end}]", 0, "does not say why"},
	{"two stops that begin at once", stop + "        to: 2026-12-31T16:00:00Z\n      - {from: 2026-12-31T15:00:00Z, to: 2026-12-31T17:00:00Z, reason_en: a, reason_zh: b}", 0, "there are two stops from 2026-12-31T15:00:00Z"},

	// Scopes.
	{"a scope's name with a space", "scopes:\n  - id: a b\n    service: urn:h5:loan\n    title: A", 2, "RFC 6749"},
	{"a reference that no column holds", "scopes:\n  - id: new:read\n    title: New\n    service: \"a\\0b\"", 0, "there is no service"},
	{"a scope of no service", "scopes:\n  - id: new:read\n    title: New\n    service: urn:h5:none", 0, "there is no service urn:h5:none"},
	{"a scope that moves", "scopes:\n  - id: loan.offer:read\n    service: urn:h5:rates", 0, "belongs to urn:h5:loan and stays there"},
	{"a permission twice", scope + "    permissions:\n      - {resource: a, action: b}\n      - {resource: a, action: b}", 0, "permission a:b is here twice"},
	{"fields of what is denied", scope + "    permissions:\n      - {resource: a, action: b, deny: true, raw: true}", 0, "reveals nothing"},
	{"C3 that is kept", field + "          - {path: id_no, class: C3, treatment: keep}", 0, "cannot be kept"},
	{"what has no class and is kept", field + "          - {path: id_no, treatment: keep}", 0, "cannot be kept"},
	{"a class that is not known", field + "          - {path: a, class: C4, treatment: drop}", 0, "unknown class"},
	{"a treatment that is not known", field + "          - {path: a, class: C1, treatment: hide}", 0, "unknown treatment"},
	{"a mask that is not known", field + "          - {path: a, class: C1, treatment: mask, mask: fone}", 0, `mask "fone" is not known: want phone, id_number, name, card, email, address or amount`},
	{"a mask that does nothing", field + "          - {path: a, class: C1, treatment: keep, mask: card}", 0, "a mask without the treatment"},
	{"a path that is none", field + "          - {path: 'a.*b', class: C1, treatment: keep}", 0, "a star inside a name"},
	{"a field twice", field + "          - {path: a, class: C1, treatment: drop}\n          - {path: a, class: C2, treatment: drop}", 0, "field a is here twice"},

	// Partners and applications.
	{"a name that turns text around", "partners:\n  - id: travel\n    name: \"a\\u202eb\"", 0, "turns or hides text"},
	{"a partner that becomes a draft", "partners:\n  - id: travel\n    status: draft", 0, "a partner that is active cannot become draft"},
	{"a client_id with a colon", "applications:\n  - {id: 'a:b', partner: travel, name: A, environment: production}", 0, "no colon"},
	{"an application of no partner", "applications:\n  - id: a\n    name: A\n    environment: production\n    partner: nobody", 0, "there is no partner nobody"},
	{"an application that changes hands", "partners: [{id: other, name: O}]\napplications:\n  - id: travel-app\n    partner: other", 0, "the application is travel's"},
	{"an application that leaves the sandbox", "applications:\n  - id: travel-app\n    environment: sandbox", 0, "one of production and stays so"},
	{"an application that changes its suite", "applications:\n  - id: travel-app\n    suite: GM", 0, "uses A256 and goes on doing so"},
	{"a suite that is not known", application + "    suite: RSA", 0, "want A256 or GM"},
	{"a method that is not built", application + "    auth_method: tls_client_auth", 0, "not available on this gateway yet"},
	{"a method that is not known to anybody", application + "    auth_method: none", 0, "want private_key_jwt"},
	{"an AT that lives too long", application + "    at_lifetime: 601", 0, "want 0 to 600"},
	{"a negative quota", application + "    daily_quota: -1", 0, "out of range"},
	{"an address that is none", application + "    addresses: [localhost]", 0, "is no address"},
	{"a prefix with more than its bits", application + "    addresses: [10.1.2.3/8]", 0, "write 10.0.0.0/8"},
	{"an address that never matches", application + "    addresses: ['::ffff:10.0.0.0/104']", 0, "write the IPv4 address itself"},
	{"a mode that is not known", application + "    address_mode: on", 0, "want off, dry_run or enforce"},
	{"a list that refuses everybody", application + "    address_mode: enforce\n    addresses: []", 0, "refuses everybody"},
	{"a script to return to", application + "    return_addresses: ['javascript:alert(1)']", 0, "scheme javascript is refused"},
	{"a return without TLS", application + "    return_addresses: ['http://a.example/']", 0, "scheme http is refused"},
	{"a return with a user", application + "    return_addresses: ['https://u@a.example/']", 0, "without a user name"},
	{"a return that is no address", application + "    return_addresses: [home]", 0, "is no return address"},

	// Credentials.
	{"a credential of nothing", credential, 2, "enter a public key"},
	{"a credential of no application", "credentials:\n  - id: new-key\n    secret_hash: XlGelA0XxgxNU7TeEHQ-g68TzkYmFZmsUZhwGaS6hXY\n    application: nobody", 0, "there is no application nobody"},
	{"a key and a secret", credential + "    jwk_file: keys/travel-enc-1.jwk\n    secret_hash: XlGelA0XxgxNU7TeEHQ-g68TzkYmFZmsUZhwGaS6hXY", 0, "a key or a secret, not both"},
	{"a secret in clear", credential + "    secret_hash: hunter2", 0, "want its SHA-256"},
	{"a private key", credential + "    jwk: {" + key + ", kid: k, use: sig, d: AAAA}", 0, "a private member"},
	{"a key without a kid", credential + "    jwk: {" + key + ", use: sig}", 0, "it has no kid"},
	{"a key without a use", credential + "    jwk: {" + key + ", kid: k}", 0, "use and alg must name one purpose"},
	{"a curve that is too large", credential + "    jwk: {kty: EC, crv: P-384, x: AA, y: AA, kid: k, use: sig}", 0, "want EC with P-256"},
	{"an RSA key that is too small", credential + "    jwk: {kty: RSA, n: sXch, e: AQAB, kid: k, use: sig}", 0, "2048 to 4096 bits"},
	{"a point off the curve", credential + "    jwk: {kty: EC, crv: P-256, x: EvHnS03SK1gr4wFl4U27rREtDsqyBqmQ7hLzW4ZQ8M8, y: EvHnS03SK1gr4wFl4U27rREtDsqyBqmQ7hLzW4ZQ8M8, kid: k, use: sig}", 0, "not on the curve"},
	{"another application's key", "credentials:\n  - id: new-key\n    application: travel-site\n    jwk: {" + key + ", kid: k, use: sig}", 0, "application travel-app has registered the same key"},
	{"the same key for the other use", credential + "    jwk: {" + key + ", kid: k, use: enc}", 0, "credential travel-app-sig-1 of the application is the same key"},
	{"the same key under another kid", credential + "    jwk: {" + key + ", kid: k, use: sig}", 0, "credential travel-app-sig-1 of the application is the same key"},
	{"a kid that is taken", credential + "    jwk: {" + key + ", kid: travel-sig-1, use: sig}", 0, "has the kid travel-sig-1 already"},
	{"a key file that is not there", credential + "    jwk_file: keys/none.jwk", 0, "there is no file keys/none.jwk"},
	{"a key file outside", credential + "    jwk_file: ../keys/none.jwk", 0, "not a path below"},
	{"a key file that is no key", credential + "    jwk_file: bank.yaml", 0, "not an acceptable key"},
	{"a key that is replaced", "credentials:\n  - id: travel-app-sig-1\n    jwk_file: keys/travel-enc-1.jwk", 0, "register another beside it"},
	{"a credential that changes hands", "credentials:\n  - id: travel-app-sig-1\n    application: travel-site", 0, "the credential is travel-app's"},
	{"a key with a member twice", credential + "    jwk: {" + key + ", kid: k, kid: l, use: sig}", 0, "is one here twice"},
	{"an end before the beginning", credential + "    jwk: {" + key + ", kid: k, use: sig}\n    not_before: 2026-11-22T10:00:00Z\n    not_after: 2026-11-22T10:00:00Z", 0, "end before it begins"},

	// Grants.
	{"a grant to nobody", "grants:\n  - id: g\n    scope: loan.offer:read\n    purpose: P\n    application: nobody", 0, "there is no application nobody"},
	{"a grant of nothing", "grants:\n  - id: g\n    application: travel-app\n    purpose: P\n    scope: none:read", 0, "there is no scope none:read"},
	{"a grant without a purpose", "grants:\n  - {id: g, application: travel-app, scope: 'loan.offer:read'}", 0, "what it is for"},
	{"a grant that becomes another", "grants:\n  - id: travel-app-offer\n    scope: account.balance:read", 0, "only the end can change"},
	{"a grant with another purpose", "grants:\n  - id: travel-app-offer\n    purpose: Another", 0, "only the end can change"},
	{"a grant that ends before it begins", grant + "    starts_at: 2026-11-22T10:00:00Z\n    ends_at: 2026-11-22T09:00:00Z", 0, "end before it begins"},
	{"A2 for who has only a secret", "grants:\n  - id: g\n    application: travel-site\n    purpose: P\n    scope: loan.offer:read", 0, "A2 does not take (JR/T 0185)"},
	{"only a secret for who has A2", "applications:\n  - id: travel-app\n    auth_method: client_secret_basic", 0, "grant travel-app-balance is there"},
	{"A2 for a service that secrets have", "services:\n  - id: urn:h5:rates\n    api_id: OP10972302H5000200000001\n    class: A2", 0, "grant travel-site-rates is there"},
}

func TestABadFileIsRefusedWithItsLine(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		applied(t, s, example(t)+"\n")
		write(t, s, func(tx *store.Tx) error {
			return tx.SaveService(models.Service{ID: "urn:h5:old", Name: "Old", H5URL: "https://loan.bank.example/", Class: "A2", Status: models.Closed, CreatedAt: 1, UpdatedAt: 1})
		})
		held := len(changes(t, s))
		for _, c := range wrong {
			t.Run(c.name, func(t *testing.T) {
				line := c.line
				if line == 0 {
					line = strings.Count(strings.TrimSuffix(c.text, "\n"), "\n") + 1
				}
				_, err := apply(t, s, c.text)
				found := false
				for _, f := range faults(t, err) {
					found = found || f.Line == line && strings.Contains(f.Text, c.want)
				}
				if !found {
					t.Errorf("want line %d with %q:\n%s\n%v", line, c.want, c.text, err)
				}
			})
		}
		if n := len(changes(t, s)); n != held {
			t.Errorf("files that were refused left %d notices", n-held)
		}
	})
}

// What follows from a fault alone is not told as another.
func TestAnUnknownClassIsOneFault(t *testing.T) {
	t.Parallel()
	_, err := read(t, service+"    api_id: OP10972302H5000100000001\n    class: A9").Preview(t.Context(), nil, bankfile.Options{Now: now})
	if got := faults(t, err); len(got) != 1 || !strings.Contains(got[0].Text, `class "A9" is not known: want A1 or A2`) {
		t.Errorf("got %v", err)
	}
}

func TestEveryFaultIsToldAtOnce(t *testing.T) {
	t.Parallel()
	const text = `partnerz: []
services:
  - id: urn:h5:new
    nmae: New
    h5_url: https://new.bank.example/
    origins: [https://new.bank.example]
    max_age: 'long'
    vt_lifetime: 99999
scopes:
  - id: new:read
    service: urn:h5:none
    title: New
    permissions:
      - resource: a
        action: b
        fields:
          - {path: a, class: C3, treatment: keep}
grants:
  - {id: g, application: none, scope: none, purpose: P}
`
	_, err := read(t, text).Preview(t.Context(), nil, bankfile.Options{Now: now})
	var lines []int
	for _, f := range faults(t, err) {
		lines = append(lines, f.Line)
	}
	if fmt.Sprint(lines) != "[1 3 4 7 8 11 17 19 19]" {
		t.Errorf("faults in lines %v:\n%v", lines, err)
	}
	if !strings.HasPrefix(err.Error(), "bank.yaml is refused and nothing was changed; 9 faults:\n  line 1: ") {
		t.Errorf("it begins with %.90q", err)
	}
}

func TestWhatIsNoYAMLIsToldWithItsLine(t *testing.T) {
	t.Parallel()
	for text, line := range map[string]int{
		"partners:\n  - id: x\n   name: y": 3,
		"partners: [a\nservices: []":       2,
		"partners:\n\t- id: x":             2,
		"partners: \"a":                    1,
	} {
		_, err := bankfile.Read("bank.yaml", []byte(text), nil)
		if list := faults(t, err); len(list) != 1 || list[0].Line != line || !strings.Contains(list[0].Text, "this is not YAML") {
			t.Errorf("%q: %v, want line %d", text, err, line)
		}
	}
}

func TestAFileIsBounded(t *testing.T) {
	t.Parallel()
	many := "partners:\n" + strings.Repeat("  - id: x\n", bankfile.MaxThings+1)
	long := "applications:\n  - id: a\n    addresses:\n" + strings.Repeat("      - 10.0.0.1\n", 20_001)
	for name, text := range map[string]string{
		"too many entries": many, "too many of one list": long, "too long": strings.Repeat("#\n", bankfile.MaxSize/2+1),
	} {
		var r *bankfile.Refusal
		if _, err := bankfile.Read("bank.yaml", []byte(text), nil); !errors.As(err, &r) || !strings.Contains(err.Error(), "split it") {
			t.Errorf("%s: got %.200v", name, err)
		}
	}
}

func TestAFileThatIsTooDeepIsRefusedAtOnce(t *testing.T) {
	t.Parallel()
	for _, text := range []string{strings.Repeat("[", 1<<17), strings.Repeat("{a: ", 1<<15), strings.Repeat("- ", 1<<16), strings.Repeat("? ", 1<<16)} {
		_, err := bankfile.Read("bank.yaml", []byte("\n"+text), nil)
		if list := faults(t, err); list[0].Line != 2 || !strings.Contains(list[0].Text, "inside each other") {
			t.Errorf("%.20q…: %v", text, err)
		}
	}
}

func TestWhatWasWrongBeforeDoesNotStopAStop(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		write(t, s, func(tx *store.Tx) error {
			return errors.Join(
				tx.SavePartner(models.Partner{ID: "old", Name: "Old\nname", Status: models.Active, CreatedAt: 1, UpdatedAt: 1}),
				tx.SaveService(models.Service{ID: "urn:h5:old", Name: "Old", H5URL: "http://old.example/", Class: "A2", APIID: "1", Status: models.Active, CreatedAt: 1, UpdatedAt: 1}))
		})
		if plan := applied(t, s, "partners: [{id: old, status: suspended}]\nservices: [{id: 'urn:h5:old', status: suspended}]"); len(plan.Things) != 2 {
			t.Errorf("it changed\n%s", plan)
		}
		if plan := applied(t, s, export(t, s)); len(plan.Things) != 0 {
			t.Errorf("its own export changes\n%s", plan)
		}
		_, err := apply(t, s, "services: [{id: 'urn:h5:old', h5_url: 'http://older.example/'}]")
		if list := faults(t, err); len(list) == 0 || !strings.Contains(list[0].Text, "http://older.example/") {
			t.Errorf("a new fault in its place is not told: %v", err)
		}
	})
}
