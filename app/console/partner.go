package console

import (
	"cmp"
	"context"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/a-h/templ"
	"github.com/gin-gonic/gin"

	"postern/app/directory"
	"postern/app/entrance"
	"postern/app/store"
	"postern/app/web"
	"postern/models"
	"postern/policies"
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
	{"credentials", i18n.PartnerCredentials}, {"limits", i18n.PartnerLimits}, {"history", i18n.PartnerHistory}, {"portal", i18n.PortalUsers}, {"notes", i18n.PartnerNotes},
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
	ctx      context.Context
	now      time.Time
	open     []models.ChangeRequest
	live     map[string]int64 // live visits by application
	visits   map[string]map[int64]int64
	removal  *models.Removal
	frozen   *ui.NoteView // says what of its own is frozen; may be nil
	canMake  bool
	canThaw  bool // may ask that what is suspended is resumed
	canNote  bool
	readsLog bool
	stop     stance
	keeper   string // who looks after it, in words
}

func (f partnerFile) applicationIDs() []string {
	ids := []string{}
	for _, a := range f.registry.Applications.All() {
		ids = append(ids, a.ID)
	}
	return ids
}

// applicationName is what an application of the partner's is called.
func (f partnerFile) applicationName(id string) string {
	a, _ := f.registry.Applications.Current(id)
	for _, other := range f.registry.Applications.All() {
		if other.ID != id && other.Name == a.Name {
			return fmt.Sprintf("%s (%s)", cmp.Or(a.Name, id), id)
		}
	}
	return cmp.Or(a.Name, id)
}

// requestsShown bounds the change requests beside a partner.
const requestsShown = 50

func (s *Console) viewPartner(c *gin.Context, file partnerFile) (v partnerView, err error) {
	ctx := c.Request.Context()
	v = partnerView{partnerFile: file, ctx: ctx, now: s.o.Now(), canMake: s.mayMake(c), canNote: s.mayStop(c), readsLog: entrance.VisitOf(c).Rights.May(policies.Permission{Resource: "log", Action: "read"}), canThaw: entrance.VisitOf(c).Rights.May(asksThaws)}
	if v.stop, err = s.stanceOn(c, file.row.ID); err != nil {
		return v, err
	}
	if v.keeper, err = s.keeperWords(ctx, file.row); err != nil {
		return v, err
	}
	requests, err := s.o.Store.Requests(ctx, store.RequestFilter{Subject: partnerSubject(file.row.ID)}, 0, requestsShown)
	if err != nil {
		return v, err
	}
	for _, r := range requests {
		if r.State == models.RequestSubmitted {
			v.open = append(v.open, r)
		}
	}
	if v.frozen, err = s.frozenNote(c, file.reaches); err != nil {
		return v, err
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
		main, err = s.credentialsTab(v)
	case "limits":
		main = s.limitsTab(v)
	case "history":
		main, err = s.historyTab(c, v)
	case "portal":
		main, err = s.portalTab(c, v, fault, values)
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
	path := partnerPath(v.row.ID)
	list = append(list, ui.ButtonView{Text: i18n.T(v.ctx, i18n.StatementTitle), Icon: "file-text", Href: statementPath(v.row.ID)})
	if v.row.Status == models.Closed {
		return list
	}
	if v.canMake {
		list = append(list, ui.ButtonView{Text: i18n.T(v.ctx, i18n.PartnerClose), Icon: "x", Kind: ui.Risky, Href: path + "/close"},
			ui.ButtonView{Text: i18n.T(v.ctx, i18n.PartnerEdit), Icon: "pencil", Href: path + "/edit"})
		if v.row.Status == models.Draft {
			list = append(list, ui.ButtonView{Text: i18n.T(v.ctx, i18n.PartnerActivate), Icon: "player-play", Kind: ui.Primary, Href: path + "/activate"})
		}
	}
	if v.canThaw && v.row.Status == models.Suspended {
		list = append(list, ui.ButtonView{Text: i18n.T(v.ctx, i18n.PartnerResume), Icon: "player-play", Kind: ui.Primary, Href: path + "/resume"})
	}
	return list
}

// notes point to what waits, and to what is left of a partner that was closed.
func (v partnerView) notes() (list []ui.NoteView) {
	if v.frozen != nil {
		list = append(list, *v.frozen)
	}
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
			step.When = i18n.Date(v.ctx, s.InZone(v.row.CreatedAt))
		}
		if state == ui.Closed && v.removal != nil {
			step.When = i18n.Date(v.ctx, s.InZone(v.removal.At))
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
