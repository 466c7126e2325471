package backup

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"time"

	"postern/app/keyring"
	"postern/app/store"
	"postern/models"
)

// Contents is what a copy of a database holds.
type Contents struct {
	Size        int64     // octets
	NewestEvent time.Time // zero when there is none
	Schema      int64     // version; never newer than this program's
	MasterKeys  []string  // ids of the master keys that its keys are sealed under

	keys []models.Key
}

// Opens reports whether these master keys open every key in the copy.
func (c Contents) Opens(masters keyring.Masters) bool { return masters.Opens(c.keys) == nil }

// Write copies the SQLite database of a gateway, running or not, into a new file
// that only its owner may read, looks the copy over and tells what it holds. It
// refuses to write over a file. The master key is not in it.
func Write(ctx context.Context, database, file string, rand io.Reader) (Contents, error) {
	if err := absent(file); err != nil {
		return Contents{}, err
	}
	partial, err := partialName(file, rand)
	if err != nil {
		return Contents{}, err
	}
	if err := store.CopySQLite(ctx, database, partial); err != nil {
		return Contents{}, err
	}
	c, err := Read(ctx, partial)
	if err == nil {
		err = place(partial, file)
	}
	if err != nil {
		return Contents{}, errors.Join(fmt.Errorf("write copy: %w", err), os.Remove(partial))
	}
	return c, nil
}

// Read looks a copy over and tells what it holds. It fails if the file is
// damaged, no database of a gateway's, or of a later release's.
func Read(ctx context.Context, file string) (c Contents, err error) {
	s, err := store.Open(ctx, store.Config{Driver: string(store.SQLite), Path: file, ReadOnly: true})
	if err != nil {
		return Contents{}, fmt.Errorf("read copy: %w", err)
	}
	defer func() { err = errors.Join(err, s.Close()) }()
	if err := s.CheckIntegrity(ctx, true); err != nil {
		return Contents{}, fmt.Errorf("read copy: %w", err)
	}
	if c.Schema, err = knownSchema(ctx, s); err != nil {
		return Contents{}, fmt.Errorf("read copy: %w", err)
	}
	if c.keys, err = s.LiveKeys(ctx); err != nil {
		return Contents{}, fmt.Errorf("read copy: %w", err)
	}
	for _, k := range c.keys {
		c.MasterKeys = append(c.MasterKeys, k.MasterKeyID)
	}
	slices.Sort(c.MasterKeys)
	c.MasterKeys = slices.Compact(c.MasterKeys)
	newest, err := s.NewestEvent(ctx)
	if err != nil {
		return Contents{}, fmt.Errorf("read copy: %w", err)
	}
	if newest > 0 {
		c.NewestEvent = time.UnixMilli(newest)
	}
	info, err := os.Stat(file)
	if err != nil {
		return Contents{}, fmt.Errorf("read copy: %w", err)
	}
	c.Size = info.Size()
	return c, nil
}

// knownSchema is the version of a database's schema; it refuses what a later
// release has made, which this one would misread.
func knownSchema(ctx context.Context, s *store.Store) (int64, error) {
	v, err := s.Schema(ctx)
	if err != nil {
		return 0, err
	}
	return v.Have, v.NotNewer()
}

// ErrExists refuses to write over what is there.
var ErrExists = errors.New("is there already")

func absent(path string) error {
	switch _, err := os.Lstat(path); {
	case err == nil:
		return fmt.Errorf("%s %w", path, ErrExists)
	case !errors.Is(err, os.ErrNotExist):
		return err
	}
	return nil
}

// partialName names a file beside the one that it will become.
func partialName(file string, rand io.Reader) (string, error) {
	var b [8]byte
	if _, err := io.ReadFull(rand, b[:]); err != nil {
		return "", fmt.Errorf("draw file name: %w", err)
	}
	return file + ".partial-" + hex.EncodeToString(b[:]), nil
}

// place gives a finished file its name, unless another has it, for good.
func place(partial, file string) error {
	if err := absent(file); err != nil {
		return err
	}
	if err := os.Rename(partial, file); err != nil {
		return err
	}
	return syncFolder(file)
}

// syncFolder makes new names in a file's folder survive the loss of power.
func syncFolder(file string) error {
	folder, err := os.Open(filepath.Dir(file))
	if err != nil {
		return err
	}
	return errors.Join(folder.Sync(), folder.Close())
}
