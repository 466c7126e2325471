package portal

import (
	"context"
	"slices"
	"strings"

	"github.com/gin-gonic/gin"

	"postern/app/entrance"
	"postern/app/partners"
	"postern/app/recordview"
	"postern/app/store"
	"postern/models"
	"postern/policies"
	"postern/views/i18n"
	"postern/views/portal"
	"postern/views/ui"
)

// launch is what the gateway knows of a partner's way to its first live visit.
type launch struct {
	partner      models.Partner
	contacts     []models.Contact
	applications []models.Application // not closed, the oldest first
	addresses    []models.ApplicationAddress
	credentials  []models.Credential
	grants       []models.Grant
	requested    models.PartnerRequest // the newest open one for an application that is not there; zero for none
	seen         map[models.Environment]map[models.RollupKind]int64
}

// watched is of how many applications of a world the first counts are read.
const watched = 5

func (p *Portal) launched(c *gin.Context, requests []models.PartnerRequest) (l launch, err error) {
	ctx, id := c.Request.Context(), entrance.VisitOf(c).Who.Partner.ID
	l.partner = entrance.VisitOf(c).Who.Partner
	err = p.o.Store.Business(ctx, func(b store.Business) error {
		if l.contacts, err = b.Contacts([]string{id}); err != nil {
			return err
		}
		if l.applications, err = b.ApplicationsOf([]string{id}); err != nil {
			return err
		}
		l.applications = slices.DeleteFunc(l.applications, func(a models.Application) bool { return a.Status == models.Closed })
		slices.SortFunc(l.applications, func(a, b models.Application) int {
			return int(a.CreatedAt - b.CreatedAt)
		})
		ids := make([]string, len(l.applications))
		for i, a := range l.applications {
			ids[i] = a.ID
		}
		if l.addresses, err = b.Addresses(ids); err != nil {
			return err
		}
		if l.credentials, err = b.CredentialsOf(ids); err != nil {
			return err
		}
		l.grants, err = b.GrantsOf(ids)
		return err
	})
	if err != nil {
		return l, err
	}
	for _, r := range requests {
		if r.State.Open() && !slices.ContainsFunc(l.applications, func(a models.Application) bool { return a.ID == r.ApplicationID }) {
			l.requested = r
			break
		}
	}
	return l, p.firsts(ctx, &l)
}

// firsts reads when each world's applications first did what.
func (p *Portal) firsts(ctx context.Context, l *launch) error {
	l.seen = map[models.Environment]map[models.RollupKind]int64{models.Sandbox: {}, models.Production: {}}
	read := map[models.Environment]int{}
	for _, a := range l.applications {
		if read[a.Environment]++; read[a.Environment] > watched {
			continue
		}
		first, err := p.o.Store.FirstSeen(ctx, a.ID, p.o.Now().UnixMilli())
		if err != nil {
			return err
		}
		seen := l.seen[a.Environment]
		for kind, at := range first {
			if seen[kind] == 0 || at < seen[kind] {
				seen[kind] = at
			}
		}
	}
	return nil
}

// of is the oldest application of a world; found is false where there is none.
func (l launch) of(e models.Environment) (models.Application, bool) {
	for _, a := range l.applications {
		if a.Environment == e {
			return a, true
		}
	}
	return models.Application{}, false
}

// in reports whether an application is of a world.
func (l launch) in(e models.Environment, application string) bool {
	return slices.ContainsFunc(l.applications, func(a models.Application) bool { return a.ID == application && a.Environment == e })
}

// step is one of the way: how to show it, and whether what it asks for was seen.
type step struct {
	title i18n.Key // once it is done
	next  i18n.Key // while it is to be done
	owner ui.Owner
	seen  string // what was seen of it, or what it waits for
	done  bool
	href  string
}

// checklist is the way in words. The first step that is not done is the current one;
// each is ticked by what the gateway has seen, and by nobody's word.
func (p *Portal) checklist(c *gin.Context, l launch) (list portal.Launch) {
	ctx, rights := c.Request.Context(), entrance.VisitOf(c).Rights
	link := func(needs policies.Permission, path string) string {
		if !rights.May(needs) {
			return ""
		}
		return path
	}
	groups := []struct {
		title i18n.Key
		steps []step
	}{
		{i18n.LaunchReady, []step{p.confirmed(ctx, l), contacted(ctx, l), p.made(l, link)}},
		{i18n.LaunchSandbox, append(p.equipped(ctx, l, link), p.worked(ctx, l, link)...)},
		{i18n.LaunchLive, p.goneLive(ctx, l, link)},
	}
	for _, g := range groups {
		view := ui.ChecklistView{Title: i18n.T(ctx, g.title)}
		done := 0
		for _, s := range g.steps {
			progress := ui.Later
			switch {
			case s.done:
				progress = ui.Done
				done++
			case list.Next == "":
				progress, list.Next = ui.Current, i18n.T(ctx, s.next)
			}
			view.Steps = append(view.Steps, ui.CheckStep{Title: i18n.T(ctx, s.title), Href: s.href, Seen: s.seen, Owner: s.owner, Progress: progress})
		}
		view.Count = i18n.T(ctx, i18n.LaunchOf, done, len(g.steps))
		list.Done, list.Steps = list.Done+done, list.Steps+len(g.steps)
		list.Groups = append(list.Groups, view)
	}
	return list
}

func (p *Portal) confirmed(ctx context.Context, l launch) step {
	s := step{title: i18n.LaunchCompany, next: i18n.NextCompany, owner: ui.OwnerBank, done: l.partner.Status == models.Active, seen: l.partner.LegalName}
	if !s.done {
		s.seen = i18n.T(ctx, i18n.LaunchCompanyWaits)
	}
	return s
}

// contacted asks for somebody to call about faults, and somebody about security.
func contacted(ctx context.Context, l launch) step {
	var names, missing []string
	for _, kind := range []models.ContactKind{models.TechnicalContact, models.SecurityContact} {
		at := slices.IndexFunc(l.contacts, func(c models.Contact) bool { return c.Kind == kind })
		if at < 0 {
			missing = append(missing, i18n.T(ctx, i18n.ContactKinds[string(kind)]))
			continue
		}
		names = append(names, l.contacts[at].Name)
	}
	s := step{title: i18n.LaunchContacts, next: i18n.NextContacts, owner: ui.OwnerBank, done: len(missing) == 0, seen: strings.Join(names, i18n.T(ctx, i18n.CommonComma))}
	if !s.done {
		s.seen = i18n.T(ctx, i18n.LaunchContactsMiss, strings.Join(missing, i18n.T(ctx, i18n.CommonComma)))
	}
	return s
}

func (p *Portal) made(l launch, link func(policies.Permission, string) string) step {
	a, found := l.of(models.Sandbox)
	s := step{title: i18n.LaunchApplication, next: i18n.NextApplication, owner: ui.OwnerYou, done: found, seen: a.ID, href: link(makesApplications, applicationsPath+"/new")}
	if found {
		s.href = applicationPath(a.ID)
	}
	return s
}

// equipped is what an application of the sandbox needs before it asks for anything.
func (p *Portal) equipped(ctx context.Context, l launch, link func(policies.Permission, string) string) []step {
	now := p.o.Now()
	a, found := l.of(models.Sandbox)
	home, edit, add := "", "", ""
	if found {
		home, edit, add = applicationPath(a.ID), link(makesApplications, applicationPath(a.ID)+"/edit"), link(makesApplications, credentialsPath(a.ID)+"/new")
	}
	scope := step{title: i18n.LaunchScope, next: i18n.NextScope, owner: ui.OwnerYou, href: worldPath(scopesPath, models.Sandbox)}
	for _, g := range l.grants {
		if until := g.Until(); l.in(models.Sandbox, g.ApplicationID) && (until == 0 || until > now.UnixMilli()) && !scope.done {
			scope.done, scope.seen = true, g.ScopeID
		}
	}
	addresses := step{title: i18n.LaunchAddresses, next: i18n.NextAddresses, owner: ui.OwnerYou, href: edit, seen: i18n.T(ctx, i18n.LaunchAddressesWhy)}
	for _, address := range l.addresses {
		if !addresses.done { // of either world: who is live needs none in the sandbox any more
			addresses.done, addresses.seen, addresses.href = true, address.Prefix, home
		}
	}
	return []step{p.keyed(ctx, l, add), scope, addresses}
}

// keyed asks for both: what an application proves itself with, and a key that its ATs are
// sealed to; of one application, or there is no AT.
func (p *Portal) keyed(ctx context.Context, l launch, add string) step {
	s := step{title: i18n.LaunchKey, next: i18n.NextKey, owner: ui.OwnerYou, href: add}
	type pair struct{ proves, opens partners.Credential }
	held := map[string]pair{}
	for _, k := range partners.CredentialsOf(l.credentials) {
		if !l.in(models.Sandbox, k.Application) || models.OfTrial(k.ID) || !k.LiveAt(p.o.Now()) {
			continue
		}
		both := held[k.Application]
		if k.Use() == models.EncryptionKey {
			both.opens = k
		} else {
			both.proves = k
		}
		held[k.Application] = both
	}
	for _, a := range l.applications { // the oldest that has both, else the oldest that has one
		switch both := held[a.ID]; {
		case both.proves.ID != "" && both.opens.ID != "":
			_, kid := entrance.CredentialWords(ctx, both.proves)
			s.done, s.seen, s.href = true, kid, applicationPath(a.ID)
			return s
		case s.seen == "" && both.proves.ID != "":
			s.seen = i18n.T(ctx, i18n.LaunchKeyMiss, i18n.T(ctx, entrance.CredentialUseWords[models.EncryptionKey]))
		case s.seen == "" && both.opens.ID != "":
			s.seen = i18n.T(ctx, i18n.LaunchKeyMiss, i18n.T(ctx, entrance.CredentialUseWords[models.SignatureKey]))
		}
	}
	return s
}

// worked is what the gateway has seen of the sandbox; nobody ticks it by hand. A trial
// leads there, and the log to what was seen.
func (p *Portal) worked(ctx context.Context, l launch, link func(policies.Permission, string) string) (list []step) {
	try := ""
	if a, found := l.of(models.Sandbox); found {
		try = link(makesApplications, tryPathOf(a.ID))
	}
	for _, s := range []struct {
		kind        models.RollupKind
		title, next i18n.Key
		waits       string
	}{{models.RollupAT, i18n.LaunchAT, i18n.NextAT, "POST /oauth/token"}, {models.RollupVT, i18n.LaunchVT, i18n.NextVT, "POST /gateway/v1/visit-tokens"}, {models.RollupCall, i18n.LaunchCall, i18n.NextCall, "POST /gateway/v1/calls"}} {
		first := p.sawFirst(ctx, s.title, s.next, l.seen[models.Sandbox][s.kind], s.waits)
		if first.href = try; first.done {
			first.href = recordview.Query{World: string(models.Sandbox), Time: recordview.TimeAll}.Address(logPath)
		}
		list = append(list, first)
	}
	return list
}

func (p *Portal) sawFirst(ctx context.Context, title, next i18n.Key, at int64, waits string) step {
	if at == 0 {
		return step{title: title, next: next, owner: ui.OwnerItself, seen: i18n.T(ctx, i18n.LaunchWaits, waits)}
	}
	return step{title: title, next: next, owner: ui.OwnerItself, done: true, seen: i18n.Date(ctx, p.InZone(at))}
}

func (p *Portal) goneLive(ctx context.Context, l launch, link func(policies.Permission, string) string) []step {
	a, there := l.of(models.Production)
	asked := step{title: i18n.LaunchAsk, next: i18n.NextAsk, owner: ui.OwnerYou, done: there || l.requested.ID != 0, href: link(asksProduction, requestsPath+"/new")}
	approved := step{title: i18n.LaunchApproved, next: i18n.NextApproved, owner: ui.OwnerBank, done: there && a.Status == models.Active, seen: a.ID}
	switch {
	case there:
		asked.seen, asked.href, approved.href = a.ID, "", applicationPath(a.ID)
	case asked.done:
		asked.seen = i18n.T(ctx, i18n.PortalRequestNo, l.requested.ID)
		asked.href, approved.href, approved.seen = requestPath(l.requested.ID), requestPath(l.requested.ID), entrance.PartnerRequestState(ctx, l.requested).Text
	}
	visit := p.sawFirst(ctx, i18n.LaunchVisit, i18n.NextVisit, l.seen[models.Production][models.RollupVT], "POST /gateway/v1/visit-tokens")
	if there && !visit.done {
		visit.href = applicationPath(a.ID)
		if missing := p.lacks(ctx, l, a); len(missing) > 0 {
			visit.seen = i18n.T(ctx, i18n.LaunchKeyMiss, strings.Join(missing, i18n.T(ctx, i18n.CommonComma)))
		}
	}
	return []step{asked, approved, visit}
}

// lacks is what an application has not yet that it needs for an AT, in words.
func (p *Portal) lacks(ctx context.Context, l launch, a models.Application) (words []string) {
	proof, now := models.SignatureKey, p.o.Now().UnixMilli()
	if a.AuthMethod == models.ClientSecretBasic {
		proof = models.ClientSecret
	}
	for _, use := range []models.CredentialUse{proof, models.EncryptionKey} {
		if !slices.ContainsFunc(l.credentials, func(k models.Credential) bool { return k.ApplicationID == a.ID && k.Use == use && k.LiveAt(now) }) {
			words = append(words, i18n.T(ctx, entrance.CredentialUseWords[use]))
		}
	}
	if !slices.ContainsFunc(l.grants, func(g models.Grant) bool {
		until := g.Until()
		return g.ApplicationID == a.ID && (until == 0 || until > now)
	}) {
		words = append(words, i18n.T(ctx, i18n.KindScope))
	}
	return words
}
