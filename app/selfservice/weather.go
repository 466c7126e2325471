package selfservice

import (
	"cmp"
	"context"
	"slices"
	"strconv"
	"time"

	"postern/app/change"
	"postern/app/errs"
	"postern/app/ledger"
	"postern/app/partners"
	"postern/app/store"
	"postern/models"
)

// WeatherLasts is for how long bad weather stays that nobody ends.
const WeatherLasts = 30 * time.Minute

// ErrNoWeather is bad weather over what is no application of one's own sandbox, or of a
// kind that there is not.
var ErrNoWeather = errs.New(errs.NotFound, "no_application", "There is no such application.")

// RaiseWeather puts bad weather over an application in the partner's sandbox for
// WeatherLasts, from now on where it is there already. ErrNoWeather, ErrRun.
func (s *SelfService) RaiseWeather(ctx context.Context, u User, application string, w models.Weather) error {
	return s.weather(ctx, u, models.WeatherSpell{ApplicationID: application, Kind: w, Until: s.o.Now().Add(WeatherLasts).UnixMilli()})
}

// EndWeather takes it away. ErrNoWeather, ErrRun.
func (s *SelfService) EndWeather(ctx context.Context, u User, application string, w models.Weather) error {
	return s.weather(ctx, u, models.WeatherSpell{ApplicationID: application, Kind: w})
}

// ErrRun is weather over an application while a conformance run makes it.
var ErrRun = errs.New(errs.Conflict, "run_on", "A conformance run is on over the application, and makes its weather.")

func (s *SelfService) weather(ctx context.Context, u User, spell models.WeatherSpell) error {
	return s.write(ctx, u.Account, func(w change.Writer, b store.Business) error {
		a, err := InSandbox(b, u.Partner, spell.ApplicationID)
		if err == nil && !slices.Contains(models.Weathers, spell.Kind) {
			err = ErrNoWeather
		}
		if err != nil {
			return err
		}
		if _, on, err := w.ConformanceRunOn(a.ID); err != nil || on {
			return cmp.Or(err, error(ErrRun))
		}
		return SetWeather(w, u.Partner, spell)
	})
}

// InSandbox reads an application of a partner's sandbox that is not closed; ErrNoWeather for
// any other.
func InSandbox(b store.Business, partner, application string) (partners.Application, error) {
	a, found, err := partners.ReadApplication(b, application)
	if err == nil && (!found || a.Partner != partner || a.Environment != models.Sandbox || a.Status == models.Closed) {
		err = ErrNoWeather
	}
	return a, err
}

// SetWeather puts bad weather over an application of a partner's sandbox until a time, or
// ends it with an Until of 0, and puts that on record.
func SetWeather(w change.Writer, partner string, spell models.WeatherSpell) error {
	if err := w.SetWeather(spell, w.At()); err != nil {
		return err
	}
	e, detail := ledger.Event{Kind: "weather.ended", PartnerID: partner, ApplicationID: spell.ApplicationID}, map[string]string{"weather": string(spell.Kind)}
	if spell.Until != 0 {
		e.Kind, detail["until"] = "weather.raised", strconv.FormatInt(spell.Until, 10)
	}
	return w.Event(e, detail)
}
