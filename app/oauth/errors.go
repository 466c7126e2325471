package oauth

import (
	"fmt"
	"log/slog"
	"net/http"
	"strconv"
	"strings"

	"github.com/gin-gonic/gin"

	"postern/app/authority"
	"postern/app/errs"
	"postern/app/web"
	"postern/models"
)

// errorResponse is RFC 6749 section 5.2 with what helps to find the request.
type errorResponse struct {
	Error       string `json:"error"`
	Description string `json:"error_description"`
	URI         string `json:"error_uri"`
	RequestID   string `json:"request_id"`
	ServerTime  int64  `json:"server_time"`
}

// refuse answers with an error. What nobody classified is server_error and says
// nothing more.
func (o *OAuth) refuse(c *gin.Context, step string, err error) {
	e := errs.Of(err)
	code, status := wireError(e)
	if o.Refused != nil {
		o.Refused(step, code)
	}
	switch {
	case authority.ByPlan(e):
		web.Planned(c)
	case status >= http.StatusInternalServerError:
		o.Log.WarnContext(c.Request.Context(), "request could not be served", slog.String("request_id", web.RequestID(c)),
			slog.String("step", step), slog.String("code", code), slog.String("reason", e.Reason), slog.Any("err", err))
	}
	if status == http.StatusUnauthorized {
		if !models.ByWeather(e.Reason) {
			o.Failures.Fail(web.ClientAddress(c), o.Now())
		}
		c.Header("WWW-Authenticate", `Basic realm="postern"`)
	}
	if e.Help.RetryAfter > 0 {
		c.Header("Retry-After", strconv.FormatInt(authority.RetrySeconds(e.Help.RetryAfter), 10))
	}
	noStore(c)
	c.JSON(status, errorResponse{
		Error: code, Description: e.Message, URI: o.Issuer + "/oauth/errors#" + code,
		RequestID: web.RequestID(c), ServerTime: o.Now().Unix(),
	})
}

// wireError is the code and the status of an error.
func wireError(e *errs.Error) (code string, status int) {
	switch e.Kind {
	case errs.Invalid:
		return e.Code, http.StatusBadRequest
	case errs.TooLarge:
		return e.Code, http.StatusRequestEntityTooLarge
	case errs.Unauthenticated:
		return e.Code, http.StatusUnauthorized
	case errs.RateLimited:
		return e.Code, http.StatusTooManyRequests
	case errs.Unavailable:
		return "temporarily_unavailable", http.StatusServiceUnavailable
	default:
		return "server_error", http.StatusInternalServerError
	}
}

// explanations are what a partner's developer reads at error_uri.
var explanations = []struct{ code, text string }{
	{"invalid_request", "A parameter is missing, malformed, given twice or in the wrong place. error_description names it."},
	{"invalid_client", "The application did not prove who it is. One answer for all reasons: unknown client_id, wrong key or secret, an assertion that was used, expired or made for another server, an address outside the list, a suspended partner. The bank finds the reason under request_id."},
	{"unauthorized_client", "The application is known, and may not do this. error_description says why."},
	{"unsupported_grant_type", "Only client_credentials is supported."},
	{"invalid_scope", "A scope was asked for that is not granted for this service, or nothing is granted for it. Nothing was issued."},
	{"invalid_target", "resource is not the identifier of a service that this application may open now."},
	{"unsupported_token_type", "Revoke the AT itself, not the envelope it came in."},
	{"rate_limited", "Too many requests, or the day's quota is used up. Retry-After says when to come back."},
	{"temporarily_unavailable", "Nothing was issued: the gateway cannot now, or the service is closed, and then Retry-After says until when. Try again later, with a new assertion."},
	{"server_error", "A fault of the gateway. Give the bank the request_id."},
}

// Errors is the page behind error_uri: GET /oauth/errors.
func (o *OAuth) Errors(c *gin.Context) {
	var b strings.Builder
	b.WriteString("Errors of the token endpoints (RFC 6749 section 5.2, RFC 8707)\n")
	for _, e := range explanations {
		fmt.Fprintf(&b, "\n%s\n  %s\n", e.code, e.text)
	}
	c.String(http.StatusOK, b.String())
}
