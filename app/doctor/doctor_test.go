package doctor_test

import (
	"crypto/x509"
	"errors"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"postern/app/config"
	"postern/app/doctor"
	"postern/app/keyring"
	"postern/app/store"
	"postern/app/store/storetest"
	"postern/models"
)

func TestAHealthyGatewayHasNothing(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]func(testing.TB) store.Config{"SQLite": storetest.SQLiteConfig, "PostgreSQL": storetest.PostgresConfig} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWard(t, c(t))
			w.certify(t, &w.Config.Listeners.Gateway, "gateway.bank.example", time.Now().Add(90*day))
			findings := w.Examine(t.Context())
			for _, f := range findings {
				if f.State != doctor.OK || f.Advice != "" || f.Found == "" {
					t.Errorf("found %+v", f)
				}
			}
			if len(findings) < 9 {
				t.Errorf("only %d checks were made: %+v", len(findings), findings)
			}
		})
	}
}

func TestDoctorChangesNothing(t *testing.T) {
	t.Parallel()
	for name, closed := range map[string]bool{"beside a gateway": false, "of one that is stopped": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWard(t, storetest.SQLiteConfig(t))
			if closed {
				w.stop(t)
			}
			picture := func() (all string) {
				entries, err := os.ReadDir(filepath.Dir(w.Store.Path))
				if err != nil {
					t.Fatal(err)
				}
				for _, e := range entries {
					content, err := os.ReadFile(filepath.Join(filepath.Dir(w.Store.Path), e.Name()))
					if err != nil {
						t.Fatal(err)
					}
					if strings.HasSuffix(e.Name(), "-shm") { // where readers say how far they look
						content = nil
					}
					all += e.Name() + "\n" + string(content)
				}
				return all
			}
			before := picture()
			w.Examine(t.Context())
			if after := picture(); after != before {
				t.Error("the database's folder is not what it was")
			}
		})
	}
}

// spoiled is a way to make a gateway ill, and what must be found.
type spoiled struct {
	name  string
	spoil func(t *testing.T, w *ward)
	check string
	state doctor.State
	found string
}

func TestEachCheckFindsWhatItIsFor(t *testing.T) {
	t.Parallel()
	for _, tc := range append(illOutside(), illInside()...) {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			w := newWard(t, storetest.SQLiteConfig(t))
			tc.spoil(t, w)
			wantFinding(t, w, tc)
		})
	}
}

// wantFinding wants the finding, with advice, and no other but those that
// follow from it.
func wantFinding(t *testing.T, w *ward, tc spoiled) {
	t.Helper()
	found := false
	for _, f := range w.Examine(t.Context()) {
		if f.State == tc.state && strings.HasPrefix(f.Check, tc.check) && strings.Contains(f.Found, tc.found) {
			found = true
			if f.Advice == "" && f.State != doctor.OK {
				t.Errorf("no advice with %+v", f)
			}
			continue
		}
		if f.State != doctor.OK {
			t.Errorf("found as well: %+v", f)
		}
	}
	if !found {
		t.Errorf("not found: %s %s %q in %+v", tc.state, tc.check, tc.found, w.Examine(t.Context()))
	}
}

func illOutside() []spoiled {
	healthz := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte("ok\n")) })
	return []spoiled{
		{"a setting is wrong", func(_ *testing.T, w *ward) {
			w.Faults = config.Faults{{Key: "issuer", Problem: "is missing"}}
		}, "configuration", doctor.Failed, "issuer: is missing"},
		{"a gateway answers", func(t *testing.T, w *ward) { w.Config.Listeners.Gateway.Address = listen(t, healthz) },
			"gateway listener", doctor.OK, "a gateway answers"},
		{"another server has the address", func(t *testing.T, w *ward) {
			w.Config.Listeners.Gateway.Address = listen(t, http.NotFoundHandler())
		}, "gateway listener", doctor.Failed, "no gateway"},
		{"something mute has the address", func(t *testing.T, w *ward) { w.Config.Listeners.Internal.Address = listen(t, nil) },
			"internal listener", doctor.Failed, "is taken"},
		{"the address is not this machine's", func(_ *testing.T, w *ward) { w.Config.Listeners.Internal.Address = "192.0.2.1:0443" },
			"internal listener", doctor.Failed, "cannot assign"},
		{"a certificate has ended", func(t *testing.T, w *ward) {
			w.certify(t, &w.Config.Listeners.Gateway, "gateway.bank.example", time.Now().Add(-time.Hour))
		}, "gateway certificate", doctor.Failed, "ended on"},
		{"a certificate ends soon", func(t *testing.T, w *ward) {
			w.certify(t, &w.Config.Listeners.Internal, "inside.bank.example", time.Now().Add(29*day))
		}, "internal certificate", doctor.Warning, "ends on"},
		{"a certificate is not valid yet", func(t *testing.T, w *ward) {
			w.certify(t, &w.Config.Listeners.Internal, "inside.bank.example", time.Now().Add(401*day))
		}, "internal certificate", doctor.Failed, "begins on"},
		{"a certificate is another host's", func(t *testing.T, w *ward) {
			w.certify(t, &w.Config.Listeners.Gateway, "www.bank.example", time.Now().Add(90*day))
		}, "gateway certificate", doctor.Failed, "not for gateway.bank.example"},
		{"a certificate is not there", func(t *testing.T, w *ward) {
			w.Config.Listeners.Gateway.TLS = config.TLS{Cert: "none.crt", Key: "none.key"}
		}, "gateway certificate", doctor.Failed, "no such file"},
		{"there is no database", func(t *testing.T, w *ward) { w.Store.Path = filepath.Join(t.TempDir(), "none.db") },
			"database", doctor.Failed, "there is none"},
		{"the database is none", func(_ *testing.T, w *ward) { w.Store.Path = "doc.go" }, "database", doctor.Failed, "not a database"},
		{"the database is damaged", damage, "integrity", doctor.Failed, "is damaged"},
		{"others may read the database", func(t *testing.T, w *ward) { chmod(t, w.Store.Path, 0o640) }, "permissions", doctor.Failed, "postern.db"},
		{"others may read the WAL", func(t *testing.T, w *ward) { chmod(t, w.Store.Path+"-wal", 0o644) }, "permissions", doctor.Failed, "-wal"},
		{"others may look into the folder", func(t *testing.T, w *ward) { chmod(t, filepath.Dir(w.Store.Path), 0o755) }, "permissions", doctor.Warning, "look into"},
		{"the WAL has grown", func(t *testing.T, w *ward) {
			w.stop(t)
			f, err := os.OpenFile(w.Store.Path+"-wal", os.O_CREATE|os.O_WRONLY, 0o600)
			if err != nil {
				t.Fatal(err)
			}
			defer f.Close()
			if err := f.Truncate(65 << 20); err != nil {
				t.Fatal(err)
			}
		}, "WAL", doctor.Warning, "65 MiB"},
		{"a receiver of alerts is not there", func(t *testing.T, w *ward) {
			w.Config.Alerts.WeCom.URL = config.NewSecret("https://" + free(t) + "/?key=planted-key")
		}, "alert receiver wecom", doctor.Failed, "refused"},
		{"a receiver of alerts is there", func(t *testing.T, w *ward) { w.Config.Alerts.Mail.Host = listen(t, nil) },
			"alert receiver mail", doctor.OK, "postern alerts test mail"},
		{"the disk fills", func(_ *testing.T, w *ward) { w.Room = w.free() + w.free()/2 }, "disk", doctor.Warning, "are free"},
		{"the disk is full", func(_ *testing.T, w *ward) { w.Room = 1 << 62 }, "disk", doctor.Failed, "are free"},
	}
}

func illInside() []spoiled {
	return []spoiled{
		{"a migration is pending", func(t *testing.T, w *ward) {
			w.exec(t, "DELETE FROM goose_db_version WHERE version_id = (SELECT max(version_id) FROM goose_db_version)")
		},
			"migrations", doctor.Warning, "this program brings"},
		{"a later release was here", func(t *testing.T, w *ward) {
			w.exec(t, "INSERT INTO goose_db_version (version_id, is_applied) VALUES (99999, true)")
		}, "migrations", doctor.Failed, "version 99999"},
		{"it is another program's database", func(t *testing.T, w *ward) { w.exec(t, "DROP TABLE goose_db_version") },
			"migrations", doctor.Failed, "no version"},
		{"a feed fails", func(t *testing.T, w *ward) {
			w.Config.Feeds = []config.Feed{{Name: "siem"}}
			w.exec(t, "INSERT INTO feeds (name, error) VALUES ('siem', 'connection refused')")
		}, "feed siem", doctor.Warning, "1 events wait, the first for 0s; it failed: connection refused"},
		{"a feed is late", func(t *testing.T, w *ward) {
			w.Config.Feeds = []config.Feed{{Name: "siem"}}
			w.exec(t, "INSERT INTO feeds (name) VALUES ('siem')")
			w.exec(t, "UPDATE events SET at = at - 301000")
		}, "feed siem", doctor.Warning, "the first for 5m"},
		{"a feed was mended", func(t *testing.T, w *ward) {
			w.Config.Feeds = []config.Feed{{Name: "siem"}}
			w.exec(t, "INSERT INTO feeds (name, position, error) VALUES ('siem', 1, 'connection refused')")
			w.exec(t, "UPDATE events SET seq = 1")
		}, "feed siem", doctor.OK, "up to 1 delivered; 0 events wait"},
		{"the anchor vouches for another database", func(t *testing.T, w *ward) {
			w.Config.Evidence.Anchor = filepath.Join(t.TempDir(), "anchor.jsonl")
			line := `{"at":1,"by":"test","begins":{"epoch":0,"size":9,"root":"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="}}` + "\n"
			if err := os.WriteFile(w.Config.Evidence.Anchor, []byte(line), 0o600); err != nil {
				t.Fatal(err)
			}
		}, "evidence", doctor.Failed, "0 events in its tree, and the anchor vouches for 9"},
		{"the anchor is empty", func(t *testing.T, w *ward) { w.Config.Evidence.Anchor = filepath.Join(t.TempDir(), "anchor.jsonl") },
			"evidence", doctor.Warning, "nothing is in the anchor yet"},
		{"a feed has not begun", func(_ *testing.T, w *ward) { w.Config.Feeds = []config.Feed{{Name: "siem"}} },
			"feed siem", doctor.Warning, "has not begun"},
		{"a feed was taken out", func(t *testing.T, w *ward) { w.exec(t, "INSERT INTO feeds (name) VALUES ('siem')") },
			"feed siem", doctor.Warning, "not configured here"},
		{"the clock is behind", func(t *testing.T, w *ward) { w.exec(t, "UPDATE events SET at = at + 62000") }, "clock", doctor.Failed, "behind the newest event"},
		{"the master key is another", func(t *testing.T, w *ward) { w.Masters = keyring.Masters{newMaster(t, 2)} }, "keys", doctor.Failed, "master key"},
		{"a key was moved to another row", func(t *testing.T, w *ward) {
			w.exec(t, "UPDATE keys SET sealed_private = (SELECT sealed_private FROM keys WHERE use = 'ticket') WHERE use = 'subject'")
		}, "keys", doctor.Failed, "master key"},
		{"a key is missing", func(t *testing.T, w *ward) {
			w.exec(t, "DELETE FROM keys WHERE use = 'ak' AND environment = 'sandbox'")
		},
			"keys", doctor.Failed, "ak A256 sandbox"},
		{"a key is not in use yet", func(t *testing.T, w *ward) {
			w.exec(t, "UPDATE keys SET active_from = active_from + 100000 WHERE use = 'ticket'")
		},
			"keys", doctor.Failed, "ticket"},
		{"a key should have been rotated", func(t *testing.T, w *ward) {
			w.exec(t, "UPDATE keys SET active_from = active_from - 25 * 3600000 WHERE use = 'ticket'")
		}, "keys", doctor.Warning, "ticket"},
		{"a key should have been retired", func(t *testing.T, w *ward) {
			if _, err := w.openKeys(t).Rotate(t.Context(), keyring.KindOf(models.SigningKey, models.Production)); err != nil {
				t.Fatal(err)
			}
			w.now = w.now.Add(5 * time.Hour)
		}, "keys", doctor.Warning, "sig A256 production"},
		{"an alert waits for long", func(t *testing.T, w *ward) {
			w.exec(t, "INSERT INTO alerts (id, rule, subject_kind, subject_id, severity, first_at, last_at, count, numbers, reminded_at) VALUES ('a', 'disk', 'node', 'n', 'warning', 1, 1, 1, '{}', 1)")
		}, "alerts", doctor.Warning, "1 wait to be acknowledged, one of them since 1970-01-01"},
		{"a receiver does not take what it is sent", func(t *testing.T, w *ward) {
			w.exec(t, "INSERT INTO deliveries (id, alert_id, receiver, news, due_at, attempts, last_error) VALUES ('d', 'a', 'mail', 'raised', 1, 3, 'mailbox full')")
		}, "alert receiver mail", doctor.Warning, "it has not taken a message 3 times: mailbox full"},
		{"a credential ends with none to follow", func(t *testing.T, w *ward) {
			w.write(t, func(tx *store.Tx) error {
				return errors.Join(
					tx.SavePartner(models.Partner{ID: "p", Name: "P", Status: models.Active}),
					tx.SaveApplication(models.Application{ID: "app", PartnerID: "p", Name: "App", Environment: models.Production, Suite: "A256", AuthMethod: models.PrivateKeyJWT, Status: models.Active}),
					tx.SaveCredential(models.Credential{ID: "c1", ApplicationID: "app", Use: models.SignatureKey, KID: "k", NotAfter: w.now.Add(29 * day).UnixMilli()}, 1),
				)
			})
		}, "credentials", doctor.Warning, "1 end within 30 days with none to follow; the first is c1 of app"},
		{"two services share an origin", func(t *testing.T, w *ward) {
			w.write(t, func(tx *store.Tx) error {
				return tx.SaveService(service("urn:h5:card", "https://LOAN.bank.example:443/card"))
			})
			w.write(t, func(tx *store.Tx) error {
				return tx.SetOrigins("urn:h5:card", []string{"https://LOAN.bank.example:443"}, 1)
			})
		}, "origins", doctor.Failed, "urn:h5:card and urn:h5:loan share"},
		{"a service is at the gateway's origin", func(_ *testing.T, w *ward) { w.Config.Issuer = "https://loan.bank.example" },
			"origins", doctor.Failed, "the gateway and urn:h5:loan share"},
		{"a page is at an origin that is not listed", func(t *testing.T, w *ward) {
			w.write(t, func(tx *store.Tx) error {
				return tx.SaveService(service("urn:h5:loan", "https://loans.bank.example/h5"))
			})
		}, "origins", doctor.Failed, "at none of its origins"},
		{"an upstream is down", func(_ *testing.T, w *ward) { w.upstream.Close() }, "upstream of urn:h5:loan (production)", doctor.Failed, "refused"},
		{"an upstream takes connections and says nothing", func(t *testing.T, w *ward) {
			w.write(t, func(tx *store.Tx) error {
				return tx.SaveUpstream(models.Upstream{ServiceID: "urn:h5:loan", Environment: models.Production, BaseURL: "https://" + listen(t, nil)}, 1)
			})
		}, "upstream", doctor.Failed, "deadline"},
		{"nobody knows who signed an upstream's certificate", func(_ *testing.T, w *ward) { w.Roots = x509.NewCertPool() }, "upstream", doctor.Failed, "unknown authority"},
		{"an upstream's certificate has ended", func(t *testing.T, w *ward) { w.serveUpstream(t, time.Now().Add(-time.Hour)) }, "upstream", doctor.Failed, "expired"},
		{"an upstream's certificate ends soon", func(t *testing.T, w *ward) { w.serveUpstream(t, time.Now().Add(29*day)) }, "upstream", doctor.Warning, "ends on"},
	}
}

func TestClocksOfTwoMachines(t *testing.T) {
	t.Parallel()
	for _, tc := range []spoiled{
		{"a few seconds off", func(_ *testing.T, w *ward) { w.now = w.now.Add(5 * time.Second) }, "clock", doctor.Warning, "off the database server's"},
		{"far off", func(_ *testing.T, w *ward) { w.now = w.now.Add(20 * time.Second) }, "clock", doctor.Failed, "off the database server's"},
		{"the server is gone", func(_ *testing.T, w *ward) { w.Store.DSN = "postgres://postgres@127.0.0.1:1/x" }, "database", doctor.Failed, "refused"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			w := newWard(t, storetest.PostgresConfig(t))
			tc.spoil(t, w)
			wantFinding(t, w, tc)
		})
	}
}

// Who has made a database on PostgreSQL and asks before the first start is not
// told that the address is wrong.
func TestAnEmptyDatabaseIsRightBeforeTheFirstStart(t *testing.T) {
	t.Parallel()
	w := newWard(t, storetest.PostgresConfig(t))
	w.Store = storetest.EmptyPostgresConfig(t)
	for _, f := range w.Examine(t.Context()) {
		if f.Check == "migrations" && f.State == doctor.Failed && strings.Contains(f.Advice, "Before the first start") {
			return
		}
	}
	t.Errorf("not told: %+v", w.Examine(t.Context()))
}
