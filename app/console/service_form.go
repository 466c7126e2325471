package console

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"postern/app/catalog"
	"postern/app/entrance"
	"postern/app/hours"
	"postern/models"
)

// The rows that a service's form has room for beyond those that are filled, and at
// most: as many as a service may have.
const (
	roomRows  = 2
	spanRows  = 50
	stopRows  = 100
	onlyLocal = "2006-01-02T15:04" // of <input type="datetime-local">
)

// environments are the upstreams' places in the form.
var environments = []models.Environment{models.Production, models.Sandbox}

// serviceValues is a service as its form has it. Its routes have forms of their own.
func (s *Console) serviceValues(v catalog.Service) map[string]string {
	values := map[string]string{
		"name": v.Name, "h5_url": v.H5URL, "class": v.Class, "api_id": v.APIID, "status": string(v.Status), "origins": strings.Join(v.Origins, "\n"),
		"vt_lifetime": shownNumber(v.VTLifetime), "renew_window": shownNumber(v.RenewWindow), "max_age": shownNumber(v.MaxAge), "max_body": shownNumber(v.MaxBody),
	}
	tick(values, "allow_no_origin", v.AllowNoOrigin)
	tick(values, "durable_calls", v.DurableCalls)
	for i, span := range v.Hours {
		at := fmt.Sprintf("hours.%d.", i)
		values[at+"from"], values[at+"to"] = span.From, span.To
		for _, day := range span.Days {
			values[at+"days."+day] = "yes"
		}
	}
	for i, stop := range v.Stops {
		at := fmt.Sprintf("stops.%d.", i)
		values[at+"from"], values[at+"to"] = stop.From.In(s.o.Zone).Format(onlyLocal), stop.To.In(s.o.Zone).Format(onlyLocal)
		values[at+"reason_en"], values[at+"reason_zh"] = stop.ReasonEN, stop.ReasonZH
	}
	for _, u := range v.Upstreams {
		at := "upstream." + string(u.Environment) + "."
		values[at+"base_url"], values[at+"timeout"] = u.BaseURL, shownNumber(u.Timeout)
		values[at+"connect_timeout"], values[at+"max_reply"] = shownNumber(u.ConnectTimeout), shownNumber(u.MaxReply)
	}
	return values
}

func tick(values map[string]string, name string, yes bool) {
	if yes {
		values[name] = "yes"
	}
}

// serviceForm is a service with what was typed over it, and where each entry of its
// lists stands in the form.
type serviceForm struct {
	service                 catalog.Service
	hours, stops, upstreams []int
}

// serviceFrom puts what was typed over a service: its routes, and the hash of an
// upstream's secret, stay as they are.
func (s *Console) serviceFrom(v catalog.Service, values map[string]string) serviceForm {
	was := v.Upstreams
	v.Name, v.H5URL, v.Class, v.APIID, v.Status = values["name"], values["h5_url"], values["class"], values["api_id"], models.Status(values["status"])
	v.AllowNoOrigin, v.DurableCalls = values["allow_no_origin"] != "", values["durable_calls"] != ""
	v.VTLifetime, v.RenewWindow = wholeNumber(values["vt_lifetime"]), wholeNumber(values["renew_window"])
	v.MaxAge, v.MaxBody = wholeNumber(values["max_age"]), wholeNumber(values["max_body"])
	v.Origins, v.Hours, v.Stops, v.Upstreams = entrance.Lines(values["origins"]), nil, nil, nil
	f := serviceForm{}
	for i := range spanRows {
		if span, said := spanFrom(values, fmt.Sprintf("hours.%d.", i)); said {
			v.Hours, f.hours = append(v.Hours, span), append(f.hours, i)
		}
	}
	for i := range stopRows {
		if stop, said := s.stopFrom(values, fmt.Sprintf("stops.%d.", i)); said {
			v.Stops, f.stops = append(v.Stops, stop), append(f.stops, i)
		}
	}
	for i, e := range environments {
		at := "upstream." + string(e) + "."
		u := catalog.Upstream{
			Environment: e, BaseURL: strings.TrimSpace(values[at+"base_url"]), Timeout: wholeNumber(values[at+"timeout"]),
			ConnectTimeout: wholeNumber(values[at+"connect_timeout"]), MaxReply: wholeNumber(values[at+"max_reply"]),
		}
		if u == (catalog.Upstream{Environment: e}) {
			continue
		}
		if k := slices.IndexFunc(was, func(x catalog.Upstream) bool { return x.Environment == e }); k >= 0 {
			u.IntrospectionHash = was[k].IntrospectionHash
		}
		v.Upstreams, f.upstreams = append(v.Upstreams, u), append(f.upstreams, i)
	}
	f.service = v
	return f
}

// spanFrom reads a row of the weekly plan; said is false for an empty one.
func spanFrom(values map[string]string, at string) (span catalog.Span, said bool) {
	span.From, span.To = strings.TrimSpace(values[at+"from"]), strings.TrimSpace(values[at+"to"])
	for _, day := range hours.DayNames {
		if values[at+"days."+day] != "" {
			span.Days = append(span.Days, day)
		}
	}
	return span, span.From != "" || span.To != "" || len(span.Days) > 0
}

// stopFrom reads a planned stop, whose times are on the bank's clock. A time that is
// none stays zero, which is a fault of its own.
func (s *Console) stopFrom(values map[string]string, at string) (stop catalog.Stop, said bool) {
	stop.ReasonEN, stop.ReasonZH = strings.TrimSpace(values[at+"reason_en"]), strings.TrimSpace(values[at+"reason_zh"])
	stop.From, stop.To = s.localTime(values[at+"from"]), s.localTime(values[at+"to"])
	return stop, values[at+"from"] != "" || values[at+"to"] != "" || stop.ReasonEN != "" || stop.ReasonZH != ""
}

func (s *Console) localTime(text string) time.Time {
	t, err := time.ParseInLocation(onlyLocal, strings.TrimSpace(text), s.o.Zone)
	if err != nil || t.Year() < 1970 {
		return time.Time{}
	}
	return t.UTC()
}

// toForm leads faults of a service's lists to the fields of the form.
func (f serviceForm) toForm(faults map[string]string) map[string]string {
	moved := make(map[string]string, len(faults))
	for name, text := range faults {
		steps := strings.SplitN(name, ".", 3)
		var i int
		if len(steps) == 3 {
			if _, err := fmt.Sscanf(steps[1], "%d", &i); err == nil && i >= 0 {
				switch {
				case steps[0] == "hours" && i < len(f.hours):
					name = fmt.Sprintf("hours.%d.%s", f.hours[i], steps[2])
				case steps[0] == "stops" && i < len(f.stops):
					name = fmt.Sprintf("stops.%d.%s", f.stops[i], steps[2])
				case steps[0] == "upstreams" && i < len(f.upstreams):
					name = "upstream." + string(environments[f.upstreams[i]]) + "." + steps[2]
				}
			}
		}
		moved[name] = text
	}
	return moved
}

// filledRows counts the rows of a list that a form shows: those that say something,
// and room for more.
func filledRows(values map[string]string, list string, parts []string, most int) int {
	used := 0
	for i := range most {
		for _, part := range parts {
			if values[fmt.Sprintf("%s.%d.%s", list, i, part)] != "" {
				used = i + 1
			}
		}
	}
	return min(used+roomRows, most)
}
