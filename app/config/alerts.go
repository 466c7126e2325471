package config

import (
	"net"
	"net/mail"
	"net/url"
	"reflect"
	"slices"
	"strings"
	"time"
)

// Alerts tell people what they should look at: which rules hold, and who is told. Each rule has a section in docs/alerts.md. A
// receiver is there once its `host` or `url` is set. Nodes of one database should agree on all of it.
type Alerts struct {
	// How long an alert may wait for somebody to acknowledge it before its receivers are reminded, again and again.
	Remind time.Duration `key:"remind" least:"10m" most:"168h"`

	Rules    AlertRules `key:"rules"`
	Mail     Mail       `key:"mail"`
	Webhook  Webhook    `key:"webhook"`
	WeCom    WeCom      `key:"wecom"`
	DingTalk DingTalk   `key:"dingtalk"`
}

// AlertRules are the rules by name.
type AlertRules struct {
	Refusals     RefusalsRule    `key:"refusals"`
	Unredeemed   UnredeemedRule  `key:"unredeemed"`
	NewAddress   NewAddressRule  `key:"new_address"`
	SpentTwice   SpentTwiceRule  `key:"spent_twice"`
	UpstreamDown UpstreamRule    `key:"upstream_down"`
	Certificate  CertificateRule `key:"certificate"`
	Credential   CredentialRule  `key:"credential"`
	Queue        QueueRule       `key:"queue"`
	Disk         DiskRule        `key:"disk"`
	FeedBehind   FeedRule        `key:"feed_behind"`

	EvidenceDiffers EvidenceRule `key:"evidence_differs"`
	EvidenceLate    LateRule     `key:"evidence_late"`
}

// RefusalsRule looks at what an application is refused, by the hour.
type RefusalsRule struct {
	// Whether many refusals of one application raise an alert.
	On bool `key:"on"`

	// How many refusals it takes. Fewer are a developer at work.
	Count int `key:"count" least:"1" most:"1000000000"`

	// How large a part of its answers they must be, percent. A busy application always has a few.
	Percent int `key:"percent" least:"1" most:"100"`

	// Over how many hours of the clock, the present one included. With one alone every hour would begin without refusals.
	Hours int `key:"hours" least:"2" most:"24"`
}

// UnredeemedRule looks at ATs that nobody opened a page with.
type UnredeemedRule struct {
	// Whether many ATs of one application that end unspent raise an alert.
	On bool `key:"on"`

	// How many it takes. Visitors who close the app at once are normal.
	Count int `key:"count" least:"1" most:"20000"`

	// How large a part of its ATs they must be, percent. More than every other one means that pages do not open, or that a thief collects.
	Percent int `key:"percent" least:"1" most:"100"`

	// How far back ATs are looked at that ended.
	Window time.Duration `key:"window" least:"5m" most:"24h"`
}

// NewAddressRule looks at the addresses from which ATs are asked for.
type NewAddressRule struct {
	// Whether an AT that is issued to an address from which the application never asked before raises an alert.
	On bool `key:"on"`

	// How many days an application's addresses are learnt after its first AT, silently: a partner's back end shows all its addresses within two weeks.
	LearningDays int `key:"learning_days" least:"1" most:"90"`

	// How long a new address counts as new.
	Window time.Duration `key:"window" least:"10m" most:"168h"`
}

// SpentTwiceRule looks at ATs that came twice.
type SpentTwiceRule struct {
	// Whether an AT that comes a second time, under another R, raises an alert.
	On bool `key:"on"`

	// How often it takes. One is a stolen AT until somebody knows better (RFC 9700 section 4.14).
	Count int `key:"count" least:"1" most:"1000000"`

	// How far back is looked.
	Window time.Duration `key:"window" least:"10m" most:"24h"`
}

// UpstreamRule looks at the circuits of upstreams.
type UpstreamRule struct {
	// Whether an upstream whose circuit is not closed raises an alert.
	On bool `key:"on"`

	// For how long, on one node. A restart behind an upstream takes less.
	For time.Duration `key:"for" least:"0s" most:"1h"`
}

// CertificateRule looks at the listeners' certificates.
type CertificateRule struct {
	// Whether a listener's certificate that ends soon raises an alert.
	On bool `key:"on"`

	// How many days before its end; doctor warns by it, too. A bank's own order for one may take weeks.
	Days int `key:"days" least:"2" most:"365"`
}

// CredentialRule looks at applications' keys and secrets.
type CredentialRule struct {
	// Whether an application's credential that ends soon, with none to follow, raises an alert.
	On bool `key:"on"`

	// How many days before its end; doctor warns by it, too. The partner has to act.
	Days int `key:"days" least:"2" most:"365"`
}

// QueueRule looks at the ledger's queue.
type QueueRule struct {
	// Whether a long queue before the ledger, or a record that it did not take, raises an alert.
	On bool `key:"on"`

	// How full the queue is, percent. From 50 on refusals are no longer put on record, and when it is full nothing is issued.
	Percent int `key:"percent" least:"1" most:"100"`
}

// DiskRule looks at the disk on which SQLite's database is.
type DiskRule struct {
	// Whether little room beside the database raises an alert.
	On bool `key:"on"`

	// How many MiB must be free; doctor warns by it, too. Under a sixteenth of it the alert is critical: on a full disk nothing is issued.
	FreeMiB int `key:"free_mib" least:"16" most:"1048576"`
}

// FeedRule looks at what should follow the ledger or the changes.
type FeedRule struct {
	// Whether a feed that falls behind raises an alert.
	On bool `key:"on"`

	// By how much. What restarts is back in less.
	Behind time.Duration `key:"by" least:"10s" most:"24h"`
}

// EvidenceRule looks at whether the ledger is still what was vouched for.
type EvidenceRule struct {
	// Whether an event that was changed, or a database of another past, raises an alert.
	On bool `key:"on"`
}

// LateRule looks at what has not been vouched for.
type LateRule struct {
	// Whether events that no checkpoint or no anchor vouches for raise an alert.
	On bool `key:"on"`

	// For how long the oldest of them has waited. More than a few times `evidence.every` means that something is in the way.
	Behind time.Duration `key:"by" least:"1m" most:"24h"`
}

// Telling says what a receiver is told, and how.
type Telling struct {
	// The least severity that is told: warning or critical.
	Severity string `key:"severity"`

	// The rules that are told, by name. Empty: all.
	Rules []string `key:"rules"`

	// Whether news of change requests and of what partners ask goes there: by mail to each person who may decide or who asked and whose account has an address, to others as one
	// message for the group.
	Approvals bool `key:"approvals"`

	// The language of messages: zh-CN or en. Somebody who has chosen one in the console gets mail in that.
	Language string `key:"language"`

	// PEM file with the authorities that may sign the server's certificate. Empty: the system's.
	CA string `key:"ca"`
}

// Mail is a server that takes mail: alerts, news of requests, and the invitations of partners' users.
type Mail struct {
	// host:port of the server, e.g. mail.bank.example:587. Invitations of partners' users go by it too.
	Host string `key:"host"`

	// How it is secured: starttls, tls from the first octet, or none, which is for this machine only.
	Security string `key:"security"`

	// Who the gateway is to the server. Empty: it does not ask.
	User string `key:"user"`

	// The user's password.
	Password Secret `key:"password"`

	// The sender's address.
	From string `key:"from"`

	// The addresses that are written to.
	To []string `key:"to"`

	Telling
}

// Webhook is a program of the bank's own that takes JSON.
type Webhook struct {
	// The address that is posted to; https, or http on this machine. It may hold a key, so it is secret.
	URL Secret `key:"url"`

	// What messages are signed with, HMAC-SHA256: docs/alerts.md says how to verify it. 16 characters at least.
	Secret Secret `key:"secret"`

	Telling
}

// WeCom is a robot in a group of WeCom.
type WeCom struct {
	// The robot's webhook address, with its key: a secret.
	URL Secret `key:"url"`

	Telling
}

// DingTalk is a robot in a group of DingTalk.
type DingTalk struct {
	// The robot's webhook address, with its token: a secret.
	URL Secret `key:"url"`

	// The robot's secret for signatures, SEC….
	Secret Secret `key:"secret"`

	Telling
}

// The names of receivers, as they stand in the configuration.
const (
	ReceiverMail     = "mail"
	ReceiverWebhook  = "webhook"
	ReceiverWeCom    = "wecom"
	ReceiverDingTalk = "dingtalk"
)

// Tellings are the receivers that are there, by name.
func (a Alerts) Tellings() map[string]Telling {
	all := map[string]Telling{}
	for name, r := range map[string]struct {
		there bool
		Telling
	}{
		ReceiverMail:     {a.Mail.Host != "", a.Mail.Telling},
		ReceiverWebhook:  {a.Webhook.URL.Set(), a.Webhook.Telling},
		ReceiverWeCom:    {a.WeCom.URL.Set(), a.WeCom.Telling},
		ReceiverDingTalk: {a.DingTalk.URL.Set(), a.DingTalk.Telling},
	} {
		if r.there {
			all[name] = r.Telling
		}
	}
	return all
}

// Addresses are where the receivers of these are reached that are there: host:port.
func (a Alerts) Addresses() map[string]string {
	all := map[string]string{}
	if a.Mail.Host != "" {
		all[ReceiverMail] = a.Mail.Host
	}
	for name, s := range map[string]Secret{ReceiverWebhook: a.Webhook.URL, ReceiverWeCom: a.WeCom.URL, ReceiverDingTalk: a.DingTalk.URL} {
		if u, err := url.Parse(s.Reveal()); err == nil && u.Host != "" {
			port := u.Port()
			if port == "" {
				port = map[string]string{"https": "443", "http": "80"}[u.Scheme]
			}
			all[name] = net.JoinHostPort(u.Hostname(), port)
		}
	}
	return all
}

// RuleNames lists the names of the rules of alerts, in the order of the configuration.
func RuleNames() []string {
	t := reflect.TypeFor[AlertRules]()
	names := make([]string, t.NumField())
	for i := range names {
		names[i] = t.Field(i).Tag.Get("key")
	}
	return names
}

// defaultAlerts are meant to be silent on a quiet day of a bank; each field's
// comment says why.
func defaultAlerts() Alerts {
	telling := Telling{Severity: "warning", Approvals: true, Language: "zh-CN"}
	return Alerts{
		Remind: 4 * time.Hour,
		Rules: AlertRules{
			Refusals:     RefusalsRule{On: true, Count: 100, Percent: 20, Hours: 2},
			Unredeemed:   UnredeemedRule{On: true, Count: 50, Percent: 60, Window: time.Hour},
			NewAddress:   NewAddressRule{On: true, LearningDays: 14, Window: day},
			SpentTwice:   SpentTwiceRule{On: true, Count: 1, Window: time.Hour},
			UpstreamDown: UpstreamRule{On: true, For: time.Minute},
			Certificate:  CertificateRule{On: true, Days: 30},
			Credential:   CredentialRule{On: true, Days: 30},
			Queue:        QueueRule{On: true, Percent: 25},
			Disk:         DiskRule{On: true, FreeMiB: 1024},
			FeedBehind:   FeedRule{On: true, Behind: 15 * time.Minute},

			EvidenceDiffers: EvidenceRule{On: true},
			EvidenceLate:    LateRule{On: true, Behind: 15 * time.Minute},
		},
		Mail:    Mail{Security: "starttls", Telling: telling},
		Webhook: Webhook{Telling: telling}, WeCom: WeCom{Telling: telling}, DingTalk: DingTalk{Telling: telling},
	}
}

func (l *loader) checkAlerts(a Alerts) {
	for name, t := range map[string]Telling{
		ReceiverMail: a.Mail.Telling, ReceiverWebhook: a.Webhook.Telling, ReceiverWeCom: a.WeCom.Telling, ReceiverDingTalk: a.DingTalk.Telling,
	} {
		l.checkTelling("alerts."+name, t)
	}
	if a.Mail.Host != "" {
		l.checkMail(a.Mail)
	}
	l.checkURL("alerts.webhook", a.Webhook.URL)
	l.checkURL("alerts.wecom", a.WeCom.URL)
	l.checkURL("alerts.dingtalk", a.DingTalk.URL)
	if a.Webhook.URL.Set() && len(a.Webhook.Secret.Reveal()) < 16 {
		l.wrong("alerts.webhook.secret", "want 16 characters at least: without a signature anybody could raise the alarm")
	}
	if a.DingTalk.URL.Set() && !a.DingTalk.Secret.Set() {
		l.wrong("alerts.dingtalk.secret", "is missing; choose signatures in the robot's security settings")
	}
}

func (l *loader) checkTelling(key string, t Telling) {
	if t.Severity != "warning" && t.Severity != "critical" {
		l.wrong(key+".severity", "want warning or critical, have %q", t.Severity)
	}
	if t.Language != "zh-CN" && t.Language != "en" {
		l.wrong(key+".language", "want zh-CN or en, have %q", t.Language)
	}
	for _, rule := range t.Rules {
		if !slices.Contains(RuleNames(), rule) {
			l.wrong(key+".rules", "there is no rule %q; known are %s", rule, strings.Join(RuleNames(), ", "))
		}
	}
}

func (l *loader) checkMail(m Mail) {
	host, port, err := net.SplitHostPort(m.Host)
	switch {
	case err != nil || host == "" || port == "":
		l.wrong("alerts.mail.host", "want host:port, have %q", m.Host)
	case !slices.Contains([]string{"starttls", "tls", "none"}, m.Security):
		l.wrong("alerts.mail.security", "want starttls, tls or none, have %q", m.Security)
	case m.Security == "none" && !loopback(host):
		l.wrong("alerts.mail.security", "%s is another machine: want starttls or tls", host)
	}
	if _, err := mail.ParseAddress(m.From); err != nil {
		l.wrong("alerts.mail.from", "want the sender's address, have %q", m.From)
	}
	if len(m.To) == 0 {
		l.wrong("alerts.mail.to", "is missing; list the addresses to write to")
	}
	for _, to := range m.To {
		if _, err := mail.ParseAddress(to); err != nil {
			l.wrong("alerts.mail.to", "want addresses, have %q", to)
		}
	}
	if (m.User == "") != !m.Password.Set() {
		l.wrong("alerts.mail.user", "user and password go together")
	}
}

// checkURL says nothing of the address: it is a secret.
func (l *loader) checkURL(key string, s Secret) {
	if !s.Set() {
		return
	}
	u, err := url.Parse(s.Reveal())
	if err != nil || u.Host == "" || u.User != nil || u.Fragment != "" ||
		u.Scheme != "https" && !(u.Scheme == "http" && loopback(u.Hostname())) {
		l.wrong(key+".url", "want an address that begins with https:// (http:// on this machine only)")
	}
}

// Octets is how much must be free.
func (r DiskRule) Octets() int64 { return int64(r.FreeMiB) << 20 }
