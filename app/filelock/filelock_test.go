package filelock_test

import (
	"errors"
	"os"
	"path/filepath"
	"testing"

	"postern/app/filelock"
)

func TestOneHolderAtATime(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "held")
	first, err := filelock.Hold(path)
	if err != nil {
		t.Fatal(err)
	}
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("the file: %v, %v", info, err)
	}
	if _, err := filelock.Hold(path); !errors.Is(err, filelock.ErrHeld) {
		t.Errorf("a second holder: %v", err)
	}
	if err := first.Release(); err != nil {
		t.Fatal(err)
	}
	second, err := filelock.Hold(path)
	if err != nil {
		t.Fatalf("after it was released: %v", err)
	}
	if err := second.Release(); err != nil {
		t.Error(err)
	}
}
