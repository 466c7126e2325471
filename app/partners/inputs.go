package partners

import (
	"time"

	"postern/models"
)

// Partner is a third party whose apps open the bank's pages.
type Partner struct {
	// The partner's id in the gateway: letters, digits and `. _ -`.
	ID string `field:"id" need:"always"`
	// The name under which visitors know it; the bank's page shows it.
	Name string `field:"name" need:"new"`
	// `draft`, `active`, `suspended` or `closed`. Only an active partner has traffic; a closed one stays closed.
	Status models.Status `field:"status" default:"draft"`
	// The company's name as it is registered.
	LegalName string `field:"legal_name" default:"none"`
	// Its unified social credit code: 18 characters, of which the last checks the others (GB 32100-2015).
	CreditCode string `field:"credit_code" default:"none"`
	// The number of its contract with the bank.
	Contract string `field:"contract" default:"none"`
	// The contract's last day, as `2027-06-30`.
	ContractEnds string `field:"contract_ends" default:"none"`
	// How closely the bank watches it: `low`, `medium` or `high`.
	Risk models.Risk `field:"risk" default:"medium"`
	// The login of the officer who looks after it, and may stop it at once. With `none` any officer may.
	Officer string `field:"officer" default:"none"`
	// Whom the bank calls. Their phone numbers and addresses are personal data: they stand in no event.
	Contacts []Contact `field:"contacts" default:"none"`
}

// Contact is somebody whom the bank calls about a partner.
type Contact struct {
	// `business`, `technical`, `security`, or `manager` for the bank's own who looks after the partner.
	Kind models.ContactKind `field:"kind" need:"always"`
	// The person's name.
	Name string `field:"name" need:"always"`
	// A phone number, such as `+86 138 0000 0000`; this or an e-mail address is needed.
	Phone string `field:"phone" default:"none"`
	// An e-mail address.
	Email string `field:"email" default:"none"`
}

// Application is one app of a partner in one environment.
type Application struct {
	// The OAuth client_id: letters, digits and `. _ -`, no colon.
	ID string `field:"id" need:"always"`
	// The partner whose app it is; it stays so.
	Partner string `field:"partner" need:"new"`
	// What people at bank and partner call it.
	Name string `field:"name" need:"new"`
	// `sandbox` or `production`; it stays so.
	Environment models.Environment `field:"environment" need:"new"`
	// The suite of its keys and envelopes, `A256` or `GM`; it stays so.
	Suite string `field:"suite" default:"A256"`
	// How it proves itself: `private_key_jwt`, or `client_secret_basic` for services of class A1 only.
	AuthMethod models.AuthMethod `field:"auth_method" default:"private_key_jwt"`
	// `draft`, `active`, `suspended` or `closed`. Only an active application has traffic; a closed one stays closed.
	Status models.Status `field:"status" default:"draft"`
	// What `addresses` does: `off` nothing, `dry_run` puts calls from elsewhere on record, `enforce` refuses them.
	AddressMode models.AddressMode `field:"address_mode" default:"off"`
	// The addresses and prefixes from which it may ask for tokens, such as `203.0.113.0/24`.
	Addresses []string `field:"addresses" default:"none"`
	// Where the page may send the visitor back to: https addresses, or addresses of the app's own scheme.
	ReturnAddresses []string `field:"return_addresses" default:"none"`
	// How long an AT waits to be spent, in seconds, at most 600. 0 means 120.
	ATLifetime int64 `field:"at_lifetime" default:"0"`
	// ATs a day in the bank's time zone. 0 means no limit.
	DailyQuota int64 `field:"daily_quota" default:"0"`
	// ATs a second. 0 means the gateway's limit.
	ATRate int64 `field:"at_rate" default:"0"`
	// VTs a second. 0 means the gateway's limit.
	VTRate int64 `field:"vt_rate" default:"0"`
	// Calls a second. 0 means the gateway's limit.
	CallRate int64 `field:"call_rate" default:"0"`
}

// Credential is a public key or the hash of a secret; an application may have several of each at a time.
type Credential struct {
	// The credential's id, visible ASCII.
	ID string `field:"id" need:"always"`
	// The application (client_id) that it belongs to; it stays so.
	Application string `field:"application" need:"new"`
	// A public JWK with `kid` and `use`: `sig` verifies the application's assertions, `enc` is what ATs are sealed to.
	JWK string `field:"jwk,json" default:"none"`
	// Instead of a key: SHA-256, base64url, of a client secret, which is 256 random bits.
	SecretHash string `field:"secret_hash" default:"none"`
	// From when on it may be used, as `2026-11-22T10:05:11Z`.
	NotBefore time.Time `field:"not_before" default:"now"`
	// Until when it may be used, or `never`.
	NotAfter time.Time `field:"not_after,never" default:"never"`
	// On whose word it rests and opens nothing, `bank` or `partner`; what rests on the partner's word the partner may take back. `""` has it work again.
	Frozen models.Side `field:"frozen" default:"none"`
	// `true` ends it for good.
	Revoked bool `field:"revoked" default:"false"`
}

// Grant lets an application use a scope for a purpose and a time. Of a grant that is there only the end can change.
type Grant struct {
	// The grant's id, visible ASCII.
	ID string `field:"id" need:"always"`
	// The application (client_id) that may use the scope.
	Application string `field:"application" need:"new"`
	// The scope.
	Scope string `field:"scope" need:"new"`
	// What it is for, in a sentence.
	Purpose string `field:"purpose" need:"new"`
	// Who approved it.
	ApprovedBy string `field:"approved_by" default:"who applies the file"`
	// From when on it holds, as `2026-11-22T10:05:11Z`.
	StartsAt time.Time `field:"starts_at" default:"now"`
	// Until when it holds, or `never`.
	EndsAt time.Time `field:"ends_at,never" default:"never"`
	// `true` ends it at once and for good.
	Ended bool `field:"ended" default:"false"`
}
