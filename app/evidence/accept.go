package evidence

import (
	"context"
	"fmt"
	"time"

	"golang.org/x/mod/sumdb/tlog"

	"postern/app/store"
)

// Accept writes into an anchor that the database is meant to be as it is: after a
// restore, or where a replica that lagged took over. From then on the node holds the
// database against that. by says who says so.
func Accept(ctx context.Context, s *store.Store, path, by string, now time.Time) error {
	epoch, err := s.RestoredAt(ctx)
	if err != nil {
		return err
	}
	size, err := s.TreeSize(ctx)
	if err != nil {
		return err
	}
	var root tlog.Hash
	if root, err = rootOf(ctx, s, size); err != nil {
		return fmt.Errorf("accept the database as it is: %w", err)
	}
	line := anchorLine{At: now.UnixMilli(), By: by, Begins: &Begins{Epoch: epoch, Size: size, Root: root}}
	if err := (anchor{path}).append(line); err != nil {
		return fmt.Errorf("write anchor: %w", err)
	}
	return nil
}
