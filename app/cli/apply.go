package cli

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"postern/app"
	"postern/app/approval"
	"postern/app/bankfile"
	"postern/app/change"
	"postern/app/store"
)

type applyCommand struct {
	settings
	File   string `short:"f" required:"" type:"path" help:"The file, as docs/bank-file.md describes it."`
	DryRun bool   `help:"Say what would change, and change nothing."`
	Reason string `help:"Why, for whoever must approve it in the console."`
}

func (c applyCommand) Run(i invocation) error {
	config, err := c.database(i)
	if err != nil {
		return err
	}
	text, err := os.ReadFile(c.File)
	if err != nil {
		return fmt.Errorf("read file: %w", err)
	}
	document, err := bankfile.Read(filepath.Base(c.File), text, os.DirFS(filepath.Dir(c.File)))
	if err != nil {
		return err
	}
	if c.DryRun {
		return c.preview(i, config, document)
	}
	s, err := store.Open(i.ctx, config)
	if err != nil {
		return err
	}
	defer s.Close()
	plan, err := document.Apply(i.ctx, s, bankfile.Options{Now: i.Now()}, i.Rand)
	if errors.Is(err, approval.ErrSecondPerson) {
		return c.request(i, s, document)
	}
	if err != nil {
		return err
	}
	return say(i, plan, "Changed %d, of which %d widen what partners can reach. A running gateway takes it up within a second.\n")
}

// request asks in the console for what one person may not change alone.
func (c applyCommand) request(i invocation, s *store.Store, document *bankfile.Document) error {
	content, err := document.Request(i.ctx, s, bankfile.Options{Now: i.Now()})
	if err != nil {
		return err
	}
	configured, faults := c.load(i)
	if err := faults.Of("alerts", "console", "listeners").Err(); err != nil {
		return err
	}
	notices, err := app.NoticesOf(configured.Alerts, consoleSettings(configured).Address, i.Rand)
	if err != nil {
		return err
	}
	name := filepath.Base(c.File)
	out, err := approval.New(approval.Options{Store: s, Kinds: app.ApprovalKinds(), Tell: notices, Now: i.Now, Rand: i.Rand}).Submit(i.ctx,
		approval.By{Account: approval.CommandLine},
		approval.Ask{Kind: bankfile.Kind, Subject: "file " + name, Content: content, Reason: cmp.Or(c.Reason, "postern apply -f "+name)})
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(i.Out, "%s\nNothing was changed yet: request %d waits in the console for another person's approval.\n", out.Plan, out.Request)
	return err
}

// preview opens nothing that is not there and migrates nothing: a question must
// not change what a running gateway works on.
func (c applyCommand) preview(i invocation, config store.Config, document *bankfile.Document) error {
	config.NoMigrate = true
	s, err := store.Open(i.ctx, config)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		fmt.Fprintf(i.Out, "There is no database %s yet: everything would be new.\n\n", config.Path)
	case err != nil:
		return err
	default:
		defer s.Close()
	}
	plan, err := document.Preview(i.ctx, s, bankfile.Options{Now: i.Now()})
	if err != nil {
		return err
	}
	return say(i, plan, "Would change %d, of which %d widen what partners can reach. Nothing was changed.\n")
}

// say prints a plan and how many things it changes.
func say(i invocation, plan change.Plan, end string) error {
	if len(plan.Things) == 0 {
		_, err := fmt.Fprintln(i.Out, "Nothing to change: the database says what the file says.")
		return err
	}
	_, err := fmt.Fprintf(i.Out, "%s\n"+end, plan, len(plan.Things), plan.Widening())
	return err
}
