package demo

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
)

// lockName is the file in the data folder that a running demo holds locked. It
// stays when the demo stops: who removed it could remove another one's.
const lockName = "demo.lock"

var errLocked = errors.New("locked")

// lockFolder makes the folder the caller's alone until the file is closed or the
// process ends in whatever way. Nothing else in the folder is touched before.
func lockFolder(folder string) (*os.File, error) {
	if err := os.MkdirAll(folder, 0o700); err != nil {
		return nil, fmt.Errorf("make data folder: %w", err)
	}
	file, err := os.OpenFile(filepath.Join(folder, lockName), os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, fmt.Errorf("lock data folder: %w", err)
	}
	switch err := lockFile(file); {
	case errors.Is(err, errLocked):
		return nil, errors.Join(fmt.Errorf("%s is in use by another demo; stop it, or pass --data", folder), file.Close())
	case err != nil:
		return nil, errors.Join(fmt.Errorf("lock data folder: %w", err), file.Close())
	}
	return file, nil
}
