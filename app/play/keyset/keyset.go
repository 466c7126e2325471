// Package keyset fetches the gateway's published keys for those who only
// verify: the demo's bank and its visitors. It asks again for a key id it does
// not know, because keys rotate (protocol section 8), but not in a stream.
package keyset

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"sync"
	"time"

	"postern/app/seal"
)

// ErrUnknown is a key id that the gateway does not publish.
var ErrUnknown = errors.New("key id not published")

const (
	maxSize = 64 << 10
	// refetchAfter keeps a stream of unknown key ids from becoming a stream of
	// requests to the gateway.
	refetchAfter = 5 * time.Second
)

// Set is the published keys of one gateway. It is safe for concurrent use.
type Set struct {
	issuer string
	client *http.Client
	now    func() time.Time

	mu      sync.Mutex
	keys    map[string]*seal.PublicKey // signing keys by kid
	fetched time.Time
}

// New returns a set that fetches when it is first asked.
func New(issuer string, client *http.Client, now func() time.Time) *Set {
	return &Set{issuer: issuer, client: client, now: now}
}

// Signing finds a signing key by its id; ErrUnknown if the gateway has none
// of that name, another error if the gateway could not be asked.
func (s *Set) Signing(ctx context.Context, kid string) (*seal.PublicKey, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if key, known := s.keys[kid]; known {
		return key, nil
	}
	if now := s.now(); s.keys == nil || now.Sub(s.fetched) >= refetchAfter {
		keys, err := s.fetch(ctx)
		if err != nil {
			return nil, fmt.Errorf("fetch the gateway's keys: %w", err)
		}
		s.keys, s.fetched = keys, now
	}
	if key, known := s.keys[kid]; known {
		return key, nil
	}
	return nil, ErrUnknown
}

func (s *Set) fetch(ctx context.Context) (map[string]*seal.PublicKey, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, s.issuer+"/.well-known/jwks.json", nil)
	if err != nil {
		return nil, err
	}
	answer, err := s.client.Do(request)
	if err != nil {
		return nil, err
	}
	defer answer.Body.Close()
	if answer.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("status %d", answer.StatusCode)
	}
	body, err := io.ReadAll(io.LimitReader(answer.Body, maxSize+1))
	if err != nil {
		return nil, err
	}
	set, err := seal.ParsePublicJWKSet(body)
	if err != nil {
		return nil, err
	}
	keys := map[string]*seal.PublicKey{}
	for _, key := range set {
		if key.Use() == seal.Signing && key.Alg() == "ES256" {
			keys[key.KID()] = key
		}
	}
	return keys, nil
}
