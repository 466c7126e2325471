package feeds

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
)

// file is a target that appends lines to a file. Whoever rotates it renames it:
// the next lines go into a new one.
type file struct {
	path string
	open *os.File // nil until it is needed
}

func (t *file) send(_ context.Context, records []record) error {
	if err := t.ready(); err != nil {
		return err
	}
	var b bytes.Buffer
	for _, r := range records {
		b.Write(r.line())
		b.WriteByte('\n')
	}
	_, err := t.open.Write(b.Bytes())
	return err
}

// confirm wants the lines on disk and in the file that has the name now: one
// that was renamed meanwhile may have been packed and deleted without them.
func (t *file) confirm(context.Context) error {
	if t.open == nil {
		return errAgain
	}
	if err := t.open.Sync(); err != nil {
		return err
	}
	if !t.current() {
		return errAgain
	}
	return nil
}

func (t *file) lost() error { return nil }

func (t *file) slack() Slack { return Slack{} }

func (t *file) close() {
	if t.open != nil {
		t.open.Close() //nolint:errcheck // what matters was synced before
		t.open = nil
	}
}

// ready opens the file, or a new one where the old one was renamed.
func (t *file) ready() error {
	if t.open != nil && t.current() {
		return nil
	}
	t.close()
	opened, err := os.OpenFile(t.path, os.O_RDWR|os.O_CREATE|os.O_APPEND, 0o600)
	if err != nil {
		return err
	}
	if err := errors.Join(mend(opened), syncFolder(filepath.Dir(t.path))); err != nil {
		return errors.Join(fmt.Errorf("open %s: %w", t.path, err), opened.Close())
	}
	t.open = opened
	return nil
}

// current reports whether the open file still has the name.
func (t *file) current() bool {
	named, err := os.Stat(t.path)
	if err != nil {
		return false
	}
	mine, err := t.open.Stat()
	return err == nil && os.SameFile(named, mine)
}

// errForeign keeps a feed from writing into somebody else's file.
var errForeign = errors.New("its end is not a feed's; name another file")

// mend cuts off a last line that a crash has left without its end: it was never
// confirmed and is sent again. Who reads whole lines does not notice.
func mend(f *os.File) error {
	info, err := f.Stat()
	if err != nil {
		return err
	}
	if !info.Mode().IsRegular() {
		return errors.New("it is no regular file")
	}
	end, err := lastLineEnd(f, info.Size())
	if err != nil || end == info.Size() {
		return err
	}
	start := make([]byte, min(int64(len(lineStart)), info.Size()-end))
	if _, err := f.ReadAt(start, end); err != nil {
		return err
	}
	if !bytes.HasPrefix([]byte(lineStart), start) {
		return errForeign
	}
	if err := f.Truncate(end); err != nil {
		return err
	}
	return f.Sync()
}

// lastLineEnd is the offset behind the last line feed; 0 where there is none.
func lastLineEnd(f io.ReaderAt, size int64) (int64, error) {
	buffer := make([]byte, 64<<10)
	for end := size; end > 0; {
		begin := max(0, end-int64(len(buffer)))
		part := buffer[:end-begin]
		if _, err := f.ReadAt(part, begin); err != nil {
			return 0, err
		}
		if i := bytes.LastIndexByte(part, '\n'); i >= 0 {
			return begin + int64(i) + 1, nil
		}
		end = begin
	}
	return 0, nil
}

// syncFolder makes a new file's name outlast a crash.
func syncFolder(path string) error {
	folder, err := os.Open(path)
	if err != nil {
		return err
	}
	defer folder.Close()
	return folder.Sync()
}
