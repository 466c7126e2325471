package bench

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"postern/app/seal"
	"postern/app/store"
	"postern/models"
)

// What an empty database is filled with.
const (
	seedClient  = "bench-app"
	seedPartner = "bench-partner"
	seedService = "urn:h5:bench"
	seedOrigin  = "https://bench.bank.example"
	seedPath    = "/accounts/622848/statement"
	seedScope   = "account.statement:read"
	// unlimited is more than any machine does, per second.
	unlimited = 10_000_000
	// atLifetime is the longest that protocol section 3 allows, seconds: ATs are
	// obtained some time before they are spent.
	atLifetime = 600
)

// ErrNotEmpty refuses a database that holds applications already: the bench
// writes a partner of its own and hundreds of thousands of rows.
var ErrNotEmpty = errors.New("the database holds applications already; bench wants an empty one")

// seeding is what the load's side tells the server's side to write.
type seeding struct {
	Keys     []json.RawMessage `json:"keys"` // the application's public JWKs
	Upstream string            `json:"upstream"`
}

func (s seeding) plant(ctx context.Context, to *store.Store, now time.Time) error {
	at := now.UnixMilli()
	return to.Write(ctx, func(tx *store.Tx) error {
		return errors.Join(s.plantService(tx, at), s.plantApplication(tx, at))
	})
}

// checkEmpty looks before the gateway is opened on it: a gateway makes keys.
func checkEmpty(ctx context.Context, c store.Config) error {
	s, err := store.Open(ctx, c)
	if err != nil {
		return err
	}
	n, err := count(ctx, s, "SELECT count(*) FROM applications")
	if err == nil && n > 0 {
		err = ErrNotEmpty
	}
	return errors.Join(err, s.Close())
}

func (s seeding) plantService(tx *store.Tx, at int64) error {
	scope := models.Scope{ID: seedScope, ServiceID: seedService, Title: "Statement"}
	return errors.Join(
		tx.SaveService(models.Service{
			ID: seedService, Name: "Bench", H5URL: seedOrigin + "/h5", Class: "A2", Status: models.Active, CreatedAt: at, UpdatedAt: at,
		}),
		tx.SetOrigins(seedService, []string{seedOrigin}, at),
		tx.SaveUpstream(models.Upstream{ServiceID: seedService, Environment: models.Production, BaseURL: s.Upstream}, at),
		tx.SaveRoute(models.Route{
			ID: "statement", ServiceID: seedService, Method: "GET", Pattern: "/accounts/{id}/statement",
			Resource: "account.statement", Action: "read", OwnerCheck: "upstream",
		}, at),
		tx.SaveScope(scope, at),
		tx.SetScopePermissions(scope, []models.ScopePermission{
			{ScopeID: seedScope, Resource: "account.statement", Action: "read"},
		}, at),
		tx.SetScopeFields(scope, seedFields(), at),
	)
}

// seedFields lets every leaf of the upstream's reply leave, so that as much is
// sealed as the reverse proxy passes on.
func seedFields() []models.ScopeField {
	var list []models.ScopeField
	for _, path := range []string{
		"account", "currency", "entries.*.booked", "entries.*.text", "entries.*.amount", "entries.*.balance",
	} {
		list = append(list, models.ScopeField{
			ScopeID: seedScope, Resource: "account.statement", Action: "read", Path: path, Class: "C2", Treatment: "keep",
		})
	}
	return list
}

func (s seeding) plantApplication(tx *store.Tx, at int64) error {
	err := errors.Join(
		tx.SavePartner(models.Partner{ID: seedPartner, Name: "Bench", Status: models.Active, CreatedAt: at, UpdatedAt: at}),
		tx.SaveApplication(models.Application{
			ID: seedClient, PartnerID: seedPartner, Name: "Bench", Environment: models.Production, Suite: string(seal.A256),
			AuthMethod: models.PrivateKeyJWT, Status: models.Active, AddressMode: models.AddressOff, ATLifetime: atLifetime,
			ATRate: unlimited, VTRate: unlimited, CallRate: unlimited, CreatedAt: at, UpdatedAt: at,
		}),
		tx.SaveGrant(models.Grant{
			ID: "bench-grant", ApplicationID: seedClient, ScopeID: seedScope, Purpose: "measurement", ApprovedBy: "bench", StartsAt: at, CreatedAt: at,
		}, at),
	)
	for _, jwk := range s.Keys {
		key, parseErr := seal.ParsePublicJWK(jwk)
		if parseErr != nil {
			return errors.Join(err, fmt.Errorf("read key: %w", parseErr))
		}
		err = errors.Join(err, tx.SaveCredential(models.Credential{
			ID: key.KID(), ApplicationID: seedClient, Use: models.CredentialUse(key.Use()), KID: key.KID(),
			PublicJWK: string(jwk), NotBefore: at, CreatedAt: at,
		}, at))
	}
	return err
}

// rows are what the ledger holds of the bench's application.
type rows struct {
	ATs   int64 `json:"ats"`
	Spent int64 `json:"spent"`
	Calls int64 `json:"calls"` // answered; refusals do not count
}

func countRows(ctx context.Context, s *store.Store) (r rows, err error) {
	for _, c := range []struct {
		to    *int64
		query string
	}{
		{&r.ATs, "SELECT count(*) FROM at_rows WHERE application_id = ?"},
		{&r.Spent, "SELECT count(*) FROM at_rows WHERE application_id = ? AND spent_at <> 0"},
		{&r.Calls, "SELECT count(*) FROM calls WHERE application_id = ? AND code = '' AND status = 200"},
	} {
		if *c.to, err = count(ctx, s, c.query, seedClient); err != nil {
			return r, err
		}
	}
	return r, nil
}

func count(ctx context.Context, s *store.Store, query string, args ...any) (n int64, err error) {
	stmt, err := s.ReadStmt(ctx, query)
	if err != nil {
		return 0, fmt.Errorf("count rows: %w", err)
	}
	if err := stmt.QueryRowContext(ctx, args...).Scan(&n); err != nil {
		return 0, fmt.Errorf("count rows: %w", err)
	}
	return n, nil
}
