package cli

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"strings"
	"time"

	"postern/app"
	"postern/app/authority"
	"postern/app/bench"
	"postern/app/config"
	"postern/app/limit"
	"postern/app/seal"
)

type benchCommand struct {
	Steps       []string      `default:"B,D,G" help:"Which protocol steps to drive."`
	Concurrency int           `default:"32" help:"Connections that ask at once."`
	Duration    time.Duration `default:"5s" help:"How long to drive each step; everything that it is compared with takes as long again."`
	DB          string        `name:"db" help:"An empty database: SQLite file or postgres:// address. Default: a fresh SQLite file in a temporary folder."`
	Child       bool          `help:"Run the server in a process of its own with GOMAXPROCS=1, on a core of its own where taskset is found."`
	Issuances   int           `help:"Issue exactly so many access tokens at the end, and tell errors and resident memory."`
	CPUProfile  string        `name:"cpuprofile" type:"path" help:"Write CPU profiles of the server to this name and the step's letter; nothing is compared then."`
	Alone       bool          `help:"Compare nothing; for the resident memory of the server alone."`
	JSON        bool          `name:"json" help:"Print the result as JSON."`

	Target      string   `help:"Drive a gateway that runs already: its issuer, e.g. http://localhost:8080."`
	ClientID    string   `name:"client-id" help:"With --target: the application."`
	KeyFile     []string `name:"key-file" type:"existingfile" help:"With --target: the application's private signing and encryption keys, a JWK in each file: --key-file sig.jwk,enc.jwk."`
	Resource    string   `help:"With --target: the service's URN."`
	Origin      string   `help:"With --target: an origin of the service."`
	Path        string   `help:"With --target: the path that step G asks for with GET; without it G is left out."`
	MaxRequests int      `default:"20000" help:"With --target: the most requests of each step."`
	AllowRemote bool     `help:"With --target: drive a gateway that is not on this host."`

	Console int `placeholder:"ROWS" help:"Measure the console's log and visits instead, on a log of so many rows (about 1.3 KiB each); 10000000 is what its screens are held to. Takes --db, and goes with --counts."`
	Counts  int `placeholder:"DAYS" help:"Measure the console's overview, statements and alerts instead, on so many days of counts of 100 partners; 90 is what they are held to. Takes --db, and goes with --console."`

	Host bool `hidden:"" help:"Be the server of another bench, which gives its orders on standard input."`
}

// benchRates limit nothing that a bench could do; a visit is not limited at all.
var benchRates = authority.Rates{
	AT: limit.Rate{PerSecond: 1e6, Burst: 1e6}, VT: limit.Rate{PerSecond: 1e6, Burst: 1e6}, Call: limit.Rate{PerSecond: 1e6, Burst: 1e6},
}

// errBenchFailed is the end of a run that met errors; they are printed already.
var errBenchFailed = errors.New("bench: there were errors")

func (c benchCommand) Run(i invocation) error {
	o := bench.Options{
		Steps: c.Steps, Concurrency: c.Concurrency, Duration: c.Duration, Issuances: c.Issuances, Profile: c.CPUProfile, Alone: c.Alone,
		Open: c.openGateway(i), Log: i.log(slog.LevelError), Now: i.Now, Rand: i.Rand,
	}
	if c.Host {
		return bench.Host(i.ctx, os.Stdin, i.Out, o)
	}
	if c.DB != "" {
		// Neither file nor environment: they may name the database that serves.
		bare, faults := config.Load(config.Sources{Getenv: func(string) string { return "" }, Flags: databaseFlags(c.DB)})
		if err := faults.Of("database").Err(); err != nil {
			return err
		}
		o.DB = storeConfig(bare.Database)
	}
	if err := errors.Join(c.setTarget(&o), c.setChild(&o)); err != nil {
		return err
	}
	folder, err := os.MkdirTemp("", "postern-bench-")
	if err != nil {
		return fmt.Errorf("make folder: %w", err)
	}
	o.Folder = folder
	if c.Console > 0 || c.Counts > 0 {
		err := bench.Console(i.ctx, bench.ConsoleOptions{
			Rows: c.Console, Days: c.Counts, DB: o.DB, Folder: folder, Open: c.openGateway(i), Out: i.Out, Log: i.log(slog.LevelError), Now: i.Now, Rand: i.Rand,
		})
		return errors.Join(err, os.RemoveAll(folder))
	}
	result, err := bench.Run(i.ctx, o)
	if err := errors.Join(err, os.RemoveAll(folder)); err != nil {
		return err
	}
	return c.print(i, result)
}

func (c benchCommand) print(i invocation, result bench.Result) error {
	var err error
	if c.JSON {
		encoder := json.NewEncoder(i.Out)
		encoder.SetIndent("", "  ")
		err = encoder.Encode(result)
	} else {
		err = result.Write(i.Out)
	}
	if err == nil && result.Errors() > 0 {
		err = errBenchFailed
	}
	return err
}

func (c benchCommand) setChild(o *bench.Options) error {
	if !c.Child {
		return nil
	}
	self, err := os.Executable()
	if err != nil {
		return fmt.Errorf("find this program: %w", err)
	}
	o.Child = []string{self, "bench", "--host"}
	return nil
}

func (c benchCommand) setTarget(o *bench.Options) error {
	if c.Target == "" {
		return nil
	}
	if c.Child || c.DB != "" {
		return errors.New("bench: --target does not go with --child or --db")
	}
	if err := c.wantTarget(); err != nil {
		return err
	}
	o.Target = &bench.Target{
		URL: strings.TrimSuffix(c.Target, "/"), ClientID: c.ClientID, Resource: c.Resource, Origin: c.Origin, Path: c.Path,
		MaxRequests: c.MaxRequests, AllowRemote: c.AllowRemote,
	}
	for _, path := range c.KeyFile {
		text, err := os.ReadFile(path)
		if err != nil {
			return fmt.Errorf("read key: %w", err)
		}
		key, err := seal.ParsePrivateJWK(text)
		if err != nil {
			return fmt.Errorf("read key %s: %w", path, err)
		}
		o.Target.Keys = append(o.Target.Keys, key)
	}
	return nil
}

// targetForm is a whole command line of a target, as the demo's would be.
const targetForm = "--target http://localhost:8080 --client-id lianhe-travel-app --key-file sig.jwk,enc.jwk " +
	"--resource urn:h5:loan --origin http://localhost:8090 --path /loans/offers"

// wantTarget names the flags that a target lacks, and shows the form of all.
func (c benchCommand) wantTarget() error {
	var missing []string
	for _, flag := range []struct {
		name  string
		given bool
	}{
		{"--client-id", c.ClientID != ""}, {"--key-file with two files", len(c.KeyFile) == 2}, {"--resource", c.Resource != ""},
	} {
		if !flag.given {
			missing = append(missing, flag.name)
		}
	}
	if len(missing) == 0 {
		return nil
	}
	return fmt.Errorf("bench: --target also needs %s, as in %s", strings.Join(missing, ", "), targetForm)
}

// openGateway opens the product itself, as serve does.
func (c benchCommand) openGateway(i invocation) bench.Opener {
	return func(ctx context.Context, p bench.Place) (bench.Gateway, error) {
		a, err := app.New(ctx, app.Config{
			Issuer: p.Issuer, Node: "bench", Store: p.Store, Master: p.Master, Now: i.Now, Rand: i.Rand, Log: p.Log,
			Rates: benchRates,
		})
		if err != nil {
			return nil, err // not a nil *app.App inside an interface that is not nil
		}
		return a, nil
	}
}
