package cli

import (
	"errors"
	"fmt"
	"time"

	"postern/app/backup"
	"postern/app/config"
	"postern/app/evidence"
	"postern/app/keyring"
	"postern/app/store"
)

type restoreCommand struct {
	settings
	File           string `arg:"" optional:"" help:"The copy, as backup wrote it (SQLite)."`
	KeepOld        string `placeholder:"FILE" help:"Where the database that is there goes: it is renamed, never deleted."`
	AfterPgRestore bool   `help:"PostgreSQL: end what the copy holds, once pg_restore is done and before a gateway starts."`
}

func (c restoreCommand) Run(i invocation) error {
	configured, faults := c.load(i)
	masters, more := masterKeys(configured)
	if err := append(faults.Of("database", "master_key", "other_master_key", "evidence"), more...).Err(); err != nil {
		return err
	}
	where := storeConfig(configured.Database)
	if err := c.check(store.Dialect(where.Driver)); err != nil {
		return err
	}
	restorer := backup.Restorer{Database: where, Masters: masters, Now: i.Now, Rand: i.Rand}
	var done backup.Restored
	var err error
	if c.AfterPgRestore {
		done, err = restorer.Finish(i.ctx)
	} else {
		done, err = restorer.FromFile(i.ctx, c.File, c.KeepOld)
	}
	switch {
	case errors.Is(err, backup.ErrExists) && c.KeepOld == "" && !c.AfterPgRestore:
		return fmt.Errorf("%w: --keep-old FILE", err)
	case errors.Is(err, store.ErrInUse):
		return fmt.Errorf("%w: stop the gateway first, on every node", err)
	case err != nil:
		return err
	}
	c.print(i, where.Path, done, configured.Zone)
	return c.tellAnchor(i, where, configured.Evidence.Anchor)
}

// tellAnchor tells this machine's anchor that an older database is meant.
func (c restoreCommand) tellAnchor(i invocation, where store.Config, anchor string) (err error) {
	if anchor == "" {
		return nil
	}
	where.ReadOnly = true
	s, err := store.Open(i.ctx, where)
	if err == nil {
		err = errors.Join(evidence.Accept(i.ctx, s, anchor, "restore "+operator(), i.Now()), s.Close())
	}
	if err != nil {
		return fmt.Errorf("the database is restored, and the anchor was not told; say postern evidence accept, or no gateway will decide anything on it: %w", err)
	}
	_, err = fmt.Fprintf(i.Out, "The anchor %s was told. Say postern evidence accept on each other node that has one.\n", anchor)
	return err
}

// check refuses what does not fit the configured database.
func (c restoreCommand) check(d store.Dialect) error {
	switch {
	case d == store.Postgres && !c.AfterPgRestore:
		return errPostgresRestore
	case d == store.SQLite && c.AfterPgRestore:
		return errors.New("--after-pg-restore is for PostgreSQL; the configured database is SQLite: restore FILE")
	case d == store.SQLite && c.File == "":
		return errors.New("say which copy: restore FILE")
	case c.AfterPgRestore && (c.File != "" || c.KeepOld != ""):
		return errors.New("--after-pg-restore takes no file: pg_restore has read it")
	}
	return nil
}

func (c restoreCommand) print(i invocation, database string, done backup.Restored, zone *time.Location) {
	if database != "" {
		fmt.Fprintf(i.Out, "database      %s\n", database)
	}
	if c.KeepOld != "" {
		fmt.Fprintf(i.Out, "the old one   %s, if there was one\n", c.KeepOld)
	}
	fmt.Fprintf(i.Out, "newest event  %s; what happened later is not in it\n", moment(done.NewestEvent, zone))
	fmt.Fprintf(i.Out, "restored      %s\n", moment(done.At, zone))
	fmt.Fprint(i.Out, `
Every access token, visit and key of before is dead; the ledger has an alarm. Start the gateway: it makes new keys.
For ten seconds even new client assertions are refused, for five minutes those without iat. What was changed after
the newest event has to be changed again: revoked credentials, suspensions, freezes, ended grants first.
`)
}

// masterKeys reads the configured master keys; that one is missing the
// configuration says already.
func masterKeys(c config.Config) (masters keyring.Masters, faults config.Faults) {
	for _, s := range []struct {
		key    string
		secret config.Secret
	}{{"master_key", c.MasterKey}, {"other_master_key", c.OtherMasterKey}} {
		m, err := masterKey(s.secret)
		if err != nil {
			faults = append(faults, config.Fault{Key: s.key, Problem: err.Error()})
		}
		masters = append(masters, m)
	}
	return masters, faults
}
