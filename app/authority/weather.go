package authority

import (
	"time"

	"postern/app/directory"
	"postern/app/errs"
	"postern/models"
)

// WeatherRetry is what bad weather says of when to come back.
const WeatherRetry = 5 * time.Second

// WeatherSlow is how long a slow upstream takes.
const WeatherSlow = 8 * time.Second

// exchangeWeather refuses step D by what the application's partner has put over it, as
// the real faults are refused and in their order, and no more often than the application
// may come.
func (a *Authority) exchangeWeather(app *directory.Application) error {
	for _, fault := range []struct {
		weather models.Weather
		err     *errs.Error
		reason  string
	}{
		{models.RetiredAK, ErrBadEnvelope, "kid"},
		{models.ExpiredAT, errInvalidAT, "at_expired"},
		{models.WrongOrigin, errOriginDenied, "origin"},
		{models.SpentAT, errATSpent, reasonOtherR},
	} {
		if app.Weather(fault.weather, a.Now()) {
			if err := a.take("vt", app, app.VTRate, a.Rates.VT); err != nil {
				return err
			}
			return fault.err.Because(fault.weather.Because(fault.reason))
		}
	}
	return nil
}

// limitWeather refuses steps B and G as an application's limit does.
func (a *Authority) limitWeather(sort string, app *directory.Application) error {
	if sort == "vt" || !app.Weather(models.RateLimit, a.Now()) {
		return nil
	}
	return errRateLimited.Because(models.RateLimit.Because("rate_" + sort)).With(errs.Help{RetryAfter: WeatherRetry})
}

// Weather is what the bank's system is to be like for this call: how long it takes before
// it answers, and the failure that comes in place of an answer; nil where one does. Both
// are zero where nobody wants bad weather. The time from here on is the upstream's.
func (c *Call) Weather() (slow time.Duration, failure error) {
	now := c.a.Now()
	if c.app.Weather(models.UpstreamDown, now) {
		c.ask()
		return 0, FromUpstream(errs.BadGateway, models.UpstreamDown.Because("unavailable"), nil)
	}
	if !c.app.Weather(models.SlowUpstream, now) {
		return 0, nil
	}
	c.ask()
	if limit := time.Duration(c.out.Upstream.Timeout) * time.Millisecond; limit > 0 && limit <= WeatherSlow {
		return limit, FromUpstream(errs.Timeout, models.SlowUpstream.Because("timeout"), nil)
	}
	return WeatherSlow, nil
}
