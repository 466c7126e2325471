package selfservice

import (
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
// WeatherLasts, from now on where it is there already. ErrNoWeather.
func (s *SelfService) RaiseWeather(ctx context.Context, u User, application string, w models.Weather) error {
	return s.weather(ctx, u, models.WeatherSpell{ApplicationID: application, Kind: w, Until: s.o.Now().Add(WeatherLasts).UnixMilli()})
}

// EndWeather takes it away. ErrNoWeather.
func (s *SelfService) EndWeather(ctx context.Context, u User, application string, w models.Weather) error {
	return s.weather(ctx, u, models.WeatherSpell{ApplicationID: application, Kind: w})
}

func (s *SelfService) weather(ctx context.Context, u User, spell models.WeatherSpell) error {
	return s.write(ctx, u.Account, func(w change.Writer, b store.Business) error {
		a, found, err := partners.ReadApplication(b, spell.ApplicationID)
		if err != nil {
			return err
		}
		if !found || a.Partner != u.Partner || a.Environment != models.Sandbox || a.Status == models.Closed || !slices.Contains(models.Weathers, spell.Kind) {
			return ErrNoWeather
		}
		if err := w.SetWeather(spell, w.At()); err != nil {
			return err
		}
		e, detail := ledger.Event{Kind: "weather.ended", PartnerID: a.Partner, ApplicationID: a.ID}, map[string]string{"weather": string(spell.Kind)}
		if spell.Until != 0 {
			e.Kind, detail["until"] = "weather.raised", strconv.FormatInt(spell.Until, 10)
		}
		return w.Event(e, detail)
	})
}
