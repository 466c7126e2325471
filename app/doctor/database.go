package doctor

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"postern/app/keyring"
	"postern/app/ledger"
	"postern/app/store"
)

// maxWAL is how large a WAL may be; it is written back from 16 MiB on.
const maxWAL = 64 << 20

// database looks at the database and at what lies in it.
func (p Patient) database(ctx context.Context) []Finding {
	c := p.Store
	c.ReadOnly = true
	s, err := store.Open(ctx, c)
	if errors.Is(err, os.ErrNotExist) {
		return []Finding{failed("database", "there is none at "+c.Path,
			"Before the first start that is right: serve makes one. Else the path is wrong, or a disk is missing.")}
	}
	if err == nil {
		err = s.Ping(ctx)
	}
	if err != nil {
		if s != nil {
			err = errors.Join(err, s.Close())
		}
		return []Finding{failed("database", err.Error(), "Until it can be read nothing in it was looked at. If it is damaged, restore a copy: docs/operations.md.")}
	}
	list := append([]Finding{ok("database", "%s can be read", s.Dialect())}, p.files(ctx, s)...)
	schema, readable := p.schema(ctx, s)
	list = append(list, schema)
	if readable {
		list = append(list, p.clock(ctx, s)...)
		list = append(list, p.keys(ctx, s))
		list = append(list, p.services(ctx, s)...)
		list = append(list, p.feeds(ctx, s)...)
		list = append(list, p.credentials(ctx, s))
	}
	if readable && schema.State == OK { // an older schema has no tables for them
		list = append(list, p.evidence(ctx, s)...)
		list = append(list, p.alerts(ctx, s)...)
	}
	if err := s.Close(); err != nil {
		list = append(list, warning("database", err.Error(), "It could not be closed; look at the disk."))
	}
	return list
}

// schema compares the schema; nothing more can be read where there is none.
func (p Patient) schema(ctx context.Context, s *store.Store) (f Finding, readable bool) {
	v, err := s.Schema(ctx)
	switch {
	case err != nil:
		advice := "This is no database of a gateway; look at the path or the address."
		if s.Dialect() == store.Postgres { // which, other than SQLite's file, is there before the gateway
			advice = "Before the first start on an empty database that is right: serve makes the schema. Else it is no gateway's; look at the address."
		}
		return failed("migrations", err.Error(), advice), false
	case v.Have > v.Known:
		return failed("migrations", fmt.Sprintf("the schema is version %d, this program knows %d", v.Have, v.Known),
			"A later release has been here; use that one."), false
	case v.Have < v.Known:
		return warning("migrations", fmt.Sprintf("the schema is version %d, this program brings %d", v.Have, v.Known),
			"Make a backup; serve brings the schema up when it starts."), true
	}
	return ok("migrations", "the schema is version %d, as it should be", v.Have), true
}

// files looks at SQLite's files.
func (p Patient) files(ctx context.Context, s *store.Store) []Finding {
	if s.Dialect() != store.SQLite {
		return nil
	}
	list := []Finding{ok("integrity", "nothing in it is damaged")}
	if err := s.CheckIntegrity(ctx, false); err != nil {
		list[0] = failed("integrity", err.Error(), "Stop the gateway and restore a copy: docs/operations.md.")
	}
	return append(list, p.permissions(), p.wal(), p.disk())
}

func (p Patient) permissions() Finding {
	const check = "permissions"
	for _, end := range []string{"", "-wal", "-shm"} {
		info, err := os.Stat(p.Store.Path + end)
		if errors.Is(err, os.ErrNotExist) {
			continue
		}
		if err != nil {
			return failed(check, err.Error(), "Run doctor as the gateway's user.")
		}
		if info.Mode().Perm()&0o077 != 0 {
			return failed(check, "others may read or write "+p.Store.Path+end, "chmod 600 it: personal data is in there.")
		}
	}
	folder := filepath.Dir(p.Store.Path)
	info, err := os.Stat(folder)
	if err != nil {
		return failed(check, err.Error(), "Run doctor as the gateway's user.")
	}
	if info.Mode().Perm()&0o077 != 0 {
		return warning(check, "others may look into "+folder, "chmod 700 it.")
	}
	return ok(check, "only the owner may read the database")
}

func (p Patient) wal() Finding {
	info, err := os.Stat(p.Store.Path + "-wal")
	if errors.Is(err, os.ErrNotExist) {
		return ok("WAL", "none; nobody has the database open")
	}
	if err != nil {
		return failed("WAL", err.Error(), "Run doctor as the gateway's user.")
	}
	if info.Size() > maxWAL {
		return warning("WAL", fmt.Sprintf("it has %d MiB", info.Size()>>20),
			"Somebody has been reading for long, such as a backup. If it stays so, find who has the file open, or restart the gateway.")
	}
	return ok("WAL", "%d KiB", info.Size()>>10)
}

func (p Patient) disk() Finding {
	free, _, err := p.Store.Free()
	if err != nil {
		return failed("disk", err.Error(), "Run doctor as the gateway's user.")
	}
	found := fmt.Sprintf("%d MiB are free", free>>20)
	switch {
	case free < p.Room/16:
		return failed("disk", found, "Make room now: on a full disk nothing is issued.")
	case free < p.Room:
		return warning("disk", found, "Make room: on a full disk nothing is issued, and a backup beside the database needs as much as it.")
	}
	return ok("disk", "%s", found)
}

// The differences of clocks that matter: an assertion may be ten seconds off.
const (
	clockDrifts = 2 * time.Second
	clockWrong  = 10 * time.Second
)

// clock compares this machine's clock with the newest event and, where there is
// one, with the database server's.
func (p Patient) clock(ctx context.Context, s *store.Store) []Finding {
	const check, advice = "clock", "Let a time service set the clock, then start the gateway again."
	newest, err := s.NewestEvent(ctx)
	if err != nil {
		return []Finding{failed(check, err.Error(), "Look at the database.")}
	}
	if behind := time.UnixMilli(newest).Sub(p.Now()); behind > ledger.MaxClockLag {
		return []Finding{failed(check, fmt.Sprintf("it is %s behind the newest event, so nothing is issued", behind.Round(time.Second)), advice)}
	}
	server, known, err := s.ServerClock(ctx)
	off := p.Now().Sub(server).Abs().Round(time.Millisecond)
	switch {
	case err != nil:
		return []Finding{failed(check, err.Error(), "Look at the database.")}
	case !known:
		return []Finding{ok(check, "not behind the newest event")}
	case off > clockWrong:
		return []Finding{failed(check, fmt.Sprintf("it is %s off the database server's", off), advice)}
	case off > clockDrifts:
		return []Finding{warning(check, fmt.Sprintf("it is %s off the database server's", off), advice)}
	}
	return []Finding{ok(check, "not behind the newest event, %s off the database server's", off)}
}

// keys looks whether the gateway has every key that it needs.
func (p Patient) keys(ctx context.Context, s *store.Store) Finding {
	const check = "keys"
	rows, err := s.LiveKeys(ctx)
	if err != nil {
		return failed(check, err.Error(), "Look at the database.")
	}
	if len(p.Masters) > 0 {
		if err := p.Masters.Opens(rows); err != nil {
			return failed(check, err.Error(), "Give the gateway the master key that its keys were sealed under; without it they are lost.")
		}
	}
	if lacking := keyring.Lacking(rows, p.Now()); lacking != "" {
		return failed(check, "none is in use for "+lacking, "Start the gateway: it makes what is missing.")
	}
	if overdue := keyring.Overdue(rows, p.Config.Keys, p.Now()); overdue != "" {
		return warning(check, overdue+" should have been rotated or retired", "A running gateway does so within minutes; if one runs, look for \"keys could not be tended\" in its log.")
	}
	if len(p.Masters) == 0 {
		return ok(check, "%d, none missing; without a master key nobody knows whether they open", len(rows))
	}
	return ok(check, "%d, none missing, and the master key opens them", len(rows))
}
