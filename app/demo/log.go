package demo

import (
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
)

// logName is the demo's log in its data folder.
const logName = "demo.log"

// openLog begins a log file that its owner alone may read, and returns a logger
// that writes to it from Info on and passes to terminal what that takes. The
// log of the run before is kept beside it as demo.log.old, and no older one, so
// that a demo with traffic does not fill a disk over the weeks.
func openLog(folder string, terminal *slog.Logger) (*slog.Logger, *os.File, error) {
	path := filepath.Join(folder, logName)
	if err := os.Rename(path, path+".old"); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, nil, fmt.Errorf("keep the last run's log: %w", err)
	}
	file, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return nil, nil, fmt.Errorf("begin log: %w", err)
	}
	inFile := slog.NewJSONHandler(file, &slog.HandlerOptions{Level: slog.LevelInfo})
	return slog.New(slog.NewMultiHandler(inFile, terminal.Handler())), file, nil
}
