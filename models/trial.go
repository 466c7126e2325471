package models

import "strings"

// Weather is a fault that the gateway plays to an application in the sandbox, so that its
// partner sees what its own servers and pages make of it.
type Weather string

// The kinds. Each is answered as the real fault is.
const (
	ExpiredAT    Weather = "expired_at"    // step D: the AT has ended
	ClockAhead   Weather = "clock_ahead"   // step B: an assertion of a clock 70 s ahead
	RetiredAK    Weather = "retired_ak"    // step D: the AK is gone
	SpentAT      Weather = "spent_at"      // step D: the AT was used before
	RateLimit    Weather = "rate_limit"    // steps B and G: too many requests
	SlowUpstream Weather = "slow_upstream" // step G: the bank's system takes its time
	UpstreamDown Weather = "upstream_down" // step G: the bank's system does not answer
	WrongOrigin  Weather = "wrong_origin"  // step D: the page is not one of the service's
)

// Weathers lists the kinds, in the order of the steps at which people know them.
var Weathers = []Weather{ExpiredAT, ClockAhead, RetiredAK, SpentAT, RateLimit, SlowUpstream, UpstreamDown, WrongOrigin}

// weatherMark begins the ledger's reason of what bad weather has caused.
const weatherMark = "weather:"

// Because is the ledger's reason of a refusal for which w is to blame: that of the real
// fault, marked.
func (w Weather) Because(reason string) string { return weatherMark + reason }

// ByWeather reports whether a reason of the ledger's is one of bad weather.
func ByWeather(reason string) bool { return strings.HasPrefix(reason, weatherMark) }

// WeatherFault is the reason that the fault itself would have had, of a reason of bad weather.
func WeatherFault(reason string) (fault string, weather bool) {
	return strings.CutPrefix(reason, weatherMark)
}

// weatherCodes are what each kind is answered with.
var weatherCodes = map[string]Weather{
	"invalid_at": ExpiredAT, "invalid_client": ClockAhead, "bad_envelope": RetiredAK, "at_spent": SpentAT, "rate_limited": RateLimit,
	"upstream_timeout": SlowUpstream, "upstream_unavailable": UpstreamDown, "origin_denied": WrongOrigin,
}

// WeatherOf is the kind of bad weather that is answered with a code; "" for none.
func WeatherOf(code string) Weather { return weatherCodes[code] }

// WeatherSpell is one kind of bad weather over an application.
type WeatherSpell struct {
	ApplicationID string  `gorm:"primaryKey"`
	Kind          Weather `gorm:"primaryKey"`
	Until         int64   // Unix ms
}

// TableName is where gorm looks.
func (WeatherSpell) TableName() string { return "weather" }

// Trial is a visit that the portal plays for somebody, step by step.
type Trial struct {
	AccountID     string `gorm:"primaryKey"`
	ApplicationID string `gorm:"primaryKey"`
	ID            string // of its credentials, behind TrialPrefix
	State         string // sealed under the gateway's subject key
	Turn          int64  // how many steps were taken
	EndsAt        int64  // Unix ms
}

// TrialPrefix begins the names of credentials that the portal made to try a visit.
const TrialPrefix = "try-it-"

// OfTrial reports whether a credential of that id is one that the portal made to try a visit.
func OfTrial(credential string) bool { return strings.HasPrefix(credential, TrialPrefix) }
