package directory_test

import (
	"crypto/rand"
	"encoding/json"
	"slices"
	"sync"
	"testing"
	"time"

	"postern/app/directory"
	"postern/app/disclosure"
	"postern/app/errs"
	"postern/app/seal"
	"postern/app/store"
	"postern/app/store/storetest"
	"postern/models"
	"postern/policies"
)

const (
	clientID  = "app_travel"
	serviceID = "urn:h5:loan"
)

var now = time.UnixMilli(1_790_000_000_000)

// world is a directory on a store with one application and one service.
type world struct {
	*directory.Directory
	store   *store.Store
	service models.Service
	origins []string
	routes  []models.Route
	raw     bool // the scope of offers lets replies leave whole
}

func newWorld(t testing.TB, change func(*world)) *world {
	t.Helper()
	w := &world{
		store:   storetest.SQLite(t),
		service: models.Service{ID: serviceID, Name: "Loan", H5URL: "https://loan.example/h5", Class: "A2", Status: models.Active},
		origins: []string{"https://loan.example"},
		routes: []models.Route{
			{ID: "offers", Method: "GET", Pattern: "/offers", Resource: "offer", Action: "read"},
			{ID: "balance", Method: "GET", Pattern: "/accounts/{id}/balance", Resource: "balance", Action: "read", OwnerCheck: "upstream"},
		},
	}
	if change != nil {
		change(w)
	}
	w.write(t, w.plant)
	compiler, err := policies.NewCompiler()
	if err != nil {
		t.Fatal(err)
	}
	if w.Directory, err = directory.Open(t.Context(), w.store, compiler); err != nil {
		t.Fatal(err)
	}
	return w
}

func (w *world) write(t testing.TB, f func(*store.Tx) error) {
	t.Helper()
	if err := w.store.Write(t.Context(), f); err != nil {
		t.Fatal(err)
	}
}

func (w *world) plant(tx *store.Tx) error {
	at := now.UnixMilli()
	steps := []func() error{
		func() error { return tx.SavePartner(models.Partner{ID: "p", Name: "P", Status: models.Active}) },
		func() error { return tx.SaveApplication(application(clientID)) },
		func() error { return tx.SaveService(w.service) },
		func() error { return tx.SetOrigins(serviceID, w.origins, at) },
	}
	for _, r := range w.routes {
		r.ServiceID = serviceID
		steps = append(steps, func() error { return tx.SaveRoute(r, at) })
	}
	for _, resource := range []string{"offer", "balance"} {
		scope := models.Scope{ID: resource + ":read", ServiceID: serviceID, Title: resource}
		steps = append(steps,
			func() error { return tx.SaveScope(scope, at) },
			func() error {
				return tx.SetScopePermissions(scope, []models.ScopePermission{
					{ScopeID: scope.ID, Resource: resource, Action: "read", Raw: w.raw && resource == "offer"},
				}, at)
			},
			func() error {
				return tx.SetScopeFields(scope, []models.ScopeField{
					{ScopeID: scope.ID, Resource: resource, Action: "read", Path: "amount", Class: "C2", Treatment: "keep"},
				}, at)
			},
			func() error {
				return tx.SaveGrant(models.Grant{
					ID: "g-" + resource, ApplicationID: clientID, ScopeID: scope.ID, Purpose: "test", ApprovedBy: "test",
				}, at)
			})
	}
	for _, step := range steps {
		if err := step(); err != nil {
			return err
		}
	}
	return nil
}

func application(id string) models.Application {
	return models.Application{
		ID: id, PartnerID: "p", Name: id, Environment: models.Production, Suite: "A256",
		AuthMethod: models.PrivateKeyJWT, Status: models.Active, AddressMode: models.AddressOff,
	}
}

// parties loads the application and the service.
func (w *world) parties(t testing.TB) (*directory.Application, *directory.Service) {
	t.Helper()
	app, err := w.Application(t.Context(), clientID)
	if err != nil {
		t.Fatal(err)
	}
	svc, err := w.Service(t.Context(), serviceID)
	if err != nil {
		t.Fatal(err)
	}
	return app, svc
}

var readOffer = policies.Permission{Resource: "offer", Action: "read"}

func TestAnApplicationThatWasUnknownIsFoundOnceTheFeedNamesIt(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	if _, err := w.Application(t.Context(), "app_new"); errs.KindOf(err) != errs.NotFound {
		t.Fatalf("got %v, want NotFound", err)
	}
	if keys, err := w.SignatureKeys(t.Context(), "p", models.Production); err != nil || len(keys) != 0 {
		t.Fatalf("%d keys, %v", len(keys), err)
	}
	key, err := seal.Generate(seal.A256, seal.Signing, "k1", rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	jwk, err := json.Marshal(key.Public())
	if err != nil {
		t.Fatal(err)
	}
	w.write(t, func(tx *store.Tx) error {
		if err := tx.SaveApplication(application("app_new")); err != nil {
			return err
		}
		return tx.SaveCredential(models.Credential{ID: "c", ApplicationID: "app_new", Use: models.SignatureKey, KID: "k1", PublicJWK: string(jwk)}, now.UnixMilli())
	})
	if keys, err := w.SignatureKeys(t.Context(), "p", models.Production); err != nil || len(keys) != 0 {
		t.Errorf("asked the database again: %d keys, %v", len(keys), err)
	}
	changes, err := w.store.Changes(t.Context(), 0, nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range changes {
		w.Heard(c)
	}
	if _, err := w.Application(t.Context(), "app_new"); err != nil {
		t.Error(err)
	}
	if keys, err := w.SignatureKeys(t.Context(), "p", models.Production); err != nil || len(keys) != 1 || keys[0].KID() != "k1" {
		t.Errorf("its key: %v, %v", keys, err)
	}
	if keys, err := w.SignatureKeys(t.Context(), "p", models.Sandbox); err != nil || len(keys) != 0 {
		t.Errorf("it is one of the sandbox: %v, %v", keys, err)
	}
}

func TestAccessIsMadeOnceAndAnewWhenTheServiceMoves(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	app, svc := w.parties(t)
	var got [8]*directory.Access
	var all sync.WaitGroup
	for i := range got {
		all.Go(func() {
			var err error
			if got[i], err = w.Access(app, svc, now); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	for _, x := range got {
		if x == nil || x != got[0] {
			t.Fatal("callers at one time hold different tables")
		}
	}
	if !got[0].Decide(readOffer, []string{"offer:read"}).Allowed {
		t.Error("what is granted is refused")
	}

	w.Heard(models.Change{Kind: models.ChangeService, Subject: serviceID})
	_, moved := w.parties(t)
	x, err := w.Access(app, moved, now)
	if err != nil || x == got[0] || x.Service != moved {
		t.Errorf("after the service moved: %v, %v", x, err)
	}
}

func TestAccessEndsWithItsGrant(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	ends := now.UnixMilli() + 1000
	w.write(t, func(tx *store.Tx) error {
		return tx.SaveGrant(models.Grant{
			ID: "g-offer", ApplicationID: clientID, ScopeID: "offer:read", Purpose: "test", ApprovedBy: "test", EndsAt: ends,
		}, now.UnixMilli())
	})
	app, svc := w.parties(t)
	for _, c := range []struct {
		at   int64
		want bool
	}{{ends - 1, true}, {ends, false}, {ends - 1, true}} {
		x, err := w.Access(app, svc, time.UnixMilli(c.at))
		if err != nil {
			t.Fatal(err)
		}
		if got := x.Decide(readOffer, []string{"offer:read"}).Allowed; got != c.want {
			t.Errorf("at %d of %d: allowed = %v, want %v", c.at, ends, got, c.want)
		}
	}
}

func TestPlansAreKeptByPermissionAndScopes(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	app, svc := w.parties(t)
	access, err := w.Access(app, svc, now)
	if err != nil {
		t.Fatal(err)
	}
	plan := func(p policies.Permission, scopes ...string) *disclosure.Plan {
		t.Helper()
		got, err := access.Plan(p, scopes, nil)
		if err != nil {
			t.Fatal(err)
		}
		return got
	}
	readBalance := policies.Permission{Resource: "balance", Action: "read"}
	asked := []string{"offer:read"}
	first := plan(readOffer, asked...)
	asked[0] = "balance:read" // the caller's slice is the caller's
	different := []*disclosure.Plan{
		first, plan(readOffer, "balance:read"), plan(readOffer, "offer:read", "balance:read"),
		plan(readOffer, "balance:read", "offer:read"), plan(readBalance, "offer:read"),
	}
	for i, a := range different {
		if slices.Contains(different[:i], a) {
			t.Errorf("plan %d is that of other scopes", i)
		}
	}
	if plan(readOffer, "offer:read") != first || plan(readOffer, "balance:read") != different[1] {
		t.Error("a plan is compiled again")
	}

	// Ever new sets of scopes are answered, and take no more room.
	for n := range 300 {
		plan(readOffer, slices.Repeat([]string{"offer:read"}, n+2)...)
	}
	long := slices.Repeat([]string{"offer:read"}, 301)
	if once, again := plan(readOffer, long...), plan(readOffer, long...); once == again {
		t.Error("plans are kept without bound")
	}
	if plan(readOffer, "offer:read") != first {
		t.Error("a kept plan was lost")
	}
}

func BenchmarkAccess(b *testing.B) {
	w := newWorld(b, nil)
	app, svc := w.parties(b)
	b.ReportAllocs()
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			if _, err := w.Access(app, svc, now); err != nil {
				b.Error(err)
			}
		}
	})
}

func BenchmarkPlan(b *testing.B) {
	w := newWorld(b, nil)
	app, svc := w.parties(b)
	access, err := w.Access(app, svc, now)
	if err != nil {
		b.Fatal(err)
	}
	scopes := []string{"offer:read", "balance:read"}
	b.ReportAllocs()
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			if _, err := access.Plan(readOffer, scopes, nil); err != nil {
				b.Error(err)
			}
		}
	})
}
