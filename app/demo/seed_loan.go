package demo

import (
	"time"

	"postern/models"
)

// The demo bank's one service.
const (
	serviceID = "urn:h5:loan"
	pagePath  = "/h5"
)

func newService(now time.Time) models.Service {
	return models.Service{
		ID: serviceID, Name: "Car instalments 购车分期", Class: "A2", APIID: "C1097233000001H501000001",
		Status: models.Active, CreatedAt: now.UnixMilli(), UpdatedAt: now.UnixMilli(),
	}
}

func newUpstream(base string) models.Upstream {
	return models.Upstream{ServiceID: serviceID, Environment: models.Production, BaseURL: base, Timeout: 5000}
}

const offerSample = `{"offer":{"limit":"186000.00","rate":"3.85","ends_on":"2026-12-20","score":742,"model":"pd-7.2"},` +
	`"holder":{"name":"周一帆","phone":"13812346027","id_no":"33010619940816204X","address":"浙江省杭州市滨江区江汉路 1515 号","employer":"杭州云栖软件有限公司"},` +
	`"account":{"id":"6228480402564890018","balance":"51200.35"}}`

// loanRoutes is what the page may ask of the loan system.
func loanRoutes() []models.Route {
	errorFields := []string{"code", "message"}
	return []models.Route{
		{
			ID: "loan-offer", ServiceID: serviceID, Method: "GET", Pattern: "/loans/offers", Resource: "loan.offer", Action: "read",
			ErrorFields: errorFields, SampleReply: offerSample,
		},
		{
			ID: "loan-apply", ServiceID: serviceID, Method: "POST", Pattern: "/loans/applications", Resource: "loan.application", Action: "create",
			ErrorFields: errorFields, SampleReply: `{"application":{"id":"HT202611220001","status":"received","term":24,"officer":"desk-17"}}`,
		},
		{
			ID: "account-balance", ServiceID: serviceID, Method: "GET", Pattern: "/accounts/{id}/balance", Resource: "account.balance", Action: "read",
			QueryNames: []string{"currency"}, OwnerCheck: "upstream", ErrorFields: errorFields,
			SampleReply: `{"account":"6228480402564890018","currency":"CNY","balance":"51200.35","as_of":"2026-11-22T02:00:00Z","branch":"0571-03"}`,
		},
		{
			ID: "sign-in", ServiceID: serviceID, Method: "POST", Pattern: "/session/sign-in", Resource: "session", Action: "sign-in",
			SignIn: true, ErrorFields: errorFields, SampleReply: `{"signed_in":true,"customer":{"name":"周一帆","since":"2017-04-02"}}`,
		},
		{
			ID: "my-accounts", ServiceID: serviceID, Method: "GET", Pattern: "/me/accounts", Resource: "account.list", Action: "read",
			RequiresCustomer: true, ErrorFields: errorFields,
			SampleReply: `{"accounts":[{"kind":"savings","no":"6228480402564890018","balance":"51200.35","branch":"0571-03"}]}`,
		},
	}
}

// loanScope is a scope with its one permission and the leaves that it reveals.
type loanScope struct {
	id, title        string
	resource, action string
	fields           []leaf
}

// leaf is a field with its JR/T 0171 class and treatment.
type leaf struct{ path, class, treatment, mask string }

var loanScopes = []loanScope{
	{"loan.offer:read", "Read the loan offer", "loan.offer", "read", []leaf{
		{"offer.limit", "C2", "keep", ""},
		{"offer.rate", "C1", "keep", ""},
		{"offer.ends_on", "C1", "keep", ""},
		{"holder.name", "C2", "mask", "name"},
		{"holder.phone", "C2", "mask", "phone"},
		{"account.id", "C3", "mask", "card"},
		{"holder.id_no", "C3", "drop", ""},
		{"offer.score", "C3", "drop", ""},
		{"holder.address", "C2", "drop", ""},
		{"account.balance", "C3", "drop", ""},
	}},
	{"loan.quote:read", "Read that there is an offer, and its rate", "loan.offer", "read", []leaf{
		{"offer.rate", "C1", "keep", ""},
		{"offer.ends_on", "C1", "keep", ""},
		{"offer.limit", "C2", "mask", "amount"},
		{"holder.name", "C2", "mask", "name"},
		{"holder.phone", "C2", "drop", ""},
		{"account.id", "C3", "drop", ""},
		{"holder.id_no", "C3", "drop", ""},
		{"offer.score", "C3", "drop", ""},
	}},
	{"loan.application:create", "Apply for the loan", "loan.application", "create", []leaf{
		{"application.id", "C1", "keep", ""},
		{"application.status", "C1", "keep", ""},
		{"application.term", "C1", "keep", ""},
		{"application.officer", "C1", "drop", ""},
	}},
	{"account.balance:read", "Read an account's balance", "account.balance", "read", []leaf{
		{"balance", "C2", "keep", ""},
		{"currency", "C1", "keep", ""},
		{"account", "C3", "mask", "card"},
		{"branch", "C1", "drop", ""},
	}},
	{"session:sign-in", "Sign in at the bank", "session", "sign-in", []leaf{
		{"signed_in", "C1", "keep", ""},
		{"customer.name", "C2", "mask", "name"},
	}},
	{"account.list:read", "List the customer's accounts", "account.list", "read", []leaf{
		{"accounts.*.kind", "C1", "keep", ""},
		{"accounts.*.balance", "C2", "keep", ""},
		{"accounts.*.no", "C3", "mask", "card"},
	}},
}

// rows are the scope as the database holds it.
func (s loanScope) rows() (models.Scope, []models.ScopePermission, []models.ScopeField) {
	scope := models.Scope{ID: s.id, ServiceID: serviceID, Title: s.title}
	permission := models.ScopePermission{ScopeID: s.id, Resource: s.resource, Action: s.action}
	var fields []models.ScopeField
	for _, l := range s.fields {
		fields = append(fields, models.ScopeField{
			ScopeID: s.id, Resource: s.resource, Action: s.action,
			Path: l.path, Class: l.class, Treatment: l.treatment, Mask: l.mask,
		})
	}
	return scope, []models.ScopePermission{permission}, fields
}
