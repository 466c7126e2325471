package console

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"postern/app/alerts"
	"postern/app/entrance"
	"postern/app/keyring"
	"postern/app/ledger"
	"postern/app/records"
	"postern/app/recordview"
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

func aboutEvent(ctx context.Context, e models.Event, names records.Names) string {
	switch {
	case e.ApplicationID != "":
		return names.Application(e.ApplicationID)
	case e.PartnerID != "":
		return names.Partner(e.PartnerID)
	case e.ServiceID != "":
		return names.Service(e.ServiceID)
	case strings.HasPrefix(e.Kind, "announcement."):
		return i18n.T(ctx, i18n.AnnouncementAll)
	}
	return e.VID
}

// drawnID is how an id reads that nobody gave: a UUID, or a factor's.
var drawnID = regexp.MustCompile(drawn.String() + `|^fac_`)

// unread are details that help nobody to read a list: ids that lead nowhere, and what
// is said elsewhere in the line.
var unread = map[string]bool{"actor": true, "session": true, "alert": true, "subject_kind": true, "note": true, "node": true}

// details are an event's own, by name; hashes and ids that were drawn help nobody.
func (s *Console) details(ctx context.Context, e models.Event, about map[string]string, names records.Names) []ui.KeyValue {
	var list []ui.KeyValue
	for _, name := range slices.Sorted(maps.Keys(about)) {
		text := about[name]
		if text == "" || unread[name] || strings.HasSuffix(name, "sha256") || (name == "id" || name == "factor") && drawnID.MatchString(text) {
			continue
		}
		value := ui.Text(s.detail(ctx, e.Kind, name, text, names))
		if id, err := strconv.ParseInt(text, 10, 64); name == "request" && err == nil && !strings.HasPrefix(e.Kind, "partner_request.") {
			value = ui.Link(ui.LinkView{Text: i18n.T(ctx, i18n.ConsoleRequestNo, id), Href: requestPath(id)})
		}
		list = append(list, ui.KeyValue{Key: detailName(ctx, e.Kind, name), Value: value})
	}
	if e.VID != "" {
		list = append(list, ui.KeyValue{
			Key: detailName(ctx, e.Kind, "visit"), Value: ui.Link(ui.LinkView{Text: recordview.ShortID(e.VID), Href: s.view.XRayAddress(records.Found{VID: e.VID})}),
		})
	}
	return list
}

// detailsOf are an event's own, by name, with the reason that somebody gave.
func detailsOf(e models.Event) map[string]string {
	detail := e.Detail()
	if e.Reason == "" {
		return detail
	}
	if detail == nil {
		detail = map[string]string{}
	}
	detail["reason"] = e.Reason
	return detail
}

// detailName is the name of a detail, of an event's kind where that has its own; one
// without words is said as it is.
func detailName(ctx context.Context, kind, name string) string {
	for _, id := range []string{"detail." + kind + "." + name, "detail." + name} {
		if key, ok := i18n.ByID(id); ok {
			return i18n.T(ctx, key)
		}
	}
	return strings.ReplaceAll(name, "_", " ")
}

// vocabularies say the details whose values are the house's own words, by the
// detail's name. "" is a value that has none.
var vocabularies = map[string]func(context.Context, string) string{
	"doings": func(ctx context.Context, v string) string { return i18n.T(ctx, doingsWords[records.Doings(v)]) },
	"event": func(ctx context.Context, v string) string {
		return i18n.T(ctx, recordview.GroupWords[records.Group(v)])
	},
	"environment": func(ctx context.Context, v string) string {
		return i18n.T(ctx, environmentWords[models.Environment(v)])
	},
	"stops": func(ctx context.Context, v string) string { return stopWord(ctx, models.FreezeScope(v)) },
	"use": func(ctx context.Context, v string) string {
		return keyKindWords(ctx, keyring.Kind{Use: models.KeyUse(v)})
	},
	"format": func(_ context.Context, v string) string { return i18n.Formats[v] },
	"rule":   func(ctx context.Context, v string) string { return alerts.RuleOf(v).Title(i18n.From(ctx)) },
	"how":    func(ctx context.Context, v string) string { return i18n.T(ctx, i18n.ConformanceEnds[v]) },
	"seen":   seenWords,
	"role": func(ctx context.Context, v string) string {
		return cmp.Or(entrance.StaffRole(ctx, models.StaffRole(v)), entrance.PortalRole(ctx, models.PortalRole(v)))
	},
	"rows": i18n.Figure, "rows_at_most": i18n.Figure, "visits": i18n.Figure, "size": i18n.Figure,
	"because": func(ctx context.Context, v string) string { return i18n.From(ctx).Reason(v) },
	"reason":  func(ctx context.Context, v string) string { return i18n.From(ctx).Reason(v) },
}

// seenWords say what was admitted of a change's effects; see admission.figures.
func seenWords(ctx context.Context, figures string) string {
	var failing, leaving, days int
	if _, err := fmt.Sscanf(figures, figuresFormat, &failing, &leaving, &days); err != nil {
		return i18n.T(ctx, i18n.ActivitySeenUnknown)
	}
	return i18n.T(ctx, i18n.ActivitySeen, days, failing, leaving)
}

// detail is the value of a detail as one reads it.
func (s *Console) detail(ctx context.Context, kind, name, value string, names records.Names) string {
	switch name {
	case "changes":
		return s.recorded(ctx, value)
	case "application":
		return names.Application(value)
	case "partner", "not_partner":
		return names.Partner(value)
	case "service":
		return names.Service(value)
	case "from", "until":
		if ms, err := strconv.ParseInt(value, 10, 64); err == nil {
			return i18n.Stamp(ctx, s.InZone(ms))
		}
	}
	if said := vocabularies[name]; said != nil {
		return cmp.Or(said(ctx, value), value)
	}
	if key, ok := i18n.ByID("detail.is." + value); ok {
		return i18n.T(ctx, key)
	}
	if t, err := time.Parse(time.RFC3339, value); err == nil {
		return i18n.Stamp(ctx, t.In(s.o.Zone))
	}
	return value
}
