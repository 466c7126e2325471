package console

import (
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/a-h/templ"
	"github.com/gin-gonic/gin"

	"postern/app/catalog"
	"postern/app/directory"
	"postern/app/partners"
	"postern/app/store"
	"postern/app/web"
	"postern/models"
	"postern/views/console"
	"postern/views/i18n"
	"postern/views/ui"
)

// partnerTabs are the parts of a partner's page, in their order; the first has
// the partner's own address.
var partnerTabs = []struct {
	name string
	word i18n.Key
}{
	{"", i18n.PartnerProfile}, {"applications", i18n.PartnerApplications}, {"grants", i18n.PartnerGrants},
	{"credentials", i18n.PartnerCredentials}, {"limits", i18n.PartnerLimits}, {"history", i18n.PartnerHistory}, {"notes", i18n.PartnerNotes},
}

func tabPath(id, tab string) string {
	if tab == "" {
		return partnerPath(id)
	}
	return partnerPath(id) + "/" + tab
}

// PartnerShow shows one part of a partner's page.
func (s *Console) PartnerShow(tab string) web.Screen {
	return func(c *gin.Context) error {
		file, err := s.partnerOf(c)
		if err != nil {
			return err
		}
		return s.showPartner(c, file, tab, http.StatusOK, faulty{}, nil)
	}
}

// partnerView is what a partner's page is made of.
type partnerView struct {
	partnerFile
	ctx     context.Context
	now     time.Time
	open    []models.ChangeRequest
	live    map[string]int64 // live visits by application
	visits  map[string]map[int64]int64
	removal *models.Removal
	canMake bool
	canStop bool
}

// scopeFact is what a grant's row says of its scope.
type scopeFact struct{ title, service, class string }

func (f partnerFile) applicationIDs() []string {
	ids := []string{}
	for _, a := range f.registry.Applications.All() {
		ids = append(ids, a.ID)
	}
	return ids
}

// requestsShown bounds the change requests beside a partner.
const requestsShown = 50

func (s *Console) viewPartner(c *gin.Context, file partnerFile) (v partnerView, err error) {
	ctx := c.Request.Context()
	v = partnerView{partnerFile: file, ctx: ctx, now: s.o.Now(), canMake: s.mayMake(c), canStop: s.mayStop(c)}
	requests, err := s.o.Store.Requests(ctx, store.RequestFilter{Subject: partnerSubject(file.row.ID)}, 0, requestsShown)
	if err != nil {
		return v, err
	}
	for _, r := range requests {
		if r.State == models.RequestSubmitted {
			v.open = append(v.open, r)
		}
	}
	ids := file.applicationIDs()
	if v.live, err = s.liveVisits(ctx, ids); err != nil {
		return v, err
	}
	from, until := s.today()
	if v.visits, err = s.o.Store.HourlyVisits(ctx, ids, from, until); err != nil {
		return v, err
	}
	if file.row.Status == models.Closed {
		removal, found, err := s.o.Store.RemovalOf(ctx, file.row.ID)
		if err != nil {
			return v, err
		}
		if found {
			v.removal = &removal
		}
	}
	return v, nil
}

// liveVisits counts what would end if an application were stopped now.
func (s *Console) liveVisits(ctx context.Context, applications []string) (map[string]int64, error) {
	now := s.o.Now()
	return s.o.Store.LiveVisits(ctx, applications, now.Add(-directory.MaxMaxAge*time.Second).UnixMilli(), now.UnixMilli())
}

func sum(counts map[string]int64) (n int64) {
	for _, x := range counts {
		n += x
	}
	return n
}

func (v partnerView) today(application string) (n int64) {
	for _, x := range v.visits[application] {
		n += x
	}
	return n
}

func (s *Console) showPartner(c *gin.Context, file partnerFile, tab string, status int, fault faulty, values map[string]string) error {
	v, err := s.viewPartner(c, file)
	if err != nil {
		return err
	}
	var main []console.Section
	switch tab {
	case "":
		main = s.profileTab(v)
	case "applications":
		main = s.applicationsTab(v)
	case "grants":
		main, err = s.grantsTab(v)
	case "credentials":
		main = s.credentialsTab(v)
	case "limits":
		main = s.limitsTab(v)
	case "history":
		main, err = s.historyTab(c, v)
	case "notes":
		main, err = s.notesTab(c, v, fault, values)
	}
	if err != nil {
		return err
	}
	ctx := v.ctx
	page := console.PartnerPage{
		Frame: s.frame(c, file.row.Name, crumb(ctx, i18n.PartnerList, partnersPath)),
		Header: ui.HeaderView{
			Title: file.row.Name, Avatar: initial(file.row.Name), Lead: ui.Text(partnerLead(ctx, file.row)),
			Badges:  []templ.Component{ui.Status(partnerState(file.row.Status, len(v.open) > 0)), ui.Badge(ui.BadgeView{Tone: ui.Outline, Text: i18n.T(ctx, i18n.PartnerRiskIs, i18n.T(ctx, riskWords[file.row.Risk]))})},
			Actions: v.actions(),
		},
		Notes: v.notes(), Steps: s.life(v), Tabs: v.tabs(tab), Main: main, Aside: s.partnerAside(v, tab),
	}
	return web.Render(c, status, console.Partner(page))
}

func partnerLead(ctx context.Context, p models.Partner) string {
	parts := []string{p.ID}
	if p.LegalName != "" {
		parts = []string{p.LegalName}
	}
	if p.CreditCode != "" {
		parts = append(parts, p.CreditCode)
	}
	if p.Contract != "" {
		parts = append(parts, i18n.T(ctx, i18n.PartnerContractNo, p.Contract))
	}
	return strings.Join(parts, " · ")
}

func (v partnerView) actions() (list []ui.ButtonView) {
	if v.row.Status == models.Closed {
		return nil
	}
	path := partnerPath(v.row.ID)
	if v.canMake {
		list = append(list, ui.ButtonView{Text: i18n.T(v.ctx, i18n.PartnerClose), Icon: "x", Kind: ui.Risky, Href: path + "/close"},
			ui.ButtonView{Text: i18n.T(v.ctx, i18n.PartnerEdit), Icon: "pencil", Href: path + "/edit"})
		switch v.row.Status {
		case models.Draft:
			list = append(list, ui.ButtonView{Text: i18n.T(v.ctx, i18n.PartnerActivate), Icon: "player-play", Kind: ui.Primary, Href: path + "/activate"})
		case models.Suspended:
			list = append(list, ui.ButtonView{Text: i18n.T(v.ctx, i18n.PartnerResume), Icon: "player-play", Kind: ui.Primary, Href: path + "/resume"})
		}
	}
	return list
}

// notes point to what waits, and to what is left of a partner that was closed.
func (v partnerView) notes() (list []ui.NoteView) {
	for _, r := range v.open {
		list = append(list, ui.NoteView{Tone: ui.Accent, Text: i18n.T(v.ctx, i18n.PartnerWaits, i18n.T(v.ctx, i18n.ConsoleRequestNo, r.ID)),
			Links: []ui.LinkView{{Text: i18n.T(v.ctx, i18n.PartnerLook), Href: requestPath(r.ID)}}})
	}
	return list
}

// life is where the partner stands. When it took a step is said where it is known.
func (s *Console) life(v partnerView) *ui.StepsView {
	order := []ui.State{ui.Draft, ui.InReview, ui.Active, ui.Suspended, ui.Closed}
	now := partnerState(v.row.Status, len(v.open) > 0).State
	at := slices.Index(order, now)
	words := map[ui.State]i18n.Key{ui.Draft: i18n.UIDraft, ui.InReview: i18n.UIInReview, ui.Active: i18n.UIActive, ui.Suspended: i18n.UISuspended, ui.Closed: i18n.UIClosed}
	steps := &ui.StepsView{Label: i18n.T(v.ctx, i18n.PartnerLife)}
	for i, state := range order {
		step := ui.Step{Word: i18n.T(v.ctx, words[state]), Progress: ui.Later}
		switch {
		case i == at:
			step.Progress = ui.Current
		case i < at && (state != ui.Suspended || now == ui.Suspended):
			step.Progress = ui.Done
		}
		if state == ui.Draft {
			step.When = i18n.Date(v.ctx, s.inZone(v.row.CreatedAt))
		}
		if state == ui.Closed && v.removal != nil {
			step.When = i18n.Date(v.ctx, s.inZone(v.removal.At))
		}
		steps.Steps = append(steps.Steps, step)
	}
	return steps
}

func (v partnerView) tabs(tab string) *ui.TabsView {
	counts := map[string]int{
		"applications": len(v.registry.Applications.All()), "grants": len(v.registry.Grants.All()), "credentials": len(v.registry.Credentials.All()),
	}
	t := &ui.TabsView{Label: i18n.T(v.ctx, i18n.PartnerParts)}
	for _, part := range partnerTabs {
		entry := ui.Tab{Text: i18n.T(v.ctx, part.word), Href: tabPath(v.row.ID, part.name), Current: part.name == tab}
		if n, counted := counts[part.name]; counted {
			entry.Count = strconv.Itoa(n)
		}
		t.Tabs = append(t.Tabs, entry)
	}
	return t
}

// partnerAside is the facts, today's visits and how to stop it all.
func (s *Console) partnerAside(v partnerView, tab string) (list []console.Section) {
	ctx := v.ctx
	if v.removal != nil {
		list = append(list, s.removalCard(v))
	}
	if tab != "" {
		facts := ui.KeyValuesView{Rows: s.contractFacts(v)}
		list = append(list, console.Section{Card: ui.CardView{Title: i18n.T(ctx, i18n.PartnerProfile)}, Facts: &facts})
	}
	var total int64
	hours := make([]int64, 24)
	from, until := s.today()
	for _, byHour := range v.visits {
		for start, n := range byHour {
			total += n
			if i := (start - from) / hour.Milliseconds(); i >= 0 && i < 24 {
				hours[i] += n
			}
		}
	}
	visits := console.Section{
		Card: ui.CardView{Title: i18n.T(ctx, i18n.PartnerVisitsToday)}, Figure: i18n.Number(ctx, total),
		Second: i18n.T(ctx, i18n.PartnerLiveNow, i18n.Number(ctx, sum(v.live))),
	}
	if total > 0 {
		visits.Bars = &console.HoursView{Values: hours[:max(1, min(24, (until-from)/hour.Milliseconds()))]}
	}
	list = append(list, visits)
	if v.row.Status == models.Active && v.canStop {
		list = append(list, console.Section{
			Card: ui.CardView{Title: i18n.T(ctx, i18n.PartnerStop), Icon: "player-stop"}, Text: i18n.T(ctx, i18n.PartnerStopText),
			Links: []ui.ButtonView{{
				Text: i18n.T(ctx, i18n.PartnerSuspendNow, sum(v.live)), Kind: ui.Risky, Href: partnerPath(v.row.ID) + "/suspend",
			}},
		})
	}
	return list
}

func (s *Console) removalCard(v partnerView) console.Section {
	r, ctx := *v.removal, v.ctx
	rows := []ui.KeyValue{
		{Key: i18n.T(ctx, i18n.PartnerClosedAt), Value: ui.Time(s.at(r.At))},
		{Key: i18n.T(ctx, i18n.PartnerApplications), Value: ui.Text(i18n.Number(ctx, r.Applications))},
		{Key: i18n.T(ctx, i18n.PartnerGrants), Value: ui.Text(i18n.Number(ctx, r.Grants))},
		{Key: i18n.T(ctx, i18n.PartnerCredentials), Value: ui.Text(i18n.Number(ctx, r.Credentials))},
		{Key: i18n.T(ctx, i18n.PartnerLiveVisits), Value: ui.Text(i18n.Number(ctx, r.Visits))},
	}
	if r.RequestID != 0 {
		rows = append(rows, ui.KeyValue{Key: i18n.T(ctx, i18n.PartnerRequest), Value: ui.Link(ui.LinkView{
			Text: i18n.T(ctx, i18n.ConsoleRequestNo, r.RequestID), Href: requestPath(r.RequestID),
		})})
	}
	return console.Section{Card: ui.CardView{Title: i18n.T(ctx, i18n.PartnerRemoval)}, Text: r.Reason, Facts: &ui.KeyValuesView{Rows: rows}}
}

func (s *Console) contractFacts(v partnerView) (rows []ui.KeyValue) {
	ctx := v.ctx
	add := func(key i18n.Key, text string) {
		if text != "" {
			rows = append(rows, ui.KeyValue{Key: i18n.T(ctx, key), Value: ui.Text(text)})
		}
	}
	add(i18n.PartnerLegalName, v.partner.LegalName)
	if v.partner.CreditCode != "" {
		rows = append(rows, ui.KeyValue{Key: i18n.T(ctx, i18n.PartnerCreditCode), Value: ui.Mono(v.partner.CreditCode)})
	}
	add(i18n.PartnerContract, v.partner.Contract)
	cell := s.contractCell(ctx, v.partner.ContractEnds)
	add(i18n.PartnerContractEnds, strings.TrimSpace(cell.Text+" "+cell.Second))
	return rows
}

func (s *Console) profileTab(v partnerView) []console.Section {
	ctx := v.ctx
	rows := append([]ui.KeyValue{
		{Key: i18n.T(ctx, i18n.PartnerID), Value: ui.ID(ui.IDView{ID: v.row.ID})},
		{Key: i18n.T(ctx, i18n.PartnerName), Value: ui.Text(v.row.Name)},
	}, s.contractFacts(v)...)
	rows = append(rows,
		ui.KeyValue{Key: i18n.T(ctx, i18n.PartnerRisk), Value: riskBadge(ctx, v.row.Risk)},
		ui.KeyValue{Key: i18n.T(ctx, i18n.PartnerSince), Value: ui.Time(s.at(v.row.CreatedAt))},
	)
	contacts := ui.TableView{Caption: i18n.T(ctx, i18n.PartnerContacts), Head: []ui.Column{
		{Text: i18n.T(ctx, i18n.PartnerContactName)}, {Text: i18n.T(ctx, i18n.PartnerContactKind)}, {Text: i18n.T(ctx, i18n.PartnerPhone)}, {Text: i18n.T(ctx, i18n.PartnerEmail)},
	}}
	for _, c := range v.partner.Contacts {
		contacts.Rows = append(contacts.Rows, ui.Row{Cells: []ui.Cell{{Text: c.Name}, {Text: i18n.T(ctx, contactWords[c.Kind])}, {Text: c.Phone, Mono: true}, {Text: c.Email}}})
	}
	if len(contacts.Rows) == 0 {
		contacts.Empty = ui.Empty(ui.EmptyView{Title: i18n.T(ctx, i18n.PartnerNoContacts), Text: i18n.T(ctx, i18n.PartnerNoContactsText)})
	}
	return []console.Section{
		{Card: ui.CardView{Title: i18n.T(ctx, i18n.PartnerProfile)}, Facts: &ui.KeyValuesView{Rows: rows}},
		{Card: ui.CardView{Title: i18n.T(ctx, i18n.PartnerContacts)}, Table: &contacts},
	}
}

func environment(e models.Environment) templ.Component {
	return ui.Environment(ui.EnvironmentView{Production: e == models.Production})
}

// small is a button in a card's head; none where the reader may not press it.
func small(may bool, text, icon, href string) templ.Component {
	if !may {
		return nil
	}
	return ui.Button(ui.ButtonView{Text: text, Icon: icon, Href: href, Small: true})
}

func (s *Console) applicationsTab(v partnerView) []console.Section {
	ctx := v.ctx
	t := ui.TableView{Caption: i18n.T(ctx, i18n.PartnerApplications), Head: []ui.Column{
		{Text: i18n.T(ctx, i18n.KindApplication)}, {Text: i18n.T(ctx, i18n.PartnerEnvironment)}, {Text: i18n.T(ctx, i18n.PartnerSuite)},
		{Text: i18n.T(ctx, i18n.PartnerStatus)}, {Text: i18n.T(ctx, i18n.PartnerVisitsToday), Number: true}, {Text: i18n.T(ctx, i18n.PartnerLiveVisits), Number: true},
	}}
	for _, a := range v.registry.Applications.All() {
		t.Rows = append(t.Rows, ui.Row{Cells: []ui.Cell{
			{Text: a.Name, Second: a.ID, Coded: true, Href: applicationPath(v.row.ID, a.ID)}, {Part: environment(a.Environment)},
			{Text: a.Suite, Second: string(a.AuthMethod), Coded: true}, {Part: ui.Status(ui.StatusView{State: ui.State(a.Status)})},
			{Text: i18n.Number(ctx, v.today(a.ID))}, {Text: i18n.Number(ctx, v.live[a.ID])},
		}})
	}
	if len(t.Rows) == 0 {
		t.Empty = ui.Empty(ui.EmptyView{Title: i18n.T(ctx, i18n.PartnerNoApplications), Text: i18n.T(ctx, i18n.PartnerNoApplicationsText)})
	}
	may := v.canMake && v.row.Status != models.Closed
	return []console.Section{{
		Card: ui.CardView{Title: i18n.T(ctx, i18n.PartnerApplications), Action: small(may, i18n.T(ctx, i18n.ApplicationNew), "plus", partnerPath(v.row.ID)+"/applications/new")}, Table: &t,
	}}
}

// scopes reads what grants' rows say of their scopes.
func (s *Console) scopes(ctx context.Context, ids []string) (map[string]scopeFact, error) {
	facts := map[string]scopeFact{}
	err := s.o.Store.Business(ctx, func(b store.Business) error {
		c, err := catalog.Read(b, []string{}, append([]string{}, ids...))
		if err != nil {
			return err
		}
		for _, scope := range c.Scopes.All() {
			service, _ := c.Services.Find(scope.Service)
			facts[scope.ID] = scopeFact{title: scope.Title, service: service.Name, class: highestClass(scope)}
		}
		return nil
	})
	return facts, err
}

// highestClass is the most sensitive class of what leaves under a scope.
func highestClass(scope catalog.Scope) string {
	highest := ""
	for _, p := range scope.Permissions {
		for _, f := range p.Fields {
			if f.Treatment != "drop" && f.Class > highest {
				highest = f.Class
			}
		}
	}
	return highest
}

func (s *Console) grantsTab(v partnerView) ([]console.Section, error) {
	ctx := v.ctx
	grants := v.registry.Grants.All()
	ids := make([]string, len(grants))
	for i, g := range grants {
		ids[i] = g.Scope
	}
	facts, err := s.scopes(ctx, ids)
	if err != nil {
		return nil, err
	}
	t := ui.TableView{Caption: i18n.T(ctx, i18n.PartnerGrants), Head: []ui.Column{
		{Text: i18n.T(ctx, i18n.KindScope)}, {Text: i18n.T(ctx, i18n.GrantClass)}, {Text: i18n.T(ctx, i18n.KindService)}, {Text: i18n.T(ctx, i18n.KindApplication)},
		{Text: i18n.T(ctx, i18n.GrantPurpose)}, {Text: i18n.T(ctx, i18n.GrantEnds)}, {Text: i18n.T(ctx, i18n.PartnerStatus)}, {Text: i18n.T(ctx, i18n.PartnerActions)},
	}}
	for _, g := range grants {
		fact := facts[g.Scope]
		state, over := s.grantState(ctx, g)
		row := ui.Row{Cells: []ui.Cell{
			{Text: g.Scope, Second: fact.title, Mono: true}, {Part: classPart(fact.class)}, {Text: fact.service}, {Text: g.Application, Mono: true},
			{Text: g.Purpose}, s.endCell(ctx, g.EndsAt), {Part: state}, {Text: ""},
		}}
		if !over && v.row.Status != models.Closed {
			path := partnerPath(v.row.ID) + "/grants/" + coded(g.ID)
			row.Cells[len(row.Cells)-1] = ui.Cell{Part: links(
				linkIf(v.canMake, i18n.T(ctx, i18n.GrantExtend), path), linkIf(v.canStop, i18n.T(ctx, i18n.GrantEnd), path+"/end"),
			)}
		}
		t.Rows = append(t.Rows, row)
	}
	if len(t.Rows) == 0 {
		t.Empty = ui.Empty(ui.EmptyView{Title: i18n.T(ctx, i18n.GrantNone), Text: i18n.T(ctx, i18n.GrantNoneText)})
	}
	may := v.canMake && v.row.Status != models.Closed && len(v.registry.Applications.All()) > 0
	return []console.Section{{
		Card: ui.CardView{Title: i18n.T(ctx, i18n.PartnerGrants), Action: small(may, i18n.T(ctx, i18n.GrantNew), "plus", partnerPath(v.row.ID)+"/grants/new")}, Table: &t,
	}}, nil
}

func classPart(class string) templ.Component {
	if class == "" {
		return ui.Faint("–")
	}
	return ui.Class(ui.ClassView{Class: class})
}

// links are some links of a row, one after the other.
func links(list ...ui.LinkView) templ.Component {
	kept := slices.DeleteFunc(list, func(l ui.LinkView) bool { return l.Href == "" })
	return console.RowLinks(kept)
}

func linkIf(may bool, text, href string) ui.LinkView {
	if !may {
		return ui.LinkView{}
	}
	return ui.LinkView{Text: text, Href: href}
}

func (s *Console) grantState(ctx context.Context, g partners.Grant) (part templ.Component, over bool) {
	now := s.o.Now()
	switch {
	case g.Ended:
		return ui.Badge(ui.BadgeView{Tone: ui.Outline, Text: i18n.T(ctx, i18n.GrantEndedWord)}), true
	case !g.EndsAt.IsZero() && !g.EndsAt.After(now):
		return ui.Badge(ui.BadgeView{Tone: ui.Outline, Text: i18n.T(ctx, i18n.GrantOverWord)}), true
	case g.StartsAt.After(now):
		return ui.Badge(ui.BadgeView{Tone: ui.Accent, Text: i18n.T(ctx, i18n.GrantLaterWord)}), false
	}
	return ui.Dot(ui.DotView{Tone: ui.Ok, Text: i18n.T(ctx, i18n.GrantHoldsWord)}), false
}

// endCell is when something ends: its last day, with the moment behind it.
func (s *Console) endCell(ctx context.Context, ends time.Time) ui.Cell {
	if ends.IsZero() {
		return ui.Cell{Text: i18n.T(ctx, i18n.PartnerNever)}
	}
	return ui.Cell{Part: ui.Time(s.at(ends.UnixMilli()))}
}

func (s *Console) credentialsTab(v partnerView) []console.Section {
	ctx := v.ctx
	var list []console.Section
	for _, a := range v.registry.Applications.All() {
		t := ui.TableView{Caption: a.Name + " · " + i18n.T(ctx, i18n.PartnerCredentials), Head: []ui.Column{
			{Text: i18n.T(ctx, i18n.KindCredential)}, {Text: i18n.T(ctx, i18n.CredentialKind)}, {Text: i18n.T(ctx, i18n.CredentialFrom)},
			{Text: i18n.T(ctx, i18n.CredentialUntil)}, {Text: i18n.T(ctx, i18n.PartnerStatus)}, {Text: i18n.T(ctx, i18n.PartnerActions)},
		}}
		for _, k := range v.registry.Credentials.All() {
			if k.Application != a.ID {
				continue
			}
			kind, detail := credentialWords(ctx, k)
			state, over := s.credentialState(ctx, k)
			row := ui.Row{Cells: []ui.Cell{
				{Text: k.ID, Mono: true, Second: detail, Coded: true}, {Text: kind}, {Part: ui.Time(s.at(k.NotBefore.UnixMilli()))},
				s.endCell(ctx, k.NotAfter), {Part: state}, {Text: ""},
			}}
			if !over && v.canStop {
				row.Cells[len(row.Cells)-1] = ui.Cell{Part: links(ui.LinkView{Text: i18n.T(ctx, i18n.CredentialRevoke), Href: partnerPath(v.row.ID) + "/credentials/" + coded(k.ID) + "/revoke"})}
			}
			t.Rows = append(t.Rows, row)
		}
		if len(t.Rows) == 0 {
			t.Empty = ui.Empty(ui.EmptyView{Title: i18n.T(ctx, i18n.CredentialNone), Text: i18n.T(ctx, i18n.CredentialNoneText)})
		}
		may := v.canMake && v.row.Status != models.Closed && a.Status != models.Closed
		list = append(list, console.Section{
			Card:  ui.CardView{Title: a.Name, Action: small(may, i18n.T(ctx, i18n.CredentialNew), "plus", applicationPath(v.row.ID, a.ID)+"/credentials/new")},
			Table: &t,
		})
	}
	if len(list) == 0 {
		list = []console.Section{{Empty: &ui.EmptyView{Title: i18n.T(ctx, i18n.PartnerNoApplications), Text: i18n.T(ctx, i18n.PartnerNoApplicationsText)}}}
	}
	return list
}

func (s *Console) limitsTab(v partnerView) []console.Section {
	ctx := v.ctx
	var list []console.Section
	for _, a := range v.registry.Applications.All() {
		facts := ui.KeyValuesView{Rows: limitFacts(ctx, a)}
		may := (v.canMake || v.canStop) && v.row.Status != models.Closed && a.Status != models.Closed
		list = append(list, console.Section{
			Card:  ui.CardView{Title: a.Name, Action: small(may, i18n.T(ctx, i18n.PartnerChange), "pencil", applicationPath(v.row.ID, a.ID)+"/limits")},
			Facts: &facts,
		})
	}
	if len(list) == 0 {
		list = []console.Section{{Empty: &ui.EmptyView{Title: i18n.T(ctx, i18n.PartnerNoApplications), Text: i18n.T(ctx, i18n.PartnerNoApplicationsText)}}}
	}
	return list
}

// historyPage is how many events and requests a page of the history lists.
const historyPage = 50

func (s *Console) historyTab(c *gin.Context, v partnerView) ([]console.Section, error) {
	ctx, list := v.ctx, "history "+v.row.ID
	var beforeAt int64
	beforeID := ""
	if place := c.Query("place"); place != "" {
		at, err := s.o.Cursors.Open(list, place, 2)
		if err != nil {
			return nil, err
		}
		beforeAt, _ = strconv.ParseInt(at[0], 10, 64) // made by this house
		beforeID = at[1]
	}
	events, err := s.o.Store.PartnerEvents(ctx, v.row.ID, beforeAt, beforeID, historyPage+1)
	if err != nil {
		return nil, err
	}
	older := ""
	if len(events) > historyPage {
		events = events[:historyPage]
		last := events[historyPage-1]
		older = tabPath(v.row.ID, "history") + "?" + url.Values{"place": {s.o.Cursors.Make(list, strconv.FormatInt(last.At, 10), last.ID)}}.Encode()
	}
	requests, err := s.requestsTable(c, v)
	if err != nil {
		return nil, err
	}
	table, err := s.eventsTable(ctx, events)
	if err != nil {
		return nil, err
	}
	section := console.Section{Card: ui.CardView{Title: i18n.T(ctx, i18n.PartnerHistory)}, Table: &table}
	if older != "" || beforeAt != 0 {
		section.Paging = &ui.PagingView{Words: " ", Older: older}
		if beforeAt != 0 {
			section.Paging.Newer = tabPath(v.row.ID, "history")
		}
	}
	return []console.Section{section, {Card: ui.CardView{Title: i18n.T(ctx, i18n.PartnerRequests)}, Table: &requests}}, nil
}

func (s *Console) eventsTable(ctx context.Context, events []models.Event) (ui.TableView, error) {
	t := ui.TableView{Caption: i18n.T(ctx, i18n.PartnerHistory), Head: []ui.Column{
		{Text: i18n.T(ctx, i18n.PartnerWhat)}, {Text: i18n.T(ctx, i18n.PartnerWhy)}, {Text: i18n.T(ctx, i18n.PartnerWho)}, {Text: i18n.T(ctx, i18n.PartnerWhen)},
	}}
	actors := make([]string, len(events))
	for i, e := range events {
		actors[i] = e.Actor
	}
	names, err := s.accountNames(ctx, actors)
	if err != nil {
		return t, err
	}
	for _, e := range events {
		var body struct {
			Detail map[string]string `json:"detail"`
		}
		if err := json.Unmarshal([]byte(e.Body), &body); err != nil {
			return t, err
		}
		t.Rows = append(t.Rows, ui.Row{Cells: []ui.Cell{
			{Text: changeEventWords(ctx, e.Kind, body.Detail["id"]), Second: body.Detail["changes"]}, {Text: body.Detail["because"]},
			{Text: firstOf(names[e.Actor], e.Actor)}, {Part: ui.Time(s.at(e.At))},
		}})
	}
	if len(events) == 0 {
		t.Empty = ui.Empty(ui.EmptyView{Title: i18n.T(ctx, i18n.PartnerNoHistory), Text: i18n.T(ctx, i18n.PartnerNoHistoryText)})
	}
	return t, nil
}

// changeEventWords says an event of a change: what was made or changed.
func changeEventWords(ctx context.Context, kind, id string) string {
	thing, verb, _ := strings.Cut(kind, ".")
	if word, known := thingWords[thing]; known {
		switch verb {
		case "created":
			return i18n.T(ctx, i18n.PartnerEventMade, i18n.T(ctx, word), id)
		case "changed":
			return i18n.T(ctx, i18n.PartnerEventChanged, i18n.T(ctx, word), id)
		}
	}
	switch kind {
	case "partner.closed":
		return i18n.T(ctx, i18n.PartnerEventClosed)
	case "partner.noted":
		return i18n.T(ctx, i18n.PartnerEventNoted)
	}
	return kind
}

func (s *Console) requestsTable(c *gin.Context, v partnerView) (ui.TableView, error) {
	ctx := v.ctx
	t := ui.TableView{Caption: i18n.T(ctx, i18n.PartnerRequests), Head: []ui.Column{
		{Text: i18n.T(ctx, i18n.PartnerRequest)}, {Text: i18n.T(ctx, i18n.ConsoleReason)}, {Text: i18n.T(ctx, i18n.ConsoleMaker)},
		{Text: i18n.T(ctx, i18n.ConsoleAsked)}, {Text: i18n.T(ctx, i18n.ConsoleState)},
	}}
	requests, err := s.o.Store.Requests(ctx, store.RequestFilter{Subject: partnerSubject(v.row.ID)}, 0, requestsShown)
	if err != nil {
		return t, err
	}
	names, err := s.accountNames(ctx, makersOf(requests))
	if err != nil {
		return t, err
	}
	for _, r := range requests {
		if !visitOf(c).rights.May(requestRights[r.Kind].read) {
			continue
		}
		row := s.requestRow(c, r, names)
		t.Rows = append(t.Rows, ui.Row{Cells: []ui.Cell{
			{Text: row.Number, Href: row.Href}, {Text: row.Reason, Second: row.Opens}, {Text: row.Maker}, {Part: ui.Time(row.Asked)}, {Part: ui.Badge(row.State)},
		}})
	}
	if len(t.Rows) == 0 {
		t.Empty = ui.Empty(ui.EmptyView{Title: i18n.T(ctx, i18n.ConsoleNoRequests), Text: i18n.T(ctx, i18n.ConsoleNobodyText)})
	}
	return t, nil
}

// notesShown is how many notes a page lists.
const notesShown = 50

func (s *Console) notesTab(c *gin.Context, v partnerView, fault faulty, values map[string]string) ([]console.Section, error) {
	ctx, list, below := v.ctx, "notes "+v.row.ID, ""
	if place := c.Query("place"); place != "" {
		at, err := s.o.Cursors.Open(list, place, 1)
		if err != nil {
			return nil, err
		}
		below = at[0]
	}
	notes, err := s.o.Store.Notes(ctx, v.row.ID, below, notesShown+1)
	if err != nil {
		return nil, err
	}
	section := console.Section{Card: ui.CardView{Title: i18n.T(ctx, i18n.PartnerNotes)}}
	if len(notes) > notesShown {
		notes = notes[:notesShown]
		section.Paging = &ui.PagingView{Words: " ", Older: tabPath(v.row.ID, "notes") + "?" + url.Values{"place": {s.o.Cursors.Make(list, notes[notesShown-1].ID)}}.Encode()}
	}
	ids := make([]string, len(notes))
	for i, n := range notes {
		ids[i] = n.AccountID
	}
	names, err := s.accountNames(ctx, ids)
	if err != nil {
		return nil, err
	}
	for _, n := range notes {
		name := firstOf(names[n.AccountID], n.AccountID)
		section.Said = append(section.Said, console.CommentRow{Name: name, Initial: initial(name), At: s.at(n.At), Text: n.Text})
	}
	if len(notes) == 0 {
		section.Empty = &ui.EmptyView{Title: i18n.T(ctx, i18n.PartnerNoNotes), Text: i18n.T(ctx, i18n.PartnerNoNotesText)}
	}
	if !v.canStop {
		return []console.Section{section}, nil
	}
	f := s.former(c, tabPath(v.row.ID, "notes"), values, fault)
	f.row(f.field("note", i18n.PartnerNoteField, with(area(3), f.help(i18n.PartnerNoteHelp), func(v *ui.FieldView) { v.MaxLength = maxNote })))
	form := f.done("", ui.ButtonView{Text: i18n.T(ctx, i18n.PartnerNoteAdd)})
	return []console.Section{{Card: ui.CardView{Title: i18n.T(ctx, i18n.PartnerNoteNew)}, Form: &form}, section}, nil
}
