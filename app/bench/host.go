package bench

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"runtime"
	"runtime/pprof"
	"time"

	"postern/app/keyring"
	"postern/app/store"
)

// assignment says what the server's side is to open.
type assignment struct {
	Store    storePlace `json:"store"`
	Seeding  seeding    `json:"seeding"`
	Compares bool       `json:"compares"` // open what is compared, too
}

// storePlace is the part of store.Config that travels between processes.
type storePlace struct {
	Driver string `json:"driver"`
	Path   string `json:"path"`
	DSN    string `json:"dsn"`
}

func (p storePlace) config() store.Config {
	return store.Config{Driver: p.Driver, Path: p.Path, DSN: p.DSN}
}

// opened is where the server's side listens.
type opened struct {
	Gateway    string `json:"gateway"` // address and issuer
	Proxy      string `json:"proxy"`
	Processors int    `json:"processors"` // GOMAXPROCS
}

// The orders to the server's side.
const (
	doMeasure = "measure"
	doUsage   = "usage"
	doRows    = "rows"
	doProfile = "profile" // starts a profile into the file What
	doRest    = "rest"    // ends it
)

type order struct {
	Do      string        `json:"do"`
	What    string        `json:"what,omitempty"`
	Callers int           `json:"callers,omitempty"`
	For     time.Duration `json:"for,omitempty"`
}

// report answers an order; what belongs to another order is zero.
type report struct {
	Measured measured `json:"measured"`
	Usage    usage    `json:"usage"`
	Rows     rows     `json:"rows"`
}

// host is the server's side of a run: here or in a process of its own.
type host interface {
	do(ctx context.Context, o order) (report, error)
	close(ctx context.Context) error
}

// localHost is the server's side in this process.
type localHost struct {
	gateway Gateway
	store   *store.Store
	sites   []*site
	bare    *bare
	profile *os.File
}

// surroundings are what a server's side has around it.
type surroundings struct {
	open Opener
	log  *slog.Logger
	now  func() time.Time
	rand io.Reader
}

func openHost(ctx context.Context, a assignment, s surroundings) (*localHost, opened, error) {
	h := &localHost{}
	o, err := h.open(ctx, a, s)
	if err != nil {
		return nil, opened{}, errors.Join(err, h.close(context.WithoutCancel(ctx)))
	}
	return h, o, nil
}

func (h *localHost) open(ctx context.Context, a assignment, s surroundings) (opened, error) {
	listener, address, err := listen(ctx)
	if err != nil {
		return opened{}, err
	}
	key := make([]byte, keyring.MasterKeySize)
	if _, err := io.ReadFull(s.rand, key); err != nil {
		return opened{}, fmt.Errorf("draw master key: %w", err)
	}
	master, err := keyring.NewMaster(key)
	if err != nil {
		return opened{}, err
	}
	config := a.Store.config()
	config.Now = s.now
	if err := checkEmpty(ctx, config); err != nil {
		return opened{}, err
	}
	if h.gateway, err = s.open(ctx, Place{Issuer: address, Store: config, Master: master, Log: s.log}); err != nil {
		return opened{}, fmt.Errorf("open gateway: %w", err)
	}
	h.store = h.gateway.Store()
	if err := a.Seeding.plant(ctx, h.store, s.now()); err != nil {
		return opened{}, fmt.Errorf("seed: %w", err)
	}
	if err := h.gateway.Refresh(ctx); err != nil {
		return opened{}, fmt.Errorf("take up the seed: %w", err)
	}
	door, err := h.gateway.Gateway()
	if err != nil {
		return opened{}, err
	}
	h.sites = append(h.sites, serve(listener, address, door, s.log))
	o := opened{Gateway: address, Processors: runtime.GOMAXPROCS(0)}
	if !a.Compares {
		return o, nil
	}
	o.Proxy, err = h.openCompared(ctx, a, s)
	return o, err
}

// openCompared opens the reverse proxy and a store for bare commits.
func (h *localHost) openCompared(ctx context.Context, a assignment, s surroundings) (proxy string, err error) {
	handler, err := reverseProxy(a.Seeding.Upstream, s.log)
	if err != nil {
		return "", err
	}
	site, err := launch(ctx, handler, s.log)
	if err != nil {
		return "", err
	}
	h.sites = append(h.sites, site)
	h.bare, err = openBare(ctx, a.Store.config(), s.now, s.rand)
	return site.url, err
}

func (h *localHost) do(ctx context.Context, o order) (r report, err error) {
	switch o.Do {
	case doMeasure:
		if h.bare == nil {
			return r, errors.New("nothing is compared in this run")
		}
		r.Measured, err = h.bare.measure(ctx, o.What, o.Callers, o.For)
	case doUsage:
		r.Usage, err = readUsage()
	case doRows:
		r.Rows, err = countRows(ctx, h.store)
	case doProfile:
		err = h.startProfile(o.What)
	case doRest:
		err = h.endProfile()
	default:
		err = fmt.Errorf("no order %q", o.Do)
	}
	return r, err
}

func (h *localHost) startProfile(path string) (err error) {
	if h.profile, err = os.Create(path); err != nil {
		return fmt.Errorf("create profile: %w", err)
	}
	return pprof.StartCPUProfile(h.profile)
}

func (h *localHost) endProfile() error {
	if h.profile == nil {
		return nil
	}
	pprof.StopCPUProfile()
	err := h.profile.Close()
	h.profile = nil
	return err
}

func (h *localHost) close(ctx context.Context) error {
	faults := []error{h.endProfile()}
	for _, s := range h.sites {
		faults = append(faults, s.close())
	}
	if h.bare != nil {
		faults = append(faults, h.bare.close(ctx))
	}
	if h.gateway != nil {
		faults = append(faults, h.gateway.Close(ctx))
	}
	return errors.Join(faults...)
}

// Host is the server's side of a run in a process of its own: it reads an
// assignment and then orders from in, one JSON value each, and answers each on
// out. It returns when in ends.
func Host(ctx context.Context, in io.Reader, out io.Writer, o Options) error {
	orders, answers := json.NewDecoder(in), json.NewEncoder(out)
	var a assignment
	if err := orders.Decode(&a); err != nil {
		return fmt.Errorf("read assignment: %w", err)
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	h, where, err := openHost(ctx, a, surroundings{open: o.Open, log: o.Log, now: o.Now, rand: o.Rand})
	if err := answers.Encode(answer[opened]{Value: where, Error: text(err)}); err != nil || h == nil {
		return errors.Join(err, errHostEnded)
	}
	err = h.obey(ctx, orders, answers)
	return errors.Join(err, h.close(context.WithoutCancel(ctx)))
}

var errHostEnded = errors.New("the server's side did not open")

// answer carries a value or an error to the other process.
type answer[T any] struct {
	Value T      `json:"value"`
	Error string `json:"error,omitempty"`
}

func text(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}

func (h *localHost) obey(ctx context.Context, orders *json.Decoder, answers *json.Encoder) error {
	for {
		var o order
		if err := orders.Decode(&o); errors.Is(err, io.EOF) {
			return nil
		} else if err != nil {
			return fmt.Errorf("read order: %w", err)
		}
		r, err := h.do(ctx, o)
		if err := answers.Encode(answer[report]{Value: r, Error: text(err)}); err != nil {
			return fmt.Errorf("answer order: %w", err)
		}
	}
}
