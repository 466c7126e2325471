package doctor

import (
	"context"
	"fmt"
	"maps"
	"net"
	"slices"
	"sync"
	"time"

	"postern/app/store"
)

// receivers connects to whoever is told of alerts, all at once, and sends nothing.
func (p Patient) receivers(ctx context.Context) []Finding {
	if len(p.Faults.Of("alerts")) > 0 {
		return nil
	}
	addresses := p.Config.Alerts.Addresses()
	if len(addresses) == 0 {
		return []Finding{ok("alert receivers", "none: nobody is told of alerts, see docs/alerts.md")}
	}
	names := slices.Sorted(maps.Keys(addresses))
	list := make([]Finding, len(names))
	var probes sync.WaitGroup
	for i, name := range names {
		probes.Go(func() { list[i] = receiver(ctx, name, addresses[name]) })
	}
	probes.Wait()
	return list
}

func receiver(ctx context.Context, name, address string) Finding {
	check := "alert receiver " + name
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	c, err := (&net.Dialer{}).DialContext(ctx, "tcp", address)
	if err != nil {
		return failed(check, err.Error(), "See whether it is up, and whether this machine may reach it: nobody is told of alerts there.")
	}
	defer c.Close()
	return ok(check, "%s takes connections; postern alerts test %s sends a message", address, name)
}

// longUnacknowledged is how long an alert may wait for somebody.
const longUnacknowledged = 24 * time.Hour

// alerts looks at what nobody has looked at, and at what could not be told.
func (p Patient) alerts(ctx context.Context, s *store.Store) []Finding {
	const check = "alerts"
	oldest, waiting, err := s.OldestUnacknowledged(ctx)
	if err != nil {
		return []Finding{failed(check, err.Error(), "Look at the database.")}
	}
	list := []Finding{ok(check, "%d wait to be acknowledged", waiting)}
	if waiting > 0 && p.Now().Sub(time.UnixMilli(oldest)) > longUnacknowledged {
		list[0] = warning(check, fmt.Sprintf("%d wait to be acknowledged, one of them since %s", waiting,
			time.UnixMilli(oldest).UTC().Format(time.DateOnly)), "See postern alerts list.")
	}
	stuck, err := s.WaitingReceivers(ctx)
	if err != nil {
		return append(list, failed(check, err.Error(), "Look at the database."))
	}
	for _, d := range stuck {
		if d.Attempts > 0 {
			list = append(list, warning("alert receiver "+d.Receiver, fmt.Sprintf("it has not taken a message %d times: %s", d.Attempts, d.LastError),
				"Mend it; what waits is sent then."))
		}
	}
	return list
}

// credentials looks for those that end with none to follow.
func (p Patient) credentials(ctx context.Context, s *store.Store) Finding {
	const check, most = "credentials", 100
	within := time.Duration(p.Config.Alerts.Rules.Credential.Days) * 24 * time.Hour
	list, err := s.EndingCredentials(ctx, store.Ending{After: p.Now().Add(-within).UnixMilli(), Until: p.Now().Add(within).UnixMilli(), Limit: most})
	if err != nil {
		return failed(check, err.Error(), "Look at the database.")
	}
	if len(list) == 0 {
		return ok(check, "none ends within %d days without one to follow", p.Config.Alerts.Rules.Credential.Days)
	}
	return warning(check, fmt.Sprintf("%d end within %d days with none to follow; the first is %s of %s, on %s", len(list),
		p.Config.Alerts.Rules.Credential.Days, list[0].ID, list[0].ApplicationID, time.UnixMilli(list[0].NotAfter).UTC().Format(time.DateOnly)),
		"Have the partners send their next keys, and register them beside the old ones.")
}
