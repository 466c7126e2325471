package directory

import (
	"fmt"
	"net/netip"
	"time"

	"postern/app/seal"
	"postern/app/store"
	"postern/models"
)

// Application is one application with everything that a decision about it
// needs. It is immutable; take a new one for each request.
type Application struct {
	models.Application
	Partner         models.Partner
	Credentials     []Credential
	Addresses       []netip.Prefix
	ReturnAddresses map[string]bool
	Grants          []models.Grant

	weather map[models.Weather]int64 // until when, Unix ms; nil for any but a sandbox's

	access accesses
}

// Credential is a credential with its key parsed and ready.
type Credential struct {
	models.Credential
	Key       *seal.PublicKey // nil for secrets
	Recipient *seal.Recipient // for encryption keys
}

// Active reports whether the application and its partner may have traffic.
func (a *Application) Active() bool {
	return a.Status == models.Active && a.Partner.Status == models.Active
}

// Weather reports whether the application's partner has put bad weather over it. It never
// has in production.
func (a *Application) Weather(w models.Weather, now time.Time) bool {
	return a.Environment == models.Sandbox && now.UnixMilli() < a.weather[w]
}

// EncryptionKey is the newest live encryption key for whoever proved to be the application
// by the credential of an id; nil when there is none. A trial of the portal's and the
// partner's own servers have keys of their own: neither gets what only the other can open.
func (a *Application) EncryptionKey(by string, now int64) *Credential {
	var best *Credential
	for i := range a.Credentials {
		c := &a.Credentials[i]
		if c.Use != models.EncryptionKey || !c.LiveAt(now) || models.OfTrial(c.ID) != models.OfTrial(by) {
			continue
		}
		if best == nil || c.NotBefore > best.NotBefore || (c.NotBefore == best.NotBefore && c.CreatedAt > best.CreatedAt) {
			best = c
		}
	}
	return best
}

// sealReuse is how many seals share one ephemeral key pair. A fresh CEK under
// A256KW each time keeps that safe, and it saves most of the cost of sealing.
const sealReuse = 64

func newApplication(p store.ApplicationProfile) (*Application, error) {
	a := &Application{
		Application: p.Application, Partner: p.Partner, Grants: p.Grants,
		ReturnAddresses: make(map[string]bool, len(p.ReturnAddresses)),
	}
	for _, r := range p.ReturnAddresses {
		a.ReturnAddresses[r] = true
	}
	if a.Environment == models.Sandbox {
		a.weather = make(map[models.Weather]int64, len(p.Weather))
		for _, spell := range p.Weather {
			a.weather[spell.Kind] = spell.Until
		}
	}
	for _, text := range p.Addresses {
		prefix, err := netip.ParsePrefix(text)
		if err != nil {
			return nil, fmt.Errorf("application %s: address list: %w", a.ID, err)
		}
		a.Addresses = append(a.Addresses, prefix)
	}
	for _, row := range p.Credentials {
		c, err := newCredential(row)
		if err != nil {
			return nil, fmt.Errorf("application %s: credential %s: %w", a.ID, row.ID, err)
		}
		a.Credentials = append(a.Credentials, c)
	}
	return a, nil
}

func newKeys(rows []models.Credential) (list []*seal.PublicKey, err error) {
	for _, row := range rows {
		c, err := newCredential(row)
		if err != nil {
			return nil, fmt.Errorf("application %s: credential %s: %w", row.ApplicationID, row.ID, err)
		}
		list = append(list, c.Key)
	}
	return list, nil
}

func newCredential(row models.Credential) (Credential, error) {
	c := Credential{Credential: row}
	if row.Use == models.ClientSecret {
		return c, nil
	}
	key, err := seal.ParsePublicJWK([]byte(row.PublicJWK))
	if err != nil {
		return c, err
	}
	c.Key = key
	if row.Use == models.EncryptionKey {
		if c.Recipient, err = seal.NewRecipient(key); err != nil {
			return c, err
		}
		c.Recipient.Reuse(sealReuse)
	}
	return c, nil
}
