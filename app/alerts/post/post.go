package post

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"strings"
	"time"

	"postern/app/config"
	"postern/app/errs"
	"postern/app/pemfile"
)

// Message is what is told at once: one alert, or several.
type Message struct {
	ID      string // the same when it is sent again; 36 characters
	At      time.Time
	Title   string // one line
	Text    string // the whole of it, plain, lines end with \n
	Entries []Entry
	More    int // how many alerts are in neither Text nor Entries

	Opens    bool           // it holds what opens an account: of a server that refuses it nothing is repeated but its code
	To       []string       // who gets it by mail; nil for those whom the configuration names
	Requests []RequestEntry // of messages about change requests

	PartnerRequests []PartnerRequestEntry // and about what partners ask for
	Credentials     []CredentialEntry     // and about partners' credentials
}

// CredentialEntry is news of a partner's credential as programs read it.
type CredentialEntry struct {
	ID          string `json:"id"`
	News        string `json:"news"`
	Partner     string `json:"partner"`
	Application string `json:"application"`
	Use         string `json:"use"`
	KID         string `json:"kid,omitempty"`
	EndsAt      int64  `json:"ends_at"` // Unix ms
	Address     string `json:"address"` // of its page in the console
}

// RequestEntry is news of a change request as programs read it.
type RequestEntry struct {
	Number    int64  `json:"number"`
	News      string `json:"news"`
	Kind      string `json:"kind"`
	Subject   string `json:"subject"`
	State     string `json:"state"`
	MadeAt    int64  `json:"made_at"` // Unix ms
	ExpiresAt int64  `json:"expires_at"`
	Address   string `json:"address"` // of its page in the console
}

// PartnerRequestEntry is news of a partner's request as programs read it.
type PartnerRequestEntry struct {
	Number      int64  `json:"number"`
	News        string `json:"news"`
	Partner     string `json:"partner"`
	Application string `json:"application"`
	State       string `json:"state"`
	MadeAt      int64  `json:"made_at"` // Unix ms
	Address     string `json:"address"` // of its page in the console
}

// Entry is one alert as programs read it; docs/alerts.md describes it.
type Entry struct {
	ID       string            `json:"id"`
	News     string            `json:"news"`
	Rule     string            `json:"rule"`
	Severity string            `json:"severity"`
	State    string            `json:"state"`
	Subject  EntrySubject      `json:"subject"`
	FirstAt  int64             `json:"first_at"` // Unix ms
	LastAt   int64             `json:"last_at"`
	Count    int64             `json:"count"`
	Numbers  map[string]string `json:"numbers"`
}

// EntrySubject is what an alert is about.
type EntrySubject struct {
	Kind string `json:"kind"`
	ID   string `json:"id"`
	Name string `json:"name,omitempty"`
}

// Sender is a way to one receiver; safe for concurrent use.
type Sender interface {
	// Send sends once. Nil means that the other side has taken it; Partly that some
	// there have.
	Send(ctx context.Context, m Message) error
	// Room is how long a message's Text may be, octets.
	Room() int
}

// Partly is why some of those to whom a message goes did not get it while others
// did: they would get it again, and it is somebody's to mend.
type Partly struct{ Why error }

func (p Partly) Error() string { return p.Why.Error() }

// Unwrap returns why.
func (p Partly) Unwrap() error { return p.Why }

// Open makes the senders of the receivers that are configured, by name. It
// reads their files of authorities and connects to nobody. now is the clock by
// which messages are signed.
func Open(c config.Alerts, now func() time.Time) (map[string]Sender, error) {
	all := map[string]Sender{}
	var faults []error
	for name, t := range c.Tellings() {
		roots, err := pemfile.Roots(t.CA)
		if err != nil {
			faults = append(faults, fmt.Errorf("alerts.%s.ca: %w", name, err))
			continue
		}
		switch name {
		case config.ReceiverMail:
			all[name] = newMail(c.Mail, roots)
		case config.ReceiverWebhook:
			all[name] = newWebhook(c.Webhook, roots, now)
		case config.ReceiverWeCom:
			all[name] = newWeCom(c.WeCom, roots)
		case config.ReceiverDingTalk:
			all[name] = newDingTalk(c.DingTalk, roots, now)
		}
	}
	return all, errors.Join(faults...)
}

func tlsConfig(roots *x509.CertPool, host string) *tls.Config {
	return &tls.Config{RootCAs: roots, ServerName: host, MinVersion: tls.VersionTLS12}
}

// minSecret is the shortest text that is taken for a secret: replacing a query's
// "1" everywhere would leave nothing to read.
const minSecret = 6

// said is what the other side says, without what it was told in confidence.
func said(text string, secrets ...string) string {
	for _, s := range secrets {
		if len(s) >= minSecret {
			text = strings.ReplaceAll(text, s, "[redacted]")
		}
	}
	return errs.Said(text)
}
