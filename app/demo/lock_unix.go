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
