package console

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/gin-gonic/gin"

	"postern/app/bankfile"
	"postern/app/clients"
	"postern/app/entrance"
	"postern/app/errs"
	"postern/app/partners"
	"postern/app/records"
	"postern/app/store"
	"postern/app/web"
	"postern/models"
	"postern/views/console"
	"postern/views/i18n"
	"postern/views/ui"
)

// readStep takes over what was typed into a step's form. Faults are those that are
// lost by keeping: a private key, a key in a form that nobody knows. secret is set
// where one was drawn.
func (s *Console) readStep(c *gin.Context, o *onboarding, step string) (wrong errs.Fields, secret string, err error) {
	switch step {
	case "partner":
		values := typed(c, append([]string{"id"}, profileNames()...)...)
		_, where := profileOf(partners.Partner{}, values)
		for name, value := range compacted(values, where) {
			o.Values[name] = value
		}
	case "application":
		names := append(prefixed(append(append([]string{}, applicationNames...), limitNames...)), "application.sig", "application.enc")
		for name, value := range typed(c, names...) {
			o.Values[name] = value
		}
		return s.readProof(c, o)
	case "services":
		o.Services = bounded(c.PostFormArray("service"))
	case "scopes":
		if err := s.readScopes(c, o); err != nil {
			return nil, "", err
		}
	}
	return nil, "", nil
}

func bounded(list []string) []string { return list[:min(len(list), maxScopeChoices)] }

// readProof reads the keys, and draws a secret where the application proves itself
// by one and has none yet or wants another.
func (s *Console) readProof(c *gin.Context, o *onboarding) (wrong errs.Fields, secret string, err error) {
	for _, field := range []string{"sig", "enc"} {
		name := "application." + field
		if strings.TrimSpace(o.Values[name]) == "" {
			continue
		}
		pasted := o.Values[name]
		key, fault := entrance.PastedKey(&pasted, name, models.CredentialUse(field))
		o.Values[name] = pasted
		wrong.Below("", fault)
		if fault == nil {
			o.Values[name] = key.JWK
		}
	}
	if !o.secretBased() {
		o.SecretHash = ""
		return wrong, "", nil
	}
	if o.SecretHash == "" || c.PostForm("another") == "yes" {
		if secret, err = clients.NewSecret(s.o.Rand); err != nil {
			return nil, "", err
		}
		o.SecretHash = clients.HashSecret(secret)
	}
	return wrong, secret, nil
}

// readScopes reads the scopes of the chosen services that were ticked.
func (s *Console) readScopes(c *gin.Context, o *onboarding) error {
	_, scopes, err := s.offered(c.Request.Context(), o.Services)
	if err != nil {
		return err
	}
	o.Scopes = map[string]draftGrant{}
	for _, scope := range scopes {
		if c.PostForm(scopeField(scope.ID, "on")) != "yes" {
			continue
		}
		o.Scopes[scope.ID] = draftGrant{
			Purpose: c.PostForm(scopeField(scope.ID, "purpose")),
			Starts:  c.PostForm(scopeField(scope.ID, "starts")), Ends: c.PostForm(scopeField(scope.ID, "ends")),
		}
	}
	return nil
}

// checkStep looks at a step by the rules that hold for everything handed in.
func (s *Console) checkStep(c *gin.Context, o onboarding, step string, wrong errs.Fields) (faulty, error) {
	ctx := c.Request.Context()
	f := faulty{fields: s.Words(c, wrong)}
	add := func(field, text string) {
		if f.fields[field] == "" {
			f.fields[field] = text
		}
	}
	switch step {
	case "services":
		if len(o.Services) == 0 {
			f.others = append(f.others, i18n.T(ctx, i18n.OnboardingNoService))
		}
		return f, nil
	case "scopes":
		if len(o.Scopes) == 0 {
			f.others = append(f.others, i18n.T(ctx, i18n.OnboardingNoScope))
		}
	case "application":
		for _, field := range o.keyFields() {
			if strings.TrimSpace(o.Values["application."+field]) == "" {
				add("application."+field, i18n.T(ctx, i18n.OnboardingKeyMissing))
			}
		}
	}
	list, bad := s.things(o, step)
	for field, text := range s.Words(c, bad) {
		add(field, text)
	}
	if err := s.taken(ctx, list, step, func(field string) { add(field, i18n.T(ctx, i18n.RuleTaken)) }); err != nil {
		return f, err
	}
	_, err := s.planOf(ctx, list)
	var refusal *bankfile.Refusal
	if !errors.As(err, &refusal) {
		return f, err
	}
	for _, fault := range refusal.Faults {
		field, here := o.fieldOf(fault, step)
		if !here {
			continue
		}
		if field == "" {
			f.others = append(f.others, otherFault(ctx, fault))
			continue
		}
		one := faulty{fields: s.Words(c, errs.Fields{fault.Field: fault.Message})}
		if list, _, isLine := strings.Cut(fault.Field, "."); isLine {
			entrance.IntoLines(ctx, one.fields, list)
		}
		for _, text := range one.fields {
			add(field, text)
		}
	}
	return f, nil
}

// taken reports ids of the step that somebody has.
func (s *Console) taken(ctx context.Context, list []any, step string, report func(field string)) error {
	return s.o.Store.Business(ctx, func(b store.Business) error {
		for _, thing := range list {
			switch x := thing.(type) {
			case partners.Partner:
				rows, err := b.Partners([]string{x.ID})
				if err != nil {
					return err
				}
				if len(rows) > 0 && step == "partner" {
					report("id")
				}
			case partners.Application:
				rows, err := b.Applications([]string{x.ID})
				if err != nil {
					return err
				}
				if len(rows) > 0 && step == "application" {
					report("application.id")
				}
			}
		}
		return nil
	})
}

// fieldOf finds the field of a step's form that a fault is about; here is false
// for what another step asks for.
func (o onboarding) fieldOf(fault bankfile.Fault, step string) (field string, here bool) {
	name, _, isList := strings.Cut(fault.Field, ".")
	switch {
	case fault.Kind == "partner" && step == "partner":
		return fault.Field, true // contacts.1.phone is such a field
	case fault.Kind == "application" && step == "application":
		if isList {
			return "application." + name, true
		}
		return "application." + fault.Field, true
	case fault.Kind == "credential" && step == "application":
		return "application." + strings.TrimPrefix(fault.ID, o.ID+"."), true
	case fault.Kind == "grant" && step == "scopes":
		var n int
		if _, err := fmt.Sscanf(strings.TrimPrefix(fault.ID, o.ID+".g"), "%d", &n); err != nil || n < 1 || n > len(o.Scopes) {
			return "", true
		}
		part := map[string]string{"starts_at": "starts", "ends_at": "ends", "scope": "on"}[fault.Field]
		return scopeField(o.scopeIDs()[n-1], cmp.Or(part, fault.Field)), true
	case fault.Kind == "":
		return "", true
	}
	return "", false
}

// showOnboarding shows a step's form.
func (s *Console) showOnboarding(c *gin.Context, o onboarding, step string, fault faulty) error {
	ctx := c.Request.Context()
	f := s.former(c, o.path(step), o.Values, fault)
	page := console.FormPage{Steps: s.onboardingLife(ctx, o, step)}
	var err error
	switch step {
	case "partner":
		f.row(f.field("id", i18n.PartnerID, with(mono, f.help(i18n.PartnerIDHelp))))
		officers, failed := s.officerOptions(ctx, o.Values["officer"])
		profileFields(f, officers)
		err = failed
	case "application":
		s.onboardingApplication(f, o)
	case "services":
		err = s.onboardingServices(ctx, f, o)
	case "scopes":
		err = s.onboardingScopes(ctx, f, o)
	case "review":
		if page.Above, err = s.onboardingReview(c, f, o); err == nil {
			list, _ := s.things(o, "review")
			page.Aside = append(page.Aside, s.reviewerLooks(ctx, i18n.OnboardingReviewer, askedOf(list)))
		}
	}
	if err != nil {
		return err
	}
	title := i18n.T(ctx, i18n.OnboardingTitle)
	if o.Values["name"] != "" {
		title = i18n.T(ctx, i18n.OnboardingTitleOf, o.Values["name"])
	}
	page.Frame = s.frame(c, title, crumb(ctx, i18n.PartnerList, partnersPath))
	page.Header = ui.HeaderView{Title: title, Lead: ui.Text(i18n.T(ctx, i18n.OnboardingLead))}
	if o.ID != "" {
		page.Header.Lead = ui.Text(i18n.T(ctx, i18n.OnboardingLeadSaved, i18n.Stamp(ctx, s.InZone(o.UpdatedAt))))
	}
	page.Card = i18n.T(ctx, onboardingSteps[stepIndex(step)].word)
	page.Form = s.onboardingForm(f, o, step)
	page.Aside = append(page.Aside, s.onboardingFacts(ctx, o, step)...)
	status := fault.status
	if status == 0 {
		status = http.StatusOK
	}
	return web.Render(c, status, console.FormOf(page))
}

func (s *Console) onboardingForm(f *former, o onboarding, step string) console.FormView {
	next := ui.ButtonView{Text: i18n.T(f.ctx, i18n.OnboardingContinue), Kind: ui.Primary, Name: "do", Value: "continue"}
	if step == "review" {
		form := f.done("", ui.ButtonView{Text: i18n.T(f.ctx, i18n.PartnerAsk), Kind: ui.Primary})
		form.Back = &ui.ButtonView{Text: i18n.T(f.ctx, i18n.OnboardingScopes), Icon: "arrow-left", Href: o.path("scopes")}
		return form
	}
	form := f.done("", ui.ButtonView{Text: i18n.T(f.ctx, i18n.OnboardingLeave), Name: "do", Value: "leave"}, next)
	if at := stepIndex(step); at > 0 {
		before := onboardingSteps[at-1]
		form.Back = &ui.ButtonView{Text: i18n.T(f.ctx, before.word), Icon: "arrow-left", Href: o.path(before.name)}
	}
	return form
}

func (s *Console) onboardingLife(ctx context.Context, o onboarding, step string) *ui.StepsView {
	life := &ui.StepsView{Label: i18n.T(ctx, i18n.OnboardingTitle), Numbered: true}
	at, reached := stepIndex(step), stepIndex(o.Step)
	for i, k := range onboardingSteps {
		entry := ui.Step{Word: i18n.T(ctx, k.word), Progress: ui.Later}
		switch {
		case i == at:
			entry.Progress = ui.Current
		case i < reached:
			entry.Progress = ui.Done
		}
		if i <= reached && i != at && o.ID != "" {
			entry.Href = o.path(k.name)
		}
		life.Steps = append(life.Steps, entry)
	}
	return life
}

func (s *Console) onboardingApplication(f *former, o onboarding) {
	f.prefix = "application."
	applicationFields(f, true)
	f.group(i18n.PartnerCredentials, i18n.OnboardingKeysHelp)
	f.row(f.field("sig", i18n.CredentialSignature, with(area(5), mono, optional, f.help(i18n.OnboardingSigHelp))),
		f.field("enc", i18n.CredentialEncryption, with(area(5), mono, f.help(i18n.OnboardingEncHelp))))
	if o.SecretHash != "" {
		f.row(console.FormField{Check: &ui.CheckboxView{ID: "another", Name: "another", Value: "yes", Label: i18n.T(f.ctx, i18n.OnboardingAnother), Help: i18n.T(f.ctx, i18n.OnboardingAnotherHelp)}})
	}
	limitFields(f)
	f.prefix = ""
}

func (s *Console) onboardingServices(ctx context.Context, f *former, o onboarding) error {
	services, _, err := s.offered(ctx, nil)
	if err != nil {
		return err
	}
	for i, service := range services {
		f.row(console.FormField{Check: &ui.CheckboxView{
			ID: fmt.Sprintf("service-%d", i), Name: "service", Value: service.ID, Label: service.Name + " · " + service.ID,
			Help: i18n.T(ctx, i18n.OnboardingServiceHelp, service.Class), Checked: slices.Contains(o.Services, service.ID),
		}})
	}
	return nil
}

func (s *Console) onboardingScopes(ctx context.Context, f *former, o onboarding) error {
	_, scopes, err := s.offered(ctx, o.Services)
	if err != nil {
		return err
	}
	for _, scope := range scopes {
		g, ticked := o.Scopes[scope.ID]
		for part, value := range map[string]string{"purpose": g.Purpose, "starts": g.Starts, "ends": g.Ends} {
			f.values[scopeField(scope.ID, part)] = value
		}
		name := scopeField(scope.ID, "on")
		f.form.Groups = append(f.form.Groups, console.FormGroup{Title: scope.Title + " · " + scope.ID})
		help := ""
		if class := scope.HighestClass(); class != "" {
			help = i18n.T(ctx, i18n.OnboardingScopeClass, class)
		}
		f.row(console.FormField{Check: &ui.CheckboxView{
			ID: name, Name: name, Value: "yes", Label: i18n.T(ctx, i18n.OnboardingScopeOn), Help: help, Error: f.fault(name, scope.ID), Checked: ticked,
		}})
		f.row(f.field(scopeField(scope.ID, "purpose"), i18n.GrantPurpose, with(optional, f.help(i18n.GrantPurposeHelp))),
			f.field(scopeField(scope.ID, "starts"), i18n.GrantStarts, with(dated, optional, f.help(i18n.GrantStartsHelp))),
			f.field(scopeField(scope.ID, "ends"), i18n.GrantEnds, with(dated, optional, f.help(i18n.GrantEndsHelp))))
	}
	return nil
}

// onboardingReview is what everything would change, in words, above the reason.
func (s *Console) onboardingReview(c *gin.Context, f *former, o onboarding) ([]console.ThingView, error) {
	ctx := c.Request.Context()
	f.reason()
	list, wrong := s.things(o, "review")
	if wrong != nil {
		for _, text := range s.Words(c, wrong) {
			f.form.Others = append(f.form.Others, text)
		}
	}
	plan, err := s.planOf(ctx, list)
	var refusal *bankfile.Refusal
	if errors.As(err, &refusal) {
		for _, fault := range refusal.Faults {
			f.form.Others = append(f.form.Others, otherFault(ctx, fault))
		}
		return s.planWords(ctx, plan, records.Names{}), nil
	}
	return s.planWords(ctx, plan, records.Names{}), err
}

// onboardingFacts repeat what the steps before said.
func (s *Console) onboardingFacts(ctx context.Context, o onboarding, step string) (list []console.Section) {
	if o.ID == "" {
		return nil
	}
	var rows []ui.KeyValue
	add := func(key i18n.Key, value string) {
		if value != "" {
			rows = append(rows, ui.KeyValue{Key: i18n.T(ctx, key), Value: ui.Text(value)})
		}
	}
	add(i18n.PartnerID, o.Values["id"])
	add(i18n.PartnerLegalName, o.Values["legal_name"])
	add(i18n.PartnerCreditCode, o.Values["credit_code"])
	add(i18n.PartnerContract, o.Values["contract"])
	if stepIndex(step) > stepIndex("application") {
		rows = append(rows, ui.KeyValue{Key: i18n.T(ctx, i18n.PartnerEnvironment), Value: environment(models.Environment(o.Values["application.environment"]))})
		add(i18n.ApplicationID, o.Values["application.id"])
	}
	if len(rows) > 0 {
		list = append(list, console.Section{Card: ui.CardView{Title: i18n.T(ctx, i18n.OnboardingSoFar)}, Facts: &ui.KeyValuesView{Rows: rows}})
	}
	drop := console.FormView{Action: o.path("drop"), Buttons: []ui.ButtonView{{Text: i18n.T(ctx, i18n.OnboardingDrop), Kind: ui.Risky, Small: true}}}
	return append(list, console.Section{Card: ui.CardView{Title: i18n.T(ctx, i18n.OnboardingDropTitle)}, Text: i18n.T(ctx, i18n.OnboardingDropText), Form: &drop})
}
