package app

import (
	"net/http"
	"net/netip"

	"github.com/gin-gonic/gin"

	"postern/app/web"
	"postern/static/sdk"
)

// access says who may ask for a route.
type access string

// The doors' own ways to know their callers. Staff and partner permissions
// will be policies' actions.
const (
	public       access = "public"       // anybody
	clientOnly   access = "client"       // an application, by its one method
	upstreamOnly access = "upstream"     // an upstream registered for introspection
	sealedAT     access = "sealed AT"    // whoever holds an AT
	sealedVT     access = "sealed VT"    // whoever holds a VT and its R
	internal     access = "on this host" // whoever reaches the internal listener
)

// route is one row of the table.
type route struct {
	method, pattern string
	access          access
	handler         gin.HandlerFunc
}

// gatewayRoutes is everything that the internet can reach.
func (a *App) gatewayRoutes() []route {
	return []route{
		{http.MethodPost, "/oauth/token", clientOnly, a.oauth.Token},
		{http.MethodPost, "/oauth/revoke", clientOnly, a.oauth.Revoke},
		{http.MethodPost, "/oauth/consents", clientOnly, a.oauth.Consents},
		{http.MethodPost, "/oauth/consents/withdraw", clientOnly, a.oauth.WithdrawConsent},
		{http.MethodPost, "/oauth/introspect", upstreamOnly, a.oauth.Introspect},
		{http.MethodGet, "/oauth/errors", public, a.oauth.Errors},

		{http.MethodPost, "/gateway/v1/visit-tokens", sealedAT, a.gateway.VisitOpen},
		{http.MethodPost, "/gateway/v1/visit-tokens/renew", sealedVT, a.gateway.VisitRenew},
		{http.MethodPost, "/gateway/v1/visit-tokens/close", sealedVT, a.gateway.VisitClose},
		{http.MethodPost, "/gateway/v1/consents", sealedVT, a.gateway.Consents},
		{http.MethodPost, "/gateway/v1/calls", sealedVT, a.gateway.Call},
		{http.MethodOptions, "/gateway/v1/visit-tokens", public, a.gateway.Preflight},
		{http.MethodOptions, "/gateway/v1/visit-tokens/renew", public, a.gateway.Preflight},
		{http.MethodOptions, "/gateway/v1/visit-tokens/close", public, a.gateway.Preflight},
		{http.MethodOptions, "/gateway/v1/consents", public, a.gateway.Preflight},
		{http.MethodOptions, "/gateway/v1/calls", public, a.gateway.Preflight},

		{http.MethodGet, "/.well-known/oauth-authorization-server", public, a.oauth.Metadata},
		{http.MethodGet, "/.well-known/jwks.json", public, a.oauth.JWKS},
		{http.MethodGet, "/.well-known/jwks-gm.json", public, a.oauth.JWKSGM},
		{http.MethodGet, "/sdk/1/:file", public, serveSDK},
		{http.MethodGet, "/healthz", public, health},
	}
}

// internalRoutes is what only this host, or the bank's own network, can reach.
func (a *App) internalRoutes() []route {
	return []route{
		{http.MethodGet, "/healthz", internal, health},
		{http.MethodGet, "/readyz", internal, a.readiness},
		{http.MethodGet, "/metrics", internal, a.metrics.serve},
	}
}

// Gateway is the handler of the listener that faces the internet.
func (a *App) Gateway() (http.Handler, error) {
	return a.engine(a.gatewayRoutes(), a.config.TrustedProxies)
}

// Internal is the handler of the listener that does not.
func (a *App) Internal() (http.Handler, error) {
	return a.engine(a.internalRoutes(), a.config.InternalProxies)
}

func (a *App) engine(routes []route, proxies []netip.Prefix) (http.Handler, error) {
	e, err := web.New(web.Options{
		Log: a.config.Log, Now: a.config.Now, Rand: a.config.Rand,
		TrustedProxies: proxies, Observe: a.metrics.served,
	})
	if err != nil {
		return nil, err
	}
	for _, r := range routes {
		e.Handle(r.method, r.pattern, r.handler)
	}
	return e, nil
}

func health(c *gin.Context) { c.String(http.StatusOK, "ok\n") }

// sdkTypes are the media types of what the SDK's folder holds.
var sdkTypes = map[string]string{
	"postern.js":     "text/javascript; charset=utf-8",
	"postern.d.ts":   "text/plain; charset=utf-8",
	"postern.js.sri": "text/plain; charset=utf-8",
}

// serveSDK serves the pages' SDK. The bytes behind an address never change once
// released, and any page may check them by their integrity hash.
func serveSDK(c *gin.Context) {
	name := c.Param("file")
	content, ok := sdk.File(name)
	if !ok || sdkTypes[name] == "" {
		c.String(http.StatusNotFound, "not found\n")
		return
	}
	c.Header("Access-Control-Allow-Origin", "*")
	c.Header("Cross-Origin-Resource-Policy", "cross-origin")
	c.Header("Cache-Control", "public, max-age=86400")
	c.Data(http.StatusOK, sdkTypes[name], content)
}
