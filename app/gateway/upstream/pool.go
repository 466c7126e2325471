package upstream

import (
	"context"
	"crypto/tls"
	"fmt"
	"net"
	"sync"

	"postern/models"
)

// Options are what all upstreams of a Pool share.
type Options struct {
	// TLS is the base of every TLS client configuration: root certificates and
	// the gateway's own certificate. Nil means the system's roots. TLS 1.2 is the
	// least, whatever it says.
	TLS *tls.Config
	// Dial opens connections; nil means TCP that refuses link-local, multicast
	// and unspecified addresses after name resolution.
	Dial func(ctx context.Context, network, address string) (net.Conn, error)
}

// Pool holds the upstreams by id. It is safe for concurrent use; what happens
// to one upstream does not touch the others.
type Pool struct {
	options Options

	mu        sync.RWMutex
	upstreams map[string]*upstream
}

// NewPool returns a Pool without upstreams.
func NewPool(options Options) *Pool {
	return &Pool{options: options, upstreams: make(map[string]*upstream)}
}

// Configure sets the upstream id. An unchanged Config changes nothing; another
// one replaces the upstream, with new connections and a closed circuit, while
// calls under way end on the old one. It returns every fault of config, and then
// nothing has changed.
func (p *Pool) Configure(id string, config Config) error {
	config = config.withDefaults(id)
	if err := config.check(); err != nil {
		return fmt.Errorf("configure upstream %q: %w", id, err)
	}

	p.mu.Lock()
	defer p.mu.Unlock()
	old := p.upstreams[id]
	if old != nil && old.config == config {
		return nil
	}
	next, err := newUpstream(config, p.options)
	if err != nil {
		return fmt.Errorf("configure upstream %q: %w", id, err)
	}
	p.upstreams[id] = next
	if old != nil {
		old.transport.CloseIdleConnections()
	}

	return nil
}

// Close forgets all upstreams and drops their idle connections. Calls under way
// end; later ones are ErrUnavailable.
func (p *Pool) Close() {
	p.mu.Lock()
	defer p.mu.Unlock()
	for id, u := range p.upstreams {
		u.transport.CloseIdleConnections()
		delete(p.upstreams, id)
	}
}

// Do makes one call to the upstream id. It returns a Reply for every answer of
// 200 to 599 that is well-formed, whatever its status.
//
// Otherwise the error is one of ErrUnavailable, ErrTimeout, ErrReply and
// ErrRequest, or wraps context.Canceled when ctx was cancelled. The call ends
// with the Config's Timeout or ctx, whichever is first. A write is sent at most
// once; a GET or HEAD may be sent again on another connection when a kept one
// turns out to be closed.
func (p *Pool) Do(ctx context.Context, id string, r Request) (*Reply, error) {
	u := p.find(id)
	if u == nil {
		return nil, fmt.Errorf("%w: no upstream %q", ErrUnavailable, id)
	}

	return u.do(ctx, r)
}

// ID is what the upstream of a service in an environment is called in a gateway's pool.
func ID(service string, e models.Environment) string { return service + " " + string(e) }

// States returns the circuits of all upstreams by id; for metrics.
func (p *Pool) States() map[string]State {
	p.mu.RLock()
	defer p.mu.RUnlock()
	states := make(map[string]State, len(p.upstreams))
	for id, u := range p.upstreams {
		states[id] = u.state()
	}

	return states
}

func (p *Pool) find(id string) *upstream {
	p.mu.RLock()
	defer p.mu.RUnlock()

	return p.upstreams[id]
}
