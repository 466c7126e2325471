package console

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/gin-gonic/gin"

	"postern/app/approval"
	"postern/app/bankfile"
	"postern/app/catalog"
	"postern/app/change"
	"postern/app/entrance"
	"postern/app/errs"
	"postern/app/ledger"
	"postern/app/partners"
	"postern/app/store"
	"postern/app/web"
	"postern/models"
	"postern/views/console"
	"postern/views/i18n"
	"postern/views/ui"
)

const onboardingPath = "/console/onboarding"

// onboardingSteps are the steps of registering a partner, in their order.
var onboardingSteps = []struct {
	name string
	word i18n.Key
}{
	{"partner", i18n.KindPartner}, {"application", i18n.KindApplication}, {"services", i18n.OnboardingServices},
	{"scopes", i18n.OnboardingScopes}, {"review", i18n.OnboardingReview},
}

func stepIndex(name string) int {
	for i, k := range onboardingSteps {
		if k.name == name {
			return i
		}
	}
	return -1
}

// draft is what was typed so far. Of a secret there is the hash; of keys the
// public ones.
type draft struct {
	Values     map[string]string     `json:"values"` // of partner and application, by the fields of their forms
	SecretHash string                `json:"secret_hash,omitempty"`
	Services   []string              `json:"services,omitempty"`
	Scopes     map[string]draftGrant `json:"scopes,omitempty"`
}

// draftGrant is a scope that was ticked.
type draftGrant struct {
	Purpose string `json:"purpose"`
	Starts  string `json:"starts,omitempty"`
	Ends    string `json:"ends,omitempty"`
}

// onboarding is a registration that was begun, with what was typed.
type onboarding struct {
	models.Onboarding
	draft
}

func (o onboarding) path(step string) string {
	if o.ID == "" {
		return onboardingPath
	}
	return onboardingPath + "/" + url.PathEscape(o.ID) + "/" + step
}

// prefixed are the names of an application's fields in the draft, where a partner
// has an id and a name as well.
func prefixed(names []string) []string {
	list := make([]string, len(names))
	for i, name := range names {
		list[i] = "application." + name
	}
	return list
}

// newOnboarding is one of which nothing is typed yet; who begins it looks after the
// partner, unless somebody else is named.
func newOnboarding(a models.Account) onboarding {
	o := onboarding{Onboarding: models.Onboarding{AccountID: a.ID, Step: "partner"}}
	o.Values = map[string]string{"risk": string(models.RiskMedium), "officer": a.Login}
	for name, value := range newApplicationValues() {
		o.Values["application."+name] = value
	}
	return o
}

// onboardingOf reads the registration that the path names; only its maker has it.
func (s *Console) onboardingOf(c *gin.Context) (o onboarding, err error) {
	row, found, err := s.o.Store.Onboarding(c.Request.Context(), c.Param("draft"), entrance.VisitOf(c).Who.Account.ID)
	if err != nil {
		return o, err
	}
	if !found {
		return o, errNoPartner
	}
	o.Onboarding = row
	if err := json.Unmarshal([]byte(row.Content), &o.draft); err != nil {
		return o, fmt.Errorf("read registration %s: %w", row.ID, err)
	}
	if _, named := o.Values["officer"]; !named { // it was begun before anybody was asked
		o.Values["officer"] = entrance.VisitOf(c).Who.Account.Login
	}
	if o.RequestID == 0 {
		return o, nil
	}
	r, _, err := s.o.Store.RequestByID(c.Request.Context(), o.RequestID)
	if err == nil && (r.State == models.RequestSubmitted || r.State == models.RequestApproved) {
		return o, errHandedIn
	}
	return o, err
}

// errHandedIn keeps what a second person looks at, or has approved, as it is.
var errHandedIn = errs.New(errs.Conflict, "handed_in", "This registration was handed in.")

// keepOnboarding saves what was typed.
func (s *Console) keepOnboarding(ctx context.Context, o *onboarding) error {
	text, err := json.Marshal(o.draft)
	if err != nil {
		return fmt.Errorf("write registration: %w", err)
	}
	now := s.o.Now()
	if o.ID == "" {
		if o.ID, err = ledger.NewID(now, s.o.Rand); err != nil {
			return err
		}
		o.CreatedAt = now.UnixMilli()
	}
	o.Content, o.PartnerID, o.Name, o.UpdatedAt = string(text), o.Values["id"], o.Values["name"], now.UnixMilli()
	return s.o.Store.Write(ctx, func(tx *store.Tx) error { return tx.SaveOnboarding(o.Onboarding) })
}

// unfinished lists what the reader has begun; nil for nothing.
func (s *Console) unfinished(c *gin.Context) (*console.Section, error) {
	ctx := c.Request.Context()
	list, err := s.o.Store.Onboardings(ctx, entrance.VisitOf(c).Who.Account.ID, draftsPage)
	if err != nil {
		return nil, err
	}
	t := ui.TableView{Caption: i18n.T(ctx, i18n.OnboardingUnfinished), Head: []ui.Column{
		{Text: i18n.T(ctx, i18n.KindPartner)}, {Text: i18n.T(ctx, i18n.PartnerStatus)}, {Text: i18n.T(ctx, i18n.OnboardingSaved)},
	}}
	for _, d := range list {
		state, href := ui.BadgeView{Text: i18n.T(ctx, i18n.UIDraft)}, onboarding{Onboarding: d}.path(d.Step)
		if d.RequestID != 0 {
			r, _, err := s.o.Store.RequestByID(ctx, d.RequestID)
			if err != nil {
				return nil, err
			}
			if r.State == models.RequestApproved {
				continue
			}
			state = requestState(ctx, r.State)
			if r.State == models.RequestSubmitted {
				href = requestPath(r.ID)
			}
		}
		name := cmp.Or(d.Name, i18n.T(ctx, i18n.OnboardingUnnamed))
		t.Rows = append(t.Rows, ui.Row{Cells: []ui.Cell{{Text: name, Second: d.PartnerID, Coded: true, Href: href}, {Part: ui.Badge(state)}, {Part: ui.Time(s.At(d.UpdatedAt))}}})
	}
	if len(t.Rows) == 0 {
		return nil, nil
	}
	return &console.Section{Card: ui.CardView{Title: i18n.T(ctx, i18n.OnboardingUnfinished), Count: fmt.Sprint(len(t.Rows))}, Table: &t}, nil
}

// OnboardingNew begins to register a partner.
func (s *Console) OnboardingNew(c *gin.Context) error {
	return s.showOnboarding(c, newOnboarding(entrance.VisitOf(c).Who.Account), "partner", faulty{})
}

// OnboardingShow shows one step.
func (s *Console) OnboardingShow(c *gin.Context) error {
	o, err := s.onboardingOf(c)
	if err != nil {
		return err
	}
	step := c.Param("step")
	if stepIndex(step) < 0 {
		return errNoPartner
	}
	if stepIndex(step) > stepIndex(o.Step) {
		return web.SeeOther(c, o.path(o.Step))
	}
	return s.showOnboarding(c, o, step, faulty{})
}

// OnboardingCreate keeps the first step.
func (s *Console) OnboardingCreate(c *gin.Context) error {
	return s.takeStep(c, newOnboarding(entrance.VisitOf(c).Who.Account), "partner")
}

// OnboardingSubmit keeps a step and leads to the next one; the last hands everything in.
func (s *Console) OnboardingSubmit(c *gin.Context) error {
	o, err := s.onboardingOf(c)
	if err != nil {
		return err
	}
	step := c.Param("step")
	switch at := stepIndex(step); {
	case at < 0:
		return errNoPartner
	case at > stepIndex(o.Step):
		return web.SeeOther(c, o.path(o.Step))
	}
	if step == "review" {
		return s.handIn(c, o)
	}
	return s.takeStep(c, o, step)
}

// OnboardingDrop forgets a registration.
func (s *Console) OnboardingDrop(c *gin.Context) error {
	o, err := s.onboardingOf(c)
	if err != nil {
		return err
	}
	err = s.o.Store.Write(c.Request.Context(), func(tx *store.Tx) error {
		_, err := tx.DropOnboarding(o.ID, o.AccountID)
		return err
	})
	if err != nil {
		return err
	}
	return entrance.Done(c, partnersPath, "dropped")
}

// takeStep keeps what was typed, right or wrong, so that nothing is lost; then
// looks at it, unless its maker leaves.
func (s *Console) takeStep(c *gin.Context, o onboarding, step string) error {
	ctx := c.Request.Context()
	wrong, secret, err := s.readStep(c, &o, step)
	if err != nil {
		return err
	}
	if err := s.keepOnboarding(ctx, &o); err != nil {
		return err
	}
	if c.PostForm("do") == "leave" {
		return entrance.Done(c, partnersPath, "draft-kept")
	}
	fault, err := s.checkStep(c, o, step, wrong)
	if err != nil {
		return err
	}
	if len(fault.fields)+len(fault.others) > 0 {
		fault.status = http.StatusUnprocessableEntity
		return s.showOnboarding(c, o, step, fault)
	}
	next := onboardingSteps[stepIndex(step)+1].name
	if stepIndex(next) > stepIndex(o.Step) {
		o.Step = next
		if err := s.keepOnboarding(ctx, &o); err != nil {
			return err
		}
	}
	if secret != "" {
		return s.showOnboardingSecret(c, o, secret)
	}
	return web.SeeOther(c, o.path(next))
}

// showOnboardingSecret shows the client secret that was drawn, once.
func (s *Console) showOnboardingSecret(c *gin.Context, o onboarding, secret string) error {
	ctx := c.Request.Context()
	title := i18n.T(ctx, i18n.CredentialSecretTitle, o.Values["application.name"])
	return web.Render(c, http.StatusOK, console.Secret(console.SecretPage{
		Frame: s.frame(c, title, crumb(ctx, i18n.PartnerList, partnersPath)), Header: ui.HeaderView{Title: title, Lead: ui.Mono(o.Values["application.id"])},
		Secret: ui.SecretView{
			ID: "secret", Label: i18n.T(ctx, i18n.CredentialSecret), Value: secret, File: o.Values["application.id"] + "-secret.txt", Action: o.path("kept"),
		},
	}))
}

// OnboardingKept leads on from a secret that was shown.
func (s *Console) OnboardingKept(c *gin.Context) error {
	o, err := s.onboardingOf(c)
	if err != nil {
		return err
	}
	return web.SeeOther(c, o.path("services"))
}

// things are the inputs that the draft makes, those of the steps up to one.
func (s *Console) things(o onboarding, upTo string) (list []any, wrong errs.Fields) {
	p, _ := profileOf(partners.Partner{ID: strings.TrimSpace(o.Values["id"]), Status: models.Active}, o.Values)
	list = append(list, p)
	if stepIndex(upTo) < stepIndex("application") {
		return list, nil
	}
	v := o.application()
	a := newApplicationOf(p.ID, v)
	list = append(list, a)
	list = append(list, o.credentials(a)...)
	if stepIndex(upTo) < stepIndex("scopes") {
		return list, nil
	}
	for n, scope := range o.scopeIDs() {
		g := o.Scopes[scope]
		from, until, bad := s.Days(g.Starts, g.Ends)
		for field, m := range bad {
			wrong.Check(false, scopeField(scope, field), m.ID, m.Text)
		}
		list = append(list, partners.Grant{
			ID: fmt.Sprintf("%s.g%d", o.ID, n+1), Application: a.ID, Scope: scope, Purpose: g.Purpose, StartsAt: from, EndsAt: until,
		})
	}
	return list, wrong
}

// application is the application's part of what was typed.
func (o onboarding) application() map[string]string {
	v := map[string]string{}
	for name, value := range o.Values {
		if inner, ok := strings.CutPrefix(name, "application."); ok {
			v[inner] = value
		}
	}
	return v
}

func (o onboarding) secretBased() bool {
	return o.Values["application.auth_method"] == string(models.ClientSecretBasic)
}

// credentials are those of the application: the keys that were pasted, and the
// secret where it proves itself by one.
func (o onboarding) credentials(a partners.Application) (list []any) {
	for _, field := range o.keyFields() {
		if jwk := o.Values["application."+field]; jwk != "" {
			list = append(list, partners.Credential{ID: o.ID + "." + field, Application: a.ID, JWK: jwk})
		}
	}
	if o.secretBased() && o.SecretHash != "" {
		list = append(list, partners.Credential{ID: o.ID + ".secret", Application: a.ID, SecretHash: o.SecretHash})
	}
	return list
}

// keyFields are the keys that are asked for, by their use: who proves itself by a
// secret signs nothing.
func (o onboarding) keyFields() []string {
	if o.secretBased() {
		return []string{"enc"}
	}
	return []string{"sig", "enc"}
}

func (o onboarding) scopeIDs() []string {
	ids := make([]string, 0, len(o.Scopes))
	for id := range o.Scopes {
		ids = append(ids, id)
	}
	slices.Sort(ids)
	return ids
}

func scopeField(scope, part string) string { return "scope." + web.PathPart(scope) + "." + part }

// planOf says what the draft would change, or what is wrong with it.
func (s *Console) planOf(ctx context.Context, list []any) (plan change.Plan, err error) {
	content, err := bankfile.Compose(list...)
	if err != nil {
		return plan, err
	}
	err = s.o.Store.Business(ctx, func(b store.Business) error {
		plan, err = bankfile.Applier{}.Describe(b, content, s.o.Now())
		return err
	})
	return plan, err
}

// offered are the services that can be chosen, and the scopes of those that were.
func (s *Console) offered(ctx context.Context, chosen []string) (services []catalog.Service, scopes []catalog.Scope, err error) {
	err = s.o.Store.Business(ctx, func(b store.Business) error {
		all, err := catalog.Read(b, nil, nil)
		if err != nil {
			return err
		}
		for _, service := range all.Services.All() {
			if service.Status != models.Closed && len(services) < maxScopeChoices {
				services = append(services, service)
			}
		}
		for _, scope := range all.Scopes.All() {
			if slices.Contains(chosen, scope.Service) && len(scopes) < maxScopeChoices {
				scopes = append(scopes, scope)
			}
		}
		return nil
	})
	return services, scopes, err
}

// handIn asks for everything in one change request.
func (s *Console) handIn(c *gin.Context, o onboarding) error {
	ctx, reason := c.Request.Context(), c.PostForm("reason")
	list, wrong := s.things(o, "review")
	var out approval.Outcome
	err := wrong.Invalid()
	if err == nil {
		p, _ := list[0].(partners.Partner)
		out, err = s.propose(c, proposal{subject: partnerSubject(p.ID), things: list, reason: reason, unless: unlessAny(list)})
	}
	if err != nil {
		fault, ok := s.faultsOf(c, err, "", "")
		if !ok {
			return err
		}
		o.Values["reason"] = reason
		return s.showOnboarding(c, o, "review", fault)
	}
	o.RequestID = out.Request
	if out.Applied { // without staff there is nobody to ask
		err := s.o.Store.Write(ctx, func(tx *store.Tx) error {
			_, err := tx.DropOnboarding(o.ID, o.AccountID)
			return err
		})
		if err != nil {
			return err
		}
		return entrance.Done(c, partnersPath, "applied")
	}
	if err := s.keepOnboarding(ctx, &o); err != nil {
		return err
	}
	return entrance.Done(c, requestPath(out.Request), "asked")
}

// unlessAny refuses where the partner or its application is there by now.
func unlessAny(list []any) func(store.Business) error {
	return func(b store.Business) error {
		for _, thing := range list {
			switch x := thing.(type) {
			case partners.Partner:
				rows, err := b.Partners([]string{x.ID})
				if err != nil {
					return err
				}
				if len(rows) > 0 {
					return errs.Fields{"id": {ID: "rule.taken", Text: "this id is taken: choose another"}}.Invalid()
				}
			case partners.Application:
				if err := unlessThere(x.ID)(b); err != nil {
					return err
				}
			}
		}
		return nil
	}
}
