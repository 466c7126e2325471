package bench

import (
	"context"
	"encoding/json"
	"fmt"
	"io"

	"postern/app/seal"
)

// pageHeader is what a page's requests carry.
func (p *party) pageHeader() map[string]string {
	h := map[string]string{"Content-Type": "application/jose"}
	if p.origin != "" {
		h["Origin"] = p.origin
	}
	return h
}

// exchange is a sealed request of step D, and what opens its answer.
type exchange struct {
	request []byte
	r       []byte
}

// exchanges seals one request of step D for each AT, each under an R and an
// ephemeral key of its own, as pages do.
func (p *party) exchanges(ats []string) ([]exchange, error) {
	return parallel(len(ats), func(i int) (exchange, error) {
		to, err := applicationKey(ats[i])
		if err != nil {
			return exchange{}, err
		}
		jti, err := p.id()
		if err != nil {
			return exchange{}, err
		}
		x := exchange{r: make([]byte, seal.A256.KeySize())}
		if _, err := io.ReadFull(p.rand, x.r); err != nil {
			return exchange{}, fmt.Errorf("draw R: %w", err)
		}
		plain, err := json.Marshal(map[string]any{"at": ats[i], "jti": jti, "iat": p.now().Unix()})
		if err != nil {
			return exchange{}, fmt.Errorf("write exchange: %w", err)
		}
		body, err := to.Seal(seal.SealHeader{Typ: "vt-req+jwe", Suite: seal.A256}, x.r, plain, p.rand)
		if err != nil {
			return exchange{}, fmt.Errorf("seal exchange: %w", err)
		}
		x.request = p.gateway.request("POST", "/gateway/v1/visit-tokens", p.pageHeader(), body)
		return x, nil
	})
}

// visit is an open visit.
type visit struct {
	vt string
	up *seal.Direct
}

// visits opens n visits, untimed.
func (p *party) visits(ctx context.Context, l *load, n int) ([]visit, error) {
	ats, err := p.obtain(ctx, l, n)
	if err != nil {
		return nil, err
	}
	sealed, err := p.exchanges(ats)
	if err != nil {
		return nil, err
	}
	v := l.collect(ctx, &magazine{requests: requestsOf(sealed)})
	if v.failed > 0 {
		return nil, fmt.Errorf("open visits: %s", v.failure)
	}
	if err := context.Cause(ctx); err != nil {
		return nil, err
	}
	return parallel(n, func(i int) (visit, error) { return openVisit(v.answers[i], sealed[i].r) })
}

func requestsOf(list []exchange) [][]byte {
	requests := make([][]byte, len(list))
	for i, x := range list {
		requests[i] = x.request
	}
	return requests
}

func openVisit(answer, r []byte) (visit, error) {
	envelope, err := seal.ParseEnvelope(answer, maxAnswer)
	if err != nil {
		return visit{}, fmt.Errorf("read visit token: %w", err)
	}
	plain, err := envelope.OpenDirect(seal.A256, "vt-resp+jwe", r)
	if err != nil {
		return visit{}, fmt.Errorf("open visit token: %w", err)
	}
	var ticket struct {
		VT  string `json:"vt"`
		SID string `json:"sid"`
	}
	if err := json.Unmarshal(plain, &ticket); err != nil {
		return visit{}, fmt.Errorf("read visit token: %w", err)
	}
	up, _, err := seal.DeriveKeys(seal.A256, r, ticket.SID)
	if err != nil {
		return visit{}, fmt.Errorf("derive keys: %w", err)
	}
	direct, err := seal.NewDirect(seal.A256, up)
	return visit{vt: ticket.VT, up: direct}, err
}

// callRequests seals n calls of step G, spread over the visits.
func (p *party) callRequests(visits []visit, n int) ([][]byte, error) {
	return parallel(n, func(i int) ([]byte, error) {
		v := visits[i%len(visits)]
		jti, err := p.id()
		if err != nil {
			return nil, err
		}
		plain, err := json.Marshal(map[string]any{
			"jti": jti, "iat": p.now().Unix(), "method": "GET", "path": p.path,
			"headers": map[string]string{"accept": "application/json"},
		})
		if err != nil {
			return nil, fmt.Errorf("write call: %w", err)
		}
		body, err := v.up.Seal("call+jwe", plain, p.rand)
		if err != nil {
			return nil, fmt.Errorf("seal call: %w", err)
		}
		header := p.pageHeader()
		header["Authorization"] = "Visit " + v.vt
		return p.gateway.request("POST", "/gateway/v1/calls", header, body), nil
	})
}
