package doctor

import (
	"cmp"
	"context"
	"crypto/x509"
	"fmt"
	"time"

	"postern/app/config"
	"postern/app/keyring"
	"postern/app/store"
)

// State is how well something is.
type State string

// The states. With a warning a gateway works, and will not for long or not for all.
const (
	OK      State = "ok"
	Warning State = "warning"
	Failed  State = "FAILED"
)

// Finding is what one look at one thing has found.
type Finding struct {
	Check  string `json:"check"` // e.g. "clock"
	State  State  `json:"state"`
	Found  string `json:"found"`
	Advice string `json:"advice,omitempty"` // what to do; empty where all is well
}

// Patient is the gateway that is looked at, as its configuration describes it.
type Patient struct {
	Config  config.Config
	Faults  config.Faults // what is wrong with it
	Store   store.Config
	Masters keyring.Masters // none where the configuration has none that can be read
	Now     func() time.Time
	Roots   *x509.CertPool // whom upstreams' certificates are checked by; nil means the system's
	Room    int64          // octets that must be free beside a SQLite database; 0 means what alerts want free
}

// patience is how long an upstream, or a listener that is bound, may take.
const patience = 2 * time.Second

// Examine makes every check that can be made, in an order from the ground up.
// What rests on something that failed is left out.
func (p Patient) Examine(ctx context.Context) []Finding {
	p.Room = cmp.Or(p.Room, p.Config.Alerts.Rules.Disk.Octets(), 1<<30)
	list := p.configuration()
	list = append(list, p.listener(ctx, "gateway", p.Config.Listeners.Gateway)...)
	list = append(list, p.listener(ctx, "internal", p.Config.Listeners.Internal)...)
	if portal := p.Config.Listeners.Portal; portal.Address != "" {
		list = append(list, p.listener(ctx, "portal", portal)...)
	}
	list = append(list, p.receivers(ctx)...)
	if len(p.Faults.Of("database")) > 0 {
		return list
	}
	return append(list, p.database(ctx)...)
}

func (p Patient) configuration() []Finding {
	if len(p.Faults) == 0 {
		return []Finding{ok("configuration", "every setting can be used")}
	}
	var list []Finding
	for _, f := range p.Faults {
		list = append(list, failed("configuration", f.Error(), "Mend it; docs/configuration.md lists every setting."))
	}
	return list
}

func ok(check, found string, args ...any) Finding {
	return Finding{Check: check, State: OK, Found: fmt.Sprintf(found, args...)}
}

func warning(check, found, advice string) Finding {
	return Finding{Check: check, State: Warning, Found: found, Advice: advice}
}

func failed(check, found, advice string) Finding {
	return Finding{Check: check, State: Failed, Found: found, Advice: advice}
}
