package upstream

import (
	"errors"
	"fmt"
	"time"

	"postern/app/directory"
)

// Defaults of [Config], chosen for a visitor who waits in front of a page.
const (
	defaultTimeout        = 10 * time.Second
	defaultConnectTimeout = 2 * time.Second
	// Shorter than the 60 s after which common servers drop idle connections:
	// the side that drops second loses the request it just sent.
	defaultIdleTimeout   = 30 * time.Second
	defaultMaxReply      = 1 << 20 // as large as a sealed call may be
	defaultMaxIdle       = 64
	defaultMaxConcurrent = 1024
	defaultBreakAfter    = 5
	defaultCooldown      = 5 * time.Second
)

// Config describes one upstream. BaseURL is required; every other zero value
// means its default. Configs are compared with ==.
type Config struct {
	Name    string // for people and logs; the id is used when empty
	BaseURL string // http or https, host, optional path; nothing else

	Timeout        time.Duration // the whole call, reply body included; 10 s
	ConnectTimeout time.Duration // TCP and, again, TLS; 2 s
	IdleTimeout    time.Duration // how long an unused connection is kept; 30 s

	MaxReply      int64 // octets of a reply body; 1 MiB
	MaxIdle       int   // unused connections kept; 64
	MaxConcurrent int   // calls under way; more are refused at once; 1024

	BreakAfter int           // consecutive failures that open the circuit; 5
	Cooldown   time.Duration // how long it stays open before one probe; 5 s
}

// withDefaults fills the zero values.
func (c Config) withDefaults(id string) Config {
	c.Name = or(c.Name, id)
	c.Timeout = or(c.Timeout, defaultTimeout)
	c.ConnectTimeout = or(c.ConnectTimeout, defaultConnectTimeout)
	c.IdleTimeout = or(c.IdleTimeout, defaultIdleTimeout)
	c.MaxReply = or(c.MaxReply, defaultMaxReply)
	c.MaxIdle = or(c.MaxIdle, defaultMaxIdle)
	c.MaxConcurrent = or(c.MaxConcurrent, defaultMaxConcurrent)
	c.BreakAfter = or(c.BreakAfter, defaultBreakAfter)
	c.Cooldown = or(c.Cooldown, defaultCooldown)

	return c
}

// or returns value, or fallback when value is the zero value.
func or[T comparable](value, fallback T) T {
	var zero T
	if value == zero {
		return fallback
	}

	return value
}

// check returns every fault of a Config that has its defaults.
func (c Config) check() error {
	var faults []error
	positive := func(ok bool, name string) {
		if !ok {
			faults = append(faults, fmt.Errorf("%s must be positive", name))
		}
	}
	positive(c.Timeout > 0, "timeout")
	positive(c.ConnectTimeout > 0, "connect timeout")
	positive(c.IdleTimeout > 0, "idle timeout")
	positive(c.MaxReply > 0, "largest reply")
	positive(c.MaxIdle > 0, "idle connections")
	positive(c.MaxConcurrent > 0, "concurrent calls")
	positive(c.BreakAfter > 0, "failures that break")
	positive(c.Cooldown > 0, "cooldown")
	if _, err := directory.ParseBaseURL(c.BaseURL); err != nil {
		faults = append(faults, err)
	}

	return errors.Join(faults...)
}
