package cli

import (
	"fmt"
	"log/slog"
	"os"
	"strings"
	"time"

	"postern/app/config"
	running "postern/app/settings"
	"postern/app/store"
)

// settings says where a command's configuration comes from; the flags of a
// command that are settings too go over file and environment.
type settings struct {
	Config string `placeholder:"FILE" help:"YAML file with the settings of docs/configuration.md; POSTERN_CONFIG may name it as well."`
	DB     string `name:"db" help:"SQLite file, or a postgres:// address, in the place of the configured database."`
}

func (s settings) load(i invocation, flags ...config.Flag) (config.Config, config.Faults) {
	file := s.Config
	if file == "" {
		file = i.Getenv("POSTERN_CONFIG")
	}
	return config.Load(config.Sources{File: file, Getenv: i.Getenv, Flags: append(flags, databaseFlags(s.DB)...)})
}

// database is where the data is, for commands that ask nothing else: a fault of
// another setting does not stop them.
func (s settings) database(i invocation) (store.Config, error) {
	configured, faults := s.load(i)
	if err := faults.Of("database").Err(); err != nil {
		return store.Config{}, err
	}
	return storeConfig(configured.Database), nil
}

// beside opens the database as it is, for commands beside a gateway that may be
// running on it: an upgrade is the gateway's. sections are what else the command
// asks of the settings; a fault of another one does not stop it.
func (s settings) beside(i invocation, sections ...string) (*store.Store, config.Config, error) {
	configured, faults := s.load(i)
	if err := faults.Of(append(sections, "database")...).Err(); err != nil {
		return nil, config.Config{}, err
	}
	where := storeConfig(configured.Database)
	where.NoMigrate = true
	opened, err := store.Open(i.ctx, where)
	return opened, configured, err
}

// settingsNow are the settings that hold: what was set in the console, too.
func settingsNow(i invocation, s *store.Store, configured config.Config) (*running.Live, error) {
	return running.Open(i.ctx, s, configured, i.log(slog.LevelWarn))
}

// flag is a setting from the command line, if it was given.
func flag(name, key, text string) []config.Flag {
	if text == "" {
		return nil
	}
	return []config.Flag{{Name: name, Key: key, Text: text}}
}

// databaseFlags reads --db. What has a scheme is never taken for a file name: a
// mistyped address would start an empty gateway, with its password in a path.
func databaseFlags(db string) []config.Flag {
	if strings.Contains(db, "://") {
		return flag("db", "database.dsn", db)
	}
	path := flag("db", "database.path", db)
	if path != nil {
		path = append(path, config.Flag{Name: "db", Key: "database.dsn"}) // not the configured one
	}
	return path
}

// storeConfig is the database as the store opens it.
func storeConfig(d config.Database) store.Config {
	dsn := d.DSN.Reveal()
	if dsn == "" {
		return store.Config{Driver: string(store.SQLite), Path: d.Path}
	}
	scheme, rest, _ := strings.Cut(dsn, "://") // the configuration was checked
	return store.Config{Driver: string(store.Postgres), DSN: strings.ToLower(scheme) + "://" + rest}
}

// nodeName is the configured name, or else the host's.
func nodeName(c config.Config) (string, error) {
	if c.Node != "" {
		return c.Node, nil
	}
	name, err := os.Hostname()
	if err != nil {
		return "", fmt.Errorf("none is given, and the host has no name: %w", err)
	}
	return name, nil
}

// clockTime is a time (Unix ms) on the bank's clock; "-" for none.
func clockTime(ms int64, zone *time.Location) string {
	if ms == 0 {
		return "-"
	}
	return time.UnixMilli(ms).In(zone).Format(time.DateTime)
}
