package webhooks

import (
	"context"
	"slices"
	"strings"
	"time"

	"postern/app/store"
	"postern/models"
)

// gatherAtOnce is of how many events messages are made in one transaction.
const gatherAtOnce = 1000

// topics are what events are to partners' programs, by their kinds. An event of a partner
// goes to that partner's alone; one of nobody's to all.
var topics = map[string]models.Topic{
	"credential.ending":  models.TopicEnding,
	"credential.created": models.TopicCredential, "credential.changed": models.TopicCredential,
	"application.created": models.TopicApplication, "application.changed": models.TopicApplication, "partner.changed": models.TopicApplication, "partner.closed": models.TopicApplication,
	"freeze.started": models.TopicFrozen, "freeze.ended": models.TopicThawed,
	"partner_request.approved": models.TopicDecided, "partner_request.declined": models.TopicDecided, "partner_request.asked_back": models.TopicDecided,
	"key.rotated": models.TopicKeys,
}

// told are the details of an event that a message carries: ids and times, never what a
// person of the bank has written.
var told = []string{"id", "request", "kid", "until", "ends_at", "environment", "use"}

// Gather makes messages of the events since the last time, in their order, and returns how
// many. The first time it begins with what is new.
func (h *Webhooks) Gather(ctx context.Context) (n int, err error) {
	place, found, err := h.o.Store.WebhookPlace(ctx)
	if err != nil {
		return 0, err
	}
	if !found {
		newest, err := h.o.Store.NewestSeq(ctx)
		if err != nil {
			return 0, err
		}
		return 0, h.o.Store.Write(ctx, func(tx *store.Tx) error { return tx.SetWebhookPlace(newest) })
	}
	for ctx.Err() == nil {
		events, err := h.o.Store.EventsAfter(ctx, place, gatherAtOnce)
		if err != nil || len(events) == 0 {
			return n, err
		}
		place = *events[len(events)-1].Seq
		list, err := h.messages(ctx, events)
		if err != nil {
			return n, err
		}
		err = h.o.Store.Write(ctx, func(tx *store.Tx) error {
			if err := tx.AddWebhookDeliveries(list); err != nil {
				return err
			}
			return tx.SetWebhookPlace(place)
		})
		if err != nil {
			return n, err
		}
		if n += len(list); len(events) < gatherAtOnce {
			return n, nil
		}
	}
	return n, ctx.Err()
}

// messages are those that events come to.
func (h *Webhooks) messages(ctx context.Context, events []models.Event) (list []models.WebhookDelivery, err error) {
	events = slices.DeleteFunc(slices.Clone(events), func(e models.Event) bool {
		// Of services and everything the portal's page of notices tells.
		return topics[e.Kind] == "" || e.PartnerID == "" && topics[e.Kind] != models.TopicKeys
	})
	if len(events) == 0 {
		return nil, nil
	}
	partners := []string{}
	for _, e := range events {
		if e.PartnerID == "" {
			partners = nil // somebody is told of everybody's
			break
		}
		partners = append(partners, e.PartnerID)
	}
	hooks, err := h.o.Store.WebhooksOf(ctx, partners)
	if err != nil || len(hooks) == 0 {
		return nil, err
	}
	stands, err := h.states(ctx, events)
	if err != nil {
		return nil, err
	}
	for _, e := range events {
		topic := topics[e.Kind]
		for _, w := range hooks {
			if (e.PartnerID == "" || e.PartnerID == w.PartnerID) && w.Wants(topic) {
				d, err := h.message(w, topic, e.ID, time.UnixMilli(e.At), dataOf(e, stands))
				if err != nil {
					return nil, err
				}
				list = append(list, d)
			}
		}
	}
	return list, nil
}

// states is where the applications, partners and credentials stand that events are about,
// by the sort and the id: as of now, which is what a program asks next.
func (h *Webhooks) states(ctx context.Context, events []models.Event) (map[[2]string]string, error) {
	ids := map[string][]string{}
	for _, e := range events {
		if sort, id := about(e); id != "" {
			ids[sort] = append(ids[sort], id)
		}
	}
	stands, now := map[[2]string]string{}, h.o.Now().UnixMilli()
	err := h.o.Store.Business(ctx, func(b store.Business) error {
		applications, err := b.Applications(append([]string{}, ids["application"]...))
		if err != nil {
			return err
		}
		for _, a := range applications {
			stands[[2]string{"application", a.ID}] = string(a.Status)
		}
		partners, err := b.Partners(append([]string{}, ids["partner"]...))
		if err != nil {
			return err
		}
		for _, p := range partners {
			stands[[2]string{"partner", p.ID}] = string(p.Status)
		}
		credentials, err := b.Credentials(append([]string{}, ids["credential"]...))
		for _, k := range credentials {
			stands[[2]string{"credential", k.ID}] = stateOf(k, now)
		}
		return err
	})
	return stands, err
}

// stateOf is what a credential can be used for: "active", "frozen" or "ended".
func stateOf(k models.Credential, now int64) string {
	switch {
	case k.RevokedAt != 0, k.NotAfter != 0 && k.NotAfter <= now:
		return "ended"
	case k.Frozen != "":
		return "frozen"
	}
	return "active"
}

// about is the thing that an event changed: its sort, which the event's kind begins with,
// and its id.
func about(e models.Event) (sort, id string) {
	sort, _, _ = strings.Cut(e.Kind, ".")
	return sort, e.Detail()["id"]
}

// dataOf is what a message says of an event.
func dataOf(e models.Event, stands map[[2]string]string) map[string]string {
	data, detail := map[string]string{"event": e.Kind}, e.Detail()
	for _, name := range told {
		if v, there := detail[name]; there {
			data[name] = v
		}
	}
	if e.ApplicationID != "" {
		data["application"] = e.ApplicationID
	}
	sort, id := about(e)
	if state, known := stands[[2]string{sort, id}]; known {
		data["state"] = state
	}
	return data
}
