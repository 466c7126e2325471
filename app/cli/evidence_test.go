package cli_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"postern/app"
	"postern/app/apptest"
	"postern/app/config"
	"postern/app/evidence"
	"postern/app/keyring"
	"postern/app/store"
	"postern/app/store/storetest"
)

// proven is a world on one database whose ledger has three checkpoints, the anchor
// of its node, and the environment of its commands.
func proven(t *testing.T, c store.Config) (w *apptest.World, environment map[string]string) {
	t.Helper()
	anchor := filepath.Join(t.TempDir(), "anchor.jsonl")
	master, err := keyring.ParseMaster(testKey)
	if err != nil {
		t.Fatal(err)
	}
	w = apptest.New(t, c, apptest.Options{Config: func(c *app.Config) { c.Master, c.Evidence = master, config.Evidence{Anchor: anchor} }})
	for range 3 {
		w.AT(apptest.Travel, nil)
		if _, err := w.App.Evidence().Grow(t.Context()); err != nil {
			t.Fatal(err)
		}
		if _, err := w.App.Evidence().Look(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	return w, map[string]string{"POSTERN_MASTER_KEY": testKey, "POSTERN_ISSUER": apptest.Issuer, "POSTERN_EVIDENCE_ANCHOR": anchor}
}

func TestAnAuditorVerifiesTheLedger(t *testing.T) {
	t.Parallel()
	for name, open := range map[string]func(testing.TB) store.Config{"sqlite": storetest.SQLiteConfig, "postgres": storetest.PostgresConfig} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w, environment := proven(t, open(t))
			folder, anchor := t.TempDir(), environment["POSTERN_EVIDENCE_ANCHOR"]
			must := func(wantCode int, want string, args ...string) string {
				t.Helper()
				code, out, errors := runBesideWith(t, w, environment, args...)
				if code != wantCode || !strings.Contains(out+errors, want) {
					t.Fatalf("%v: exit %d: %s%s", args, code, out, errors)
				}
				return out
			}
			save := func(name, text string) string {
				t.Helper()
				path := filepath.Join(folder, name)
				if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
					t.Fatal(err)
				}
				return path
			}

			keys := save("keys.txt", must(0, "gateway.", "evidence", "keys"))
			must(0, "3 of the database verified, 3 lines of the anchor", "evidence", "verify", "--anchor", anchor, "--keys", keys)
			must(0, "the keys are those that the database itself names", "evidence", "verify")

			e, _, err := w.App.Store().EventBySeq(t.Context(), 2)
			if err != nil {
				t.Fatal(err)
			}
			proof := must(0, "postern/inclusion/v1", "evidence", "prove", e.ID)
			must(0, "This is event 2 of ", "evidence", "check", save("proof.json", proof), "--keys", keys)
			must(1, "is not number 2", "evidence", "check", save("forged.json", strings.Replace(proof, "at.issued", "at.denied", 1)), "--keys", keys)
			must(0, "are the first of the", "evidence", "check", save("both.json", must(0, "", "evidence", "consistency", "1")), "--keys", keys)
			read, err := evidence.ReadProof([]byte(proof))
			if err != nil {
				t.Fatal(err)
			}
			must(0, "This is a checkpoint of the", "evidence", "check", save("checkpoint.txt", read.Checkpoint), "--keys", keys)
			must(1, "", "evidence", "check", save("altered.txt", strings.Replace(read.Checkpoint, "\n", "1\n", 1)), "--keys", keys)
			must(1, "There is no such event", "evidence", "prove", "nothing")
			must(1, "There is no such checkpoint", "evidence", "consistency", "77")
			other := save("other.txt", "other.example/events+d61c4a3d+AbLxcKYH1H2ZlDSxMJYO5zqvJvN+Dpe3nRK0TyGrpkNx\n")
			if code, _, _ := runBesideWith(t, w, environment, "evidence", "verify", "--keys", other); code != 1 {
				t.Errorf("another key: exit %d", code)
			}

			w.Exec("UPDATE events SET reason = 'none' WHERE seq = 2")
			must(1, "event 2: the columns say something else", "evidence", "verify", "--anchor", anchor, "--keys", keys)
			w.Exec("UPDATE events SET reason = '' WHERE seq = 2")
			must(0, "3 lines of the anchor", "evidence", "verify", "--anchor", anchor, "--keys", keys)

			w.Exec("DELETE FROM events WHERE seq = 3")
			must(1, "event 3: ", "evidence", "verify", "--anchor", anchor, "--keys", keys)
			w.Exec("UPDATE trees SET size = 2")
			w.Exec("DELETE FROM checkpoints WHERE size > 2")
			must(1, "event 3: the anchor, line 3, has 3 events, and this one is gone", "evidence", "verify", "--anchor", anchor, "--keys", keys)

			must(1, "add --yes", "evidence", "accept")
			must(0, "vouches for this database from now on", "evidence", "accept", "--yes")
			must(0, "given up by a restore: 1 lines", "evidence", "verify", "--anchor", anchor, "--keys", keys)
		})
	}
}

func TestARestoreTellsTheAnchor(t *testing.T) {
	t.Parallel()
	w, environment := proven(t, storetest.SQLiteConfig(t))
	folder := t.TempDir()
	file := filepath.Join(folder, "copy.db")
	if code, out, errors := runBesideWith(t, w, environment, "backup", file); code != 0 {
		t.Fatalf("backup: %s%s", out, errors)
	}
	w.AT(apptest.Travel, nil)
	if _, err := w.App.Evidence().Grow(t.Context()); err != nil {
		t.Fatal(err)
	}
	if _, err := w.App.Evidence().Look(t.Context()); err != nil {
		t.Fatal(err)
	}
	w.Close()
	code, out, errors := runBesideWith(t, w, environment, "restore", file, "--keep-old", filepath.Join(folder, "old.db"))
	if code != 0 || !strings.Contains(out, "anchor.jsonl was told") {
		t.Fatalf("restore: %d, %s%s", code, out, errors)
	}
	w.Open()
	if got := w.App.Evidence().Anchor(); w.App.Evidence().Differs() || got.Size != 3 {
		t.Errorf("after the restore: %+v", got)
	}
	w.Later(time.Minute)
	w.AT(apptest.Travel, nil)
	if _, err := w.App.Evidence().Grow(t.Context()); err != nil {
		t.Fatal(err)
	}
	if _, err := w.App.Evidence().Look(t.Context()); err != nil {
		t.Fatal(err)
	}
	code, out, errors = runBesideWith(t, w, environment, "evidence", "verify", "--anchor", environment["POSTERN_EVIDENCE_ANCHOR"])
	if code != 0 || !strings.Contains(out, "given up by a restore: 1 lines") {
		t.Errorf("verify: %d, %s%s", code, out, errors)
	}
}
