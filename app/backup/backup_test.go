package backup_test

import (
	"context"
	"crypto/rand"
	"database/sql"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	_ "github.com/mattn/go-sqlite3" // the driver "sqlite3"

	"postern/app/backup"
	"postern/app/keyring"
	"postern/app/ledger"
	"postern/app/store"
	"postern/app/store/storetest"
	"postern/models"
)

var testTime = time.Date(2026, 11, 22, 10, 0, 0, 0, time.UTC)

func now() time.Time { return testTime }

func newMaster(t *testing.T, first byte) *keyring.Master {
	t.Helper()
	key := make([]byte, keyring.MasterKeySize)
	key[0] = first
	m, err := keyring.NewMaster(key)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// lived is a database with keys of the master key 1 and an event of testTime.
func lived(t *testing.T, c store.Config) *store.Store {
	t.Helper()
	s := storetest.Open(t, c)
	if _, err := keyring.Open(t.Context(), keyring.Options{Store: s, Master: newMaster(t, 1), Now: now, Rand: rand.Reader}); err != nil {
		t.Fatal(err)
	}
	appendEvents(t, s, func(append func() error) {
		if err := append(); err != nil {
			t.Fatal(err)
		}
	})
	return s
}

func appendEvents(t *testing.T, s *store.Store, during func(append func() error)) {
	t.Helper()
	l, err := ledger.Open(t.Context(), s, ledger.Options{Node: "a", Now: now, Rand: rand.Reader})
	if err != nil {
		t.Fatal(err)
	}
	during(func() error { return l.Append(context.Background(), ledger.Event{Kind: "lived", Outcome: "ok"}) })
	if err := l.Close(t.Context()); err != nil {
		t.Error(err)
	}
}

// copyOf writes a copy of a database that lived.
func copyOf(t *testing.T) (file string) {
	t.Helper()
	c := storetest.SQLiteConfig(t)
	lived(t, c)
	file = filepath.Join(t.TempDir(), "copy.db")
	if _, err := backup.Write(t.Context(), c.Path, file, rand.Reader); err != nil {
		t.Fatal(err)
	}
	return file
}

func restorer(t *testing.T, database string) backup.Restorer {
	return backup.Restorer{
		Database: store.Config{Driver: "sqlite", Path: database}, Masters: keyring.Masters{newMaster(t, 1)}, Now: now, Rand: rand.Reader,
	}
}

func execute(t *testing.T, file, statement string) {
	t.Helper()
	db, err := sql.Open("sqlite3", "file:"+file)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if _, err := db.Exec(statement); err != nil {
		t.Fatal(err)
	}
}

// files lists a folder's names, separated by spaces.
func files(t *testing.T, folder string) string {
	t.Helper()
	entries, err := os.ReadDir(folder)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, e := range entries {
		names = append(names, e.Name())
	}
	return strings.Join(names, " ")
}

func TestACopyTellsWhatItHolds(t *testing.T) {
	t.Parallel()
	file := copyOf(t)
	c, err := backup.Read(t.Context(), file)
	if err != nil {
		t.Fatal(err)
	}
	info, err := os.Stat(file)
	if err != nil || info.Mode().Perm() != 0o600 || c.Size != info.Size() || c.Size == 0 {
		t.Errorf("size %d, file %v, %v", c.Size, info, err)
	}
	if !c.NewestEvent.Equal(testTime) || c.Schema < 2 || len(c.MasterKeys) != 1 || c.MasterKeys[0] != newMaster(t, 1).ID() {
		t.Errorf("the copy holds %+v", c)
	}
	if got := files(t, filepath.Dir(file)); got != "copy.db" {
		t.Errorf("beside the copy lies %s", got)
	}
}

func TestACopyIsOfOneMomentWhileTheLedgerWrites(t *testing.T) {
	t.Parallel()
	c := storetest.SQLiteConfig(t)
	s := lived(t, c)
	folder := t.TempDir()
	appendEvents(t, s, func(append func() error) {
		var writers sync.WaitGroup
		stop := make(chan struct{})
		wrote := make(chan struct{}, 1<<20)
		for range 2 {
			writers.Go(func() {
				for {
					select {
					case <-stop:
						return
					default:
					}
					if err := append(); err != nil {
						t.Errorf("a write beside the copy: %v", err)
						return
					}
					wrote <- struct{}{}
				}
			})
		}
		var before int
		for _, name := range []string{"a.db", "b.db", "c.db"} {
			<-wrote // something is written between two copies
			if _, err := backup.Write(t.Context(), c.Path, filepath.Join(folder, name), rand.Reader); err != nil {
				t.Error(err)
				continue
			}
			n := events(t, filepath.Join(folder, name))
			if n <= before {
				t.Errorf("%s has %d events, the one before %d", name, n, before)
			}
			before = n
		}
		close(stop)
		writers.Wait()
	})
}

func events(t *testing.T, file string) (n int) {
	t.Helper()
	s := storetest.Open(t, store.Config{Driver: "sqlite", Path: file, ReadOnly: true})
	stmt, err := s.ReadStmt(t.Context(), "SELECT count(*) FROM events")
	if err != nil {
		t.Fatal(err)
	}
	if err := stmt.QueryRow().Scan(&n); err != nil {
		t.Fatal(err)
	}
	return n
}

func TestWriteLeavesNothingWhereItFails(t *testing.T) {
	t.Parallel()
	c := storetest.SQLiteConfig(t)
	lived(t, c)
	for _, tc := range []struct {
		name, database string
		there          string // in the copy's folder before
		want           string
	}{
		{"a file is there", c.Path, "copy.db", "is there already"},
		{"there is no database", filepath.Join(t.TempDir(), "none.db"), "", "no such file"},
		{"it is no database", "backup_test.go", "", "not a database"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			folder := t.TempDir()
			if tc.there != "" {
				if err := os.WriteFile(filepath.Join(folder, tc.there), []byte("mine"), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			_, err := backup.Write(t.Context(), tc.database, filepath.Join(folder, "copy.db"), rand.Reader)
			if err == nil || !strings.Contains(err.Error(), tc.want) {
				t.Errorf("got %v, want %q", err, tc.want)
			}
			if got := files(t, folder); got != tc.there {
				t.Errorf("it left %s", got)
			}
		})
	}
}

func TestRestoreKeepsTheOldDatabase(t *testing.T) {
	t.Parallel()
	file := copyOf(t)
	for name, old := range map[string]func(t *testing.T, path string){
		"one that a gateway has closed": func(t *testing.T, path string) {
			if err := lived(t, store.Config{Driver: "sqlite", Path: path}).Close(); err != nil {
				t.Fatal(err)
			}
		},
		"one that is no database any more": func(t *testing.T, path string) {
			for _, end := range []string{"", "-wal", "-shm"} {
				if err := os.WriteFile(path+end, []byte(strings.Repeat("damaged ", 1000)), 0o600); err != nil {
					t.Fatal(err)
				}
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			folder := t.TempDir()
			target, aside := filepath.Join(folder, "postern.db"), filepath.Join(folder, "old.db")
			old(t, target)
			before, err := os.Stat(target)
			if err != nil {
				t.Fatal(err)
			}
			done, err := restorer(t, target).FromFile(t.Context(), file, aside)
			if err != nil {
				t.Fatal(err)
			}
			if kept, err := os.Stat(aside); err != nil || !os.SameFile(before, kept) {
				t.Errorf("the old database is not the one that was kept: %v", err)
			}
			if info, err := os.Stat(target); err != nil || info.Mode().Perm() != 0o600 {
				t.Errorf("the new one: %v, %v", info, err)
			}
			if !done.NewestEvent.Equal(testTime) || !done.At.After(testTime) {
				t.Errorf("restored %+v", done)
			}
			if strings.Contains(files(t, folder), "partial") || strings.Contains(files(t, folder), "postern.db-") {
				t.Errorf("left behind: %s", files(t, folder))
			}
			s := storetest.Open(t, store.Config{Driver: "sqlite", Path: target})
			if at, err := s.RestoredAt(t.Context()); err != nil || at != done.At.UnixMilli() {
				t.Errorf("restored at %d, %v", at, err)
			}
		})
	}
}

func TestRestoreRefuses(t *testing.T) {
	t.Parallel()
	good := copyOf(t)
	for _, tc := range []struct {
		name  string
		spoil func(t *testing.T, r *backup.Restorer, file, aside *string)
		want  string
		is    error
	}{
		{"a copy that is cut off", func(t *testing.T, _ *backup.Restorer, file, _ *string) {
			if err := os.Truncate(*file, 20_000); err != nil {
				t.Fatal(err)
			}
		}, "damaged, cut off", store.ErrDamaged},
		{"what is no database", func(_ *testing.T, _ *backup.Restorer, file, _ *string) { *file = "doc.go" }, "not a database", store.ErrDamaged},
		{"a database that is not a gateway's", func(t *testing.T, _ *backup.Restorer, file, _ *string) {
			*file = filepath.Join(t.TempDir(), "other.db")
			execute(t, *file, "CREATE TABLE t (a)")
		}, "no version", store.ErrSchema},
		{"a copy of a later release", func(t *testing.T, _ *backup.Restorer, file, _ *string) {
			execute(t, *file, "INSERT INTO goose_db_version (version_id, is_applied) VALUES (99999, true)")
		}, "version 99999", store.ErrSchema},
		{"another master key", func(t *testing.T, r *backup.Restorer, _, _ *string) { r.Masters = keyring.Masters{newMaster(t, 2)} }, "", keyring.ErrMasterKey},
		{"a clock that is set back", func(_ *testing.T, r *backup.Restorer, _, _ *string) {
			r.Now = func() time.Time { return testTime.Add(-61 * time.Second) }
		}, "set it right first", nil},
		{"a target that is there", func(t *testing.T, r *backup.Restorer, _, aside *string) {
			lived(t, r.Database)
			*aside = ""
		}, "postern.db is there already", backup.ErrExists},
		{"a target that a gateway has open", func(t *testing.T, r *backup.Restorer, _, _ *string) { lived(t, r.Database) }, "", store.ErrInUse},
		{"the target itself", func(t *testing.T, r *backup.Restorer, file, _ *string) {
			lived(t, r.Database)
			*file = r.Database.Path
		}, "the database itself", nil},
		{"a place for the old one that is taken", func(t *testing.T, r *backup.Restorer, _, aside *string) {
			lived(t, r.Database)
			if err := os.WriteFile(*aside, nil, 0o600); err != nil {
				t.Fatal(err)
			}
		}, "old.db is there already", backup.ErrExists},
		{"a WAL that another database has left", func(t *testing.T, r *backup.Restorer, _, _ *string) {
			if err := os.WriteFile(r.Database.Path+"-wal", nil, 0o600); err != nil {
				t.Fatal(err)
			}
		}, "belongs to another database", nil},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			folder := t.TempDir()
			file, aside := filepath.Join(folder, "copy.db"), filepath.Join(folder, "old.db")
			octets, err := os.ReadFile(good)
			if err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(file, octets, 0o600); err != nil {
				t.Fatal(err)
			}
			r := restorer(t, filepath.Join(folder, "postern.db"))
			tc.spoil(t, &r, &file, &aside)
			before := files(t, folder)
			_, err = r.FromFile(t.Context(), file, aside)
			if err == nil || !strings.Contains(err.Error(), tc.want) || tc.is != nil && !errors.Is(err, tc.is) {
				t.Errorf("got %v, want %q and %v", err, tc.want, tc.is)
			}
			if after := files(t, folder); after != before {
				t.Errorf("it left %s, there was %s", after, before)
			}
		})
	}
}

// withoutPartners takes back what migration 12 made.
const withoutPartners = `DROP INDEX events_of_partners; ALTER TABLE partners DROP COLUMN officer_id; DROP TABLE onboarding_drafts; DROP TABLE partner_removals; DROP TABLE partner_notes;
	DROP TABLE partner_terms; DROP TABLE partner_contacts; DROP INDEX partners_by_name; DROP INDEX partners_by_creation; DROP INDEX partners_by_contract;
	DROP INDEX partners_by_credit_code;
	ALTER TABLE partners DROP COLUMN name_key; ALTER TABLE partners DROP COLUMN legal_name; ALTER TABLE partners DROP COLUMN credit_code;
	ALTER TABLE partners DROP COLUMN contract; ALTER TABLE partners DROP COLUMN contract_ends; ALTER TABLE partners DROP COLUMN risk`

// withoutCatalogue takes back what migration 14 made.
const withoutCatalogue = `DROP INDEX grants_by_scope_application; CREATE INDEX grants_by_scope ON grants (scope_id); DROP INDEX events_of_service`

// withoutOverview takes back what migration 20 made of tables that stay.
const withoutOverview = `DROP TABLE counts_begun; DROP INDEX visits_live; DROP INDEX grants_by_end`

// withoutConsole takes back what migrations 16 to 19, 21, 22, 24, 28, 30 and 36 made of tables that
// stay, and the tables that stay out.
const withoutConsole = `DROP TABLE partner_request_notes; DROP TABLE partner_requests; DROP TABLE members; DROP TABLE freeze_nodes; DROP TABLE nodes; DROP TABLE settings; DROP INDEX keys_live; DROP INDEX keys_by_end;
	DROP TABLE call_tuples; DROP TABLE call_tuple_days; DROP TABLE call_fold; CREATE INDEX visits_by_subject ON visits (subject_mac) WHERE subject_mac <> '';
	ALTER TABLE services DROP COLUMN visits_after;
	DROP INDEX scopes_offered; ALTER TABLE scopes DROP COLUMN offered; ALTER TABLE grants DROP COLUMN ended_by;
	DROP TABLE conformance_runs; DROP TABLE announcements; DROP TABLE webhooks; DROP TABLE webhook_deliveries; DROP TABLE webhook_places; DROP TABLE weather; DROP TABLE trials; DROP INDEX credentials_of_trials; DROP TABLE credential_uses; DROP TABLE credential_last_uses; ALTER TABLE credentials DROP COLUMN bank_end; ALTER TABLE credentials DROP COLUMN frozen;
	ALTER TABLE credentials DROP COLUMN warned_at; ALTER TABLE partners DROP COLUMN second_member; ALTER TABLE partners DROP COLUMN second_off_by`

func TestACopyOfAnEarlierReleaseIsBroughtUp(t *testing.T) {
	t.Parallel()
	file := copyOf(t)
	execute(t, file, withoutConsole)
	execute(t, file, withoutOverview)
	execute(t, file, withoutPartners)
	execute(t, file, withoutCatalogue)
	execute(t, file, "DROP TABLE trees; DROP TABLE tree_tiles; DROP TABLE checkpoints; DROP TABLE anchors; DROP TABLE evidence_checks; DROP TABLE restores; DROP TABLE jobs; DROP TABLE leases; DROP TABLE rollups; DROP INDEX shapes_by_last_seen; ALTER TABLE shapes DROP COLUMN last_seen; DROP INDEX quota_counts_by_day; DROP TABLE service_hours; DROP TABLE service_stops; DROP TABLE consents; DROP TABLE consent_texts; ALTER TABLE scopes DROP COLUMN consent_version; DROP TABLE change_comments; DROP TABLE change_requests; DROP TABLE challenges; DROP TABLE setup_links; DROP TABLE sessions; DROP TABLE recovery_codes; DROP TABLE factors; DROP TABLE staff_roles; DROP TABLE accounts; DROP TABLE persons; DROP INDEX events_of_actor; DROP INDEX events_of_persons; ALTER TABLE events DROP COLUMN actor; DROP INDEX events_unnumbered; DROP TABLE feeds; DROP TABLE alerts; DROP TABLE deliveries; DROP TABLE application_sources; DROP INDEX events_alarms; DROP INDEX credentials_by_end; DROP INDEX events_by_application_id; CREATE INDEX events_by_application ON events (application_id, at) WHERE application_id <> ''; DROP INDEX at_rows_by_jti; DROP INDEX at_rows_by_subject; DELETE FROM goose_db_version WHERE version_id >= 3")
	target := filepath.Join(t.TempDir(), "postern.db")
	if _, err := restorer(t, target).FromFile(t.Context(), file, ""); err != nil {
		t.Fatal(err)
	}
	if c, err := backup.Read(t.Context(), target); err != nil || c.Schema < 3 {
		t.Errorf("got %+v, %v", c, err)
	}
}

func TestFinishRefusesWhileSomebodyIsConnected(t *testing.T) {
	t.Parallel()
	c := storetest.PostgresConfig(t)
	s := lived(t, c)
	r := restorer(t, "")
	r.Database = c
	if _, err := r.Finish(t.Context()); !errors.Is(err, store.ErrInUse) {
		t.Errorf("beside a gateway: got %v", err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	foreign := r
	foreign.Masters = keyring.Masters{newMaster(t, 2)}
	var err error
	for range 200 { // a session ends a little after it was closed
		if _, err = foreign.Finish(t.Context()); !errors.Is(err, store.ErrInUse) {
			break
		}
	}
	if !errors.Is(err, keyring.ErrMasterKey) {
		t.Errorf("with another master key: got %v", err)
	}
	done, err := r.Finish(t.Context())
	for range 200 {
		if !errors.Is(err, store.ErrInUse) {
			break
		}
		done, err = r.Finish(t.Context())
	}
	if err != nil || !done.NewestEvent.Equal(testTime) {
		t.Fatalf("alone: %+v, %v", done, err)
	}
	live, err := storetest.Open(t, c).LiveKeys(t.Context())
	if err != nil || len(live) != 1 || live[0].Use != models.SubjectKey {
		t.Errorf("keys that live on: %+v, %v", live, err)
	}
}
