package console

import (
	"cmp"
	"context"
	"encoding/json"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/gin-gonic/gin"

	"postern/app/change"
	"postern/app/entrance"
	"postern/app/ledger"
	"postern/app/records"
	"postern/app/store"
	"postern/app/web"
	"postern/models"
	"postern/policies"
	"postern/views/console"
	"postern/views/i18n"
	"postern/views/ui"
)

const (
	activityPath = "/console/activity"
	activityRows = 50
	activityList = "activity" // of its cursors
)

// Activity lists what staff did: everybody's for who may read it, else one's own.
func (s *Console) Activity(c *gin.Context) error {
	ctx, v := c.Request.Context(), entrance.VisitOf(c)
	all := v.Rights.May(policies.Permission{Resource: "activity", Action: "read"})
	filter := store.ActivityFilter{Actor: c.Query("who")}
	if !all || filter.Actor == "me" {
		filter.Actor = v.Who.Account.ID
	}
	if cursor := c.Query("after"); cursor != "" {
		at, err := s.o.Cursors.Open(activityList, cursor, 2)
		if err != nil {
			return err
		}
		if filter.BeforeAt, err = strconv.ParseInt(at[0], 10, 64); err != nil {
			return web.ErrCursor
		}
		filter.BeforeID = at[1]
	}
	list, err := s.o.Store.Activity(ctx, filter, activityRows+1)
	if err != nil {
		return err
	}
	if filter.Actor != v.Who.Account.ID {
		if err := s.readActivity(ctx, v.Who.Account.ID, filter.Actor); err != nil {
			return err
		}
	}

	page := console.ActivityPage{Frame: s.frame(c, i18n.T(ctx, i18n.ActivityTitle)), All: all, Own: filter.Actor == v.Who.Account.ID}
	if len(list) > activityRows {
		list = list[:activityRows]
		last := list[activityRows-1]
		page.Older = activityPath + "?" + url.Values{
			"who": {c.Query("who")}, "after": {s.o.Cursors.Make(activityList, strconv.FormatInt(last.At, 10), last.ID)},
		}.Encode()
	}
	if page.Rows, err = s.activityRows(c, list); err != nil {
		return err
	}
	return web.Render(c, http.StatusOK, console.Activity(page))
}

// readActivity puts on record that somebody has read what others did.
func (s *Console) readActivity(ctx context.Context, reader, whose string) error {
	return s.o.Store.Write(ctx, func(tx *store.Tx) error {
		w := change.Writer{Tx: tx, Now: s.o.Now(), Rand: s.o.Rand, Actor: reader}
		return w.Event(ledger.Event{Kind: "activity.read"}, map[string]string{"whose": cmp.Or(whose, "everybody")})
	})
}

func (s *Console) activityRows(c *gin.Context, list []models.Event) (rows []console.ActivityRow, err error) {
	ids, about := []string{}, make([]map[string]string, len(list))
	for i, e := range list {
		about[i] = detailsOf(e.Body)
		ids = append(ids, e.Actor, about[i]["maker"], about[i]["checker"])
	}
	names, err := s.requestNames(c.Request.Context(), ids)
	if err != nil {
		return nil, err
	}
	for i, e := range list {
		for _, who := range []string{"maker", "checker"} {
			if about[i][who] == e.Actor {
				delete(about[i], who) // it stands beside
			} else if name := names.accounts[about[i][who]]; name != "" {
				about[i][who] = name
			}
		}
		at := s.At(e.At)
		at.Exactly = true
		rows = append(rows, console.ActivityRow{
			At: at, Date: i18n.Date(c.Request.Context(), s.InZone(e.At)), Who: cmp.Or(names.accounts[e.Actor], e.Actor), What: did(c.Request.Context(), e.Kind),
			About: aboutEvent(e, names.things), Alarm: e.Alarm, Details: s.details(c.Request.Context(), about[i]),
		})
	}
	return rows, nil
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

// details are an event's own, by name; hashes and the account's id help nobody
// to read a list.
func (s *Console) details(ctx context.Context, about map[string]string) []ui.KeyValue {
	var list []ui.KeyValue
	for _, name := range slices.Sorted(maps.Keys(about)) {
		if strings.HasSuffix(name, "sha256") || name == "account" || name == "actor" || about[name] == "" {
			continue
		}
		list = append(list, ui.KeyValue{Key: detailName(ctx, name), Value: ui.Text(s.detail(ctx, name, about[name]))})
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
