package gateway

import (
	"encoding/json"
	"net/http"
	"strconv"

	"github.com/gin-gonic/gin"

	"postern/app/authority"
	"postern/app/errs"
	"postern/app/web"
)

// clear writes a refusal as application/problem+json (RFC 9457).
func (g *Gateway) clear(c *gin.Context, e *errs.Error) {
	setHints(c, e)
	c.Header("Cache-Control", "no-store")
	body, err := json.Marshal(authority.NewProblem(e, web.RequestID(c), "", g.Now()))
	if err != nil {
		c.Status(http.StatusInternalServerError)
		return
	}
	c.Data(authority.Status(e.Code), "application/problem+json", body)
}

// setHints sets the two headers that go with a refusal.
func setHints(c *gin.Context, e *errs.Error) {
	if e.Help.RetryAfter > 0 {
		c.Header("Retry-After", strconv.FormatInt(authority.RetrySeconds(e.Help.RetryAfter), 10))
	}
	if e.Code == "invalid_vt" {
		c.Header("WWW-Authenticate", "Visit")
	}
}

// preflightAge is how long a browser may keep a preflight's answer, seconds.
const preflightAge = "7200"

// Preflight answers OPTIONS. An origin that nobody lists gets 204 without the
// headers, and is counted where staff can see it (protocol section 8).
func (g *Gateway) Preflight(c *gin.Context) {
	if g.allowOrigin(c) {
		c.Header("Access-Control-Allow-Methods", http.MethodPost)
		c.Header("Access-Control-Allow-Headers", "authorization, content-type")
		c.Header("Access-Control-Max-Age", preflightAge)
	} else if g.Options.Preflight != nil {
		g.Options.Preflight(c.GetHeader("Origin"))
	}
	c.Status(http.StatusNoContent)
}

// allowOrigin sets the CORS headers of any answer to a listed origin. The
// service's own list is checked after opening.
func (g *Gateway) allowOrigin(c *gin.Context) bool {
	c.Header("Vary", "Origin")
	origin := originOf(c)
	if origin == "" || !g.Origins.OriginListed(origin) {
		return false
	}
	c.Header("Access-Control-Allow-Origin", origin)
	c.Header("Access-Control-Expose-Headers", "Retry-After")
	return true
}
