package console

import (
	"cmp"
	"context"
	"net/http"
	"net/url"
	"strings"

	"github.com/gin-gonic/gin"

	"postern/app/bankfile"
	"postern/app/change"
	"postern/app/clients"
	"postern/app/conformance"
	"postern/app/entrance"
	"postern/app/killswitch"
	"postern/app/partners"
	"postern/app/web"
	"postern/models"
	"postern/views/console"
	"postern/views/i18n"
	"postern/views/layout"
	"postern/views/ui"
)

func applicationPath(partner, application string) string {
	return partnerPath(partner) + "/applications/" + url.PathEscape(application)
}

func applicationCrumbs(ctx context.Context, p models.Partner, a partners.Application) []layout.Crumb {
	return append(partnerCrumbs(ctx, p), layout.Crumb{Text: a.Name, Href: applicationPath(p.ID, a.ID)})
}

// named is an option whose word is its own name.
func environmentOptions() []option {
	return []option{{string(models.Sandbox), i18n.UISandbox}, {string(models.Production), i18n.UIProduction}}
}

func suiteOptions() []option {
	words := map[string]i18n.Key{"A256": i18n.SuiteA256, "GM": i18n.SuiteGM}
	var list []option
	for _, suite := range clients.Suites() {
		list = append(list, option{suite, words[suite]})
	}
	return list
}

func methodOptions() []option {
	return []option{{string(models.PrivateKeyJWT), i18n.MethodKey}, {string(models.ClientSecretBasic), i18n.MethodSecret}}
}

func modeOptions() []option {
	return []option{{string(models.AddressOff), i18n.ModeOff}, {string(models.AddressDryRun), i18n.ModeDryRun}, {string(models.AddressEnforce), i18n.ModeEnforce}}
}

// limitNames are the fields of an application's addresses and limits.
var limitNames = []string{"address_mode", "addresses", "return_addresses", "at_lifetime", "daily_quota", "at_rate", "vt_rate", "call_rate"}

func limitValues(a partners.Application) map[string]string {
	return map[string]string{
		"address_mode": string(a.AddressMode), "addresses": strings.Join(a.Addresses, "\n"), "return_addresses": strings.Join(a.ReturnAddresses, "\n"),
		"at_lifetime": shownNumber(a.ATLifetime), "daily_quota": shownNumber(a.DailyQuota), "at_rate": shownNumber(a.ATRate),
		"vt_rate": shownNumber(a.VTRate), "call_rate": shownNumber(a.CallRate),
	}
}

func limitsOf(a partners.Application, v map[string]string) partners.Application {
	a.AddressMode, a.Addresses, a.ReturnAddresses = models.AddressMode(v["address_mode"]), entrance.Lines(v["addresses"]), entrance.Lines(v["return_addresses"])
	a.ATLifetime, a.DailyQuota, a.ATRate = wholeNumber(v["at_lifetime"]), wholeNumber(v["daily_quota"]), wholeNumber(v["at_rate"])
	a.VTRate, a.CallRate = wholeNumber(v["vt_rate"]), wholeNumber(v["call_rate"])
	return a
}

func limitFields(f *former) {
	number := func(help i18n.Key, unit i18n.Key) func(*ui.FieldView) {
		return with(optional, f.help(help), func(v *ui.FieldView) { v.InputMode, v.Unit = "numeric", i18n.T(f.ctx, unit) })
	}
	f.group(i18n.LimitAddresses, i18n.Key{})
	f.row(f.choose("address_mode", i18n.LimitMode, modeOptions(), f.help(i18n.LimitModeHelp)))
	f.row(
		f.field("addresses", i18n.LimitAddressList, with(area(4), optional, mono, f.help(i18n.LimitAddressHelp))),
		f.field("return_addresses", i18n.LimitReturnList, with(area(4), optional, mono, f.help(i18n.LimitReturnHelp))),
	)
	f.group(i18n.LimitLimits, i18n.LimitLimitsHelp)
	f.row(f.field("daily_quota", i18n.LimitQuota, number(i18n.LimitQuotaHelp, i18n.UnitDay)), f.field("at_lifetime", i18n.LimitLifetime, number(i18n.LimitLifetimeHelp, i18n.UnitSeconds)))
	f.row(
		f.field("at_rate", i18n.LimitATRate, number(i18n.LimitRateHelp, i18n.Key{})), f.field("vt_rate", i18n.LimitVTRate, number(i18n.LimitRateHelp, i18n.Key{})),
		f.field("call_rate", i18n.LimitCallRate, number(i18n.LimitRateHelp, i18n.Key{})),
	)
}

// limitFacts say the same on a page.
func limitFacts(ctx context.Context, a partners.Application) []ui.KeyValue {
	list := func(lines []string) string { return cmp.Or(strings.Join(lines, ", "), i18n.T(ctx, i18n.LimitNone)) }
	number := func(n int64, unit, otherwise i18n.Key) string {
		if n == 0 {
			return i18n.T(ctx, otherwise)
		}
		return strings.TrimSpace(i18n.Number(ctx, n) + " " + i18n.T(ctx, unit))
	}
	modes := map[models.AddressMode]i18n.Key{models.AddressOff: i18n.ModeOff, models.AddressDryRun: i18n.ModeDryRun, models.AddressEnforce: i18n.ModeEnforce}
	return []ui.KeyValue{
		{Key: i18n.T(ctx, i18n.PartnerEnvironment), Value: environment(a.Environment)},
		{Key: i18n.T(ctx, i18n.LimitMode), Value: ui.Text(i18n.T(ctx, modes[a.AddressMode]))},
		{Key: i18n.T(ctx, i18n.LimitAddressList), Value: ui.Mono(list(a.Addresses))},
		{Key: i18n.T(ctx, i18n.LimitReturnList), Value: ui.Mono(list(a.ReturnAddresses))},
		{Key: i18n.T(ctx, i18n.LimitQuota), Value: ui.Text(number(a.DailyQuota, i18n.UnitDay, i18n.LimitUnlimited))},
		{Key: i18n.T(ctx, i18n.LimitLifetime), Value: ui.Text(number(a.ATLifetime, i18n.UnitSeconds, i18n.LimitLifetimeDefault))},
		{Key: i18n.T(ctx, i18n.LimitATRate), Value: ui.Text(number(a.ATRate, i18n.Key{}, i18n.LimitDefault))},
		{Key: i18n.T(ctx, i18n.LimitVTRate), Value: ui.Text(number(a.VTRate, i18n.Key{}, i18n.LimitDefault))},
		{Key: i18n.T(ctx, i18n.LimitCallRate), Value: ui.Text(number(a.CallRate, i18n.Key{}, i18n.LimitDefault))},
	}
}

// applicationFields are what an application is; what never changes later is asked
// for only while it is new.
func applicationFields(f *former, isNew bool) {
	f.row(f.field("name", i18n.ApplicationName, f.help(i18n.ApplicationNameHelp)))
	if !isNew {
		f.row(f.choose("auth_method", i18n.ApplicationMethod, methodOptions(), f.help(i18n.ApplicationMethodHelp)))
		return
	}
	f.row(
		f.field("id", i18n.ApplicationID, with(mono, f.help(i18n.ApplicationIDHelp))),
		f.choose("environment", i18n.PartnerEnvironment, environmentOptions(), f.help(i18n.ApplicationNever)),
	)
	f.row(
		f.choose("suite", i18n.PartnerSuite, suiteOptions(), f.help(i18n.ApplicationNever)),
		f.choose("auth_method", i18n.ApplicationMethod, methodOptions(), f.help(i18n.ApplicationMethodHelp)),
	)
}

// applicationNames are the fields of a new application beside its limits.
var applicationNames = []string{"id", "name", "environment", "suite", "auth_method"}

func newApplicationOf(partner string, v map[string]string) partners.Application {
	return limitsOf(partners.Application{
		ID: strings.TrimSpace(v["id"]), Partner: partner, Name: v["name"], Environment: models.Environment(v["environment"]), Suite: v["suite"],
		AuthMethod: models.AuthMethod(v["auth_method"]), Status: models.Active,
	}, v)
}

// newApplicationValues is how the form of a new one begins: in the sandbox.
func newApplicationValues() map[string]string {
	v := limitValues(partners.Application{AddressMode: models.AddressOff})
	v["environment"], v["suite"], v["auth_method"] = string(models.Sandbox), clients.Suites()[0], string(models.PrivateKeyJWT)
	return v
}

// ApplicationNew asks for an application.
func (s *Console) ApplicationNew(c *gin.Context) error {
	file, err := s.partnerOf(c)
	if err != nil {
		return err
	}
	return s.showApplicationNew(c, file, newApplicationValues(), faulty{})
}

func (s *Console) showApplicationNew(c *gin.Context, file partnerFile, values map[string]string, fault faulty) error {
	ctx := c.Request.Context()
	f := s.former(c, partnerPath(file.row.ID)+"/applications", values, fault)
	applicationFields(f, true)
	limitFields(f)
	f.group(i18n.Key{}, i18n.Key{})
	f.reason()
	return s.showForm(c, fault, formPage{
		title: i18n.T(ctx, i18n.ApplicationNewTitle, file.row.Name), card: i18n.T(ctx, i18n.KindApplication), crumb: partnerCrumbs(ctx, file.row),
		form:  f.done(tabPath(file.row.ID, "applications"), ui.ButtonView{Text: i18n.T(ctx, i18n.PartnerAsk), Kind: ui.Primary}),
		aside: []console.Section{{Card: ui.CardView{Title: i18n.T(ctx, i18n.PartnerWhatNext)}, Text: i18n.T(ctx, i18n.ApplicationNewNext)}},
	})
}

// ApplicationCreate asks for it from a second person.
func (s *Console) ApplicationCreate(c *gin.Context) error {
	file, err := s.partnerOf(c)
	if err != nil {
		return err
	}
	values := typed(c, append(append([]string{"reason"}, applicationNames...), limitNames...)...)
	a := newApplicationOf(file.row.ID, values)
	out, err := s.propose(c, proposal{subject: partnerSubject(file.row.ID), things: []any{a}, reason: values["reason"], unless: unlessThere(a.ID)})
	if err == nil {
		return proposed(c, out, tabPath(file.row.ID, "applications"))
	}
	fault, ok := s.faultsOf(c, err, "application", a.ID)
	if !ok {
		return err
	}
	return s.showApplicationNew(c, file, values, fault)
}

// ApplicationShow shows an application.
func (s *Console) ApplicationShow(c *gin.Context) error {
	file, err := s.partnerOf(c)
	if err != nil {
		return err
	}
	a, err := file.application(c)
	if err != nil {
		return err
	}
	ctx := c.Request.Context()
	v, err := s.viewPartner(c, file)
	if err != nil {
		return err
	}
	path := applicationPath(file.row.ID, a.ID)
	facts := ui.KeyValuesView{Rows: append([]ui.KeyValue{
		{Key: i18n.T(ctx, i18n.ApplicationID), Value: ui.ID(ui.IDView{ID: a.ID})},
		{Key: i18n.T(ctx, i18n.PartnerSuite), Value: ui.Text(a.Suite)},
		{Key: i18n.T(ctx, i18n.ApplicationMethod), Value: ui.Mono(string(a.AuthMethod))},
		{Key: i18n.T(ctx, i18n.PartnerLiveVisits), Value: ui.Text(liveCount(ctx, v.live[a.ID]))},
		{Key: i18n.T(ctx, i18n.PartnerSince), Value: ui.Time(s.At(file.rows[a.ID].CreatedAt))},
	}, limitFacts(ctx, a)...)}
	page := console.PartnerPage{
		Frame:  s.frame(c, a.Name, partnerCrumbs(ctx, file.row)...),
		Header: ui.HeaderView{Title: a.Name, Lead: ui.Mono(a.ID), Actions: applicationActions(v, a, path)},
		Notes:  v.notes(), Main: []console.Section{{Card: ui.CardView{Title: i18n.T(ctx, i18n.KindApplication)}, Facts: &facts}},
		Aside: s.applicationStop(v, a, path),
	}
	if a.Environment == models.Sandbox {
		runs, err := s.runs(ctx, []models.Application{file.rows[a.ID]}, conformance.Kept)
		if err != nil {
			return err
		}
		page.Main = append(page.Main, runs)
	}
	page.Header.Badges = append(page.Header.Badges, environment(a.Environment), ui.Status(ui.StatusView{State: ui.State(a.Status)}))
	return web.Render(c, http.StatusOK, console.Partner(page))
}

func applicationActions(v partnerView, a partners.Application, path string) (list []ui.ButtonView) {
	if v.row.Status == models.Closed || a.Status == models.Closed {
		return nil
	}
	if v.canMake {
		list = []ui.ButtonView{
			{Text: i18n.T(v.ctx, i18n.ApplicationClose), Icon: "x", Kind: ui.Risky, Href: path + "/close"},
			{Text: i18n.T(v.ctx, i18n.PartnerEdit), Icon: "pencil", Href: path + "/edit"},
		}
		if a.Status == models.Draft {
			list = append(list, ui.ButtonView{Text: i18n.T(v.ctx, i18n.PartnerActivate), Icon: "player-play", Kind: ui.Primary, Href: path + "/activate"})
		}
	}
	if v.canThaw && a.Status == models.Suspended {
		list = append(list, ui.ButtonView{Text: i18n.T(v.ctx, i18n.PartnerResume), Icon: "player-play", Kind: ui.Primary, Href: path + "/resume"})
	}
	return list
}

func (s *Console) applicationStop(v partnerView, a partners.Application, path string) []console.Section {
	next := console.Section{Card: ui.CardView{Title: i18n.T(v.ctx, i18n.PartnerElsewhere)}, Links: []ui.ButtonView{
		{Text: i18n.T(v.ctx, i18n.PartnerGrants), Href: tabPath(v.row.ID, "grants")}, {Text: i18n.T(v.ctx, i18n.PartnerCredentials), Href: tabPath(v.row.ID, "credentials")},
		{Text: i18n.T(v.ctx, i18n.PartnerLimits), Href: tabPath(v.row.ID, "limits")},
	}}
	if a.Status != models.Active {
		return []console.Section{next}
	}
	return append(v.stopCard(path+"/suspend", v.live[a.ID], killswitch.Target{Kind: models.FreezeApplication, ID: a.ID}), next)
}

// ApplicationEdit asks for an application's name and proof.
func (s *Console) ApplicationEdit(c *gin.Context) error { return s.editApplication(c, false) }

// ApplicationLimits asks for its addresses and limits.
func (s *Console) ApplicationLimits(c *gin.Context) error { return s.editApplication(c, true) }

func (s *Console) editApplication(c *gin.Context, limits bool) error {
	file, err := s.partnerOf(c)
	if err != nil {
		return err
	}
	a, err := file.application(c)
	if err != nil {
		return err
	}
	values := limitValues(a)
	values["name"], values["auth_method"] = a.Name, string(a.AuthMethod)
	return s.showApplicationEdit(c, file, a, limits, values, bankfile.Version(a), faulty{})
}

func (s *Console) showApplicationEdit(c *gin.Context, file partnerFile, a partners.Application, limits bool, values map[string]string, seen string, fault faulty) error {
	ctx := c.Request.Context()
	path := applicationPath(file.row.ID, a.ID)
	action, title, next := path, i18n.T(ctx, i18n.PartnerEditTitle, a.Name), i18n.PartnerEditNext
	if limits {
		action, title, next = path+"/limits", i18n.T(ctx, i18n.LimitTitle, a.Name), i18n.LimitNext
	}
	f := s.former(c, action, values, fault)
	f.hidden("seen", seen)
	if limits {
		limitFields(f)
	} else {
		applicationFields(f, false)
	}
	f.group(i18n.Key{}, i18n.Key{})
	f.reason()
	note := ""
	if fault.moved {
		var err error
		if note, err = s.whoMoved(c, file.row.ID); err != nil {
			return err
		}
	}
	return s.showForm(c, fault, formPage{
		proof: true, notes: s.askNote(c, i18n.PartnerAskNote),
		title: title, card: a.ID, note: note, crumb: applicationCrumbs(ctx, file.row, a),
		form:  f.done(path, s.askButton(c, ui.ButtonView{Text: i18n.T(ctx, i18n.PartnerSave), Kind: ui.Primary}, i18n.PartnerAskLimits)),
		aside: []console.Section{{Card: ui.CardView{Title: i18n.T(ctx, i18n.PartnerWhatNext)}, Text: i18n.T(ctx, next)}},
	})
}

// ApplicationUpdate changes name and proof.
func (s *Console) ApplicationUpdate(c *gin.Context) error { return s.updateApplication(c, false) }

// ApplicationLimitsUpdate changes addresses and limits; whoever may only stop
// things may only narrow them.
func (s *Console) ApplicationLimitsUpdate(c *gin.Context) error { return s.updateApplication(c, true) }

func (s *Console) updateApplication(c *gin.Context, limits bool) error {
	file, err := s.partnerOf(c)
	if err != nil {
		return err
	}
	a, err := file.application(c)
	if err != nil {
		return err
	}
	values, seen := typed(c, append([]string{"reason", "name", "auth_method"}, limitNames...)...), c.PostForm("seen")
	after := a
	if limits {
		after = limitsOf(a, values)
	} else {
		after.Name, after.AuthMethod = values["name"], models.AuthMethod(values["auth_method"])
	}
	out, err := s.propose(c, proposal{
		subject: partnerSubject(file.row.ID), things: []any{after}, reason: values["reason"], narrows: !s.mayMake(c), proof: true, unless: stillApplication(a.ID, seen),
	})
	if err == nil {
		return proposed(c, out, applicationPath(file.row.ID, a.ID))
	}
	fault, ok := s.faultsOf(c, err, "application", a.ID)
	if !ok {
		return err
	}
	if fault.moved {
		seen = bankfile.Version(a)
	}
	return s.showApplicationEdit(c, file, a, limits, values, seen, fault)
}

// ApplicationStep asks why an application takes a step.
func (s *Console) ApplicationStep(k step) web.Screen {
	return func(c *gin.Context) error {
		file, err := s.partnerOf(c)
		if err != nil {
			return err
		}
		a, err := file.application(c)
		if err != nil {
			return err
		}
		if err := s.mayTake(c, file, k); err != nil {
			return err
		}
		return s.showApplicationStep(c, file, a, k, "", faulty{})
	}
}

func (s *Console) showApplicationStep(c *gin.Context, file partnerFile, a partners.Application, k step, reason string, fault faulty) error {
	ctx := c.Request.Context()
	live, err := s.liveVisits(ctx, []string{a.ID})
	if err != nil {
		return err
	}
	f := s.former(c, c.Request.URL.Path, map[string]string{"reason": reason}, fault)
	f.reason()
	return s.showForm(c, fault, formPage{
		proof: k.stops(), notes: s.askNote(c, i18n.PartnerAskNote),
		title: i18n.T(ctx, k.title, a.Name), lead: i18n.T(ctx, k.text), crumb: applicationCrumbs(ctx, file.row, a),
		form: f.done(applicationPath(file.row.ID, a.ID), s.askButton(c, k.buttonFor(f, a.Name, sum(live)), i18n.PartnerAskSuspendOf, a.Name)),
	})
}

// ApplicationStepSubmit takes the step. With an application that is closed its
// grants end and its credentials are revoked.
func (s *Console) ApplicationStepSubmit(k step) web.Screen {
	return func(c *gin.Context) error {
		file, err := s.partnerOf(c)
		if err != nil {
			return err
		}
		a, err := file.application(c)
		if err != nil {
			return err
		}
		after := a
		after.Status = k.to
		things := []any{after}
		if k.to == models.Closed {
			things = append(things, s.endOf(file, a.ID)...)
		}
		reason := c.PostForm("reason")
		out, err := s.propose(c, proposal{subject: partnerSubject(file.row.ID), things: things, reason: reason, narrows: k.stops(), proof: k.stops()})
		if err == nil {
			return proposed(c, out, applicationPath(file.row.ID, a.ID))
		}
		fault, ok := s.faultsOf(c, err, "application", a.ID)
		if !ok {
			return err
		}
		return s.showApplicationStep(c, file, a, k, reason, fault)
	}
}

// endOf is what of an application ends with it.
func (s *Console) endOf(file partnerFile, application string) (things []any) {
	for _, k := range file.registry.Credentials.All() {
		if k.Application == application && !k.Revoked {
			k.Revoked = true
			things = append(things, k)
		}
	}
	now := change.Moment(s.o.Now())
	for _, g := range file.registry.Grants.All() {
		if ends := change.Moment(g.EndsAt); g.Application == application && !g.Ended && (ends == 0 || ends > now) {
			g.Ended = true
			things = append(things, g)
		}
	}
	return things
}
