package web

import (
	"net/http"

	"postern/app/errs"
)

// ErrForm refuses what is not a form, ErrLongForm one that is over the bound.
var (
	ErrForm     = errs.New(errs.Invalid, "form", "This is not a form that the page sends.")
	ErrLongForm = errs.New(errs.TooLarge, "long_form", "The form is too long.")
)

// statuses is what each kind of error is in HTTP.
var statuses = map[errs.Kind]int{
	errs.Invalid: http.StatusUnprocessableEntity, errs.Unauthenticated: http.StatusUnauthorized, errs.Forbidden: http.StatusForbidden,
	errs.NotFound: http.StatusNotFound, errs.Conflict: http.StatusConflict, errs.TooLarge: http.StatusRequestEntityTooLarge,
	errs.RateLimited: http.StatusTooManyRequests, errs.Unavailable: http.StatusServiceUnavailable,
	errs.BadGateway: http.StatusBadGateway, errs.Timeout: http.StatusGatewayTimeout,
}

// Status is the status of an error's page; 500 for what nobody classified.
func Status(err error) int {
	if status, ok := statuses[errs.KindOf(err)]; ok {
		return status
	}
	return http.StatusInternalServerError
}
