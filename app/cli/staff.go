package cli

import (
	"context"
	"errors"
	"fmt"
	"io"

	"postern/app/approval"
	"postern/app/identity"
	"postern/models"
)

type staffCommand struct {
	Setup staffSetupCommand `cmd:"" help:"Print new one-time links by which the system and the security administrator set up their accounts."`
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
