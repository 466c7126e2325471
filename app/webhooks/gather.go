package webhooks

import (
	"context"
	"encoding/json"
	"slices"
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
	if err != nil {
		return nil, err
	}
	for _, e := range events {
		topic := topics[e.Kind]
		for _, w := range hooks {
			if (e.PartnerID == "" || e.PartnerID == w.PartnerID) && w.Wants(topic) {
				d, err := h.message(w, topic, e.ID, time.UnixMilli(e.At), dataOf(e))
				if err != nil {
					return nil, err
				}
				list = append(list, d)
			}
		}
	}
	return list, nil
}

// dataOf is what a message says of an event.
func dataOf(e models.Event) map[string]string {
	var body struct {
		Detail map[string]string `json:"detail"`
	}
	data := map[string]string{"event": e.Kind}
	if err := json.Unmarshal([]byte(e.Body), &body); err == nil {
		for _, name := range told {
			if v, there := body.Detail[name]; there {
				data[name] = v
			}
		}
	}
	if e.ApplicationID != "" {
		data["application"] = e.ApplicationID
	}
	return data
}
