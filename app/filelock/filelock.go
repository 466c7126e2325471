package filelock

import (
	"errors"
	"fmt"
	"os"
)

// ErrHeld says that another holder has the file, in this process or another.
var ErrHeld = errors.New("held by another")

// Lock is a file that is held.
type Lock struct{ file *os.File }

// Hold makes the file, for its owner alone, where it is not there, and holds
// it, or fails with ErrHeld at once. The file stays when the lock ends: who
// removed it could remove another one's.
func Hold(path string) (*Lock, error) {
	file, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, fmt.Errorf("hold: %w", err)
	}
	if err := lock(file); err != nil {
		return nil, errors.Join(fmt.Errorf("hold %s: %w", path, err), file.Close())
	}
	return &Lock{file}, nil
}

// Release lets go of the file. Closing it alone would not be enough: a process
// that is being started holds a copy of it for a moment.
func (l *Lock) Release() error { return errors.Join(unlock(l.file), l.file.Close()) }
