package cli

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
	"time"

	"postern/app/approval"
	"postern/app/consents"
	"postern/app/keyring"
	"postern/app/ledger"
	"postern/app/store"
	"postern/models"
)

type consentsCommand struct {
	List     listConsentsCommand    `cmd:"" help:"List consents, those that ended too, the oldest first."`
	Withdraw withdrawConsentCommand `cmd:"" help:"Withdraw consents; running nodes follow within a second."`
}

// consentChoice says whose consents are meant. Who somebody is never stands on a
// command line, where other users of the machine and the shell's history see it.
type consentChoice struct {
	App      string `help:"Those to this application (client_id)."`
	Scope    string `help:"Those to this scope."`
	Customer bool   `xor:"person" help:"Those of one customer, whose id at the bank is read from standard input."`
	Subject  bool   `xor:"person" help:"Those of one user of the application, whose id at the partner is read from standard input."`
}

// filter reads who is meant, and needs the keys only for that.
func (c consentChoice) filter(i invocation, subjects *keyring.Subjects) (store.ConsentFilter, error) {
	f := store.ConsentFilter{ApplicationID: c.App, ScopeID: c.Scope}
	if c.Subject && c.App == "" {
		return f, errors.New("--subject: a partner's user is one of an application: give --app, too")
	}
	if !c.Customer && !c.Subject {
		return f, nil
	}
	id, err := firstLine(i.In)
	if err != nil {
		return f, err
	}
	if c.Customer {
		f.Visitor.CustomerMAC = subjects.MAC(keyring.Customers, id)
	} else {
		f.SubjectMAC = subjects.MAC(c.App, id)
	}
	return f, nil
}

// firstLine reads an id from standard input.
func firstLine(in io.Reader) (string, error) {
	line, err := bufio.NewReader(io.LimitReader(in, 4096)).ReadString('\n')
	if err != nil && !errors.Is(err, io.EOF) {
		return "", fmt.Errorf("read standard input: %w", err)
	}
	if line = strings.TrimRight(line, "\r\n"); line == "" {
		return "", errors.New("standard input is empty: write the id there, on one line")
	}
	return line, nil
}

// open opens the database, and where a person is named the keys that find
// people.
func (c consentChoice) open(i invocation, s settings) (*store.Store, *time.Location, store.ConsentFilter, error) {
	if !c.Customer && !c.Subject {
		opened, configured, err := s.beside(i, "zone")
		f, _ := c.filter(i, nil)
		return opened, configured.Zone, f, err
	}
	k, err := openKeys(i, s)
	if err != nil {
		return nil, nil, store.ConsentFilter{}, err
	}
	f, err := c.filter(i, k.ring.Subjects())
	if err != nil {
		return nil, nil, f, errors.Join(err, k.Close())
	}
	return k.Store, k.zone, f, nil
}

type listConsentsCommand struct {
	settings
	consentChoice
	Live  bool   `help:"Only those that hold now."`
	After string `placeholder:"ID" help:"Go on behind this one."`
	Limit int    `default:"50" help:"How many, at most 500."`
}

func (c listConsentsCommand) Run(i invocation) error {
	if c.Limit < 1 || c.Limit > 500 {
		return fmt.Errorf("--limit: want 1 to 500, have %d", c.Limit)
	}
	s, zone, f, err := c.open(i, c.settings)
	if err != nil {
		return err
	}
	defer s.Close()
	f.After = c.After
	if c.Live {
		f.LiveAt = i.Now().UnixMilli()
	}
	list, err := s.Consents(i.ctx, f, c.Limit+1)
	if err != nil {
		return err
	}
	return printConsents(i, list, c.Limit, zone)
}

func printConsents(i invocation, list []models.Consent, limit int, zone *time.Location) error {
	if len(list) == 0 {
		_, err := fmt.Fprintln(i.Out, "There are no such consents.")
		return err
	}
	w := tabwriter.NewWriter(i.Out, 0, 4, 2, ' ', 0)
	fmt.Fprintf(w, "consent\tapplication\tscope\tversion\tby\tgiven\tuntil\tstate\n")
	for _, c := range list[:min(limit, len(list))] {
		fmt.Fprintf(w, "%s\t%s\t%s\t%d\t%s\t%s\t%s\t%s\n", c.ID, c.ApplicationID, c.ScopeID, c.Version,
			personWord(c.Visitor), clockTime(c.GivenAt, zone), clockTime(c.EndsAt, zone), consentState(c, i.Now().UnixMilli()))
	}
	if len(list) > limit {
		fmt.Fprintf(w, "\nThere are more: --after %s\n", list[limit-1].ID)
	}
	return w.Flush()
}

// personWord says who agreed, without saying who.
func personWord(p models.Visitor) string {
	switch {
	case p.CustomerMAC != "":
		return "customer"
	case p.SubjectMAC != "":
		return "partner's user"
	}
	return "visitor"
}

func consentState(c models.Consent, now int64) string {
	switch {
	case c.WithdrawnAt != 0 && c.Reason != "":
		return fmt.Sprintf("withdrawn by %s: %s", c.WithdrawnBy, c.Reason)
	case c.WithdrawnAt != 0:
		return fmt.Sprintf("withdrawn by %s", c.WithdrawnBy)
	case !c.Live(now):
		return "over"
	}
	return "holds"
}

type withdrawConsentCommand struct {
	settings
	consentChoice
	ID     string `arg:"" optional:"" help:"A consent, as consents list shows it; all that the same person agreed to for this application and scope ends. Without it say who, for which application and scope."`
	Reason string `required:"" help:"Why, for the record; no personal data."`
}

func (c withdrawConsentCommand) Run(i invocation) error {
	if err := c.check(); err != nil {
		return err
	}
	s, _, f, err := c.open(i, c.settings)
	if err != nil {
		return err
	}
	defer s.Close()
	f.ID = c.ID
	by := operator()
	actor := ""
	if err := s.Business(i.ctx, func(b store.Business) (err error) {
		actor, err = approval.Directly(b, false) // one person may: it narrows
		return err
	}); err != nil {
		return err
	}
	registry := consents.Registry{Store: s, Now: i.Now, Rand: i.Rand}
	ended, err := registry.Withdraw(i.ctx, consents.Withdrawal{
		Consents: f, By: models.ByBank, Reason: c.Reason, Actor: actor + ", " + by,
		Event: ledger.Event{Actor: actor, From: ledger.OriginOf(i.ctx)},
	})
	if err != nil {
		return err
	}
	if len(ended) == 0 {
		return errors.New("nothing was withdrawn: no such consent holds")
	}
	for _, e := range ended {
		fmt.Fprintf(i.Out, "withdrawn: %s (%s, %s, version %d)\n", e.ID, e.ApplicationID, e.ScopeID, e.Version)
	}
	_, err = fmt.Fprintln(i.Out, "Running nodes follow within a second.")
	return err
}

// check wants one person: what ends for many is a freeze, or another version.
func (c withdrawConsentCommand) check() error {
	person := c.Customer || c.Subject
	switch {
	case !models.ReadableName(c.Reason):
		return errors.New("--reason: want 1 to 200 characters on one line")
	case c.ID != "" && (person || c.App != "" || c.Scope != ""):
		return errors.New("give a consent's id, or who and for what; not both")
	case c.ID == "" && (!person || c.App == "" || c.Scope == ""):
		return errors.New("say which: a consent's id, or --customer or --subject with --app and --scope")
	}
	return nil
}
