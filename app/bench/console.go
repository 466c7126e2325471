package bench

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"postern/app/identity"
	"postern/app/keyring"
	"postern/app/store"
	"postern/models"
)

// ConsoleOptions say on how large a log the console's screens are measured, and on
// how many days of counts. All but DB, Requests and Log and one of Rows and Days
// are required.
type ConsoleOptions struct {
	Rows     int          // of the ledger; 0 measures what adds counts up alone
	Days     int          // of counts; 0 measures what reads the log alone
	DB       store.Config // an empty database; zero means a fresh SQLite file in Folder
	Requests int          // of each screen; 0 means 100
	Folder   string       // for the database, about 1.3 KiB a row; the caller removes it
	Open     Opener
	Out      io.Writer
	Log      *slog.Logger
	Now      func() time.Time
	Rand     io.Reader
}

// staffed is a gateway with a console.
type staffed interface {
	Gateway
	Internal() (http.Handler, error)
	Identity() *identity.Identity
}

// consoleDays is over how many days the rows are spread.
const consoleDays = 30

// Of whom the rows are.
const (
	consolePartners = 100
	consoleEach     = 3 // applications of a partner
)

// Console fills a database with a log and with counts and prints how long each
// screen takes, from the request to the whole page.
func Console(ctx context.Context, o ConsoleOptions) error {
	return o.with(ctx, func(g staffed) error {
		if err := o.settle(ctx, g.Store()); err != nil {
			return err
		}
		if o.Rows > 0 {
			if err := o.fill(ctx, g.Store()); err != nil {
				return err
			}
		}
		if o.Days > 0 { // last: it is of now, and what lives ends
			if err := o.count(ctx, g.Store()); err != nil {
				return err
			}
		}
		list, err := o.screens(ctx, g)
		if err != nil {
			return err
		}
		return o.print(ctx, list)
	})
}

// screens are those that read what was filled in.
func (o ConsoleOptions) screens(ctx context.Context, g staffed) (list []consoleScreen, err error) {
	roles := []models.StaffRole{models.SupportRole, models.ReviewerRole, models.OfficerRole, models.AuditRole}
	cookies, err := o.hire(ctx, g.Identity(), roles...)
	if err != nil {
		return nil, err
	}
	by := map[models.StaffRole]visitor{}
	for i, cookie := range cookies {
		if by[roles[i]], err = visitorOf(g, cookie); err != nil {
			return nil, err
		}
	}
	if o.Days > 0 {
		for _, role := range []models.StaffRole{models.ReviewerRole, models.OfficerRole} {
			list = append(list, countedScreens(o.Now()).by(by[role], ", "+string(role))...)
		}
	}
	if o.Rows > 0 {
		logged, err := o.loggedScreens(ctx, by[models.SupportRole])
		if err != nil {
			return nil, err
		}
		list = append(list, logged.by(by[models.SupportRole], "")...)
	}
	return append(list, otherScreens.by(by[models.AuditRole], ", audit")...), nil
}

// with opens a gateway for as long as do takes.
func (o *ConsoleOptions) with(ctx context.Context, do func(staffed) error) error {
	if o.Requests == 0 {
		o.Requests = 100
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.DB.Driver == "" {
		o.DB = store.Config{Driver: string(store.SQLite), Path: filepath.Join(o.Folder, "console.db")}
	}
	secret := make([]byte, keyring.MasterKeySize)
	if _, err := io.ReadFull(o.Rand, secret); err != nil {
		return fmt.Errorf("draw master key: %w", err)
	}
	master, err := keyring.NewMaster(secret)
	if err != nil {
		return err
	}
	g, err := o.Open(ctx, Place{Issuer: "http://localhost", Master: master, Log: o.Log, Store: o.DB})
	if err != nil {
		return err
	}
	house, ok := g.(staffed)
	if !ok {
		return errors.Join(errors.New("bench: this gateway has no console"), g.Close(ctx))
	}
	return errors.Join(do(house), g.Close(ctx))
}

// settle sets up a service and the applications.
func (o ConsoleOptions) settle(ctx context.Context, s *store.Store) error {
	at := o.Now().UnixMilli()
	return s.Write(ctx, func(tx *store.Tx) error {
		faults := []error{tx.SaveService(models.Service{ID: seedService, Name: "Bench", H5URL: seedOrigin + "/h5", Class: "A2", Status: models.Active, CreatedAt: at, UpdatedAt: at})}
		for i := range consolePartners * consoleEach {
			partner := fmt.Sprintf("partner-%d", i/consoleEach)
			if i%consoleEach == 0 {
				faults = append(faults, tx.SavePartner(models.Partner{ID: partner, Name: partner, Status: models.Active, CreatedAt: at, UpdatedAt: at}))
			}
			faults = append(faults, tx.SaveApplication(models.Application{
				ID: fmt.Sprintf("app-%d", i), PartnerID: partner, Name: fmt.Sprintf("app-%d", i), Environment: models.Production, Suite: "A256",
				AuthMethod: models.PrivateKeyJWT, Status: models.Active, AddressMode: models.AddressOff, CreatedAt: at, UpdatedAt: at,
			}))
		}
		return errors.Join(faults...)
	})
}

func (o ConsoleOptions) fill(ctx context.Context, s *store.Store) error {
	now, began := o.Now(), o.Now()
	fill := store.Fill{
		Rows: o.Rows, Applications: consolePartners * consoleEach, Each: consoleEach,
		From: now.AddDate(0, 0, -consoleDays).UnixMilli(), Until: now.UnixMilli(),
	}
	err := s.FillLog(ctx, fill, func(done int) { o.Log.InfoContext(ctx, "log filled", slog.Int("rows", done)) })
	if err == nil {
		_, err = fmt.Fprintf(o.Out, "%d rows written in %s\n", o.Rows, o.Now().Sub(began).Round(time.Second))
	}
	return err
}

// hire sets up the first two administrators and a person of each role, whose
// cookies it returns in the roles' order.
func (o ConsoleOptions) hire(ctx context.Context, known *identity.Identity, roles ...models.StaffRole) (cookies []string, err error) {
	links, err := known.SetUp(ctx, "bench")
	if err != nil {
		return nil, err
	}
	for _, role := range roles {
		link, err := known.Invite(ctx, "bench", identity.Invitation{Login: string(role), Name: string(role), Roles: []models.StaffRole{role}})
		if err != nil {
			return nil, err
		}
		links = append(links, link)
	}
	for i, link := range links {
		cookie, err := o.enrol(ctx, known, link.Token, fmt.Sprintf("bench-%d", i))
		if err != nil {
			return nil, err
		}
		cookies = append(cookies, cookie)
	}
	return cookies[len(cookies)-len(roles):], nil
}

func (o ConsoleOptions) enrol(ctx context.Context, known *identity.Identity, token, login string) (string, error) {
	browser := identity.Client{Address: "127.0.0.1", Agent: "postern bench"}
	cookie, err := known.OpenLink(ctx, models.StaffRealm, token, browser)
	if err != nil {
		return "", err
	}
	const password = "measured and thrown away" //nolint:gosec // of a database that is removed at the end
	err = known.SetPassword(ctx, models.StaffRealm, cookie, identity.Enrolment{Login: login, Name: login, Password: password, Again: password})
	if err != nil {
		return "", err
	}
	seed, err := known.OfferTOTP(ctx, models.StaffRealm, cookie)
	if err != nil {
		return "", err
	}
	code, err := identity.TOTPCode(seed.Secret, o.Now())
	if err != nil {
		return "", err
	}
	cookie, _, err = known.ConfirmTOTP(ctx, models.StaffRealm, cookie, code, browser)
	return cookie, err
}

// visitor asks for screens.
type visitor struct {
	handler http.Handler
	cookie  string
}

// visitorOf is somebody with a session's cookie at the console.
func visitorOf(g staffed, cookie string) (visitor, error) {
	handler, err := g.Internal()
	return visitor{handler: handler, cookie: cookie}, err
}

// written keeps what a handler writes.
type written struct {
	header http.Header
	status int
	body   bytes.Buffer
}

func (a *written) Header() http.Header         { return a.header }
func (a *written) WriteHeader(status int)      { a.status = status }
func (a *written) Write(b []byte) (int, error) { return a.body.Write(b) }

func (v visitor) ask(ctx context.Context, s consoleScreen) (string, error) {
	method, body := http.MethodGet, ""
	if s.form != nil {
		method, body = http.MethodPost, s.form.Encode()
	}
	r, err := http.NewRequestWithContext(ctx, method, "http://localhost"+s.path, strings.NewReader(body))
	if err != nil {
		return "", err
	}
	r.RemoteAddr = "127.0.0.1:1"
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.Header.Set("Sec-Fetch-Site", "same-origin")
	r.AddCookie(&http.Cookie{Name: "postern-staff", Value: v.cookie})
	a := &written{header: http.Header{}, status: http.StatusOK}
	v.handler.ServeHTTP(a, r)
	if a.status != http.StatusOK && a.status != http.StatusSeeOther {
		return "", fmt.Errorf("%s: status %d", s.path, a.status)
	}
	return a.body.String(), nil
}

// consoleScreen is what one asks for.
type consoleScreen struct {
	name, path string
	form       url.Values
	by         visitor
}

// consoleScreens are asked for one after the other.
type consoleScreens []consoleScreen

// by is the same, asked for by v.
func (l consoleScreens) by(v visitor, words string) consoleScreens {
	l = slices.Clone(l)
	for i := range l {
		l[i].by = v
		l[i].name += words
	}
	return l
}

var olderLink = regexp.MustCompile(`href="(/console/log\?[^"]*at=[^"]*)"[^>]*>\s*Older`)

// loggedScreens are those that read the log and visits, the expensive ones among them.
func (o ConsoleOptions) loggedScreens(ctx context.Context, v visitor) (consoleScreens, error) {
	page, err := v.ask(ctx, consoleScreen{path: "/console/log?time=all"})
	if err != nil {
		return nil, err
	}
	older := olderLink.FindStringSubmatch(page)
	row := regexp.MustCompile(`id="row-([0-9a-f-]{36})"`).FindStringSubmatch(page)
	if older == nil || row == nil {
		return nil, errors.New("bench: the log has no second page")
	}
	now := o.Now()
	middle := now.AddDate(0, 0, -consoleDays/2).UnixMilli()
	visit := fmt.Sprintf("V%021d", o.Rows/8)
	return consoleScreens{
		{name: "log, newest", path: "/console/log"},
		{name: "log, all, its second page", path: strings.ReplaceAll(older[1], "&amp;", "&")},
		{name: "log, from the middle on back", path: fmt.Sprintf("/console/log?from=1&until=%d", middle)},
		{name: "log of an application", path: "/console/log?time=all&app=app-17"},
		{name: "log of a partner", path: "/console/log?time=all&partner=partner-3"},
		{name: "log, refused", path: "/console/log?time=all&refused=1"},
		{name: "log, a code that never was (20,000 rows)", path: "/console/log?time=all&code=no_route"},
		{name: "the same of an application", path: "/console/log?time=all&app=app-17&code=no_route"},
		{name: "log, a row and its drawer", path: "/console/log/" + row[1] + "?time=all"},
		{name: "log, found by request id", path: fmt.Sprintf("/console/log?q=R%025d", o.Rows/2)},
		{name: "X-ray of a visit", path: "/console/visits/" + visit},
		{name: "found by jti", path: fmt.Sprintf("/console/visits/find?q=J%021d", o.Rows/8)},
		{name: "found by application and time", path: fmt.Sprintf("/console/visits/find?app=app-17&when=%d", middle)},
		{name: "found by user id, all applications", path: "/console/visits/find", form: url.Values{"subject": {"nobody"}, "reason": {"a measurement"}}},
		{name: "calls, newest", path: "/console/calls?from=1"},
		{name: "calls, from the middle on back", path: fmt.Sprintf("/console/calls?from=1&until=%d", middle)},
		{name: "calls of a partner", path: "/console/calls?from=1&partner=partner-3"},
		{name: "calls, refused, of which there are none", path: "/console/calls?from=1&refused=1"},
		{name: "the same of a partner", path: "/console/calls?from=1&refused=1&partner=partner-3"},
	}, nil
}

// otherScreens read tables of the business and of the house, which are small here.
var otherScreens = consoleScreens{
	{name: "applications of a partner", path: "/console/partners/partner-3/applications"},
	{name: "an application", path: "/console/partners/partner-3/applications/app-9"},
	{name: "grants of a partner", path: "/console/partners/partner-3/grants"},
	{name: "history of a partner", path: "/console/partners/partner-3/history"},
	{name: "services", path: "/console/services"},
	{name: "a service", path: "/console/services/" + seedService},
	{name: "scopes", path: "/console/scopes"},
	{name: "approvals", path: "/console/approvals"},
	{name: "kill switch", path: "/console/kill-switch"},
	{name: "policy simulator", path: "/console/simulator"},
	{name: "keys", path: "/console/keys"},
	{name: "settings", path: "/console/settings"},
	{name: "staff", path: "/console/staff"},
	{name: "activity", path: "/console/activity"},
}

// A screen that takes long is asked for less often.
const (
	leastRequests = 20
	longestScreen = 5 * time.Second
)

// screenGoal is what 95 of 100 answers of a screen are to be within.
const screenGoal = 200 // ms

// print asks for each screen; the first answer of all may have to add up what
// later ones are told.
func (o ConsoleOptions) print(ctx context.Context, list []consoleScreen) error {
	t := tabwriter.NewWriter(o.Out, 0, 4, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintf(t, "%-44s\tfirst ms\tp50 ms\tp95 ms\tp95 of %d ms\t\n", fmt.Sprintf("screen, %d requests each, one after the other", o.Requests), screenGoal) //nolint:errcheck // Flush tells
	for _, s := range list {
		took, first := []float64{}, o.Now()
		for len(took) < o.Requests && (len(took) < leastRequests || o.Now().Sub(first) < longestScreen) {
			began := o.Now()
			if _, err := s.by.ask(ctx, s); err != nil {
				return err
			}
			took = append(took, float64(o.Now().Sub(began).Microseconds())/1000)
		}
		sorted := slices.Sorted(slices.Values(took))
		p95 := sorted[len(sorted)*95/100]
		fmt.Fprintf(t, "%-44s\t%.1f\t%.1f\t%.1f\t%.2f\t\n", s.name, took[0], sorted[len(sorted)/2], p95, p95/screenGoal) //nolint:errcheck // Flush tells
	}
	return t.Flush()
}
