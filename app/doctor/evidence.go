package doctor

import (
	"context"

	"postern/app/evidence"
	"postern/app/store"
)

// evidence holds the database against this node's anchor, as the node does.
func (p Patient) evidence(ctx context.Context, s *store.Store) []Finding {
	path := p.Config.Evidence.Anchor
	if path == "" {
		return nil
	}
	size, err := evidence.Compare(ctx, s, path)
	switch {
	case evidence.Differs(err):
		return []Finding{failed("evidence", err.Error(), "The gateway decides nothing on this database. If it is the one that is meant, as after a restore: postern evidence accept. Else keep it as it is, and see docs/alerts.md.")}
	case err != nil:
		return []Finding{warning("evidence", "the anchor could not be held against the database: "+err.Error(), "Mend the file or its permissions; until then nobody notices an older database.")}
	case size == 0:
		return []Finding{warning("evidence", "nothing is in the anchor yet", "A gateway writes the first checkpoint within minutes of its start: start it, and see postern jobs list.")}
	}
	return []Finding{ok("evidence", "the anchor agrees, up to event %d", size)}
}
