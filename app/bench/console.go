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

// ConsoleOptions say on how large a log the console's screens are measured. All
// but Requests and Log are required.
type ConsoleOptions struct {
	Rows     int    // of the ledger
	Requests int    // of each screen; 0 means 100
	Folder   string // for the database, about 1.3 KiB a row; the caller removes it
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

// consoleApplications is how many applications they are of.
const consoleApplications = 40

// Console fills a fresh SQLite database with a log and prints how long each
// screen of log and visits takes, from the request to the whole page.
func Console(ctx context.Context, o ConsoleOptions) error {
	if o.Requests == 0 {
		o.Requests = 100
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	secret := make([]byte, keyring.MasterKeySize)
	if _, err := io.ReadFull(o.Rand, secret); err != nil {
		return fmt.Errorf("draw master key: %w", err)
	}
	master, err := keyring.NewMaster(secret)
	if err != nil {
		return err
	}
	g, err := o.Open(ctx, Place{
		Issuer: "http://localhost", Master: master, Log: o.Log,
		Store: store.Config{Driver: string(store.SQLite), Path: filepath.Join(o.Folder, "console.db")},
	})
	if err != nil {
		return err
	}
	house, ok := g.(staffed)
	if !ok {
		return errors.Join(errors.New("bench: this gateway has no console"), g.Close(ctx))
	}
	return errors.Join(o.measure(ctx, house), g.Close(ctx))
}

func (o ConsoleOptions) measure(ctx context.Context, g staffed) error {
	if err := o.fill(ctx, g.Store()); err != nil {
		return err
	}
	cookie, err := o.hire(ctx, g.Identity())
	if err != nil {
		return err
	}
	handler, err := g.Internal()
	if err != nil {
		return err
	}
	v := visitor{handler: handler, cookie: cookie}
	list, err := o.screens(ctx, v)
	if err != nil {
		return err
	}
	return o.print(ctx, v, list)
}

func (o ConsoleOptions) fill(ctx context.Context, s *store.Store) error {
	now := o.Now()
	err := s.Write(ctx, func(tx *store.Tx) error {
		at := now.UnixMilli()
		faults := []error{tx.SaveService(models.Service{ID: seedService, Name: "Bench", H5URL: seedOrigin + "/h5", Class: "A2", Status: models.Active, CreatedAt: at, UpdatedAt: at})}
		for i := range consoleApplications {
			partner := fmt.Sprintf("partner-%d", i/4)
			if i%4 == 0 {
				faults = append(faults, tx.SavePartner(models.Partner{ID: partner, Name: partner, Status: models.Active, CreatedAt: at, UpdatedAt: at}))
			}
			faults = append(faults, tx.SaveApplication(models.Application{
				ID: fmt.Sprintf("app-%d", i), PartnerID: partner, Name: fmt.Sprintf("app-%d", i), Environment: models.Production, Suite: "A256",
				AuthMethod: models.PrivateKeyJWT, Status: models.Active, AddressMode: models.AddressOff, CreatedAt: at, UpdatedAt: at,
			}))
		}
		return errors.Join(faults...)
	})
	if err != nil {
		return err
	}
	began := o.Now()
	fill := store.Fill{
		Rows: o.Rows, Applications: consoleApplications, From: now.AddDate(0, 0, -consoleDays).UnixMilli(), Until: now.UnixMilli(),
	}
	err = s.FillLog(ctx, fill, func(done int) { o.Log.InfoContext(ctx, "log filled", slog.Int("rows", done)) })
	if err == nil {
		_, err = fmt.Fprintf(o.Out, "%d rows written in %s\n", o.Rows, o.Now().Sub(began).Round(time.Second))
	}
	return err
}

// hire sets up the first two administrators and a person of support, whose
// cookie it returns.
func (o ConsoleOptions) hire(ctx context.Context, known *identity.Identity) (cookie string, err error) {
	links, err := known.SetUp(ctx, "bench")
	if err != nil {
		return "", err
	}
	support, err := known.Invite(ctx, "bench", identity.Invitation{Login: "support", Name: "support", Roles: []models.StaffRole{models.SupportRole}})
	if err != nil {
		return "", err
	}
	for i, link := range append(links, support) {
		if cookie, err = o.enrol(ctx, known, link.Token, fmt.Sprintf("bench-%d", i)); err != nil {
			return "", err
		}
	}
	return cookie, nil
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
}

var olderLink = regexp.MustCompile(`href="(/console/log\?[^"]*at=[^"]*)"[^>]*>\s*Older`)

// screens are those that read the log and visits, the expensive ones among them.
func (o ConsoleOptions) screens(ctx context.Context, v visitor) ([]consoleScreen, error) {
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
	return []consoleScreen{
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
	}, nil
}

func (o ConsoleOptions) print(ctx context.Context, v visitor, list []consoleScreen) error {
	t := tabwriter.NewWriter(o.Out, 0, 4, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintf(t, "%-44s\tp50 ms\tp95 ms\tlongest ms\t\n", fmt.Sprintf("screen, %d requests each, one after the other", o.Requests)) //nolint:errcheck // Flush tells
	for _, s := range list {
		took := make([]float64, o.Requests)
		for i := range took {
			began := o.Now()
			if _, err := v.ask(ctx, s); err != nil {
				return err
			}
			took[i] = float64(o.Now().Sub(began).Microseconds()) / 1000
		}
		slices.Sort(took)
		fmt.Fprintf(t, "%-44s\t%.1f\t%.1f\t%.1f\t\n", s.name, took[len(took)/2], took[len(took)*95/100], took[len(took)-1]) //nolint:errcheck // Flush tells
	}
	return t.Flush()
}
