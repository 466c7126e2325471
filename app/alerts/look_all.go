package alerts

import (
	"context"
	"fmt"
	"strconv"
	"time"

	"postern/app/store"
	"postern/models"
)

// What is looked at for the whole database, by one node for all.

// alarmReused is the ledger's event for an AT that came under another R.
const alarmReused = "at.reused"

// longEnded is how long a credential that ended with none to follow is told of.
const longEnded = 30 * day

// urgentDays is how many whole days before its end something is critical.
const urgentDays = 3

const day = 24 * time.Hour

func lookRefusals(ctx context.Context, w *Watch, now time.Time) ([]condition, error) {
	c := w.o.Rules().Refusals
	// Those of the hour before began up to two hours ago.
	list, err := w.o.Store.Refusals(ctx, now.Add(-time.Duration(c.Hours)*time.Hour).UnixMilli(), c.Count, c.Percent, maxConditions)
	if err != nil {
		return nil, err
	}
	return w.shares(ctx, list, func(s store.Share) (models.Severity, map[string]string) {
		return models.Warning, map[string]string{
			"refused": number(s.Part), "answered": number(s.Total), "percent": percent(s), "hours": strconv.Itoa(c.Hours),
			"limit": strconv.Itoa(c.Count), "limit_percent": strconv.Itoa(c.Percent),
		}
	})
}

func lookUnredeemed(ctx context.Context, w *Watch, now time.Time) ([]condition, error) {
	c := w.o.Rules().Unredeemed
	list, err := w.o.Store.UnredeemedATs(ctx, now.Add(-c.Window).UnixMilli(), now.UnixMilli(), c.Count, c.Percent, maxConditions)
	if err != nil {
		return nil, err
	}
	return w.shares(ctx, list, func(s store.Share) (models.Severity, map[string]string) {
		return models.Warning, map[string]string{
			"unredeemed": number(s.Part), "ended": number(s.Total), "percent": percent(s), "window": span(c.Window),
			"limit": strconv.Itoa(c.Count), "limit_percent": strconv.Itoa(c.Percent),
		}
	})
}

func lookSpentTwice(ctx context.Context, w *Watch, now time.Time) ([]condition, error) {
	c := w.o.Rules().SpentTwice
	list, err := w.o.Store.Alarms(ctx, alarmReused, now.Add(-c.Window).UnixMilli(), c.Count, maxConditions)
	if err != nil {
		return nil, err
	}
	return w.shares(ctx, list, func(s store.Share) (models.Severity, map[string]string) {
		return models.Critical, map[string]string{"times": number(s.Part), "window": span(c.Window), "limit": strconv.Itoa(c.Count)}
	})
}

// shares makes conditions of what was counted by application.
func (w *Watch) shares(ctx context.Context, list []store.Share, of func(store.Share) (models.Severity, map[string]string)) ([]condition, error) {
	ids := make([]string, len(list))
	for i, s := range list {
		ids[i] = s.ApplicationID
	}
	names, err := w.names(ctx, ids)
	if err != nil {
		return nil, err
	}
	found := make([]condition, len(list))
	for i, s := range list {
		severity, numbers := of(s)
		found[i] = condition{subject: application(s.ApplicationID, names), severity: severity, numbers: numbers}
	}
	return found, nil
}

// maxNamed is how many addresses an alert names.
const maxNamed = 5

func lookNewAddress(ctx context.Context, w *Watch, now time.Time) ([]condition, error) {
	c := w.o.Rules().NewAddress
	known := now.Add(-time.Duration(c.LearningDays) * day)
	list, err := w.o.Store.NewSources(ctx, now.Add(-c.Window).UnixMilli(), known.UnixMilli(), maxSources)
	if err != nil {
		return nil, err
	}
	var ids []string
	by := map[string][]models.ApplicationSource{}
	for _, s := range list {
		if by[s.ApplicationID] == nil {
			ids = append(ids, s.ApplicationID)
		}
		by[s.ApplicationID] = append(by[s.ApplicationID], s)
	}
	names, err := w.names(ctx, ids)
	if err != nil {
		return nil, err
	}
	var found []condition
	for _, id := range ids {
		newest := ""
		for _, s := range by[id][:min(len(by[id]), maxNamed)] {
			newest += " " + s.Prefix
		}
		found = append(found, condition{subject: application(id, names), severity: models.Warning, numbers: map[string]string{
			"addresses": strconv.Itoa(len(by[id])), "newest": newest[1:], "window": span(c.Window),
		}})
	}
	return found, nil
}

func lookCredentials(ctx context.Context, w *Watch, now time.Time) ([]condition, error) {
	c := w.o.Rules().Credential
	list, err := w.o.Store.EndingCredentials(ctx, store.Ending{
		After: now.Add(-longEnded).UnixMilli(), Until: now.Add(time.Duration(c.Days) * day).UnixMilli(), Limit: maxConditions,
	})
	if err != nil {
		return nil, err
	}
	ids := make([]string, len(list))
	for i, e := range list {
		ids[i] = e.ApplicationID
	}
	names, err := w.names(ctx, ids)
	if err != nil {
		return nil, err
	}
	found := make([]condition, len(list))
	for i, e := range list {
		severity, numbers := ending(time.UnixMilli(e.NotAfter), now, c.Days)
		numbers["application"], numbers["use"] = e.ApplicationID, e.Use
		found[i] = condition{
			subject: models.Subject{Kind: "credential", ID: e.ID, Name: names[e.ApplicationID]}, severity: severity, numbers: numbers,
		}
	}
	return found, nil
}

// ending says how urgent an end is.
func ending(end, now time.Time, limit int) (models.Severity, map[string]string) {
	days := max(0, int(end.Sub(now)/day))
	severity := models.Warning
	if days < urgentDays {
		severity = models.Critical
	}
	return severity, map[string]string{
		"ends": end.UTC().Format("2006-01-02 15:04"), "days": strconv.Itoa(days), "limit": strconv.Itoa(limit),
	}
}

// names are applications' names, with their partners', by id.
func (w *Watch) names(ctx context.Context, ids []string) (map[string]string, error) {
	names := map[string]string{}
	if len(ids) == 0 {
		return names, nil
	}
	err := w.o.Store.Business(ctx, func(b store.Business) error {
		applications, err := b.Applications(ids)
		if err != nil {
			return err
		}
		partners := map[string]string{}
		for _, a := range applications {
			partners[a.PartnerID] = ""
		}
		list := make([]string, 0, len(partners))
		for id := range partners {
			list = append(list, id)
		}
		named, err := b.Partners(list)
		for _, p := range named {
			partners[p.ID] = p.Name
		}
		for _, a := range applications {
			names[a.ID] = a.Name
			if partner := partners[a.PartnerID]; partner != a.Name {
				names[a.ID] += " · " + partner
			}
		}
		return err
	})
	return names, err
}

// application is the subject of what an application does; callers who proved to
// be none are one subject.
func application(id string, names map[string]string) models.Subject {
	if id == "" {
		return models.Subject{Kind: "strangers"}
	}
	return models.Subject{Kind: "application", ID: id, Name: names[id]}
}

func number(n int64) string { return strconv.FormatInt(n, 10) }

func percent(s store.Share) string { return number(100 * s.Part / max(1, s.Total)) }

// span is a duration without the noughts at its end.
func span(d time.Duration) string {
	switch {
	case d >= time.Hour && d%time.Hour == 0:
		return fmt.Sprintf("%dh", d/time.Hour)
	case d >= time.Minute && d%time.Minute == 0:
		return fmt.Sprintf("%dm", d/time.Minute)
	}
	return d.Round(time.Second).String()
}
