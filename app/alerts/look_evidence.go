package alerts

import (
	"context"
	"time"

	"postern/models"
)

// The subjects of what is wrong with the evidence: what one node found by its
// anchor, and what all see alike.
const (
	subjectAnchor = "anchor"
	subjectEvents = "events"
)

func lookEvidence(ctx context.Context, w *Watch, now time.Time) ([]condition, error) {
	if w.o.Evidence == nil {
		return nil, nil
	}
	e, err := w.o.Evidence(ctx, now)
	if err != nil {
		return nil, err
	}
	var found []condition
	see := func(id, text, seq string) {
		if text != "" {
			found = append(found, condition{subject: models.Subject{Kind: "evidence", ID: id}, severity: models.Critical, numbers: map[string]string{
				"seq": seq, "found": text,
			}})
		}
	}
	see(subjectAnchor+" "+w.o.Node, e.Differs, "-")
	see(subjectEvents, e.Fault, number(e.FaultSeq))
	return found, nil
}

func lookLate(ctx context.Context, w *Watch, now time.Time) ([]condition, error) {
	if w.o.Evidence == nil {
		return nil, nil
	}
	e, err := w.o.Evidence(ctx, now)
	limit := w.o.Rules().EvidenceLate.Behind
	if err != nil || e.Late < limit {
		return nil, err
	}
	return []condition{{subject: models.Subject{Kind: "evidence", ID: subjectAnchor + " " + w.o.Node}, severity: models.Warning, numbers: map[string]string{
		"behind": span(e.Late), "limit": span(limit),
	}}}, nil
}
