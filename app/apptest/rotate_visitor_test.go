package apptest_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"time"

	"postern/app/apptest"
	"postern/app/seal"
)

// visitor opens visits at nodes in turn, and keeps some of what it gets until
// it is nearly too old. One goroutine uses it; requests and faults may be read
// when that has ended.
type visitor struct {
	nodes    []*apptest.World
	random   *rand.Rand
	round    chan struct{} // takes one whenever a round is over
	requests int
	faults   []string

	published []*seal.PublicKey // the JWKS as the page keeps it
	fetched   time.Time
	unspent   []waiting // ATs that wait for their last moment
	spent     []waiting // answers to be asked for again
	long      *sleeper
}

// waiting is a page with what it has sent or is going to send.
type waiting struct {
	page *apptest.Page
	body []byte
	made time.Time // the AT's iat
}

// sleeper is a visit that lives as long as any may.
type sleeper struct {
	page            *apptest.Page
	opened, renewed time.Time
}

func (v *visitor) run(ctx context.Context) {
	for {
		v.visit()
		v.lastMoments()
		v.again()
		v.longVisit()
		select {
		case v.round <- struct{}{}:
		case <-ctx.Done():
			return
		}
	}
}

func (v *visitor) now() time.Time { return v.nodes[0].Clock.Now() }

func (v *visitor) node() *apptest.World { return v.nodes[v.random.IntN(len(v.nodes))] }

// good counts an answer that must be 200.
func (v *visitor) good(what string, status int, body []byte) bool {
	v.requests++
	if status != http.StatusOK {
		v.faults = append(v.faults, fmt.Sprintf("%s: %d %s", what, status, body))
	}
	return status == http.StatusOK
}

// obtain runs B, and checks the AT as a page does.
func (v *visitor) obtain() *apptest.Page {
	w := v.node()
	form := w.TokenForm(apptest.Travel)
	form["scope"] = []string{"account.balance:read loan:apply"} // nothing that shortens a visit
	rec := w.PostForm("/oauth/token", url.Values(form))
	if !v.good("B", rec.Code, rec.Body.Bytes()) {
		return nil
	}
	p := w.NewPage(w.OpenTokenResponse(apptest.Travel, rec))
	v.verify(p)
	return p
}

// verify looks for the AT's key in a copy of the JWKS that is fetched when it is
// 300 s old and not before: nothing past the cache.
func (v *visitor) verify(p *apptest.Page) {
	if v.published == nil || v.now().Sub(v.fetched) >= 300*time.Second {
		rec := v.node().Do(httptest.NewRequest(http.MethodGet, "/.well-known/jwks.json", nil))
		keys, err := seal.ParsePublicJWKSet(rec.Body.Bytes())
		if !v.good("JWKS", rec.Code, rec.Body.Bytes()) || err != nil {
			return
		}
		v.published, v.fetched = keys, v.now()
	}
	kid, _ := p.W.Header(p.AT)["kid"].(string)
	if !slices.ContainsFunc(v.published, func(k *seal.PublicKey) bool { return k.KID() == kid }) {
		v.faults = append(v.faults, fmt.Sprintf("an AT is signed by a key that was not listed %s ago", v.now().Sub(v.fetched)))
	}
}

func (v *visitor) visit() {
	p := v.obtain()
	if p == nil {
		return
	}
	body := p.Exchange(nil)
	v.unspent = append(v.unspent, waiting{p, body, time.Unix(p.W.Claims(p.AT).IssuedAt, 0)})
	if p = v.obtain(); p == nil || !v.open(p, p.Exchange(nil)) {
		return
	}
	v.call(p)
	if v.renew(p) {
		v.call(p)
	}
	if v.long == nil {
		v.long = &sleeper{page: p, opened: v.now(), renewed: v.now()}
	}
}

func (v *visitor) open(p *apptest.Page, body []byte) bool {
	p.W = v.node()
	a := p.TryExchange(body)
	if !v.good("D", a.HTTP, a.Plain) {
		return false
	}
	v.take(p, a)
	return true
}

func (v *visitor) take(p *apptest.Page, a apptest.Answer) {
	var got apptest.Visit
	a.Into(p, &got)
	p.Take(got)
}

func (v *visitor) call(p *apptest.Page) {
	p.W = v.node()
	a := p.Get("/accounts/1/balance")
	v.good("G", a.HTTP, a.Plain)
	a = p.Call(p.Plain(http.MethodPost, "/loans/applications"))
	v.good("a write", a.HTTP, a.Plain)
}

func (v *visitor) renew(p *apptest.Page) bool {
	p.W = v.node()
	a := p.Send("/gateway/v1/visit-tokens/renew", "renew+jwe", map[string]any{"jti": apptest.NewID(), "iat": v.now().Unix()})
	if !v.good("renewal", a.HTTP, a.Plain) {
		return false
	}
	v.take(p, a)
	return true
}

// lastMoments spends the ATs that are about to expire.
func (v *visitor) lastMoments() {
	for len(v.unspent) > 0 && v.now().Sub(v.unspent[0].made) >= 600*time.Second-lastMoment {
		next := v.unspent[0]
		v.unspent = v.unspent[1:]
		if v.open(next.page, next.body) {
			v.spent = append(v.spent, next)
		}
	}
}

// again asks for answers once more, as long as that may be done.
func (v *visitor) again() {
	for len(v.spent) > 0 && v.now().Sub(v.spent[0].made) >= 660*time.Second-lastMoment {
		next := v.spent[0]
		v.spent = v.spent[1:]
		v.open(next.page, next.body)
	}
}

// longVisit keeps a visit to the end of its life, and renews its VT only when
// that may hardly be renewed any more.
func (v *visitor) longVisit() {
	if v.long == nil {
		return
	}
	now := v.now()
	if now.Sub(v.long.opened) >= 9000*time.Second-lastMoment {
		v.long = nil
		return
	}
	left := 9000*time.Second - now.Sub(v.long.opened)
	switch age := now.Sub(v.long.renewed); {
	case age < 900*time.Second-lastMoment:
		v.call(v.long.page)
	case age >= 1800*time.Second-lastMoment || left < 2*lastMoment:
		if v.renew(v.long.page) {
			v.long.renewed = now
		} else {
			v.long = nil
		}
	}
}
