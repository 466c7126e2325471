package killswitch

import (
	"fmt"
	"slices"

	"postern/app/change"
	"postern/app/errs"
	"postern/app/store"
	"postern/models"
)

// Refusals of who may stop their own partners only.
var (
	// ErrWide refuses to stop a service, a scope or everything.
	ErrWide = errs.New(errs.Forbidden, "stops_all", "Services, scopes and everything are stopped by a reviewer or by security.")
	// ErrNotYours refuses to stop what another officer looks after; see NotYours.
	ErrNotYours = errs.New(errs.Forbidden, "not_yours", "Another officer looks after this partner.")
)

// NotYours is ErrNotYours with whose the partner is.
type NotYours struct {
	Partner string // its name
	Officer string // the name of who looks after it
}

// Error says it in English.
func (e *NotYours) Error() string {
	return fmt.Sprintf("%s looks after %s. %s, a reviewer or security can stop it.", e.Officer, e.Partner, e.Officer)
}

// Unwrap makes it ErrNotYours.
func (*NotYours) Unwrap() error { return ErrNotYours }

// wide are the kinds of things that are nobody's own.
var wide = map[string]bool{
	string(models.FreezeService): true, string(models.FreezeDataScope): true, string(models.FreezeEverything): true,
}

// Own reports whether somebody who may stop only what they look after may let a
// plan take effect at once: a *NotYours where it takes anything away from another
// officer's partner, ErrWide where it freezes, or ends the visits of, what is
// nobody's own (docs/decisions/0037). kind is the change's. What a plan opens is
// none of its business: that waits for a second person.
func Own(b store.Business, account, kind string, p change.Plan) error {
	for _, t := range p.Things {
		if !narrows(t) {
			continue
		}
		if (kind == FreezeKind || kind == EndKind) && wide[t.Kind] {
			return ErrWide
		}
		partner, err := partnerOf(b, t)
		if err == nil && partner != "" {
			err = OwnPartner(b, account, partner)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// Asks reports whether a plan changes what is nobody's own, a service or a scope, or
// stops it or everything: that reaches every partner there is, so whoever may stop only
// what they look after asks for it, whichever way it goes (docs/decisions/0039). A drill
// is of everything and stops nothing.
func Asks(p change.Plan) bool {
	return slices.ContainsFunc(p.Things, func(t change.Planned) bool {
		return wide[t.Kind] && (t.Kind != string(models.FreezeEverything) || narrows(t))
	})
}

func narrows(t change.Planned) bool {
	for _, d := range t.Differences {
		if d.Effect == change.Narrows {
			return true
		}
	}
	return false
}

// partnerOf is whose a thing is; empty for what is no partner's.
func partnerOf(b store.Business, t change.Planned) (string, error) {
	switch t.Kind {
	case "partner":
		return t.ID, nil
	case "application":
		return partnerOfApplication(b, t.ID)
	case "credential":
		list, err := b.Credentials([]string{t.ID})
		if err != nil || len(list) == 0 {
			return "", err
		}
		return partnerOfApplication(b, list[0].ApplicationID)
	case "grant":
		list, err := b.Grants([]string{t.ID})
		if err != nil || len(list) == 0 {
			return "", err
		}
		return partnerOfApplication(b, list[0].ApplicationID)
	case "visit":
		v, err := b.VisitOf(t.ID)
		return v.PartnerID, err
	}
	return "", nil
}

func partnerOfApplication(b store.Business, id string) (string, error) {
	list, err := b.Applications([]string{id})
	if err != nil || len(list) == 0 {
		return "", err
	}
	return list[0].PartnerID, nil
}

// OwnPartner is nil where an officer may stop a partner: it is their own, or
// nobody's who could. Else it is a *NotYours.
func OwnPartner(b store.Business, account, partner string) error {
	list, err := b.Partners([]string{partner})
	if err != nil || len(list) == 0 || list[0].OfficerID == "" || list[0].OfficerID == account {
		return err
	}
	of, enabled, err := Keeper(b, list[0])
	if err != nil || !enabled {
		return err
	}
	return &NotYours{Partner: list[0].Name, Officer: of.Name}
}

// Keeper is who looks after a partner. enabled is false where nobody does, or who
// did is no officer any more: then any officer may stop it.
func Keeper(b store.Business, p models.Partner) (a models.Account, enabled bool, err error) {
	if p.OfficerID == "" {
		return a, false, nil
	}
	list, err := b.Accounts().AccountsByID([]string{p.OfficerID})
	if err != nil || len(list) == 0 {
		return a, false, err
	}
	enabled, err = b.Accounts().Serves(list[0], models.OfficerRole)
	return list[0], enabled, err
}
