package console

import (
	"github.com/gin-gonic/gin"

	"postern/app/bankfile"
	"postern/app/catalog"
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

// grantNames are the fields of a new grant.
var grantNames = []string{"application", "scope", "purpose", "starts", "ends"}

// scopeChoices are all scopes that there are, as a field offers them: each with its
// service. A bank has tens of them; what a field cannot hold is cut.
func (s *Console) scopeChoices(c *gin.Context) (list []ui.Option, err error) {
	err = s.o.Store.Business(c.Request.Context(), func(b store.Business) error {
		all, err := catalog.Read(b, nil, nil)
		if err != nil {
			return err
		}
		for _, scope := range all.Scopes.All() {
			service, _ := all.Services.Find(scope.Service)
			if service.Status == models.Closed || len(list) >= maxScopeChoices {
				continue
			}
			list = append(list, ui.Option{Value: scope.ID, Text: scope.ID + " · " + scope.Title + " · " + service.Name + " · " + service.Class})
		}
		return nil
	})
	return list, err
}

const maxScopeChoices = 500

// dayFaults moves what is wrong with a grant's moments to the days of its form.
func dayFaults(f faulty) faulty {
	for from, to := range map[string]string{"starts_at": "starts", "ends_at": "ends"} {
		if text, ok := f.fields[from]; ok {
			f.fields[to] = text
			delete(f.fields, from)
		}
	}
	return f
}

// GrantNew asks for a grant.
func (s *Console) GrantNew(c *gin.Context) error {
	file, err := s.partnerOf(c)
	if err != nil {
		return err
	}
	return s.showGrantNew(c, file, map[string]string{"application": c.Query("application")}, faulty{})
}

func (s *Console) showGrantNew(c *gin.Context, file partnerFile, values map[string]string, fault faulty) error {
	ctx := c.Request.Context()
	scopes, err := s.scopeChoices(c)
	if err != nil {
		return err
	}
	f := s.former(c, partnerPath(file.row.ID)+"/grants", values, fault)
	f.row(f.field("application", i18n.KindApplication, func(v *ui.FieldView) {
		v.Control = ui.Select
		for _, a := range file.registry.Applications.All() {
			if a.Status != models.Closed {
				word := i18n.UISandbox
				if a.Environment == models.Production {
					word = i18n.UIProduction
				}
				v.Options = append(v.Options, ui.Option{Value: a.ID, Text: a.Name + " · " + a.ID + " · " + i18n.T(ctx, word), Chosen: a.ID == v.Value})
			}
		}
	}))
	f.row(f.field("scope", i18n.KindScope, func(v *ui.FieldView) {
		v.Control = ui.Select
		for _, o := range scopes {
			o.Chosen = o.Value == v.Value
			v.Options = append(v.Options, o)
		}
	}))
	f.row(f.field("purpose", i18n.GrantPurpose, f.help(i18n.GrantPurposeHelp)))
	f.row(f.field("starts", i18n.GrantStarts, with(dated, optional, f.help(i18n.GrantStartsHelp))), f.field("ends", i18n.GrantEnds, with(dated, optional, f.help(i18n.GrantEndsHelp))))
	f.reason()
	f.form.Preview = true
	return s.showForm(c, fault, formPage{
		title: i18n.T(ctx, i18n.GrantNewTitle, file.row.Name), card: i18n.T(ctx, i18n.KindGrant), crumb: partnerCrumbs(ctx, file.row), history: fault.history,
		form:  f.done(tabPath(file.row.ID, "grants"), ui.ButtonView{Text: i18n.T(ctx, i18n.PartnerAsk), Kind: ui.Primary}),
		aside: []console.Section{{Card: ui.CardView{Title: i18n.T(ctx, i18n.PartnerWhatNext)}, Text: i18n.T(ctx, i18n.GrantNewNext)}},
	})
}

// GrantCreate asks for it from a second person.
func (s *Console) GrantCreate(c *gin.Context) error {
	file, err := s.partnerOf(c)
	if err != nil {
		return err
	}
	values := typed(c, append([]string{"reason"}, grantNames...)...)
	if _, ok := file.registry.Applications.Current(values["application"]); !ok {
		return s.showGrantNew(c, file, values, faulty{status: 422, fields: map[string]string{"application": i18n.T(c.Request.Context(), i18n.RuleNoApplication)}})
	}
	from, until, wrong := s.Days(values["starts"], values["ends"])
	if wrong != nil {
		return s.showGrantNew(c, file, values, faulty{status: 422, fields: s.Words(c, wrong)})
	}
	id, err := ledger.NewID(s.o.Now(), s.o.Rand)
	if err != nil {
		return err
	}
	g := partners.Grant{
		ID: id, Application: values["application"], Scope: values["scope"], Purpose: values["purpose"], StartsAt: from, EndsAt: until,
	}
	if asksHistory(c) {
		fault, done, err := s.withHistory(c, "grant", g.ID, g)
		if done || err != nil {
			return err
		}
		return s.showGrantNew(c, file, values, dayFaults(fault))
	}
	out, err := s.propose(c, proposal{subject: partnerSubject(file.row.ID), things: []any{g}, reason: values["reason"]})
	if err == nil {
		return proposed(c, out, tabPath(file.row.ID, "grants"))
	}
	fault, ok := s.faultsOf(c, err, "grant", g.ID)
	if !ok {
		return err
	}
	return s.showGrantNew(c, file, values, dayFaults(fault))
}

// grant finds the grant that the path names among the partner's.
func (f partnerFile) grant(c *gin.Context) (partners.Grant, error) {
	g, ok := f.registry.Grants.Current(web.FromPathPart(c.Param("grant")))
	if !ok {
		return g, errNoPartner
	}
	return g, nil
}

// GrantEdit asks for another end of a grant; nothing else of it changes.
func (s *Console) GrantEdit(c *gin.Context) error {
	file, err := s.partnerOf(c)
	if err != nil {
		return err
	}
	g, err := file.grant(c)
	if err != nil {
		return err
	}
	return s.showGrantEdit(c, file, g, map[string]string{"ends": s.LastDay(g.EndsAt)}, faulty{})
}

func (s *Console) showGrantEdit(c *gin.Context, file partnerFile, g partners.Grant, values map[string]string, fault faulty) error {
	ctx := c.Request.Context()
	f := s.former(c, partnerPath(file.row.ID)+"/grants/"+web.PathPart(g.ID), values, fault)
	f.hidden("seen", bankfile.Version(g))
	f.row(f.field("ends", i18n.GrantEnds, with(dated, optional, f.help(i18n.GrantEndsHelp))))
	f.reason()
	f.form.Preview = true
	return s.showForm(c, fault, formPage{
		proof: true,
		title: i18n.T(ctx, i18n.GrantEditTitle, g.Scope), lead: file.applicationName(g.Application) + " · " + g.Purpose, card: i18n.T(ctx, i18n.KindGrant), crumb: partnerCrumbs(ctx, file.row), history: fault.history,
		form:  f.done(tabPath(file.row.ID, "grants"), ui.ButtonView{Text: i18n.T(ctx, i18n.PartnerSave), Kind: ui.Primary}),
		aside: []console.Section{{Card: ui.CardView{Title: i18n.T(ctx, i18n.PartnerWhatNext)}, Text: i18n.T(ctx, i18n.LimitNext)}},
	})
}

// GrantUpdate changes when a grant ends.
func (s *Console) GrantUpdate(c *gin.Context) error {
	return s.changeGrant(c, typed(c, "ends", "reason"), func(g *partners.Grant, values map[string]string) errs.Fields {
		if values["ends"] == s.LastDay(g.EndsAt) {
			return nil // the moment stays what it is
		}
		_, until, wrong := s.Days("", values["ends"])
		g.EndsAt = until
		return wrong
	}, s.showGrantEdit)
}

// GrantEnding says what ends, and asks why.
func (s *Console) GrantEnding(c *gin.Context) error {
	file, err := s.partnerOf(c)
	if err != nil {
		return err
	}
	g, err := file.grant(c)
	if err != nil {
		return err
	}
	if err := s.mustOwn(c, file.row.ID); err != nil {
		return err
	}
	return s.showGrantEnding(c, file, g, nil, faulty{})
}

func (s *Console) showGrantEnding(c *gin.Context, file partnerFile, g partners.Grant, values map[string]string, fault faulty) error {
	ctx := c.Request.Context()
	f := s.former(c, partnerPath(file.row.ID)+"/grants/"+web.PathPart(g.ID)+"/end", values, fault)
	f.hidden("seen", bankfile.Version(g))
	f.reason()
	f.form.Preview = true
	return s.showForm(c, fault, formPage{
		proof: true, notes: s.askNote(c, i18n.PartnerAskNote),
		title: i18n.T(ctx, i18n.GrantEndTitle, g.Scope), lead: i18n.T(ctx, i18n.GrantEndText), crumb: partnerCrumbs(ctx, file.row), history: fault.history,
		form: f.done(tabPath(file.row.ID, "grants"), s.askButton(c, ui.ButtonView{Text: i18n.T(ctx, i18n.GrantEndButton, g.Scope, file.applicationName(g.Application)), Kind: ui.Danger}, i18n.GrantAskEnd)),
	})
}

// GrantEndingSubmit ends a grant at once.
func (s *Console) GrantEndingSubmit(c *gin.Context) error {
	return s.changeGrant(c, typed(c, "reason"), func(g *partners.Grant, _ map[string]string) errs.Fields {
		g.Ended = true
		return nil
	}, s.showGrantEnding)
}

func (s *Console) changeGrant(c *gin.Context, values map[string]string, alter func(*partners.Grant, map[string]string) errs.Fields,
	show func(*gin.Context, partnerFile, partners.Grant, map[string]string, faulty) error) error {
	file, err := s.partnerOf(c)
	if err != nil {
		return err
	}
	g, err := file.grant(c)
	if err != nil {
		return err
	}
	after := g
	if wrong := alter(&after, values); wrong != nil {
		return show(c, file, g, values, faulty{status: 422, fields: s.Words(c, wrong)})
	}
	if asksHistory(c) {
		fault, done, err := s.withHistory(c, "grant", g.ID, after)
		if done || err != nil {
			return err
		}
		return show(c, file, g, values, dayFaults(fault))
	}
	p := proposal{subject: partnerSubject(file.row.ID), things: []any{after}, reason: values["reason"], narrows: !s.mayMake(c), proof: true}
	if !after.Ended { // what ends, ends whatever was shown
		p.unless = stillGrant(g.ID, c.PostForm("seen"))
	}
	out, err := s.propose(c, p)
	if err == nil {
		return proposed(c, out, tabPath(file.row.ID, "grants"))
	}
	fault, ok := s.faultsOf(c, err, "grant", g.ID)
	if !ok {
		return err
	}
	return show(c, file, g, values, dayFaults(fault))
}
