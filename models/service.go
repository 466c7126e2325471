package models

// Service is one H5 offering of the bank; its ID is the URN that partners put
// into `resource` and that stands in `aud`.
type Service struct {
	ID            string `gorm:"primaryKey"`
	Name          string
	H5URL         string `gorm:"column:h5_url"`
	Class         string // A1 or A2 (JR/T 0185)
	APIID         string `gorm:"column:api_id"` // JR/T 0185 appendix B, 24 characters
	Status        Status
	AllowNoOrigin bool  // D and G without an Origin header pass
	VTLifetime    int64 // seconds; 0 means 900
	RenewWindow   int64 // seconds after VT's end; 0 means 900
	MaxAge        int64 // seconds a visit may live; 0 means 7200
	MaxBody       int64 // octets of a sealed call; 0 means 1 MiB
	DurableCalls  bool  // a call's record is committed before its reply leaves
	VisitsAfter   int64 // Unix ms: visits opened up to then are over; 0 for none
	CreatedAt     int64
	UpdatedAt     int64 `gorm:"autoUpdateTime:false"` // Unix ms, as given: gorm would write seconds of its own clock
}

// ServiceOrigin is one web origin from which the service's pages call.
type ServiceOrigin struct {
	ServiceID string `gorm:"primaryKey"`
	Origin    string `gorm:"primaryKey"`
}

// ServiceHours is one span of a service's weekly plan, on the bank's clock.
type ServiceHours struct {
	ServiceID string `gorm:"primaryKey"`
	Days      string `gorm:"primaryKey"` // "mon tue", in the order of the week
	Opens     string `gorm:"primaryKey"` // "09:00"
	Closes    string `gorm:"primaryKey"` // the next day's when it is not later; "24:00" is the day's end
}

// TableName is service_hours.
func (ServiceHours) TableName() string { return "service_hours" }

// ServiceStop is one planned stop of a service.
type ServiceStop struct {
	ServiceID string `gorm:"primaryKey"`
	StartsAt  int64  `gorm:"primaryKey"`
	EndsAt    int64
	ReasonEN  string `gorm:"column:reason_en"`
	ReasonZH  string `gorm:"column:reason_zh"`
}

// Upstream is the bank's system behind a service in one environment.
type Upstream struct {
	ServiceID      string      `gorm:"primaryKey"`
	Environment    Environment `gorm:"primaryKey"`
	BaseURL        string      `gorm:"column:base_url"`
	Timeout        int64       // milliseconds; 0 means 10,000
	ConnectTimeout int64       // milliseconds; 0 means 2,000
	MaxReply       int64       // octets; 0 means 1 MiB
	// IntrospectionHash is the base64url SHA-256 of the secret with which the
	// upstream may ask /oauth/introspect; empty when it may not.
	IntrospectionHash string
}

// Route is one thing that a page may ask of the service's upstream. Pattern
// is made of literal segments and {name} segments.
type Route struct {
	ID               string `gorm:"primaryKey"`
	ServiceID        string
	Method           string
	Pattern          string
	Resource         string
	Action           string
	QueryNames       []string          `gorm:"serializer:json"`
	Bindings         map[string]string `gorm:"serializer:json"` // path or query name → "{sub}" or "{customer}"
	ReplyTypes       []string          `gorm:"serializer:json"` // media types besides JSON that may leave whole
	ErrorFields      []string          `gorm:"serializer:json"` // members of a JSON reply of status >= 400 that may leave
	OwnerCheck       string            // "", or "upstream": the upstream checks who owns what is asked for
	RequiresCustomer bool
	SignIn           bool   // its reply may bind a customer to the visit
	SampleReply      string // JSON; what explain and the sandbox's echo show
}

// Permission is what a route needs.
func (r Route) Permission() string { return r.Resource + ":" + r.Action }

// Scope is a named set of permissions and of the reply fields they reveal.
type Scope struct {
	ID               string `gorm:"primaryKey"` // as it stands in `scope`, e.g. account.balance:read
	ServiceID        string
	Title            string
	RequiresCustomer bool
	Offered          bool  // partners find it in their catalogue, and take it in their sandbox
	ConsentVersion   int64 // of the ConsentText that it demands consent to; 0 demands none
}

// ScopePermission allows or denies one (resource, action) to holders of a scope.
type ScopePermission struct {
	ScopeID  string `gorm:"primaryKey"`
	Resource string `gorm:"primaryKey"`
	Action   string `gorm:"primaryKey"`
	Deny     bool
	Raw      bool // replies that are not JSON may leave whole
}

// ScopeField says how one leaf of the replies under a permission is treated.
type ScopeField struct {
	ScopeID   string `gorm:"primaryKey"`
	Resource  string `gorm:"primaryKey"`
	Action    string `gorm:"primaryKey"`
	Path      string `gorm:"primaryKey"`
	Class     string // C1, C2 or C3 (JR/T 0171)
	Treatment string // keep, mask or drop
	Mask      string
}

// Grant lets an application use a scope for a purpose and a time. Several may
// follow each other; history is never overwritten.
type Grant struct {
	ID            string `gorm:"primaryKey"`
	ApplicationID string
	ScopeID       string
	Purpose       string
	ApprovedBy    string
	StartsAt      int64
	EndsAt        int64 // 0 means no end
	EndedAt       int64 // set when it was ended before its time
	EndedBy       Side  // on whose word that was; empty while it was not
	CreatedAt     int64
}

// Until is the moment (Unix ms) from which the grant no longer holds; 0 means never.
func (g Grant) Until() int64 {
	if g.EndedAt != 0 && (g.EndsAt == 0 || g.EndedAt < g.EndsAt) {
		return g.EndedAt
	}
	return g.EndsAt
}
