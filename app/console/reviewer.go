package console

import (
	"context"
	"slices"

	"postern/app/bankfile"
	"postern/app/change"
	"postern/app/partners"
	"postern/app/store"
	"postern/models"
	"postern/views/console"
	"postern/views/i18n"
	"postern/views/ui"
)

// newcomer is a partner that is to be let in, with what it is to have.
type newcomer struct {
	partner      partners.Partner
	applications []partners.Application
	grants       []partners.Grant
}

// askedOf is the newcomer among things that are handed in together.
func askedOf(things []any) (n newcomer) {
	for _, thing := range things {
		switch x := thing.(type) {
		case partners.Partner:
			n.partner = x
		case partners.Application:
			n.applications = append(n.applications, x)
		case partners.Grant:
			n.grants = append(n.grants, x)
		}
	}
	return n
}

// newcomerOf is whom a request lets in; ok is false where it lets nobody in. What the
// request leaves as it is counts as it is.
func (s *Console) newcomerOf(ctx context.Context, r models.ChangeRequest, plan change.Plan) (n newcomer, ok bool, err error) {
	if r.Kind != bankfile.Kind || !slices.ContainsFunc(plan.Things, func(t change.Planned) bool { return t.Kind == "partner" }) {
		return n, false, nil
	}
	err = s.o.Store.Business(ctx, func(b store.Business) error {
		staged, err := bankfile.Staged(b, r.Content, s.o.Now())
		if err != nil {
			return nil //nolint:nilerr // what breaks a rule by now cannot be approved, and says so itself
		}
		for _, x := range staged.Partners.Changes() {
			if ok = x.After.Status == models.Active && x.Before.Status != models.Active && x.Before.Status != models.Suspended; !ok {
				continue
			}
			n.partner = x.After
			now, err := partners.Of(b, x.After.ID)
			if err != nil {
				return err
			}
			n.applications = laid(staged.Applications.All(), now.Applications.All(), func(a partners.Application) bool { return a.Partner == x.After.ID })
			n.grants = laid(staged.Grants.All(), now.Grants.All(), func(g partners.Grant) bool {
				return slices.ContainsFunc(n.applications, func(a partners.Application) bool { return a.ID == g.Application })
			})
			return nil
		}
		return nil
	})
	return n, ok, err
}

// laid is what is there with what is staged over it, as far as it is wanted.
func laid[T interface{ Key() string }](staged, there []T, wanted func(T) bool) (list []T) {
	for _, x := range there {
		if !slices.ContainsFunc(staged, func(y T) bool { return y.Key() == x.Key() }) {
			staged = append(staged, x)
		}
	}
	for _, x := range staged {
		if wanted(x) {
			list = append(list, x)
		}
	}
	return list
}

// looksOf is what a reviewer asks first of a request; nil where it lets nobody in.
func (s *Console) looksOf(ctx context.Context, r models.ChangeRequest, plan change.Plan) (*console.Section, error) {
	n, lets, err := s.newcomerOf(ctx, r, plan)
	if err != nil || !lets {
		return nil, err
	}
	looks := s.reviewerLooks(ctx, i18n.ApprovalLooks, n)
	return &looks, nil
}

// reviewerLooks is what a reviewer asks first of a newcomer, and whether it is there.
func (s *Console) reviewerLooks(ctx context.Context, title i18n.Key, n newcomer) console.Section {
	covers := n.partner.ContractEnds != ""
	for _, g := range n.grants {
		last := s.LastDay(g.EndsAt)
		covers = covers && (g.Ended || last != "" && last <= n.partner.ContractEnds)
	}
	var rows []ui.KeyValue
	for _, ask := range []struct {
		key i18n.Key
		ok  bool
	}{
		{i18n.PartnerCreditCode, n.partner.CreditCode != ""}, {i18n.OnboardingContractCovers, covers},
		{i18n.PartnerContactSecurity, slices.ContainsFunc(n.partner.Contacts, func(k partners.Contact) bool { return k.Kind == models.SecurityContact })},
		{i18n.OnboardingAddresses, len(n.applications) > 0 && !slices.ContainsFunc(n.applications, func(a partners.Application) bool { return a.AddressMode != models.AddressEnforce })},
	} {
		badge := ui.BadgeView{Tone: ui.Ok, Icon: "check", Text: i18n.T(ctx, i18n.OnboardingThere)}
		if !ask.ok {
			badge = ui.BadgeView{Tone: ui.Warn, Icon: "circle-dashed", Text: i18n.T(ctx, i18n.OnboardingNotThere)}
		}
		rows = append(rows, ui.KeyValue{Key: i18n.T(ctx, ask.key), Value: ui.Badge(badge)})
	}
	return console.Section{Card: ui.CardView{Title: i18n.T(ctx, title)}, Facts: &ui.KeyValuesView{Rows: rows}}
}
