package demo

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"time"

	"postern/app"
	"postern/app/demo/bank"
	"postern/app/demo/traffic"
	"postern/app/filelock"
)

// Options says where a demo keeps its data and what it does.
type Options struct {
	Data    string       // folder; "" means ./postern-data. A second start on it continues
	Traffic bool         // keep a trickle of varied visits going, refusals included
	Out     io.Writer    // safe for concurrent use
	Log     *slog.Logger // for the terminal; the log in Data takes everything from Info on besides
	Now     func() time.Time
	Rand    io.Reader // safe for concurrent use
	Ports   Ports
	Command string // starts this demo again, as the page says once it has stopped; "" means go run . demo
}

// Demo is a running demo.
type Demo struct {
	places  places
	servers *servers
	app     *app.App
	takers  traffic.Options // who takes part in traffic
	traffic *traffic.Traffic
	staff   []colleague // none where the folder's staff is not the demo's
	users   []user      // of partners, likewise
	log     *os.File
	lock    *filelock.Lock // held while the demo lives, so that no other one uses its folder
}

// closeTimeout is how long a stopping demo waits for running requests.
const closeTimeout = 10 * time.Second

// Run starts everything, prints what to open and what to do there, and returns
// when ctx ends and everything has stopped cleanly.
func Run(ctx context.Context, o Options) error {
	o = o.withDefaults()
	d, err := Start(ctx, o)
	if err != nil {
		return err
	}
	o.print(ctx, d.welcome(o))
	select {
	case <-ctx.Done():
	case err = <-d.servers.failed:
	}
	closing, cancel := context.WithTimeout(context.WithoutCancel(ctx), closeTimeout)
	defer cancel()
	if err = errors.Join(err, d.Close(closing)); err == nil {
		o.print(ctx, "Stopped.\n")
	}
	return err
}

// print tells the person at the terminal; a terminal that is gone stops nothing.
func (o Options) print(ctx context.Context, text string) {
	if _, err := io.WriteString(o.Out, text); err != nil {
		o.Log.WarnContext(ctx, "text not printed", slog.Any("err", err))
	}
}

// Start is Run without waiting: everything listens when it returns.
func Start(ctx context.Context, o Options) (*Demo, error) {
	o = o.withDefaults()
	d := &Demo{servers: &servers{failed: make(chan error, 1), log: o.Log}}
	if err := d.start(ctx, o); err != nil {
		if advice := o.advice(err); advice != "" {
			err = fmt.Errorf("%w; %s", err, advice)
		}
		return nil, errors.Join(err, d.Close(context.WithoutCancel(ctx)))
	}
	return d, nil
}

func (o Options) withDefaults() Options {
	if o.Data == "" {
		o.Data = "postern-data"
	}
	if o.Command == "" {
		o.Command = "go run . demo"
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.Out == nil {
		o.Out = io.Discard
	}
	return o
}

// start goes from the folder and the listeners, whose ports the addresses need,
// to what they serve.
func (d *Demo) start(ctx context.Context, o Options) (err error) {
	if d.lock, err = lockFolder(o.Data); err != nil {
		return err
	}
	if d.servers.listeners, err = listen(ctx, o.Ports); err != nil {
		return err
	}
	d.places = d.servers.listeners.places()
	held, err := openFolder(o)
	if err != nil {
		return err
	}
	if o.Log, d.log, err = openLog(o.Data, o.Log); err != nil {
		return err
	}
	d.servers.log = o.Log
	if err := d.open(ctx, o, held); err != nil {
		return err
	}
	return d.serve(ctx, o, held)
}

// open opens the gateway on the folder and fills its database.
func (d *Demo) open(ctx context.Context, o Options, held folder) (err error) {
	if d.app, err = openGateway(ctx, o, d.places, held); err != nil {
		return err
	}
	if err := held.check(ctx, d.app.Store()); err != nil {
		return err
	}
	if d.staff, err = hire(ctx, o, d.app.Identity()); err != nil {
		return fmt.Errorf("set up the demo's staff: %w", err)
	}
	seeds := seeding{store: d.app.Store(), places: d.places, keys: held.partners, now: o.Now(), rand: o.Rand}
	if err := seed(ctx, seeds); err != nil {
		return fmt.Errorf("seed the demo's data: %w", err)
	}
	if err := announce(ctx, d.app, seeds); err != nil {
		return fmt.Errorf("announce something: %w", err)
	}
	if d.users, err = seat(ctx, o, d.app.Users()); err != nil {
		return fmt.Errorf("set up the partners' users: %w", err)
	}
	if err := d.app.Refresh(ctx); err != nil {
		return fmt.Errorf("take up the demo's data: %w", err)
	}
	return nil
}

// serve starts the six servers and the traffic.
func (d *Demo) serve(ctx context.Context, o Options, held folder) error {
	gateway, err := d.app.Gateway()
	if err != nil {
		return fmt.Errorf("make the gateway's door: %w", err)
	}
	internal, err := d.app.Internal()
	if err != nil {
		return fmt.Errorf("make the internal door: %w", err)
	}
	portal, err := d.app.Portal()
	if err != nil {
		return fmt.Errorf("make the portal: %w", err)
	}
	loans := bank.New(bank.Options{Issuer: d.places.gateway, Service: serviceID, Now: o.Now, Log: o.Log})
	partners := newPartners(o, d.places, held.partners)
	told, err := newAnswers(loans)
	if err != nil {
		return fmt.Errorf("read what the scopes say: %w", err)
	}
	shell := newShell(o, d.places, partners, told, ledger{store: d.app.Store(), log: o.Log})
	shell.staff, shell.users = d.staff, d.users
	open := d.servers.listeners
	d.servers.serve(ctx, open.gateway, gateway)
	d.servers.serve(ctx, open.internal, internal)
	d.servers.serve(ctx, open.portal, portal)
	d.servers.serve(ctx, open.bank, ownHost(open.bank, loans.Handler()))
	d.servers.serve(ctx, open.h5, ownHost(open.h5, pageHandler(d.places, o.Log)))
	d.servers.serve(ctx, open.partner, ownHost(open.partner, shell.handler()))
	d.takers = trafficOptions(o, d.places, partners, held.partners)
	o.Log.InfoContext(ctx, "demo started", slog.String("address", d.URL()), slog.Bool("traffic", o.Traffic))
	if o.Traffic {
		d.traffic = traffic.Start(ctx, d.takers)
	}
	return nil
}

// URL is the shell's address, the one to open.
func (d *Demo) URL() string { return d.places.partner + "/" }

// GatewayURL is the gateway's address and issuer.
func (d *Demo) GatewayURL() string { return d.places.gateway }

// PageURL is the address of the bank's page, without an AT.
func (d *Demo) PageURL() string { return d.places.h5 + pagePath }

// Close stops the traffic and the servers, then the gateway, which commits
// what waits in its ledger.
func (d *Demo) Close(ctx context.Context) error {
	if d.traffic != nil {
		d.traffic.Stop()
	}
	err := d.servers.close(ctx)
	if d.app != nil {
		err = errors.Join(err, d.app.Close(ctx))
	}
	if d.log != nil {
		err = errors.Join(err, d.log.Close())
		d.log = nil
	}
	if d.lock != nil {
		err = errors.Join(err, d.lock.Release())
		d.lock = nil
	}
	return err
}
