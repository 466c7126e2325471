package oauth

import (
	"net/http"
	"strconv"

	"github.com/gin-gonic/gin"

	"postern/app/authority"
	"postern/app/errs"
	"postern/app/web"
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
	if status == http.StatusUnauthorized {
		o.Failures.Fail(web.ClientAddress(c), o.Now())
		c.Header("WWW-Authenticate", `Basic realm="postern"`)
	}
	if e.Help.RetryAfter > 0 {
		c.Header("Retry-After", strconv.FormatInt(authority.RetrySeconds(e.Help.RetryAfter), 10))
	}
	noStore(c)
	c.JSON(status, errorResponse{
		Error: code, Description: e.Message, URI: o.Issuer + "/.well-known/errors#" + code,
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
