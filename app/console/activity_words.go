package console

import (
	"context"
	"encoding/json"
	"maps"
	"slices"
	"strconv"
	"strings"

	"postern/app/entrance"
	"postern/app/ledger"
	"postern/app/records"
	"postern/models"
	"postern/views/i18n"
	"postern/views/ui"
)

// originWords say in which role somebody acted and from where: "officer · 10.1.2.3".
func originWords(ctx context.Context, o ledger.Origin) string {
	var parts []string
	for _, role := range strings.Fields(o.Role) {
		if word := entrance.StaffRole(ctx, models.StaffRole(role)) + entrance.PortalRole(ctx, models.PortalRole(role)); word != "" {
			parts = append(parts, word)
		}
	}
	switch o.Address {
	case "":
	case ledger.CommandLine:
		parts = append(parts, i18n.T(ctx, i18n.ConsoleCommandLine))
	default:
		parts = append(parts, o.Address)
	}
	return strings.Join(parts, " · ")
}

// did is a kind of event as something that somebody did; a kind without words is
// said as it is.
func did(ctx context.Context, kind string) string {
	if key, ok := i18n.ByID("did." + kind); ok {
		return i18n.T(ctx, key)
	}
	return kind
}

func aboutEvent(e models.Event, names records.Names) string {
	switch {
	case e.ApplicationID != "":
		return names.Application(e.ApplicationID)
	case e.PartnerID != "":
		return names.Partner(e.PartnerID)
	case e.ServiceID != "":
		return names.Service(e.ServiceID)
	}
	return e.VID
}

// details are an event's own, by name; hashes and ids of accounts help nobody to
// read a list.
func (s *Console) details(ctx context.Context, kind string, about map[string]string) []ui.KeyValue {
	var list []ui.KeyValue
	for _, name := range slices.Sorted(maps.Keys(about)) {
		if strings.HasSuffix(name, "sha256") || name == "actor" || about[name] == "" {
			continue
		}
		value := ui.Text(s.detail(ctx, name, about[name]))
		if id, err := strconv.ParseInt(about[name], 10, 64); name == "request" && err == nil && !strings.HasPrefix(kind, "partner_request.") {
			value = ui.Link(ui.LinkView{Text: i18n.T(ctx, i18n.ConsoleRequestNo, id), Href: requestPath(id)})
		}
		list = append(list, ui.KeyValue{Key: detailName(ctx, name), Value: value})
	}
	return list
}

// detailsOf are an event's own, by name, with the reason that somebody gave.
func detailsOf(body string) map[string]string {
	event := struct {
		Reason string            `json:"reason"`
		Detail map[string]string `json:"detail"`
	}{Detail: map[string]string{}}
	if json.Unmarshal([]byte(body), &event) != nil {
		return nil
	}
	if event.Reason != "" {
		event.Detail["reason"] = event.Reason
	}
	return event.Detail
}

// detailName is the name of a detail; one without words is said as it is.
func detailName(ctx context.Context, name string) string {
	if key, ok := i18n.ByID("detail." + name); ok {
		return i18n.T(ctx, key)
	}
	return strings.ReplaceAll(name, "_", " ")
}

// detail is the value of a detail as one reads it.
func (s *Console) detail(ctx context.Context, name, value string) string {
	if name == "changes" {
		return s.recorded(ctx, value)
	}
	if key, ok := i18n.ByID("detail.is." + value); ok {
		return i18n.T(ctx, key)
	}
	if ms, err := strconv.ParseInt(value, 10, 64); err == nil && (name == "from" || name == "until") {
		return i18n.Stamp(ctx, s.InZone(ms))
	}
	return value
}
