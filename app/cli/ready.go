package cli

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net/http"
	"time"

	"postern/app/config"
)

type readyCommand struct {
	settings
	Internal string `placeholder:"HOST:PORT" help:"Address of the internal listener, in the place of the configured one."`
}

// readyTimeout is longer than the checks behind /readyz may take.
const readyTimeout = 5 * time.Second

// maxReadiness bounds what is printed of an answer: a stranger's may be long.
const maxReadiness = 4 << 10

// Run asks /readyz of the gateway on this machine, prints what it says, and fails
// unless it is ready: a health check for images that have no other program.
func (c readyCommand) Run(i invocation) error {
	configured, faults := c.load(i, flag("internal", "listeners.internal.address", c.Internal)...)
	if err := faults.Of("listeners").Err(); err != nil {
		return err
	}
	status, text, err := readiness(i.ctx, configured.Listeners.Internal)
	if err != nil {
		return err
	}
	if _, err := i.Out.Write(text); err != nil {
		return err
	}
	if status != http.StatusOK {
		return fmt.Errorf("the gateway is not ready (%d)", status)
	}
	return nil
}

// readiness asks the internal listener. Its certificate is not looked at: the
// answer is about this machine's own gateway, and no secret is sent.
func readiness(ctx context.Context, l config.Listener) (status int, text []byte, err error) {
	ctx, cancel := context.WithTimeout(ctx, readyTimeout)
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, l.OwnURL()+"/readyz", nil)
	if err != nil {
		return 0, nil, fmt.Errorf("ask whether it is ready: %w", err)
	}
	transport := &http.Transport{TLSClientConfig: &tls.Config{InsecureSkipVerify: true}, DisableKeepAlives: true}
	res, err := transport.RoundTrip(r)
	if err != nil {
		return 0, nil, fmt.Errorf("ask whether it is ready: %w", err)
	}
	text, err = io.ReadAll(io.LimitReader(res.Body, maxReadiness))
	return res.StatusCode, text, errors.Join(err, res.Body.Close())
}
