package webhooks

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"time"

	"postern/app/store"
	"postern/models"
)

// gatherAtOnce is of how many events messages are made in one transaction.
const gatherAtOnce = 1000

// hooksAtOnce is how many webhooks are held at the same time.
const hooksAtOnce = 200

// topics are what events are to partners' programs, by their kinds. An event of a partner
// goes to that partner's alone, one of a service's or a scope's to those that hold it, and
// one of nobody's to all.
var topics = map[string]models.Topic{
	"credential.ending":  models.TopicEnding,
	"credential.created": models.TopicCredential, "credential.changed": models.TopicCredential,
	"application.created": models.TopicApplication, "application.changed": models.TopicApplication, "partner.changed": models.TopicApplication, "partner.closed": models.TopicApplication,
	"freeze.started": models.TopicFrozen, "freeze.ended": models.TopicThawed,
	"partner_request.approved": models.TopicDecided, "partner_request.declined": models.TopicDecided, "partner_request.asked_back": models.TopicDecided,
	"key.rotated": models.TopicKeys,

	"announcement.made": models.TopicAnnounced, "announcement.changed": models.TopicAnnounced, "announcement.withdrawn": models.TopicAnnounced,
}

// told are the details of an event that a message carries: ids and times, never what a
// person of the bank has written.
var told = []string{"id", "request", "kid", "kind", "from", "until", "ends_at", "environment", "use", "target", "stops"}

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
		made, err := h.tell(ctx, events, place)
		if err != nil {
			return n, err
		}
		if n += made; len(events) < gatherAtOnce {
			return n, nil
		}
	}
	return n, ctx.Err()
}

// tell makes the messages that events come to, for some webhooks after the other, and moves
// the place behind the events: all of that, or nothing.
func (h *Webhooks) tell(ctx context.Context, events []models.Event, place int64) (n int, err error) {
	events = slices.DeleteFunc(slices.Clone(events), func(e models.Event) bool { return topics[e.Kind] == "" })
	stands, err := h.states(ctx, events)
	if err != nil {
		return 0, err
	}
	partners, news := whose(events), newsOf(events, stands)
	err = h.o.Store.Write(ctx, func(tx *store.Tx) error {
		for after := ""; len(news) > 0; {
			hooks, err := tx.WebhooksAfter(partners, after, hooksAtOnce)
			if err != nil {
				return err
			}
			if len(hooks) == 0 {
				break
			}
			after = hooks[len(hooks)-1].ID
			list, err := h.messages(tx, news, hooks)
			if err != nil {
				return err
			}
			if err := tx.AddWebhookDeliveries(list); err != nil {
				return err
			}
			n += len(list)
		}
		return tx.SetWebhookPlace(place)
	})
	return n, err
}

// whose are the partners that events are about; nil where one may be about anybody.
func whose(events []models.Event) []string {
	partners := []string{}
	for _, e := range events {
		if e.PartnerID == "" {
			return nil
		}
		partners = append(partners, e.PartnerID)
	}
	slices.Sort(partners)
	return slices.Compact(partners)
}

// news is what a message says of an event, and whom it concerns; read once, before the
// transaction.
type news struct {
	topic models.Topic
	event string
	at    time.Time
	of    string // the partner whose business it is alone; "" for a thing's or everybody's
	thing string // a service or a scope, as held has it, which partners must hold; "" for everybody's
	data  map[string]string
}

func newsOf(events []models.Event, stands map[[2]string]string) (list []news) {
	for _, e := range events {
		x := news{topic: topics[e.Kind], event: e.ID, at: time.UnixMilli(e.At), of: e.PartnerID, data: dataOf(e, stands)}
		target := e.Detail()["target"]
		switch {
		case e.PartnerID != "":
		case e.ServiceID != "":
			x.thing = cmp.Or(target, "service "+e.ServiceID)
		case e.ApplicationID != "" || target != "" && target != string(models.FreezeEverything):
			continue // about one thing, of which it is not known whose it is
		}
		list = append(list, x)
	}
	return list
}

// messages are those that news come to for some webhooks.
func (h *Webhooks) messages(tx *store.Tx, list []news, hooks []models.Webhook) (messages []models.WebhookDelivery, err error) {
	holds, err := h.holds(tx, list, hooks)
	if err != nil {
		return nil, err
	}
	for _, x := range list {
		for _, w := range hooks {
			if !w.Wants(x.topic) || x.of != "" && x.of != w.PartnerID || x.thing != "" && !holds[held{w.PartnerID, x.thing}] {
				continue
			}
			d, err := h.message(w, x.topic, x.event, x.at, x.data)
			if err != nil {
				return nil, err
			}
			messages = append(messages, d)
		}
	}
	return messages, nil
}

// held is a service or a scope that a partner holds.
type held struct{ partner, thing string }

// holds are what the webhooks' partners hold, where some news asks for it.
func (h *Webhooks) holds(tx *store.Tx, list []news, hooks []models.Webhook) (map[held]bool, error) {
	holds := map[held]bool{}
	if !slices.ContainsFunc(list, func(x news) bool { return x.thing != "" }) {
		return holds, nil
	}
	partners := []string{}
	for _, w := range hooks {
		partners = append(partners, w.PartnerID)
	}
	slices.Sort(partners)
	rows, err := tx.Held(slices.Compact(partners), h.o.Now().UnixMilli())
	for _, row := range rows {
		holds[held{row.PartnerID, "service " + row.ServiceID}], holds[held{row.PartnerID, "scope " + row.ScopeID}] = true, true
	}
	return holds, err
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
	if e.ServiceID != "" {
		data["service"] = e.ServiceID
	}
	sort, id := about(e)
	if state, known := stands[[2]string{sort, id}]; known {
		data["state"] = state
	}
	return data
}
