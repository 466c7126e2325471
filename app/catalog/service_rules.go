package catalog

import (
	"fmt"
	"net/url"
	"regexp"
	"slices"
	"strings"

	"golang.org/x/text/unicode/norm"

	"postern/app/clients"
	"postern/app/directory"
	"postern/app/errs"
	"postern/models"
)

// The classes of services (JR/T 0185).
const (
	ClassA1 = "A1"
	ClassA2 = "A2"
)

// Upper bounds of a service's limits. Times in ms, sizes in octets: a call and
// a reply are held in memory.
const (
	maxTimeout        = 120_000
	maxConnectTimeout = 30_000
	maxSize           = 16 << 20
)

// apiID is JR/T 0185-2020 appendix B; the two digits are the level.
var apiID = regexp.MustCompile(`^OP[0-9A-Z]{6}(01|02)[0-9A-Z]{14}$`)

var apiLevel = map[string]string{ClassA1: "01", ClassA2: "02"}

// Key is the service's URN.
func (s Service) Key() string { return s.ID }

// Normalize trims, brings the name into Unicode's composed form and fills in
// the defaults.
func (s Service) Normalize() Service {
	s.ID, s.H5URL, s.APIID = strings.TrimSpace(s.ID), strings.TrimSpace(s.H5URL), strings.TrimSpace(s.APIID)
	s.Name = norm.NFC.String(strings.TrimSpace(s.Name))
	s.Hours, s.Stops = normalizeHours(s.Hours), normalizeStops(s.Stops)
	if s.Class == "" {
		s.Class = ClassA2
	}
	if s.Status == "" {
		s.Status = models.Draft
	}
	return s
}

// Validate checks what can be checked by looking at the service alone.
func (s Service) Validate() errs.Fields {
	var f errs.Fields
	f.Check(validURN(s.ID), "id", "service_id", "a service's id is an absolute URI without fragment of at most 255 characters, such as urn:h5:loan")
	f.Check(models.ReadableName(s.Name), "name", "name", fmt.Sprintf("%.60q cannot be a name: want 1 to 200 characters on one line, none of which turns or hides text", s.Name))
	f.Check(apiLevel[s.Class] != "", "class", "service_class", fmt.Sprintf("class %q is not known: want A1 or A2", s.Class))
	f.Check(s.Status.Valid(), "status", "status", fmt.Sprintf("status %q is not known: want draft, active, suspended or closed", s.Status))
	s.checkAPIID(&f)
	s.checkOrigins(&f)
	for _, l := range []struct {
		field    string
		value    int64
		most     int64
		measured string
	}{
		{"vt_lifetime", s.VTLifetime, directory.MaxMaxAge, "seconds"}, {"renew_window", s.RenewWindow, directory.MaxMaxAge, "seconds"},
		{"max_age", s.MaxAge, directory.MaxMaxAge, "seconds"}, {"max_body", s.MaxBody, maxSize, "octets"},
	} {
		checkRange(&f, l.field, l.value, l.most, l.measured)
	}
	s.checkHours(&f)
	s.checkStops(&f)
	s.checkUpstreams(&f)
	s.checkRoutes(&f)
	return f
}

func checkRange(f *errs.Fields, field string, value, most int64, measured string) {
	f.Check(value >= 0 && value <= most, field, "range", fmt.Sprintf("%d is out of range: want 0 to %d %s; 0 means the default", value, most, measured))
}

func validURN(id string) bool {
	u, err := url.Parse(id)
	return err == nil && u.Scheme != "" && models.PrintableID(id) && !strings.ContainsAny(id, `#"\`)
}

func (s Service) checkAPIID(f *errs.Fields) {
	if s.APIID == "" {
		f.Check(s.Status == models.Draft, "api_id", "api_id_missing", "a service needs its JR/T 0185 API id before it becomes active")
		return
	}
	f.Check(apiID.MatchString(s.APIID), "api_id", "api_id",
		fmt.Sprintf("%q is no JR/T 0185 API id: want 24 characters, OP, 6 for the bank, 01 or 02, 6 for the kind and 8 more, digits and capitals", s.APIID))
	level, known := apiLevel[s.Class] // another class is a fault of its own
	f.Check(!known || len(s.APIID) < 10 || s.APIID[8:10] == level, "api_id", "api_id_level",
		fmt.Sprintf("the API id names another level than class %s, which is %s", s.Class, level))
}

func (s Service) checkOrigins(f *errs.Fields) {
	f.Check(len(s.Origins) > 0, "origins", "origins_missing", "enter at least one origin, such as https://loan.bank.example")
	for i, o := range s.Origins {
		at := fmt.Sprintf("origins.%d", i)
		f.Check(o != "null", at, "origin_null", "null is no origin: browsers send it for every page that has none")
		f.Check(validOrigin(o), at, "origin", fmt.Sprintf("%q is no origin: want https://host, in small letters, with nothing behind host and port (http only for localhost)", o))
		f.Check(!slices.Contains(s.Origins[:i], o), at, "twice", fmt.Sprintf("%s is here twice", o))
	}
	origin, ok := pageOrigin(s.H5URL)
	f.Check(ok, "h5_url", "h5_url", fmt.Sprintf("%q cannot be the page's address: want https://host and a path (http only for localhost), without fragment and user name", s.H5URL))
	f.Check(slices.Contains(s.Origins, origin), "h5_url", "h5_url_origin", fmt.Sprintf("the page's own origin %s is not among the service's origins", origin))
}

// validOrigin: as browsers write it (RFC 6454 section 6.1), and one on which a
// page has cryptography: https, or localhost.
func validOrigin(text string) bool {
	u, err := url.Parse(text)
	return err == nil && u.Hostname() != "" && text == origin(u) && text == strings.ToLower(text) && models.PrintableID(text) && secure(u)
}

func secure(u *url.URL) bool {
	return u.Scheme == "https" || u.Scheme == "http" && u.Hostname() == "localhost"
}

// origin is the origin of an address, its scheme's own port left out.
func origin(u *url.URL) string {
	host := u.Host
	if port := map[string]string{"https": ":443", "http": ":80"}[u.Scheme]; port != "" {
		host = strings.TrimSuffix(strings.TrimSuffix(host, port), ":")
	}
	return u.Scheme + "://" + host
}

// pageOrigin is the origin of a page's address; false when it cannot be one
// (protocol section 4).
func pageOrigin(address string) (string, bool) {
	u, err := url.Parse(address)
	if err != nil || u.Hostname() == "" || u.User != nil || strings.Contains(address, "#") || !models.PrintableID(address) || !secure(u) {
		return "", false
	}
	return strings.ToLower(origin(u)), true
}

func (s Service) checkUpstreams(f *errs.Fields) {
	seen := map[models.Environment]bool{}
	for i, u := range s.Upstreams {
		at := fmt.Sprintf("upstreams.%d.", i)
		f.Check(u.Environment.Valid(), at+"environment", "environment", fmt.Sprintf("environment %q is not known: want production or sandbox", u.Environment))
		f.Check(!seen[u.Environment], at+"environment", "twice", fmt.Sprintf("there are two upstreams for %s", u.Environment))
		seen[u.Environment] = true
		if _, err := directory.ParseBaseURL(u.BaseURL); err != nil {
			f.Check(false, at+"base_url", "base_url", err.Error())
		}
		checkRange(f, at+"timeout", u.Timeout, maxTimeout, "milliseconds")
		checkRange(f, at+"connect_timeout", u.ConnectTimeout, maxConnectTimeout, "milliseconds")
		checkRange(f, at+"max_reply", u.MaxReply, maxSize, "octets")
		f.Check(u.IntrospectionHash == "" || clients.SecretHash(u.IntrospectionHash), at+"introspection_hash", "secret_hash",
			"this is no hash of a secret: want its SHA-256 as 43 characters of base64url")
	}
}

// Follow checks whether the service may come after before.
func (s Service) Follow(before Service) errs.Fields {
	var f errs.Fields
	f.Check(before.Status.May(s.Status), "status", "status_step", fmt.Sprintf("a service that is %s cannot become %s", before.Status, s.Status))
	return f
}
