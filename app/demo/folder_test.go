package demo_test

import (
	"context"
	"crypto/rand"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"postern/app/demo"
)

// refuse wants a start on the folder to fail with an error that has all parts.
func refuse(t *testing.T, folder string, parts ...string) {
	t.Helper()
	d, err := demo.Start(t.Context(), demo.Options{Data: folder, Now: time.Now, Rand: rand.Reader})
	if err == nil {
		_ = d.Close(context.WithoutCancel(t.Context()))
		t.Fatal("the demo started")
	}
	for _, part := range parts {
		if !strings.Contains(err.Error(), part) {
			t.Errorf("error %q lacks %q", err, part)
		}
	}
}

// stopped is the folder of a demo that ran and stopped.
func stopped(t *testing.T) string {
	t.Helper()
	folder := t.TempDir()
	if err := start(t, folder).Close(context.WithoutCancel(t.Context())); err != nil {
		t.Fatal(err)
	}
	return folder
}

func TestASecondDemoOnAFolderLeavesTheFirstAlone(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	first := start(t, folder)
	refuse(t, folder, folder+" is in use by another demo; stop it, or pass --data")
	if _, err := os.Stat(filepath.Join(folder, "demo.log.old")); err == nil {
		t.Error("the second demo has moved the log of the first")
	}
	if err := first.Close(context.WithoutCancel(t.Context())); err != nil {
		t.Fatal(err)
	}
	start(t, folder)
}

func TestAFolderThatCannotBeGoneOnWithSaysWhatToDo(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name string
		harm func(folder string) error
		want []string
	}{
		{
			"a database cut short",
			func(folder string) error { return os.Truncate(filepath.Join(folder, "postern.db"), 5000) },
			[]string{"start the gateway: open store ", "postern.db: ", "malformed", "; delete ", " to begin anew"},
		},
		{
			"a file that is no database",
			func(folder string) error {
				return os.WriteFile(filepath.Join(folder, "postern.db"), []byte(strings.Repeat("none ", 1000)), 0o600)
			},
			[]string{"postern.db: ", "not a database", "; delete ", " to begin anew"},
		},
		{
			"no master key beside a database",
			func(folder string) error { return os.Remove(filepath.Join(folder, "master.key")) },
			[]string{"master.key is missing", "put it back, or delete ", " to begin anew"},
		},
		{
			"another master key",
			func(folder string) error {
				return os.WriteFile(filepath.Join(folder, "master.key"), []byte(strings.Repeat("abcd", 16)), 0o600)
			},
			[]string{"the master key is not the one that sealed", "; put the right ", "master.key back, or delete "},
		},
		{
			"no partners' keys beside a database",
			func(folder string) error { return os.RemoveAll(filepath.Join(folder, "partners")) },
			[]string{"a partner's key is not the one that the database has on record", "; put the files back that were in ", "partners, or delete "},
		},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			folder := stopped(t)
			if err := tc.harm(folder); err != nil {
				t.Fatal(err)
			}
			for range 2 { // the first refusal must not mend what the second meets
				refuse(t, folder, append(tc.want, folder)...)
			}
			_, err := os.Stat(filepath.Join(folder, "master.key"))
			if (err != nil) != (tc.name == "no master key beside a database") {
				t.Errorf("the refused start left a folder whose master key gives %v", err)
			}
		})
	}
}
