package store

import (
	"fmt"
	"path/filepath"
	"syscall"
)

// Free is how many octets are free on the disk of SQLite's file; known is false
// for PostgreSQL, whose disk is its server's.
func (c Config) Free() (octets int64, known bool, err error) {
	if Dialect(c.Driver) != SQLite {
		return 0, false, nil
	}
	var fs syscall.Statfs_t
	if err := syscall.Statfs(filepath.Dir(c.Path), &fs); err != nil {
		return 0, true, fmt.Errorf("look at disk: %w", err)
	}
	return int64(fs.Bavail) * int64(fs.Bsize), true, nil //nolint:unconvert // the types differ between systems
}
