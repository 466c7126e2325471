package oauth

import (
	"net/url"
	"strings"

	"github.com/gin-gonic/gin"

	"postern/app/errs"
	"postern/app/web"
)

// maxForm is the longest form, octets (protocol section 3).
const maxForm = 16 << 10

// form is a form whose names stand in it at most once each.
type form struct{ url.Values }

// readForm reads application/x-www-form-urlencoded from the body alone:
// nothing in the query counts, and a secret there is an error. A parameter
// given twice is an error, unknown ones are ignored (RFC 6749 section 3.2).
func readForm(c *gin.Context) (form, error) {
	if c.Request.URL.RawQuery != "" {
		return form{}, invalid("invalid_request", "Parameters go into the body, never into the address.", "query")
	}
	if c.ContentType() != "application/x-www-form-urlencoded" {
		return form{}, invalid("invalid_request", "Send application/x-www-form-urlencoded.", "content_type")
	}
	body, err := web.Body(c, maxForm)
	if err != nil {
		return form{}, errs.New(errs.TooLarge, "invalid_request", "The request is over 16 KiB or broke off.").Because("body").Wrap(err)
	}
	// Semicolons would make two readers see two forms.
	if strings.ContainsRune(string(body), ';') {
		return form{}, invalid("invalid_request", "The form is malformed.", "form")
	}
	values, err := url.ParseQuery(string(body))
	if err != nil {
		return form{}, invalid("invalid_request", "The form is malformed.", "form")
	}
	for name, list := range values {
		if len(list) > 1 {
			return form{}, invalid("invalid_request", "A parameter is given twice.", "twice")
		}
		if list[0] == "" { // RFC 6749 section 3.2: sent without a value is not sent
			delete(values, name)
		}
	}
	return form{values}, nil
}

func invalid(code, message, reason string) error {
	return errs.New(errs.Invalid, code, message).Because(reason)
}
