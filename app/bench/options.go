package bench

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"slices"
	"time"

	"postern/app/keyring"
	"postern/app/seal"
	"postern/app/store"
)

// The steps that can be driven (protocol section 1).
const (
	StepB = "B" // the partner's back end obtains an AT
	StepD = "D" // the page exchanges the AT for a VT
	StepG = "G" // a sealed business call
)

// Gateway is a running gateway of the caller's making.
type Gateway interface {
	Gateway() (http.Handler, error) // what faces pages and partners
	Store() *store.Store
	Refresh(ctx context.Context) error // takes up what was written to the store
	Close(ctx context.Context) error
}

// Place is where a gateway is opened.
type Place struct {
	Issuer string
	Store  store.Config
	Master *keyring.Master
	Log    *slog.Logger
}

// Opener opens the gateway that is measured.
type Opener func(ctx context.Context, p Place) (Gateway, error)

// Options say what to drive and how. Now, Rand and either Open or Target are
// required.
type Options struct {
	Steps       []string      // of StepB, StepD, StepG; none means all
	Concurrency int           // connections; 0 means 32
	Duration    time.Duration // of each step's own load; 0 means 5 s
	Issuances   int           // if over 0: a run of exactly so many of step B at the end
	Profile     string        // file for a CPU profile of the server under load; then nothing is compared
	Alone       bool          // compare nothing: the server holds what it needs alone

	DB         store.Config // an empty database; zero means a fresh SQLite file in Folder
	Folder     string       // for files of the run; the caller removes it
	Child      []string     // command that serves as Host does in a process of its own; nil means this process
	PinNothing bool         // leave processes on the cores that they have
	Target     *Target      // a gateway that runs already, instead of one of our own

	Open Opener
	Log  *slog.Logger
	Now  func() time.Time
	Rand io.Reader // safe for concurrent use
}

// Target is a gateway that runs already.
type Target struct {
	URL         string // its address and issuer
	ClientID    string
	Keys        []*seal.PrivateKey // the application's: one that signs, one that decrypts
	Resource    string             // the service's URN
	Origin      string             // one of the service's
	Path        string             // of step G's GET; without one G is not driven
	MaxRequests int                // bound on requests of each step; 0 means 20,000
	AllowRemote bool
}

// Defaults and bounds of Options.
const (
	defaultConcurrency = 32
	maxConcurrency     = 1024
	defaultDuration    = 5 * time.Second
	maxDuration        = 10 * time.Minute
	defaultMaxRequests = 20_000
)

// prepare fills in defaults and reports every fault at once.
func (o Options) prepare() (Options, error) {
	if len(o.Steps) == 0 {
		o.Steps = []string{StepB, StepD, StepG}
	}
	if o.Concurrency == 0 {
		o.Concurrency = defaultConcurrency
	}
	if o.Duration == 0 {
		o.Duration = defaultDuration
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	var faults []error
	for _, s := range o.Steps {
		if !slices.Contains([]string{StepB, StepD, StepG}, s) {
			faults = append(faults, fmt.Errorf("no step %q: want B, D or G", s))
		}
	}
	if o.Concurrency < 1 || o.Concurrency > maxConcurrency {
		faults = append(faults, fmt.Errorf("concurrency: want 1 to %d", maxConcurrency))
	}
	if o.Duration < 0 || o.Duration > maxDuration {
		faults = append(faults, fmt.Errorf("duration: want at most %s", maxDuration))
	}
	if o.Now == nil || o.Rand == nil || (o.Open == nil && o.Child == nil && o.Target == nil) {
		faults = append(faults, errors.New("options: Now, Rand and a gateway are required"))
	}
	if o.Target != nil {
		faults = append(faults, o.prepareTarget())
	}
	return o, errors.Join(faults...)
}

func (o *Options) prepareTarget() error {
	t := *o.Target
	o.Target = &t
	if t.MaxRequests == 0 {
		t.MaxRequests = defaultMaxRequests
	}
	var faults []error
	if !t.AllowRemote && !loopback(t.URL) {
		faults = append(faults, fmt.Errorf("target %s is not on this host; --allow-remote drives it all the same", t.URL))
	}
	if t.ClientID == "" || t.Resource == "" || t.key(seal.Signing) == nil || t.key(seal.Encryption) == nil {
		faults = append(faults, errors.New("target: a client id, its signing and its encryption key and a resource are required"))
	}
	if o.Profile != "" {
		faults = append(faults, errors.New("target: a profile can be taken of our own server only"))
	}
	if t.Path == "" {
		o.Steps = slices.DeleteFunc(slices.Clone(o.Steps), func(s string) bool { return s == StepG })
	}
	return errors.Join(faults...)
}

func (t Target) key(use seal.Use) *seal.PrivateKey {
	for _, k := range t.Keys {
		if k.Public().Use() == use {
			return k
		}
	}
	return nil
}

// loopback reports whether an address names this host, without asking anybody.
func loopback(address string) bool {
	u, err := url.Parse(address)
	if err != nil {
		return false
	}
	if u.Hostname() == "localhost" {
		return true
	}
	ip := net.ParseIP(u.Hostname())
	return ip != nil && ip.IsLoopback()
}
