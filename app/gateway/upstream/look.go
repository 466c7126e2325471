package upstream

import (
	"context"
	"fmt"
	"net/http"
	"time"
)

// lookTimeout bounds a look at a page, from the name's resolution to the status.
const lookTimeout = 5 * time.Second

// Sight is what somebody who opened an address would meet first.
type Sight struct {
	Status   int       // of the answer
	Location string    // where a redirect would lead; it was not followed
	Ends     time.Time // of the certificate; zero without TLS
}

// Look asks for a page once and reads nothing but the head of its answer: no
// redirect is followed, no proxy asked, no name or secret of the bank sent, and no
// special address connected to, as for every upstream. It takes 5 s at most. The
// address must be one that staff has approved, for whoever may look learns whether
// something answers there.
func (p *Pool) Look(ctx context.Context, address string) (Sight, error) {
	ctx, cancel := context.WithTimeout(ctx, lookTimeout)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return Sight{}, fmt.Errorf("look at page: %w", err)
	}
	request.Header.Set("Accept", "text/html")
	request.Header.Set("User-Agent", "Postern")

	transport := newTransport(Config{ConnectTimeout: lookTimeout, MaxIdle: 1}, p.options)
	defer transport.CloseIdleConnections()
	answer, err := transport.RoundTrip(request) // not a Client: that would follow redirects
	if err != nil {
		return Sight{}, fmt.Errorf("look at page: %w", err)
	}
	defer answer.Body.Close()

	s := Sight{Status: answer.StatusCode}
	if location, err := answer.Location(); err == nil {
		s.Location = location.String()
	}
	if answer.TLS != nil {
		s.Ends = answer.TLS.PeerCertificates[0].NotAfter
	}
	return s, nil
}
