package cli

import (
	"context"
	"errors"
	"fmt"
	"io"

	"postern/app"
	"postern/app/approval"
	"postern/app/errs"
	"postern/app/identity"
	"postern/models"
)

type staffCommand struct {
	Recover staffRecoverCommand `cmd:"" help:"Print a one-time link for a system or security administrator who has lost every factor and whom no two other administrators can help."`
	Setup   staffSetupCommand   `cmd:"" help:"Print new one-time links by which the system and the security administrator set up their accounts."`
}

type staffSetupCommand struct {
	settings
}

func (c staffSetupCommand) Run(i invocation) error {
	s, configured, err := c.beside(i, "console", "listeners")
	if err != nil {
		return err
	}
	links, err := identity.New(identity.Options{Store: s, Now: i.Now, Rand: i.Rand}).SetUp(i.ctx, approval.CommandLine)
	if err == nil {
		err = tellLinks(i.Out, consoleSettings(configured).Address, links)
	}
	return errors.Join(err, s.Close())
}

type staffRecoverCommand struct {
	settings
	Login string `arg:"" help:"The administrator's login."`
}

func (c staffRecoverCommand) Run(i invocation) error {
	s, configured, err := c.beside(i, "console", "listeners", "alerts")
	if err != nil {
		return err
	}
	defer s.Close()
	address := consoleSettings(configured).Address
	notices, err := app.NoticesOf(configured.Alerts, address, i.Rand)
	if err != nil {
		return err
	}
	link, err := identity.New(identity.Options{Store: s, Now: i.Now, Rand: i.Rand}).Recover(i.ctx, approval.CommandLine, c.Login, notices)
	switch {
	case errors.Is(err, identity.ErrNoAccount):
		return fmt.Errorf("there is no account %s", c.Login)
	case errs.KindOf(err) == errs.Conflict:
		return errors.New(errs.Of(err).Message)
	case err != nil:
		return err
	}
	_, err = fmt.Fprintf(i.Out, "Hand this to %s, the %s, in person. It works once, and for 30 minutes; what the account has now ends when it is gone through.\n"+
		"This is on record, and the other administrators are told.\n\n  %s/console/setup/%s\n\n", link.Account.Name, officeNames[link.Role], address, link.Token)
	return err
}

var officeNames = map[models.StaffRole]string{
	models.SystemRole: "system administrator", models.SecurityRole: "security administrator",
}

// tellLinks prints set-up links: to the terminal, never into a log.
func tellLinks(out io.Writer, console string, links []identity.Link) error {
	text := "The console opens once these two, who must be different persons, have set up their accounts.\n" +
		"Each link works once, and for 30 minutes; postern staff setup prints new ones.\n\n"
	for _, l := range links {
		text += fmt.Sprintf("  %-22s %s/console/setup/%s\n", officeNames[l.Role], console, l.Token)
	}
	_, err := io.WriteString(out, text+"\n")
	return err
}

// firstStart prints set-up links where the console has no account at all yet.
func firstStart(ctx context.Context, out io.Writer, known *identity.Identity, console string) error {
	links, err := known.FirstSetUp(ctx, approval.Bootstrap)
	if err != nil || len(links) == 0 {
		return err
	}
	return tellLinks(out, console, links)
}
