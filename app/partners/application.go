package partners

import (
	"fmt"
	"net/netip"
	"net/url"
	"regexp"
	"slices"
	"strings"

	"golang.org/x/text/unicode/norm"

	"postern/app/change"
	"postern/app/clients"
	"postern/app/errs"
	"postern/models"
)

// The bounds of an application's limits.
const (
	maxATLifetime     = 600 // seconds; protocol section 3
	defaultATLifetime = 120
	maxQuota          = 1_000_000_000
	maxRate           = 1_000_000
)

// Key is the client_id.
func (a Application) Key() string { return a.ID }

// Normalize trims, writes single addresses as prefixes and fills in the defaults.
func (a Application) Normalize() Application {
	a.ID, a.Name = strings.TrimSpace(a.ID), norm.NFC.String(strings.TrimSpace(a.Name))
	if a.Suite == "" {
		a.Suite = clients.Suites()[0]
	}
	if a.AuthMethod == "" {
		a.AuthMethod = models.PrivateKeyJWT
	}
	if a.Status == "" {
		a.Status = models.Draft
	}
	if a.AddressMode == "" {
		a.AddressMode = models.AddressOff
	}
	a.Addresses = slices.Clone(a.Addresses)
	for i, text := range a.Addresses {
		if address, err := netip.ParseAddr(text); err == nil {
			a.Addresses[i] = netip.PrefixFrom(address, address.BitLen()).String()
		}
	}
	return a
}

// Validate checks what can be checked by looking at the application alone.
func (a Application) Validate() errs.Fields {
	var f errs.Fields
	f.Check(!strings.Contains(a.ID, ":"), "id", "rule.client_id_colon", "a client_id has no colon: upstreams tell application and user apart by it")
	f.Check(models.PlainID(a.ID), "id", "rule.client_id", "a client_id is made of letters, digits and . _ -")
	f.Check(a.Partner != "", "partner", "rule.partner_missing", "name the partner whose application it is")
	checkName(&f, a.Name)
	checkStatus(&f, a.Status)
	f.Check(a.Environment.Valid(), "environment", "rule.environment", fmt.Sprintf("environment %q is not known: want production or sandbox", a.Environment))
	f.Check(slices.Contains(clients.Suites(), a.Suite), "suite", "rule.suite", fmt.Sprintf("suite %q is not known: want %s", a.Suite, strings.Join(clients.Suites(), " or ")))
	f.Check(a.AuthMethod != models.TLSClientAuth, "auth_method", "rule.auth_method_not_built", "tls_client_auth is not available on this gateway yet")
	f.Check(slices.Contains(models.AuthMethods, a.AuthMethod), "auth_method", "rule.auth_method",
		fmt.Sprintf("auth_method %q is not known: want private_key_jwt or client_secret_basic", a.AuthMethod))
	f.Check(slices.Contains(models.AddressModes, a.AddressMode), "address_mode", "rule.address_mode",
		fmt.Sprintf("address_mode %q is not known: want off, dry_run or enforce", a.AddressMode))
	f.Check(a.AddressMode != models.AddressEnforce || len(a.Addresses) > 0, "addresses", "rule.addresses_missing", "enforce without an address refuses everybody: enter the addresses")
	for i, text := range a.Addresses {
		checkPrefix(&f, fmt.Sprintf("addresses.%d", i), text, a.Addresses[:i])
	}
	for i, text := range a.ReturnAddresses {
		checkReturn(&f, fmt.Sprintf("return_addresses.%d", i), text, a.ReturnAddresses[:i])
	}
	checkRange(&f, "at_lifetime", a.ATLifetime, maxATLifetime)
	checkRange(&f, "daily_quota", a.DailyQuota, maxQuota)
	checkRange(&f, "at_rate", a.ATRate, maxRate)
	checkRange(&f, "vt_rate", a.VTRate, maxRate)
	checkRange(&f, "call_rate", a.CallRate, maxRate)
	return f
}

func checkRange(f *errs.Fields, field string, value, most int64) {
	f.Check(value >= 0 && value <= most, field, "rule.range", fmt.Sprintf("%d is out of range: want 0 to %d; 0 means the default", value, most))
}

func checkPrefix(f *errs.Fields, field, text string, before []string) {
	prefix, err := netip.ParsePrefix(text)
	f.Check(err == nil, field, "rule.address", fmt.Sprintf("%q is no address: want one such as 203.0.113.7 or 203.0.113.0/24", text))
	f.Check(err != nil || prefix == prefix.Masked(), field, "rule.address_bits", fmt.Sprintf("%s names more than its %d bits: write %s", text, prefix.Bits(), prefix.Masked()))
	f.Check(err != nil || !prefix.Addr().Is4In6(), field, "rule.address_mapped", fmt.Sprintf("%s never matches: write the IPv4 address itself", text))
	f.Check(!slices.Contains(before, text), field, "rule.twice", fmt.Sprintf("%s is here twice", text))
}

var appScheme = regexp.MustCompile(`^([a-z][a-z0-9.+-]*):.`)

// refusedSchemes run or show something in the page's place (protocol section 4).
var refusedSchemes = []string{
	"http", "javascript", "data", "blob", "file", "about", "vbscript", "view-source", "content", "intent", "filesystem", "ws", "wss",
}

func checkReturn(f *errs.Fields, field, text string, before []string) {
	scheme := appScheme.FindStringSubmatch(text)
	f.Check(scheme != nil && models.PrintableID(text) && !strings.Contains(text, `\`), field, "rule.return_address",
		fmt.Sprintf("%q is no return address: want https://… or an app's own scheme, such as lianhe://home, at most 255 characters", text))
	if scheme == nil {
		return
	}
	f.Check(!slices.Contains(refusedSchemes, scheme[1]), field, "rule.return_scheme", fmt.Sprintf("the scheme %s is refused for return addresses", scheme[1]))
	if scheme[1] == "https" {
		u, err := url.Parse(text)
		f.Check(err == nil && u.Hostname() != "" && u.User == nil, field, "rule.return_https", fmt.Sprintf("%q is no https address with a host and without a user name", text))
	}
	f.Check(!slices.Contains(before, text), field, "rule.twice", fmt.Sprintf("%s is here twice", text))
}

// Follow checks whether the application may come after before.
func (a Application) Follow(before Application) errs.Fields {
	var f errs.Fields
	checkStep(&f, "an application", before.Status, a.Status)
	f.Check(a.Partner == before.Partner, "partner", "rule.application_moved", fmt.Sprintf("the application is %s's and stays so: register another", before.Partner))
	f.Check(a.Environment == before.Environment, "environment", "rule.application_environment", fmt.Sprintf("the application is one of %s and stays so: register another", before.Environment))
	f.Check(a.Suite == before.Suite, "suite", "rule.application_suite", fmt.Sprintf("the application uses %s and goes on doing so: register another", before.Suite))
	return f
}

// Compare tells what is different from before.
func (a Application) Compare(before Application) []change.Difference {
	c := change.Comparison{New: before.ID == ""}
	compareStatus(&c, before.Status, a.Status)
	c.Text("partner", before.Partner, a.Partner, change.Widens)
	c.Text("name", before.Name, a.Name, change.Neutral)
	c.Text("environment", string(before.Environment), string(a.Environment), change.Widens)
	c.Text("suite", before.Suite, a.Suite, change.Widens)
	c.Ranked("auth_method", string(before.AuthMethod), string(a.AuthMethod), []string{string(models.PrivateKeyJWT), string(models.ClientSecretBasic)})
	var modes []string
	for _, m := range models.AddressModes {
		modes = append(modes, string(m))
	}
	c.Ranked("address_mode", string(before.AddressMode), string(a.AddressMode), modes)
	c.Set("address", before.Addresses, a.Addresses)
	c.Set("return address", before.ReturnAddresses, a.ReturnAddresses)
	c.Limit(change.Limit{Field: "at_lifetime", Before: before.ATLifetime, After: a.ATLifetime, Zero: defaultATLifetime, Default: "120 by default"})
	c.Limit(change.Limit{Field: "daily_quota", Before: before.DailyQuota, After: a.DailyQuota, Zero: maxQuota + 1, Default: "no limit"})
	for _, rate := range []change.Limit{
		{Field: "at_rate", Before: before.ATRate, After: a.ATRate}, {Field: "vt_rate", Before: before.VTRate, After: a.VTRate},
		{Field: "call_rate", Before: before.CallRate, After: a.CallRate},
	} {
		rate.Zero, rate.Default = change.Unknown, "the gateway's"
		c.Limit(rate)
	}
	return c.List
}
