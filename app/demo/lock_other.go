//go:build !(darwin || dragonfly || freebsd || linux || netbsd || openbsd)

package demo

import "os"

// lockFile locks nothing: this system has no flock, and two demos on one folder
// are the reader's to avoid.
func lockFile(*os.File) error { return nil }

func unlockFile(*os.File) error { return nil }
