package cli

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"time"

	"github.com/alecthomas/kong"

	"postern/app/ledger"
)

// Surroundings are what a process has around it.
type Surroundings struct {
	In       io.Reader
	Out, Err io.Writer
	Now      func() time.Time
	Rand     io.Reader
	Getenv   func(string) string
}

// Process returns the surroundings of this process.
func Process() Surroundings {
	return Surroundings{In: os.Stdin, Out: os.Stdout, Err: os.Stderr, Now: time.Now, Rand: rand.Reader, Getenv: os.Getenv}
}

// commands is the command line.
type commands struct {
	Demo     demoCommand     `cmd:"" help:"Run the whole product on this machine: gateway, demo bank, demo partners."`
	Serve    serveCommand    `cmd:"" help:"Run the gateway."`
	Apply    applyCommand    `cmd:"" help:"Set up services, scopes, partners, applications, credentials and grants as a file says."`
	Export   exportCommand   `cmd:"" help:"Print such a file of what is set up."`
	Policy   policyCommand   `cmd:"" help:"Ask what an application may do."`
	Consents consentsCommand `cmd:"" help:"List what people agreed to, and withdraw it in their name."`
	Keys     keysCommand     `cmd:"" help:"List, rotate and retire the gateway's own keys."`
	Staff    staffCommand    `cmd:"" help:"Let the bank's first administrators into the console."`
	Jobs     jobsCommand     `cmd:"" help:"Look at what is done in the background, or do it now."`
	Feeds    feedsCommand    `cmd:"" help:"Look at the feeds of events, or forget one."`
	Evidence evidenceCommand `cmd:"" help:"Verify the ledger, and prove what is in it."`
	Alerts   alertsCommand   `cmd:"" help:"Look at alerts, acknowledge one, or try whom they are told to."`
	Bench    benchCommand    `cmd:"" help:"Measure a gateway, beside what its parts cost alone."`
	Backup   backupCommand   `cmd:"" help:"Copy the database while the gateway runs."`
	Restore  restoreCommand  `cmd:"" help:"Put an old copy back, with the gateway stopped; everything issued before is dead then."`
	Ready    readyCommand    `cmd:"" help:"Ask the gateway on this machine whether it is ready; fails when it is not."`
	Doctor   doctorCommand   `cmd:"" help:"Look for what is wrong with a gateway and say what to do; changes nothing."`

	Version kong.VersionFlag `help:"Print the version and what it was built with."`
}

// invocation is what every command gets.
type invocation struct {
	ctx context.Context
	Surroundings
}

func (i invocation) log(level slog.Level) *slog.Logger {
	return slog.New(slog.NewJSONHandler(i.Err, &slog.HandlerOptions{Level: level}))
}

// Run parses args and runs the command; it returns the process's exit code: 0,
// 1 when the command failed, 2 when the command line is wrong.
func Run(ctx context.Context, args []string, s Surroundings) int {
	var c commands
	left := false // kong asks to exit after --help
	parser, err := kong.New(&c, kong.Name("postern"), kong.Writers(s.Out, s.Err),
		kong.Description("The bank's own door for partners' apps."),
		kong.Vars{"version": version()},
		kong.Exit(func(int) { left = true }), kong.UsageOnError())
	if err != nil {
		fmt.Fprintln(s.Err, "postern:", err)
		return 1
	}
	parsed, err := parser.Parse(args)
	if left {
		return 0
	}
	if err != nil {
		parser.Errorf("%s", err)
		return 2
	}
	err = parsed.Run(invocation{ctx: ledger.ActingFrom(ctx, ledger.Origin{Address: ledger.CommandLine}), Surroundings: s})
	if err != nil && !errors.Is(err, context.Canceled) {
		fmt.Fprintln(s.Err, "postern:", err)
		return 1
	}
	return 0
}
