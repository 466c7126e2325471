package bench

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/url"
	"runtime"
	"time"

	"golang.org/x/sync/errgroup"

	"postern/app/seal"
)

// party is an application as its partner knows it, with what its pages need.
type party struct {
	gateway    server
	issuer     string
	clientID   string
	signing    *seal.PrivateKey
	encryption *seal.PrivateKey
	resource   string
	origin     string
	path       string // of step G
	now        func() time.Time
	rand       io.Reader
}

// assertionLife is under the 300 s of protocol section 3; requests of a slice
// are made just before it.
const assertionLife = 240

func (p *party) id() (string, error) {
	var b [16]byte
	if _, err := io.ReadFull(p.rand, b[:]); err != nil {
		return "", fmt.Errorf("draw id: %w", err)
	}
	return base64.RawURLEncoding.EncodeToString(b[:]), nil
}

// tokenRequests makes n requests of step B, each with an assertion of its own.
func (p *party) tokenRequests(n int) ([][]byte, error) {
	return parallel(n, func(int) ([]byte, error) {
		jti, err := p.id()
		if err != nil {
			return nil, err
		}
		now := p.now().Unix()
		claims, err := json.Marshal(map[string]any{
			"iss": p.clientID, "sub": p.clientID, "aud": p.issuer, "jti": jti, "iat": now, "exp": now + assertionLife,
		})
		if err != nil {
			return nil, fmt.Errorf("write assertion: %w", err)
		}
		assertion, err := seal.Sign(p.signing, "JWT", claims, p.rand)
		if err != nil {
			return nil, fmt.Errorf("sign assertion: %w", err)
		}
		form := url.Values{
			"grant_type": {"client_credentials"}, "resource": {p.resource}, "subject": {"u-20160733"},
			"client_assertion_type": {"urn:ietf:params:oauth:client-assertion-type:jwt-bearer"},
			"client_assertion":      {string(assertion)},
		}
		header := map[string]string{"Content-Type": "application/x-www-form-urlencoded"}
		return p.gateway.request("POST", "/oauth/token", header, []byte(form.Encode())), nil
	})
}

// obtain runs step B n times, untimed, and opens what comes back.
func (p *party) obtain(ctx context.Context, l *load, n int) ([]string, error) {
	requests, err := p.tokenRequests(n)
	if err != nil {
		return nil, err
	}
	v := l.collect(ctx, &magazine{requests: requests})
	if v.failed > 0 {
		return nil, fmt.Errorf("obtain access tokens: %s", v.failure)
	}
	if err := context.Cause(ctx); err != nil {
		return nil, err
	}
	return parallel(n, func(i int) (string, error) { return p.openAT(v.answers[i]) })
}

func (p *party) openAT(answer []byte) (string, error) {
	var body struct {
		AccessToken string `json:"access_token"`
	}
	if err := json.Unmarshal(answer, &body); err != nil {
		return "", fmt.Errorf("read token answer: %w", err)
	}
	envelope, err := seal.ParseEnvelope([]byte(body.AccessToken), maxAnswer)
	if err != nil {
		return "", fmt.Errorf("read access token: %w", err)
	}
	at, _, err := envelope.OpenWith(p.encryption, "at+jwe")
	if err != nil {
		return "", fmt.Errorf("open access token: %w", err)
	}
	return string(at), nil
}

// applicationKey reads the AK out of an AT.
func applicationKey(at string) (*seal.Recipient, error) {
	signed, err := seal.ParseSigned([]byte(at), maxAnswer)
	if err != nil {
		return nil, fmt.Errorf("read access token: %w", err)
	}
	var claims struct {
		AK json.RawMessage `json:"ak"`
	}
	if err := json.Unmarshal(signed.Payload(), &claims); err != nil {
		return nil, fmt.Errorf("read access token: %w", err)
	}
	key, err := seal.ParsePublicJWK(claims.AK)
	if err != nil {
		return nil, fmt.Errorf("read application key: %w", err)
	}
	return seal.NewRecipient(key)
}

var errNothingAsked = errors.New("nothing to prepare")

// parallel makes n things on all cores.
func parallel[T any](n int, make1 func(i int) (T, error)) ([]T, error) {
	if n <= 0 {
		return nil, errNothingAsked
	}
	list := make([]T, n)
	var g errgroup.Group
	workers := runtime.GOMAXPROCS(0)
	for w := range workers {
		g.Go(func() (err error) {
			for i := w; i < n && err == nil; i += workers {
				list[i], err = make1(i)
			}
			return err
		})
	}
	return list, g.Wait()
}
