package demo

import (
	"context"
	_ "embed"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"time"

	"postern/app"
	"postern/app/approval"
	"postern/app/bankfile"
	"postern/app/catalog"
	"postern/app/errs"
	"postern/app/partners"
	"postern/app/seal"
	"postern/app/store"
	"postern/models"
)

// The demo bank's one service, as bank.yaml has it.
const (
	serviceID = "urn:h5:loan"
	pagePath  = "/h5"
)

//go:embed bank.yaml
var bankFile []byte

// movedFile mentions the service and nothing of it: what the demo fills in is
// all that changes.
const movedFile = "services:\n  - id: " + serviceID + "\n"

// seeding is what a start puts into the database.
type seeding struct {
	store  *store.Store
	places places
	keys   map[string]partnerKeys
	now    time.Time
	rand   io.Reader
}

// seed applies bank.yaml once. On a second start it leaves all that as it may
// have been changed, and only moves the addresses to where the demo listens now.
func seed(ctx context.Context, s seeding) error {
	text, why := bankFile, "What the demo begins with."
	_, err := s.store.ServiceProfile(ctx, serviceID)
	switch {
	case err == nil:
		text, why = []byte(movedFile), "The demo listens elsewhere now."
	case errs.KindOf(err) != errs.NotFound:
		return fmt.Errorf("read service: %w", err)
	}
	document, err := bankfile.Read("bank.yaml", text, nil)
	if err != nil {
		return err
	}
	keys, err := s.publicKeys()
	if err != nil {
		return err
	}
	options := bankfile.Options{Now: s.now, Adjust: func(thing any) { s.fillIn(thing, keys) }}
	_, err = document.Apply(ctx, s.store, options, s.rand)
	if errors.Is(err, approval.ErrSecondPerson) {
		return s.ask(ctx, document, options, why)
	}
	return err
}

// ask goes the way of a bank that has staff: the officer asks, the reviewer
// approves.
func (s seeding) ask(ctx context.Context, document *bankfile.Document, options bankfile.Options, why string) error {
	officer, reviewer, err := s.two(ctx)
	if err != nil {
		return err
	}
	content, err := document.Request(ctx, s.store, options)
	if err != nil {
		return err
	}
	approvals := approval.New(approval.Options{
		Store: s.store, Kinds: app.ApprovalKinds(), Now: func() time.Time { return s.now }, Rand: s.rand,
	})
	out, err := approvals.Submit(ctx, officer, approval.Ask{Kind: bankfile.Kind, Subject: "service " + serviceID, Content: content, Reason: why})
	if err != nil || out.Applied {
		return err
	}
	asked, _, err := s.store.RequestByID(ctx, out.Request)
	if err != nil {
		return err
	}
	return approvals.Approve(ctx, reviewer, approval.Verdict{
		Request: asked.ID, ContentHash: asked.ContentHash, PlanHash: asked.PlanHash, Reason: why,
	})
}

// two are the demo's officer and reviewer.
func (s seeding) two(ctx context.Context) (officer, reviewer approval.By, err error) {
	err = s.store.Accounts(ctx, func(a store.Accounts) error {
		for login, by := range map[string]*approval.By{"officer": &officer, "reviewer": &reviewer} {
			account, found, err := a.AccountByLogin(models.StaffRealm, login)
			if err != nil {
				return err
			}
			if !found {
				return errNoStaff
			}
			by.Account, by.Person = account.ID, account.PersonID
		}
		return nil
	})
	return officer, reviewer, err
}

var errNoStaff = errors.New("the demo listens at other addresses than before, and its own staff, who would approve that, is not in the database")

// fillIn puts in what is only known when the demo starts.
func (s seeding) fillIn(thing any, keys map[string]string) {
	switch x := thing.(type) {
	case *catalog.Service:
		x.H5URL, x.Origins = s.places.h5+pagePath, []string{s.places.h5}
		x.Upstreams = slices.Clone(x.Upstreams)
		for i := range x.Upstreams {
			x.Upstreams[i].BaseURL = s.places.bank
		}
	case *partners.Credential:
		x.JWK = keys[x.ID]
	}
}

// publicKeys are the public halves of the partners' keys, by kid.
func (s seeding) publicKeys() (map[string]string, error) {
	public := map[string]string{}
	for _, own := range s.keys {
		for _, key := range []*seal.PrivateKey{own.Signing, own.Encryption} {
			text, err := json.Marshal(key.Public())
			if err != nil {
				return nil, fmt.Errorf("write public key: %w", err)
			}
			public[key.Public().KID()] = string(text)
		}
	}
	return public, nil
}
