package cli_test

import (
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"postern/app/store"
)

func TestServeTakesOnlyIssuersThatNameAHostAndNoMore(t *testing.T) {
	t.Parallel()
	for issuer, good := range map[string]bool{
		"https://gateway.bank.example":        true,
		"https://gateway.bank.example:8443":   true,
		"http://localhost:8080":               true,
		"http://127.0.0.1:8080":               true,
		"http://[::1]:8080":                   true,
		"http://localhost":                    true,
		"http://localhost.evil.example":       false,
		"http://localhost@evil.example":       false,
		"http://gateway.bank.example":         false,
		"https://gateway.bank.example/":       false,
		"https://gateway.bank.example/a":      false,
		"https://gateway.bank.example?a=b":    false,
		"https://gateway.bank.example#a":      false,
		"https://user@gateway.bank.example":   false,
		"https://gateway.bank.example:":       false,
		"https://":                            false,
		"https:gateway.bank.example":          false,
		"HTTPS://gateway.bank.example":        false,
		"ftp://localhost":                     false,
		"https://gateway.bank.example:port":   false,
		"https://gateway.bank.example\x7f.oo": false,
	} {
		t.Run(issuer, func(t *testing.T) {
			t.Parallel()
			// No master key is given, so it ends before anything is opened.
			code, _, errors := run(t, "serve", "--issuer", issuer)
			if code != 1 || !strings.Contains(errors, "master_key") {
				t.Fatalf("exit %d, %q; want 1 and the faults", code, errors)
			}
			if refused := strings.Contains(errors, "issuer (--issuer):"); refused == good {
				t.Errorf("refused = %v in %q", refused, errors)
			}
		})
	}
}

func TestServeRefusesOneAddressForBothListeners(t *testing.T) {
	t.Parallel()
	code, _, errors := run(t, "serve", "--issuer", "http://localhost:1", "--listen", "127.0.0.1:1", "--internal", "127.0.0.1:1")
	if code != 1 || !strings.Contains(errors, "both want 127.0.0.1:1") {
		t.Errorf("exit %d, %q", code, errors)
	}
}

func TestServeOpensBothListenersOrNone(t *testing.T) {
	t.Parallel()
	taken, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = taken.Close() })
	key := filepath.Join(t.TempDir(), "master.key")
	if err := os.WriteFile(key, []byte(strings.Repeat("0123456789abcdef", 4)), 0o600); err != nil {
		t.Fatal(err)
	}
	for name, args := range map[string][]string{
		"the internal address is taken": {"--listen", "127.0.0.1:0", "--internal", taken.Addr().String()},
		"the outer address is taken":    {"--listen", taken.Addr().String(), "--internal", "127.0.0.1:0"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			db := filepath.Join(t.TempDir(), "postern.db")
			code, _, errors := runWith(t, map[string]string{"POSTERN_MASTER_KEY_FILE": key},
				append([]string{"serve", "--issuer", "http://localhost:1", "--db", db}, args...)...)
			if code != 1 || !strings.Contains(errors, "address already in use") {
				t.Errorf("exit %d, %q; want 1 and the address in use", code, errors)
			}
			if strings.Contains(errors, "listeners opened") {
				t.Errorf("it served with one listener: %q", errors)
			}
		})
	}
}

func TestPolicyExplainLeavesTheDatabaseAsItIs(t *testing.T) {
	t.Parallel()
	explain := func(t *testing.T, db string) (int, string) {
		code, _, errors := run(t, "policy", "explain", "--db", db, "--app", "nobody", "--path", "/x")
		return code, errors
	}
	t.Run("a database that is not there is not made", func(t *testing.T) {
		t.Parallel()
		db := filepath.Join(t.TempDir(), "none.db")
		if code, errors := explain(t, db); code != 1 || !strings.Contains(errors, "no such file") {
			t.Errorf("exit %d, %q", code, errors)
		}
		if _, err := os.Stat(db); err == nil {
			t.Error("it made a database")
		}
	})
	t.Run("an empty one gets no schema", func(t *testing.T) {
		t.Parallel()
		db := filepath.Join(t.TempDir(), "empty.db")
		if err := os.WriteFile(db, nil, 0o600); err != nil {
			t.Fatal(err)
		}
		if code, errors := explain(t, db); code != 1 || !strings.Contains(errors, store.ErrSchema.Error()) {
			t.Errorf("exit %d, %q", code, errors)
		}
	})
	t.Run("the gateway's own is asked", func(t *testing.T) {
		t.Parallel()
		db := filepath.Join(t.TempDir(), "postern.db")
		s, err := store.Open(t.Context(), store.Config{Driver: "sqlite", Path: db})
		if err != nil {
			t.Fatal(err)
		}
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
		if code, errors := explain(t, db); code != 1 || !strings.Contains(errors, `no application "nobody"`) {
			t.Errorf("exit %d, %q", code, errors)
		}
	})
}

func TestDatabaseAddressesAreNeverTakenForFileNames(t *testing.T) {
	t.Parallel()
	for address, good := range map[string]bool{
		"data/postern.db": true, "postgres://u@h/d": true, "Postgres://u@h/d": true, "postgresql://u@h/d": true,
		"mysql://u:p@h/d": false, "://": false,
	} {
		// No master key is given, so it ends before anything is opened.
		_, _, errors := run(t, "serve", "--issuer", "http://localhost:1", "--db", address)
		if refused := strings.Contains(errors, "database."); refused == good {
			t.Errorf("%q: refused = %v in %q", address, refused, errors)
		}
	}
}

func TestServeReportsAllFaultsAtOnce(t *testing.T) {
	t.Parallel()
	broken := filepath.Join(t.TempDir(), "none.pem")
	_, _, errors := runWith(t, map[string]string{
		"POSTERN_MASTER_KEY": "short", "POSTERN_LISTENERS_INTERNAL_TLS_CERT": broken, "POSTERN_LISTENERS_INTERNAL_TLS_KEY": broken,
	}, "serve", "--issuer", "http://bank.example", "--db", "mysql://x", "--listen", "nowhere")
	for _, word := range []string{
		"issuer (--issuer):", "listeners.gateway.address (--listen):", "database.dsn (--db):", "master_key:", "listeners.internal.tls:",
	} {
		if !strings.Contains(errors, word) {
			t.Errorf("%q is missing in: %v", word, errors)
		}
	}
}

func TestCommandsReadTheConfigurationFile(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	file := filepath.Join(folder, "postern.yaml")
	if err := os.WriteFile(file, []byte("issuers: x\ndatabase: {path: "+filepath.Join(folder, "none.db")+"}\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	question := []string{"policy", "explain", "--app", "nobody", "--path", "/x"}
	for name, tc := range map[string]struct {
		environment map[string]string
		args        []string
		want        string
	}{
		"serve, named by a flag":         {nil, []string{"serve", "--config", file}, "issuers (" + file + ":1)"},
		"serve, named by a variable":     {map[string]string{"POSTERN_CONFIG": file}, []string{"serve"}, "issuers (" + file + ":1)"},
		"explain, which asks no more":    {map[string]string{"POSTERN_CONFIG": file}, question, "none.db"},
		"explain, with another database": {map[string]string{"POSTERN_CONFIG": file}, append(question, "--db", "mysql://x"), "database.dsn (--db)"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			code, _, errors := runWith(t, tc.environment, tc.args...)
			if code != 1 || !strings.Contains(errors, tc.want) {
				t.Errorf("exit %d, %q; want 1 with %q", code, errors, tc.want)
			}
		})
	}
}
