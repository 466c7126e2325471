package cli

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/user"
	"slices"
	"strconv"
	"strings"
	"time"

	"postern/app/approval"
	"postern/app/config"
	"postern/app/keyring"
	"postern/app/ledger"
	"postern/app/store"
	"postern/models"
)

type keysCommand struct {
	List   keysListCommand   `cmd:"" help:"List the gateway's own keys, and what each does."`
	Rotate keysRotateCommand `cmd:"" help:"Make a successor of a key: published at once, used after five minutes."`
	Retire keysRetireCommand `cmd:"" help:"Retire a superseded key: its private part is deleted."`
	Reseal keysResealCommand `cmd:"" help:"Seal all private parts under master_key; other_master_key opens the old ones. See docs/security.md."`
}

// errNothingChanged follows what was said would end.
var errNothingChanged = errors.New("nothing was changed; add --yes to do it")

type keysRotateCommand struct {
	settings
	Use         string `arg:"" enum:"ak,signing,ticket,evidence" help:"ak, signing, ticket or evidence."`
	Environment string `help:"production or sandbox, of AKs and signing keys; production by default."`
	Now         bool   `help:"For a compromised key: use the successor at once, and retire the one in use at once."`
	Yes         bool   `help:"With --now: do it, knowing what ends."`
}

func (c keysRotateCommand) Run(i invocation) error {
	kind, err := c.kind()
	if err != nil {
		return err
	}
	k, err := openKeys(i, c.settings)
	if err != nil {
		return err
	}
	defer k.Close()
	all, err := k.statuses(i)
	if err != nil {
		return err
	}
	used := slices.DeleteFunc(all, func(s keyring.Status) bool {
		return s.Kind != kind || s.State != keyring.InUse && s.State != keyring.Published
	})
	if !c.Now {
		return k.rotate(i, kind, used)
	}
	fmt.Fprintln(i.Out, ending(kind.Use, used))
	fmt.Fprintln(i.Out, atOnce(kind.Use))
	if !c.Yes {
		return errNothingChanged
	}
	return k.replace(i, kind, used)
}

// kind reads what is to be rotated.
func (c keysRotateCommand) kind() (keyring.Kind, error) {
	use, env := uses[c.Use], models.Environment(c.Environment)
	switch symmetric := use == models.TicketKey || use == models.EvidenceKey; {
	case symmetric && env != "":
		return keyring.Kind{}, fmt.Errorf("--environment: a %s key serves all environments", c.Use)
	case !symmetric && env == "":
		env = models.Production
	case !symmetric && env != models.Production && env != models.Sandbox:
		return keyring.Kind{}, fmt.Errorf("--environment: want production or sandbox, have %q", c.Environment)
	}
	return keyring.KindOf(use, env), nil
}

type keysRetireCommand struct {
	settings
	KID string `arg:"" name:"kid" help:"The key's id, as keys list shows it."`
	Now bool   `help:"For a compromised key: retire it although it opens something still."`
	Yes bool   `help:"With --now: do it, knowing what ends."`
}

func (c keysRetireCommand) Run(i invocation) error {
	k, err := openKeys(i, c.settings)
	if err != nil {
		return err
	}
	defer k.Close()
	all, err := k.statuses(i)
	if err != nil {
		return err
	}
	at := slices.IndexFunc(all, func(s keyring.Status) bool { return s.KID == c.KID })
	if at < 0 {
		return fmt.Errorf("there is no key %s; see postern keys list --all", c.KID)
	}
	key := all[at]
	retire := k.ring.Retire
	if c.Now && key.State == keyring.Superseded {
		retire = k.ring.RetireNow
		fmt.Fprintln(i.Out, ending(key.Kind.Use, []keyring.Status{key}))
		if !c.Yes {
			return errNothingChanged
		}
	}
	switch err := retire(i.ctx, c.KID); {
	case errors.Is(err, keyring.ErrStillOpens):
		return fmt.Errorf("%s still opens what it made, until %s; it is retired then by itself. If it is compromised: --now", c.KID, k.time(key.RetiresAt))
	case errors.Is(err, keyring.ErrNewest) && key.Kind.Use == models.SubjectKey:
		return keyring.ErrSubjectKey
	case errors.Is(err, keyring.ErrNewest):
		return fmt.Errorf("%s is the newest of its kind, or in use: nothing could be made without it. If it is compromised: postern keys rotate %s --now",
			c.KID, rotateWords(key.Kind))
	case err != nil:
		return err
	}
	fmt.Fprintf(i.Out, "%s (%s) is retired; its private part is deleted. Running nodes follow within a second.\n", c.KID, kindWords(key.Kind))
	return nil
}

type keysResealCommand struct{ settings }

func (c keysResealCommand) Run(i invocation) error {
	k, err := openKeys(i, c.settings)
	if err != nil {
		return err
	}
	defer k.Close()
	n, err := k.ring.Reseal(i.ctx)
	if err != nil {
		return err
	}
	fmt.Fprintf(i.Out, "%d keys were sealed anew; all are under the present master key. The other one opens nothing here any more, but old backups.\n", n)
	return nil
}

// keysBeside are the keys of a database, beside gateways that may be running on it.
type keysBeside struct {
	*store.Store
	ring  *keyring.Ring
	lives config.Keys
	zone  *time.Location
}

// openKeys opens the database and its keys, with the master key that seals them.
func openKeys(i invocation, s settings) (*keysBeside, error) {
	opened, c, err := s.beside(i, "keys", "zone", "master_key", "other_master_key")
	if err != nil {
		return nil, err
	}
	k := &keysBeside{Store: opened, lives: c.Keys, zone: c.Zone}
	if k.ring, err = loadRing(i, c, k.Store); err != nil {
		return nil, errors.Join(err, k.Close())
	}
	return k, nil
}

// loadRing reads the keys of a database for a command; what it changes is
// recorded as done by whoever types it.
func loadRing(i invocation, c config.Config, s *store.Store) (*keyring.Ring, error) {
	master, err := masterKey(c.MasterKey)
	if err != nil {
		return nil, err
	}
	other, err := masterKey(c.OtherMasterKey)
	if err != nil {
		return nil, fmt.Errorf("other %w", err)
	}
	return keyring.Load(i.ctx, keyring.Options{
		Store: s, Master: master, Other: other, Lives: c.Keys, Now: i.Now, Rand: i.Rand,
		Event: func(kind, reason string, detail map[string]string) (models.Event, error) {
			detail["by"], detail["user"] = "cli", operator()
			return ledger.Make(ledger.Event{
				Kind: kind, Outcome: "ok", Reason: reason, Actor: approval.CommandLine, From: ledger.OriginOf(i.ctx), Detail: detail,
			}, i.Now(), i.Rand)
		},
	})
}

// operator is who types the command, as the operating system knows them.
func operator() string {
	u, err := user.Current()
	if err != nil || u.Username == "" { // as in a container without a list of users
		return strconv.Itoa(os.Getuid())
	}
	return u.Username
}

// statuses lists all keys, in the order of people.
func (k *keysBeside) statuses(i invocation) ([]keyring.Status, error) {
	return statuses(i.ctx, k.Store, k.lives, i.Now())
}

func statuses(ctx context.Context, s *store.Store, lives config.Keys, now time.Time) ([]keyring.Status, error) {
	rows, err := s.Keys(ctx)
	if err != nil {
		return nil, err
	}
	list := make([]keyring.Status, len(rows))
	for i, row := range rows {
		list[i] = keyring.StatusOf(row, lives, now)
	}
	slices.SortStableFunc(list, func(a, b keyring.Status) int { // of a kind the newest first, as the store has them
		if order := slices.Index(useOrder, a.Kind.Use) - slices.Index(useOrder, b.Kind.Use); order != 0 {
			return order
		}
		return strings.Compare(string(a.Kind.Environment), string(b.Kind.Environment))
	})
	return list, nil
}

func (k *keysBeside) rotate(i invocation, kind keyring.Kind, used []keyring.Status) error {
	made, err := k.ring.Rotate(i.ctx, kind)
	if err != nil {
		return err
	}
	from := time.UnixMilli(made.ActiveFrom)
	fmt.Fprintf(i.Out, "%s: %s is published now, and used from %s on.\n", kindWords(kind), made.KID, k.time(from))
	for _, s := range used {
		if s.LastUse.IsZero() { // it was the newest
			row := models.Key{KID: s.KID, Use: kind.Use, ActiveFrom: s.FirstUse.UnixMilli(), ActiveUntil: made.ActiveFrom}
			fmt.Fprintf(i.Out, "%s makes nothing new from then on, and opens what it made until %s.\n",
				s.KID, k.time(keyring.StatusOf(row, k.lives, i.Now()).RetiresAt))
		}
	}
	return nil
}

func (k *keysBeside) replace(i invocation, kind keyring.Kind, used []keyring.Status) error {
	made, err := k.ring.Replace(i.ctx, kind)
	if err != nil {
		return err
	}
	fmt.Fprintf(i.Out, "%s: %s is used from now on; retired: %s. Running nodes follow within a second.\n", kindWords(kind), made.KID, kids(used))
	return nil
}
