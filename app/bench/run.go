package bench

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"path/filepath"
	"slices"

	"postern/app/seal"
	"postern/app/store"
)

// run is one run under way.
type run struct {
	Options
	upstream *site
	host     host // nil with a target
	party    *party
	gateway  *load
	proxy    *load     // nil if nothing is compared
	posts    *magazine // for the proxy: a body as long as a sealed call
	gets     *magazine
	result   Result
}

// Run drives the steps and returns what it found. Failed requests are in the
// Result; an error means that there is none.
func Run(ctx context.Context, o Options) (Result, error) {
	o, err := o.prepare()
	if err != nil {
		return Result{}, fmt.Errorf("bench: %w", err)
	}
	r := &run{Options: o, result: Result{Callers: o.Concurrency}}
	err = r.open(ctx)
	if err == nil {
		err = r.drive(ctx)
	}
	if err = errors.Join(err, r.close(context.WithoutCancel(ctx))); err != nil {
		return Result{}, fmt.Errorf("bench: %w", err)
	}
	return r.result, nil
}

func (r *run) open(ctx context.Context) error {
	if r.Target != nil {
		return r.openTarget()
	}
	keys, public, err := drawKeys(r.Options)
	if err != nil {
		return err
	}
	if r.upstream, err = launch(ctx, http.HandlerFunc(bankSystem), r.Log); err != nil {
		return err
	}
	where, err := r.openHost(ctx, assignment{
		Store: r.place(), Seeding: seeding{Keys: public, Upstream: r.upstream.url}, Compares: r.Profile == "" && !r.Alone,
	})
	if err != nil {
		return err
	}
	r.result.Processors = where.Processors
	r.party = &party{
		issuer: where.Gateway, clientID: seedClient, signing: keys[0], encryption: keys[1],
		resource: seedService, origin: seedOrigin, path: seedPath, now: r.Now, rand: r.Rand,
	}
	if where.Proxy != "" {
		if err := r.openProxy(where.Proxy); err != nil {
			return err
		}
	}
	return r.openLoad(where.Gateway)
}

func drawKeys(o Options) (keys []*seal.PrivateKey, public []json.RawMessage, err error) {
	for _, use := range []seal.Use{seal.Signing, seal.Encryption} {
		key, err := seal.Generate(seal.A256, use, "bench-"+string(use), o.Rand)
		if err != nil {
			return nil, nil, fmt.Errorf("make keys: %w", err)
		}
		jwk, err := json.Marshal(key.Public())
		if err != nil {
			return nil, nil, fmt.Errorf("make keys: %w", err)
		}
		keys, public = append(keys, key), append(public, jwk)
	}
	return keys, public, nil
}

// place is the database asked for, or a fresh file.
func (r *run) place() storePlace {
	p := storePlace{Driver: r.DB.Driver, Path: r.DB.Path, DSN: r.DB.DSN}
	if p.Driver == "" {
		p = storePlace{Driver: string(store.SQLite), Path: filepath.Join(r.Folder, "bench.db")}
	}
	r.result.Database = map[string]string{"sqlite": "SQLite, synchronous=FULL", "postgres": "PostgreSQL"}[p.Driver]
	return p
}

func (r *run) openHost(ctx context.Context, a assignment) (opened, error) {
	if r.Child != nil {
		child, where, err := openChild(ctx, r.Options, a)
		if err != nil {
			return opened{}, err
		}
		r.host, r.result.Where = child, child.describe()
		return where, nil
	}
	local, where, err := openHost(ctx, a, surroundings{open: r.Open, log: r.Log, now: r.Now, rand: r.Rand})
	if err != nil {
		return opened{}, err
	}
	r.host, r.result.Where = local, "server, load and upstream in one process (CPU is of all three; --child parts them)"
	return where, nil
}

func (r *run) openTarget() error {
	t := r.Target
	r.result.Where, r.result.Database = "the server at "+t.URL, "its own"
	r.party = &party{
		issuer: t.URL, clientID: t.ClientID, signing: t.key(seal.Signing), encryption: t.key(seal.Encryption),
		resource: t.Resource, origin: t.Origin, path: t.Path, now: r.Now, rand: r.Rand,
	}
	return r.openLoad(t.URL)
}

func (r *run) openLoad(address string) error {
	s, err := parseServer(address)
	if err != nil {
		return err
	}
	r.party.gateway = s
	r.gateway = newLoad(s, r.Concurrency, r.Now)
	return nil
}

// sealedCallSize is what a sealed call of 1 KiB takes on the wire, octets.
const sealedCallSize = 1447

func (r *run) openProxy(address string) error {
	s, err := parseServer(address)
	if err != nil {
		return err
	}
	r.proxy = newLoad(s, r.Concurrency, r.Now)
	body := make([]byte, sealedCallSize)
	for i := range body {
		body[i] = 'A'
	}
	header := map[string]string{"Content-Type": "application/jose"}
	r.posts = &magazine{requests: [][]byte{s.request("POST", seedPath, header, body)}, endless: true}
	r.gets = &magazine{requests: [][]byte{s.request("GET", seedPath, nil, nil)}, endless: true}
	return nil
}

func (r *run) drive(ctx context.Context) error {
	for _, d := range r.drives() {
		if !slices.Contains(r.Steps, d.step) {
			continue
		}
		s, err := r.driveStep(ctx, d)
		if err != nil {
			return fmt.Errorf("step %s: %w", d.step, err)
		}
		r.result.Steps = append(r.result.Steps, s)
	}
	if r.Issuances > 0 {
		return r.issueMany(ctx)
	}
	return nil
}

func (r *run) close(ctx context.Context) error {
	var faults []error
	for _, l := range []*load{r.gateway, r.proxy} {
		if l != nil {
			l.close()
		}
	}
	if r.host != nil {
		faults = append(faults, r.host.close(ctx))
	}
	if r.upstream != nil {
		faults = append(faults, r.upstream.close())
	}
	return errors.Join(faults...)
}
