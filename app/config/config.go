package config

import (
	"log/slog"
	"net/netip"
	"time"
	_ "time/tzdata" // a container may have no time zones
)

// Config is everything that a gateway is told. Tags: key is the name in the
// file, least and most are bounds, required says what to do about a setting
// that is missing. Comments on fields are what docs/configuration.md says.
type Config struct {
	// The gateway's address as pages and partners see it: https:// and a host, with nothing behind host and port; http only for
	// localhost. It stands in every token.
	Issuer string `key:"issuer" required:"e.g. https://gateway.bank.example"`

	// This node's name, unique among the nodes of one database. Empty: the host's name.
	Node string `key:"node"`

	// The bank's time zone, by its IANA name: days of quotas begin at its midnight, and services' hours are on its clock.
	Zone *time.Location `key:"zone"`

	// The bank's name, as the console shows it.
	Bank string `key:"bank"`

	// The same in Chinese. Empty: as `bank`.
	BankZH string `key:"bank_zh"`

	// Seals the private keys in the database: 64 hexadecimal digits or base64 of 32 octets. Keep it apart from the database:
	// without it no key in there opens.
	MasterKey Secret `key:"master_key" required:"make one with: openssl rand -hex 32"`

	// The other one of two master keys, while one replaces the other: it opens private keys, and seals none. See docs/security.md.
	OtherMasterKey Secret `key:"other_master_key"`

	// The least important lines that are logged: debug, info, warn or error.
	LogLevel slog.Level `key:"log_level"`

	Database  Database  `key:"database"`
	Listeners Listeners `key:"listeners"`
	Console   Console   `key:"console"`
	Portal    Portal    `key:"portal"`
	Limits    Limits    `key:"limits"`
	Rates     Rates     `key:"rates"`
	Keys      Keys      `key:"keys"`
	Retention Retention `key:"retention"`
	Alerts    Alerts    `key:"alerts"`
	Evidence  Evidence  `key:"evidence"`

	Feeds []Feed `key:"feeds"`

	origins map[string]Origin // where each setting stands that is not left to its default
}

// Database is where the data is: SQLite for one node, PostgreSQL for several.
type Database struct {
	// SQLite's file, on a local disk, in a folder that only the gateway's user can read.
	Path string `key:"path"`

	// PostgreSQL's address, postgres://user:password@host/database, in the place of SQLite. Empty: SQLite.
	DSN Secret `key:"dsn"`
}

// Listeners are where the gateway listens: for pages and partners, for the bank's
// own network, and for the partners' portal, which is open where it has an address.
type Listeners struct {
	Gateway  Listener `key:"gateway"`
	Internal Listener `key:"internal"`
	Portal   Listener `key:"portal"`
}

// Listener is one address and how it is reached: beyond this machine through
// TLS, its own or that of a listed proxy, or not at all.
type Listener struct {
	// host:port to listen on. Beyond loopback it needs `tls` or `trusted_proxies`.
	Address string `key:"address"`

	TLS TLS `key:"tls"`

	// Addresses and prefixes, e.g. 10.0.4.0/24, of the proxies in front, which end TLS: they may say whom a request comes from.
	// List the balancer's own and nothing wider.
	TrustedProxies []netip.Prefix `key:"trusted_proxies"`
}

// Console is the bank staff's console, on the internal listener.
type Console struct {
	// Where staff open it: https:// and a host, with nothing behind host and port; http only for localhost. Set-up links begin with
	// it, and passkeys belong to its host. Empty: localhost, with the internal listener's port.
	Address string `key:"address"`

	// How long a session may wait unused before it ends.
	IdleTime time.Duration `key:"idle_time" least:"1m" most:"8h"`

	// How long a session may last in all.
	SessionTime time.Duration `key:"session_time" least:"5m" most:"24h"`

	OIDC OIDC `key:"oidc"`
}

// Portal is where partners' users look after what is theirs, on the portal's
// listener. Without `listeners.portal.address` there is none.
type Portal struct {
	// Where they open it: as `console.address`, and another host than the gateway's and the console's. Empty: localhost, with the
	// portal listener's port.
	Address string `key:"address"`

	// How long a session may wait unused before it ends.
	IdleTime time.Duration `key:"idle_time" least:"1m" most:"8h"`

	// How long a session may last in all.
	SessionTime time.Duration `key:"session_time" least:"5m" most:"24h"`

	// Whether partners' webhooks may lead to this machine and to private networks, over http as well. For a demo and for tests alone:
	// a partner could have the gateway knock at the bank's own doors.
	PrivateWebhooks bool `key:"private_webhooks"`
}

// OIDC is the bank's own sign-on (OpenID Connect), one more way into the console beside passkeys and passwords. Everybody links their
// own account to it, once they are in. Register `console.address` with `/console/sign-on` behind it as where it sends browsers back to.
type OIDC struct {
	// The provider's issuer, exactly as it names itself: https:// and no query. Empty: no sign-on.
	Issuer string `key:"issuer"`

	// What the provider knows the console as.
	ClientID string `key:"client_id"`

	// The console's secret at the provider.
	ClientSecret Secret `key:"client_secret"`

	// What the staff call it, as the screens say it. Empty: "the bank's sign-on".
	Name string `key:"name"`

	// Whose second factor counts: ours asks for it after every sign-on; trusted lets in at once who has shown two factors there, as
	// the id token's `amr` (RFC 8176) or `acr` says.
	SecondFactor string `key:"second_factor"`

	// The value of `acr` that stands for two factors. Empty: only `amr` counts.
	ACR string `key:"acr"`

	// PEM file with the authorities that may have signed the provider's certificate. Empty: the system's.
	CA string `key:"ca"`
}

// Whose second factor counts after a sign-on.
const (
	OurSecondFactor     = "ours"
	TrustedSecondFactor = "trusted"
)

// TLS is a listener's certificate. Files that were replaced are taken up within
// a second; until both fit together, the pair before stays.
type TLS struct {
	// PEM file with the certificate and its chain, leaf first. Empty: no TLS.
	Cert string `key:"cert"`

	// PEM file with the certificate's private key; not readable by everybody.
	Key string `key:"key"`
}

// Limits bound what a peer may take, on each listener.
type Limits struct {
	// The longest header of a request, octets; beyond it 431.
	HeaderSize int `key:"header_size" least:"4096" most:"1048576"`

	// How long a peer may take for its TLS handshake, and for a request's header.
	HeaderTime time.Duration `key:"header_time" least:"10ms" most:"1m"`

	// How long a peer may take for a whole request, header and body.
	RequestTime time.Duration `key:"request_time" least:"10ms" most:"10m"`

	// How long an answer may take, from the end of the request's header to its own last octet; more than `request_time`.
	AnswerTime time.Duration `key:"answer_time" least:"10ms" most:"20m"`

	// How long a connection may wait for its next request.
	IdleTime time.Duration `key:"idle_time" least:"10ms" most:"1h"`

	// Connections at once, of each listener; one more is closed at once.
	Connections int `key:"connections" least:"1" most:"1000000"`

	// How long, after SIGTERM, `/readyz` says 503 before no more connections are taken: as long as a balancer needs to notice.
	NoticeTime time.Duration `key:"notice_time" least:"0s" most:"5m"`

	// How long stopping may take in all, `notice_time` included. Its last fifth is kept for what waits to be committed.
	StopTime time.Duration `key:"stop_time" least:"1s" most:"10m"`
}

// Rates are how often something may happen. Each node counts by itself.
type Rates struct {
	// Access tokens for one application.
	AT Rate `key:"at"`

	// Visits that one application's pages open.
	VT Rate `key:"vt"`

	// Calls of one application.
	Call Rate `key:"call"`

	// Calls of one visit.
	Visit Rate `key:"visit"`

	// Failed requests of one address; many phones may share it.
	Failures Rate `key:"failures"`
}

// Rate is a token bucket.
type Rate struct {
	// How many in a second, in the long run.
	PerSecond float64 `key:"per_second" least:"0.001" most:"1000000"`

	// How many at once.
	Burst int `key:"burst" least:"1" most:"1000000"`
}

// Keys are how long the gateway's own keys are used, in hours: 720h are 30 days. A successor is published five minutes before
// it takes over, and what the old key made still opens afterwards, so nobody is refused. Nodes of one database should agree.
type Keys struct {
	// AKs, to which pages seal the first message of their visit: who gets one of them and a recording reads what it opened.
	AKLifetime time.Duration `key:"ak_lifetime" least:"1h" most:"8784h"`

	// Keys that sign ATs and assertions.
	SigningLifetime time.Duration `key:"signing_lifetime" least:"1h" most:"8784h"`

	// Keys that seal VTs; a day at most.
	TicketLifetime time.Duration `key:"ticket_lifetime" least:"1h" most:"24h"`
}

// Retention is how long rows are kept, days. What still guards an access token,
// a visit or a write is kept whatever is said here. Events are not deleted: see
// docs/decisions/0017.
type Retention struct {
	// Rows of access tokens and of the visits that they opened; consents, from their end on.
	Issuance int `key:"issuance_days" least:"365" most:"36500"`

	// Records of business calls, and which fields left with them.
	Calls int `key:"calls_days" least:"180" most:"36500"`

	// Notices of changes between nodes. A node that was out of touch for longer must be started again.
	Changes int `key:"changes_days" least:"7" most:"36500"`

	// Counts by hour. Those by day are kept for ever.
	HourlyCounts int `key:"hourly_counts_days" least:"31" most:"36500"`

	// Alerts that are over, and the addresses that applications have not asked from since.
	Alerts int `key:"alerts_days" least:"180" most:"36500"`
}

// Evidence is how the ledger is kept provable: [operations.md](operations.md#evidence). Each node has an anchor of its own.
type Evidence struct {
	// How often a checkpoint of the ledger is signed, if anything happened, and the database held against the anchor.
	Every time.Duration `key:"every" least:"10s" most:"1h"`

	// The file, in a folder that is there, to which each checkpoint is appended: where whoever administers the database cannot
	// write. Empty: none, and nobody notices when an older database is put in the place of this one.
	Anchor string `key:"anchor"`
}

// Feed sends every event of the ledger, staff's doings among them, to a file or to a syslog receiver: at least once each, from the
// first event on. `feeds` is a list of eight at most, and stands in the file only. What to expect of one is in
// [operations.md](operations.md#feeds). Of several nodes one at a time writes a feed, so give all of them the same.
type Feed struct {
	// Small letters, digits and dashes. It stands for how far the feed has come: under a new name all events are sent again.
	Name string `key:"name" required:"e.g. siem"`

	File   FeedFile   `key:"file"`
	Syslog FeedSyslog `key:"syslog"`
}

// FeedFile is a file of one JSON object a line.
type FeedFile struct {
	// The file, in a folder that is there; made for its owner alone. When it is renamed a new one is made. Either this or `syslog.address`.
	Path string `key:"path"`
}

// FeedSyslog is a receiver of syslog over TLS (RFC 5424, RFC 5425).
type FeedSyslog struct {
	// host:port of the receiver; TLS 1.2 or later, and nothing else. Either this or `file.path`.
	Address string `key:"address"`

	// PEM file with the authorities that may have signed the receiver's certificate. Empty: the system's.
	CA string `key:"ca"`

	// The name in the receiver's certificate. Empty: the host of `address`.
	ServerName string `key:"server_name"`

	// PEM file with the gateway's own certificate and its chain, for a receiver that asks for one.
	Cert string `key:"cert"`

	// PEM file with that certificate's private key; not readable by everybody.
	Key string `key:"key"`
}

// Default is what holds where nothing else is said. Issuer and MasterKey have
// no default.
func Default() Config {
	return Config{
		Zone:     china(),
		Database: Database{Path: "postern-data/postern.db"},
		Listeners: Listeners{
			Gateway:  Listener{Address: "127.0.0.1:8080"},
			Internal: Listener{Address: "127.0.0.1:8081"},
		},
		Console: Console{IdleTime: 30 * time.Minute, SessionTime: 10 * time.Hour, OIDC: OIDC{SecondFactor: OurSecondFactor}},
		Portal:  Portal{IdleTime: 30 * time.Minute, SessionTime: 10 * time.Hour},
		Limits: Limits{
			HeaderSize: 16 << 10,
			HeaderTime: 5 * time.Second, RequestTime: 30 * time.Second, AnswerTime: time.Minute, IdleTime: 2 * time.Minute,
			Connections: 10_000,
			// 30 s is what supervisors give before they kill.
			NoticeTime: 2 * time.Second, StopTime: 25 * time.Second,
		},
		Rates: Rates{
			AT: Rate{100, 200}, VT: Rate{100, 200}, Call: Rate{500, 1000},
			// One page, one person: generous for both.
			Visit: Rate{20, 100},
			// Many phones share an address behind a carrier's translator: generous.
			Failures: Rate{2, 200},
		},
		Keys: Keys{AKLifetime: 30 * day, SigningLifetime: 90 * day, TicketLifetime: day},
		// Issuance: five years. Calls: JR/T 0185 asks for six months.
		Retention: Retention{Issuance: 1826, Calls: 180, Changes: 30, HourlyCounts: 400, Alerts: 400},
		Alerts:    defaultAlerts(),
		Evidence:  Evidence{Every: time.Minute},
	}
}

const day = 24 * time.Hour

func china() *time.Location {
	zone, err := time.LoadLocation("Asia/Shanghai")
	if err != nil {
		panic(err) // it is linked in
	}
	return zone
}

// LogValue lists every setting under its key; secrets are redacted.
func (c Config) LogValue() slog.Value {
	var attrs []slog.Attr
	for _, s := range settings(&c) {
		attrs = append(attrs, slog.String(s.Key, s.text()))
	}
	return slog.GroupValue(attrs...)
}
