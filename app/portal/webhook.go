package portal

import (
	"net/http"
	"slices"
	"strings"

	"github.com/gin-gonic/gin"

	"postern/app/entrance"
	"postern/app/errs"
	"postern/app/web"
	"postern/app/webhooks"
	"postern/models"
	"postern/views/i18n"
	"postern/views/portal"
	"postern/views/ui"
)

const (
	webhooksPath = homePath + "/webhooks"
	// deliveriesPage is how many messages a page lists.
	deliveriesPage = 50
)

// topicWords are the words of what is told.
var topicWords = map[models.Topic]i18n.Key{
	models.TopicEnding: i18n.TopicEnding, models.TopicCredential: i18n.TopicCredential, models.TopicApplication: i18n.TopicApplication,
	models.TopicFrozen: i18n.TopicFrozen, models.TopicThawed: i18n.TopicThawed, models.TopicDecided: i18n.TopicDecided, models.TopicKeys: i18n.TopicKeys,
	models.TopicAnnounced: i18n.TopicAnnounced,
	models.TopicTest:      i18n.TopicTest,
}

// noAnswer says why there was no answer.
var noAnswer = map[string]i18n.Key{
	webhooks.Private: i18n.DeliveryPrivate, webhooks.Late: i18n.DeliveryLate, webhooks.Refused: i18n.DeliveryRefused, webhooks.Untrusted: i18n.DeliveryUntrusted,
	webhooks.Unreachable: i18n.DeliveryUnreached,
}

func webhookPath(id string) string { return webhooksPath + "/" + id }

// Webhooks lists the partner's.
func (p *Portal) Webhooks(c *gin.Context) error {
	ctx, v := c.Request.Context(), entrance.VisitOf(c)
	list, err := p.o.Store.Webhooks(ctx, v.Who.Partner.ID, webhooks.MaxOf)
	if err != nil {
		return err
	}
	page := portal.WebhooksPage{Frame: p.frame(c, i18n.T(ctx, i18n.Webhooks)), CanMake: v.Rights.May(makesApplications) && len(list) < webhooks.MaxOf}
	for _, w := range list {
		row := portal.WebhookRow{URL: w.URL, Href: webhookPath(w.ID), Paused: w.Paused}
		for _, t := range w.Topics {
			row.Topics = append(row.Topics, i18n.T(ctx, topicWords[t]))
		}
		last, err := p.o.Store.WebhookDeliveries(ctx, w.ID, "", 1)
		if err != nil {
			return err
		}
		if len(last) == 1 {
			row.Last = p.deliveryState(c, last[0])
		}
		page.Rows = append(page.Rows, row)
	}
	return web.Render(c, http.StatusOK, portal.Webhooks(page))
}

// webhook is the one of the reader's partner that the address names.
func (p *Portal) webhook(c *gin.Context) (models.Webhook, error) {
	w, found, err := p.o.Store.Webhook(c.Request.Context(), c.Param("webhook"))
	if err == nil && (!found || w.PartnerID != entrance.VisitOf(c).Who.Partner.ID) {
		err = webhooks.ErrGone
	}
	return w, err
}

// WebhookNew asks where messages go, and about what.
func (p *Portal) WebhookNew(c *gin.Context) error {
	return p.showWebhook(c, http.StatusOK, models.Webhook{Topics: models.Topics}, nil)
}

// WebhookEdit is the same of one that is there.
func (p *Portal) WebhookEdit(c *gin.Context) error {
	w, err := p.webhook(c)
	if err != nil {
		return err
	}
	return p.showWebhook(c, http.StatusOK, w, nil)
}

func (p *Portal) showWebhook(c *gin.Context, status int, w models.Webhook, faults map[string]string) error {
	ctx := c.Request.Context()
	page := portal.WebhookEditPage{Frame: p.frame(c, i18n.T(ctx, i18n.WebhookNew)), URL: w.URL, Action: webhooksPath, Back: webhooksPath, Faults: faults, Anywhere: p.o.Webhooks.Anywhere()}
	if w.ID != "" {
		page.Frame, page.Action, page.Back = p.frame(c, i18n.T(ctx, i18n.WebhookEdit)), webhookPath(w.ID)+"/edit", webhookPath(w.ID)
		page.Pauses, page.Paused = true, w.Paused
	}
	for _, t := range models.Topics {
		page.Topics = append(page.Topics, ui.CheckboxView{
			ID: "topic-" + strings.ReplaceAll(string(t), ".", "-"), Name: "topics", Value: string(t), Label: i18n.T(ctx, topicWords[t]), Help: string(t), Checked: slices.Contains(w.Topics, t),
		})
	}
	return web.Render(c, status, portal.WebhookEdit(page))
}

// typedWebhook puts what was typed over a webhook.
func typedWebhook(c *gin.Context, w models.Webhook) models.Webhook {
	w.URL, w.Topics, w.Paused = strings.TrimSpace(c.PostForm("url")), nil, c.PostForm("paused") == "yes"
	for _, t := range c.PostFormArray("topics") {
		w.Topics = append(w.Topics, models.Topic(t))
	}
	return w
}

// WebhookCreate makes one.
func (p *Portal) WebhookCreate(c *gin.Context) error {
	return p.saveWebhook(c, models.Webhook{PartnerID: entrance.VisitOf(c).Who.Partner.ID}, "webhook-made")
}

// WebhookUpdate changes one.
func (p *Portal) WebhookUpdate(c *gin.Context) error {
	w, err := p.webhook(c)
	if err != nil {
		return err
	}
	return p.saveWebhook(c, w, "changed")
}

func (p *Portal) saveWebhook(c *gin.Context, w models.Webhook, done string) error {
	w = typedWebhook(c, w)
	saved, err := p.o.Webhooks.Save(c.Request.Context(), user(c).Account, w)
	if faults := errs.FieldsOf(err); faults != nil {
		return p.showWebhook(c, http.StatusUnprocessableEntity, w, p.Words(c, faults))
	}
	if err != nil {
		return err
	}
	return entrance.Done(c, webhookPath(saved.ID), done)
}

// Webhook shows one, and what it was told.
func (p *Portal) Webhook(c *gin.Context) error {
	w, err := p.webhook(c)
	if err != nil {
		return err
	}
	ctx, v := c.Request.Context(), entrance.VisitOf(c)
	place := "messages of " + w.ID
	below := []string{""}
	if cursor := c.Query("below"); cursor != "" {
		if below, err = p.o.Cursors.Open(place, cursor, 1); err != nil {
			return err
		}
	}
	list, err := p.o.Store.WebhookDeliveries(ctx, w.ID, below[0], deliveriesPage+1)
	if err != nil {
		return err
	}
	page := portal.WebhookPage{Frame: p.frame(c, i18n.T(ctx, i18n.Webhook)), URL: w.URL, Paused: w.Paused, JWKS: p.o.Issuer + "/.well-known/jwks.json", ID: w.ID}
	if len(list) > deliveriesPage {
		list = list[:deliveriesPage]
		page.Older = webhookPath(w.ID) + "?below=" + p.o.Cursors.Make(place, list[deliveriesPage-1].ID)
	}
	if c.Query("below") != "" {
		page.Newest = webhookPath(w.ID)
	}
	may := v.Rights.May(makesApplications)
	if may {
		page.Edit, page.Test, page.Remove = webhookPath(w.ID)+"/edit", webhookPath(w.ID)+"/test", webhookPath(w.ID)+"/remove"
	}
	for _, t := range w.Topics {
		page.Topics = append(page.Topics, i18n.T(ctx, topicWords[t]))
	}
	for _, d := range list {
		row := portal.DeliveryRow{ID: d.ID, Topic: i18n.T(ctx, topicWords[d.Topic]), Body: d.Body, State: p.deliveryState(c, d), Answer: d.Answer, Attempts: i18n.Number(ctx, d.Attempts)}
		switch why, ours := noAnswer[d.Answer]; {
		case d.Status == 0 && ours:
			row.Answer = i18n.T(ctx, why)
		case d.Status >= 300 && d.Status <= 399:
			row.Answer = i18n.T(ctx, i18n.DeliveryMoved)
		}
		if d.Status != 0 {
			row.Status = i18n.Number(ctx, d.Status)
		}
		if may && (d.SentAt != 0 || d.GaveUpAt != 0 || d.Attempts > 0) {
			row.Again = webhookPath(w.ID) + "/deliveries/" + d.ID + "/again"
		}
		page.Rows = append(page.Rows, row)
	}
	return web.Render(c, http.StatusOK, portal.Webhook(page))
}

// deliveryState is where a message stands.
func (p *Portal) deliveryState(c *gin.Context, d models.WebhookDelivery) portal.DeliveryState {
	ctx := c.Request.Context()
	switch {
	case d.DueAt == 0 && d.GaveUpAt != 0:
		return portal.DeliveryState{Dot: ui.DotView{Tone: ui.Bad, Text: i18n.T(ctx, i18n.DeliveryGivenUp)}, At: p.At(d.GaveUpAt)}
	case d.DueAt == 0:
		return portal.DeliveryState{Dot: ui.DotView{Tone: ui.Ok, Text: i18n.T(ctx, i18n.DeliveryTaken)}, At: p.At(d.SentAt)}
	case d.Attempts > 0:
		return portal.DeliveryState{Dot: ui.DotView{Tone: ui.Warn, Text: i18n.T(ctx, i18n.DeliveryAgain)}, At: p.At(d.DueAt)}
	}
	return portal.DeliveryState{Dot: ui.DotView{Text: i18n.T(ctx, i18n.DeliveryWaits)}, At: p.At(d.DueAt)}
}

// WebhookTest sends a message that says that it is a test.
func (p *Portal) WebhookTest(c *gin.Context) error {
	w, err := p.webhook(c)
	if err == nil {
		err = p.o.Webhooks.Test(c.Request.Context(), w)
	}
	if err != nil {
		return err
	}
	return entrance.Done(c, webhookPath(w.ID), "webhook-test")
}

// DeliveryAgain sends a message once more.
func (p *Portal) DeliveryAgain(c *gin.Context) error {
	w, err := p.webhook(c)
	if err != nil {
		return err
	}
	d, found, err := p.o.Store.WebhookDelivery(c.Request.Context(), w.ID, c.Param("delivery"))
	if err == nil && !found {
		err = webhooks.ErrGone
	}
	if err == nil {
		err = p.o.Webhooks.Again(c.Request.Context(), d)
	}
	if err != nil {
		return err
	}
	return entrance.Done(c, webhookPath(w.ID), "webhook-again")
}

// WebhookRemove removes one.
func (p *Portal) WebhookRemove(c *gin.Context) error {
	w, err := p.webhook(c)
	if err == nil {
		err = p.o.Webhooks.Remove(c.Request.Context(), user(c).Account, w)
	}
	if err != nil {
		return err
	}
	return entrance.Done(c, webhooksPath, "webhook-removed")
}
