//go:build darwin || dragonfly || freebsd || linux || netbsd || openbsd

package demo

import (
	"errors"
	"os"
	"syscall"
)

// lockFile takes the file for this process alone, or fails with errLocked at
// once. The kernel lets go of it when the process ends, killed or not.
func lockFile(file *os.File) error {
	err := syscall.Flock(int(file.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
	if errors.Is(err, syscall.EWOULDBLOCK) {
		return errLocked
	}
	return err
}

// unlockFile lets go of the file. Closing it is not enough: a process that is
// being started holds a copy of it for a moment.
func unlockFile(file *os.File) error { return syscall.Flock(int(file.Fd()), syscall.LOCK_UN) }
