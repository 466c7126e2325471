package alerts

import (
	"context"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"postern/app/store"
	"postern/models"
)

// What each node can tell of itself.

func lookUpstreams(ctx context.Context, w *Watch, now time.Time) ([]condition, error) {
	if w.o.Local.Circuits == nil {
		return nil, nil
	}
	limit := w.o.Rules().UpstreamDown.For
	var ids, services []string
	down := w.down(now)
	for id, since := range down {
		if now.Sub(since) >= limit {
			service, _, _ := strings.Cut(id, " ")
			ids, services = append(ids, id), append(services, service)
		}
	}
	if len(ids) == 0 {
		return nil, nil
	}
	names := map[string]string{}
	err := w.o.Store.Business(ctx, func(b store.Business) error {
		list, err := b.Services(services)
		for _, s := range list {
			names[s.ID] = s.Name
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	var found []condition
	for i, id := range ids {
		found = append(found, condition{
			subject: models.Subject{Kind: "upstream", ID: id, Name: names[services[i]]}, severity: models.Critical,
			numbers: map[string]string{"node": w.o.Node, "since": w.stamp(down[id]), "limit": span(limit)},
		})
	}
	return found, nil
}

// down are the upstreams whose circuits are not closed, and since when this node
// knows.
func (w *Watch) down(now time.Time) map[string]time.Time {
	circuits := w.o.Local.Circuits()
	w.mu.Lock()
	defer w.mu.Unlock()
	maps.DeleteFunc(w.downSince, func(id string, _ time.Time) bool { return !circuits[id] })
	for id, down := range circuits {
		if _, known := w.downSince[id]; down && !known {
			w.downSince[id] = now
		}
	}
	return maps.Clone(w.downSince)
}

func lookCertificates(_ context.Context, w *Watch, now time.Time) ([]condition, error) {
	if w.o.Local.Certificates == nil {
		return nil, nil
	}
	days := w.o.Rules().Certificate.Days
	certificates := w.o.Local.Certificates()
	var found []condition
	for _, listener := range slices.Sorted(maps.Keys(certificates)) {
		if end := certificates[listener]; end.Before(now.Add(time.Duration(days) * day)) {
			severity, numbers := ending(end, now, days)
			found = append(found, condition{
				subject: models.Subject{Kind: "certificate", ID: w.o.Node + " " + listener}, severity: severity, numbers: numbers,
			})
		}
	}
	return found, nil
}

func lookQueue(_ context.Context, w *Watch, _ time.Time) ([]condition, error) {
	if w.o.Local.Queue == nil || w.o.Local.Lost == nil {
		return nil, nil
	}
	queued, capacity := w.o.Local.Queue()
	total := w.o.Local.Lost()
	w.mu.Lock()
	lost := total - w.lost
	w.mu.Unlock()
	full := 100 * queued / max(1, capacity)
	limit := w.o.Rules().Queue.Percent
	if full < limit && lost == 0 {
		return nil, nil
	}
	// A database that took no records takes no alert of them either: what is lost is
	// told of when it is back.
	told := func() {
		w.mu.Lock()
		defer w.mu.Unlock()
		w.lost = total
	}
	return []condition{{subject: models.Subject{Kind: "node", ID: w.o.Node}, severity: models.Critical, noted: told, numbers: map[string]string{
		"queued": strconv.Itoa(queued), "capacity": strconv.Itoa(capacity), "percent": strconv.Itoa(full),
		"limit": strconv.Itoa(limit), "lost": number(lost),
	}}}, nil
}

func lookDisk(_ context.Context, w *Watch, _ time.Time) ([]condition, error) {
	if w.o.Local.Free == nil {
		return nil, nil
	}
	free, err := w.o.Local.Free()
	if err != nil {
		return nil, err
	}
	limit := w.o.Rules().Disk.Octets()
	if free >= limit {
		return nil, nil
	}
	severity := models.Warning
	if free < limit/16 {
		severity = models.Critical
	}
	return []condition{{subject: models.Subject{Kind: "node", ID: w.o.Node}, severity: severity, numbers: map[string]string{
		"free": number(free >> 20), "limit": number(limit >> 20),
	}}}, nil
}

func lookFeeds(ctx context.Context, w *Watch, now time.Time) ([]condition, error) {
	limit := w.o.Rules().FeedBehind.Behind
	var found []condition
	see := func(id string, behind time.Duration, severity models.Severity) {
		if behind >= limit {
			found = append(found, condition{subject: models.Subject{Kind: "feed", ID: id}, severity: severity, numbers: map[string]string{
				"behind": span(behind), "limit": span(limit),
			}})
		}
	}
	if w.o.Local.ChangesAge != nil {
		// Such a node answers nobody.
		see("changes "+w.o.Node, w.o.Local.ChangesAge(), models.Critical)
	}
	if w.o.Feeds != nil {
		feeds, err := w.o.Feeds(ctx, now)
		if err != nil {
			return nil, err
		}
		for _, f := range feeds {
			see(f.Name, f.Behind, models.Warning)
		}
	}
	return found, nil
}

// stamp is a time on the bank's clock.
func (w *Watch) stamp(t time.Time) string { return t.In(w.o.Zone).Format(time.DateTime) }
