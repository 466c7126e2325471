package catalog

import (
	"time"

	"postern/models"
)

// Service is one H5 offering of the bank with the addresses that belong to it.
type Service struct {
	// The service's identifier, an absolute URI such as `urn:h5:loan`; partners put it into `resource`.
	ID string `field:"id" need:"always"`
	// What people call it.
	Name string `field:"name" need:"new"`
	// The page's address that partners open: https (http only for localhost), on one of the service's origins.
	H5URL string `field:"h5_url" need:"new"`
	// JR/T 0185 class: `A1` is public product information, read only; `A2` is everything about money and customers.
	Class string `field:"class" default:"A2"`
	// JR/T 0185 API id of 24 characters: `OP`, 6 for the bank, `01` (A1) or `02` (A2), 6 for the kind, 8 more. Only a draft may be without.
	APIID string `field:"api_id" default:"none"`
	// `draft`, `active`, `suspended` or `closed`. Only an active service has traffic; a closed one stays closed.
	Status models.Status `field:"status" default:"draft"`
	// Whether pages may call without an `Origin` header, as some webViews do.
	AllowNoOrigin bool `field:"allow_no_origin" default:"false"`
	// How long a VT holds, in seconds, at most 9000. 0 means 900.
	VTLifetime int64 `field:"vt_lifetime" default:"0"`
	// How long after its end a VT can be renewed, in seconds, at most 9000. 0 means 900.
	RenewWindow int64 `field:"renew_window" default:"0"`
	// How long a visit may live, in seconds, at most 9000. 0 means 7200. With C3 data it is never more than 1800.
	MaxAge int64 `field:"max_age" default:"0"`
	// The largest sealed call, in octets, at most 16777216. 0 means 1048576.
	MaxBody int64 `field:"max_body" default:"0"`
	// Whether the record of a call is on disk before its reply leaves.
	DurableCalls bool `field:"durable_calls" default:"false"`
	// The web origins from which the service's pages call, such as `https://loan.bank.example`. No two services share one.
	Origins []string `field:"origins" need:"new"`
	// When the service is open, on the clock of the bank's zone (the setting `zone`). Without any it always is.
	Hours []Span `field:"hours" default:"none"`
	// When it is closed although its hours say open, such as for the day-end.
	Stops []Stop `field:"stops" default:"none"`
	// The bank's systems behind the service, one for each environment.
	Upstreams []Upstream `field:"upstreams" default:"none"`
	// What pages may ask of them.
	Routes []Route `field:"routes" default:"none"`
}

// Span is when a service is open on some days of the week. At a time that daylight saving skips it opens and closes with the jump, at one that comes twice the first time.
type Span struct {
	// `mon`, `tue`, `wed`, `thu`, `fri`, `sat` or `sun`: the days on which it opens.
	Days []string `field:"days" need:"always"`
	// When it opens, such as `"09:00"`.
	From string `field:"from" need:"always"`
	// When it closes, `"24:00"` at most; the next day when it is not later than `from`.
	To string `field:"to" need:"always"`
}

// Stop is a planned stop: the service is closed from its beginning until just before its end.
type Stop struct {
	// When it begins. A service has one stop that begins at a moment.
	From time.Time `field:"from" need:"always"`
	// When it ends, at most 31 days later.
	To time.Time `field:"to" need:"always"`
	// Why, in English; staff read it.
	ReasonEN string `field:"reason_en" need:"always"`
	// Why, in Chinese.
	ReasonZH string `field:"reason_zh" need:"always"`
}

// Upstream is the bank's system behind a service in one environment.
type Upstream struct {
	// `production` or `sandbox`.
	Environment models.Environment `field:"environment" need:"always"`
	// Its address: http or https, host, perhaps a path.
	BaseURL string `field:"base_url" need:"always"`
	// How long a call may take, in milliseconds, at most 120000. 0 means 10000.
	Timeout int64 `field:"timeout" default:"0"`
	// How long connecting may take, in milliseconds, at most 30000. 0 means 2000.
	ConnectTimeout int64 `field:"connect_timeout" default:"0"`
	// The largest reply, in octets, at most 16777216. 0 means 1048576.
	MaxReply int64 `field:"max_reply" default:"0"`
	// SHA-256, base64url, of the secret with which this system may ask `/oauth/introspect`. Without it, it may not.
	IntrospectionHash string `field:"introspection_hash" default:"none"`
}

// Route is one thing that a page may ask of the service's upstream.
type Route struct {
	// The route's name, unique in the gateway.
	ID string `field:"id" need:"always"`
	// `GET`, `HEAD`, `POST`, `PUT`, `PATCH` or `DELETE`.
	Method string `field:"method" need:"always"`
	// The path: literal segments and `{name}` segments, such as `/accounts/{id}/balance`.
	Pattern string `field:"pattern" need:"always"`
	// What is asked for, such as `account.balance`. Together with the action it is the permission that scopes give.
	Resource string `field:"resource" need:"always"`
	// What is done with it, such as `read`.
	Action string `field:"action" need:"always"`
	// The names that the page may send in the query.
	QueryNames []string `field:"query_names" default:"none"`
	// Parameters of path or query that must be the visit's own: name to `{sub}` (the partner's user) or `{customer}` (the bank's).
	Bindings map[string]string `field:"bindings" default:"none"`
	// `upstream` where the upstream checks who owns what the path names. Each path parameter is bound or checked so; leave the key away where none needs it.
	OwnerCheck string `field:"owner_check" default:"none"`
	// Media types besides JSON that may leave whole, if the scope gives the permission `raw`.
	ReplyTypes []string `field:"reply_types" default:"none"`
	// Members of a JSON reply of status 400 and above that may leave, as paths.
	ErrorFields []string `field:"error_fields" default:"none"`
	// Whether a customer must have signed in at the bank.
	RequiresCustomer bool `field:"requires_customer" default:"false"`
	// Whether its reply may bind a customer to the visit.
	SignIn bool `field:"sign_in" default:"false"`
	// A JSON reply with made-up values, as text. `policy explain` shows what of it would leave, and sandbox applications are answered from it where the service has no sandbox upstream.
	SampleReply string `field:"sample_reply" default:"none"`
}

// Scope is a named set of permissions, and of the reply fields that leave under each.
type Scope struct {
	// As it stands in `scope`, such as `account.balance:read`.
	ID string `field:"id" need:"always"`
	// The service that it belongs to; it stays so.
	Service string `field:"service" need:"new"`
	// What people call it.
	Title string `field:"title" need:"new"`
	// Whether calls under it need a customer who signed in at the bank.
	RequiresCustomer bool `field:"requires_customer" default:"false"`
	// Whether partners find it in their catalogue. They may then use it in their own sandbox at once, and ask for it in production.
	Offered bool `field:"offered" default:"false"`
	// What a person must have agreed to before C2 and C3 fields leave.
	Consent Consent `field:"consent" default:"none"`
	// What it allows and denies.
	Permissions []Permission `field:"permissions" default:"none"`
}

// Permission allows or denies one thing to holders of a scope.
type Permission struct {
	// The resource of a route.
	Resource string `field:"resource" need:"always"`
	// The action of a route.
	Action string `field:"action" need:"always"`
	// Whether it is denied: that outweighs every scope that allows it.
	Deny bool `field:"deny" default:"false"`
	// Whether replies that are not JSON may leave whole.
	Raw bool `field:"raw" default:"false"`
	// The leaves of a JSON reply that may leave. What nobody names does not leave.
	Fields []Field `field:"fields" default:"none"`
}

// Field says how one leaf of a reply is treated.
type Field struct {
	// Member names joined with dots; `*` is each element or member, as in `accounts.*.no`. `$` is a reply that is a single value.
	Path string `field:"path" need:"always"`
	// JR/T 0171 class: `C1`, `C2` or `C3`. C3 cannot be kept.
	Class string `field:"class" default:"C3"`
	// `keep`, `mask` or `drop`.
	Treatment string `field:"treatment" need:"always"`
	// With `mask`, how: `phone`, `id_number`, `name`, `card`, `email`, `address` or `amount`.
	Mask string `field:"mask" default:"none"`
}
