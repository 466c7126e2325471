package demo

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"postern/app/filelock"
)

// lockName is the file in the data folder that a running demo holds.
const lockName = "demo.lock"

// lockFolder makes the folder the caller's alone until the lock is released.
// Nothing else in the folder is touched before.
func lockFolder(folder string) (*filelock.Lock, error) {
	if err := os.MkdirAll(folder, 0o700); err != nil {
		return nil, fmt.Errorf("make data folder: %w", err)
	}
	held, err := filelock.Hold(filepath.Join(folder, lockName))
	if errors.Is(err, filelock.ErrHeld) {
		return nil, fmt.Errorf("%s is in use by another demo; stop it, or pass --data", folder)
	}
	if err != nil {
		return nil, fmt.Errorf("lock data folder: %w", err)
	}
	return held, nil
}
