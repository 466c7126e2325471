package oauth

import (
	"net/http"

	"github.com/gin-gonic/gin"

	"postern/app/authority"
	"postern/app/clients"
	"postern/app/web"
	"postern/models"
)

// consentResponse is one consent as its partner sees it. Times are Unix seconds;
// what has no end or was not withdrawn leaves the member out.
type consentResponse struct {
	ID          string            `json:"id"`
	Scope       string            `json:"scope"`
	Version     int64             `json:"version"`
	Active      bool              `json:"active"`
	GivenAt     int64             `json:"given_at"`
	EndsAt      int64             `json:"ends_at,omitempty"`
	WithdrawnAt int64             `json:"withdrawn_at,omitempty"`
	WithdrawnBy models.Withdrawer `json:"withdrawn_by,omitempty"`
}

// consentsResponse is a page of them. Next is what goes into `after` for the next
// page; it is not there on the last one.
type consentsResponse struct {
	Consents []consentResponse `json:"consents"`
	Next     string            `json:"next,omitempty"`
}

// Consents is POST /oauth/consents: what a subject has agreed to for the calling
// application.
func (o *OAuth) Consents(c *gin.Context) {
	form, client, err := o.enterClient(c)
	if err == nil && form.Get("subject") == "" {
		err = invalid("invalid_request", "subject is missing.", "subject")
	}
	var list []models.Consent
	var more bool
	if err == nil {
		query := authority.ConsentQuery{Subject: form.Get("subject"), Scope: form.Get("scope"), After: form.Get("after")}
		list, more, err = o.Authority.ConsentsOf(c.Request.Context(), caller(client), query, web.RequestID(c))
	}
	if err != nil {
		o.refuse(c, "consents", o.Authority.RefuseConsents(c.Request.Context(), err, caller(client), web.RequestID(c)))
		return
	}
	noStore(c)
	c.JSON(http.StatusOK, consentsOf(list, more, o.Now().UnixMilli()))
}

// WithdrawConsent is POST /oauth/consents/withdraw, answered like a revocation
// (RFC 7009 section 2.2): 200 whether there was anything to withdraw or not.
func (o *OAuth) WithdrawConsent(c *gin.Context) {
	form, client, err := o.enterClient(c)
	what := authority.ConsentChoice{ID: form.Get("id"), Subject: form.Get("subject"), Scope: form.Get("scope")}
	if err == nil && !namesConsent(what) {
		err = invalid("invalid_request", "Give id alone, or subject and scope.", "consent")
	}
	if err == nil {
		err = o.Authority.WithdrawFor(c.Request.Context(), caller(client), what, web.RequestID(c))
	}
	if err != nil {
		o.refuse(c, "consents", o.Authority.RefuseConsents(c.Request.Context(), err, caller(client), web.RequestID(c)))
		return
	}
	noStore(c)
	c.Status(http.StatusOK)
}

func namesConsent(x authority.ConsentChoice) bool {
	if x.ID != "" {
		return x.Subject == "" && x.Scope == ""
	}
	return x.Subject != "" && x.Scope != ""
}

// enterClient is enter, and who calls.
func (o *OAuth) enterClient(c *gin.Context) (form, clients.Client, error) {
	form, err := o.enter(c)
	if err != nil {
		return form, clients.Client{}, err
	}
	client, err := o.client(c, form)
	return form, client, err
}

func consentsOf(list []models.Consent, more bool, now int64) consentsResponse {
	page := consentsResponse{Consents: []consentResponse{}}
	for _, c := range list {
		page.Consents = append(page.Consents, consentResponse{
			ID: c.ID, Scope: c.ScopeID, Version: c.Version, Active: c.Live(now), GivenAt: c.GivenAt / 1000,
			EndsAt: c.EndsAt / 1000, WithdrawnAt: c.WithdrawnAt / 1000, WithdrawnBy: c.WithdrawnBy,
		})
	}
	if more {
		page.Next = list[len(list)-1].ID
	}
	return page
}
