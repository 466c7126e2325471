package console

import (
	"cmp"
	"context"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/a-h/templ"
	"github.com/gin-gonic/gin"

	"postern/app/entrance"
	"postern/app/store"
	"postern/app/web"
	"postern/models"
	"postern/policies"
	"postern/views/console"
	"postern/views/i18n"
	"postern/views/ui"
	"time"
)

const partnersPath = "/console/partners"

// partnersPage is how many partners a page lists; draftsPage how many registrations
// that were begun.
const (
	partnersPage = 50
	draftsPage   = 20
)

// partnersList is the list's name in its cursors.
const partnersList = "partners"

// partnersQuery is what the address of the list says.
type partnersQuery struct {
	store.PartnerFilter
	keeper string // an officer's login, "me" or "nobody"
	place  string // cursor
}

// maxSearch bounds what is searched for, octets.
const maxSearch = 200

// partnersQueryOf reads the address; what is not on the lists of statuses, tiers
// and orders counts as not said.
func partnersQueryOf(c *gin.Context) (q partnersQuery) {
	q.Search = strings.TrimSpace(c.Query("q"))
	if len(q.Search) > maxSearch {
		q.Search = ""
	}
	if status := models.Status(c.Query("status")); status.Valid() {
		q.Status = status
	}
	if risk := models.Risk(c.Query("risk")); risk.Valid() {
		q.Risk = risk
	}
	q.Sort = store.PartnersByName
	if sort := store.PartnerSort(c.Query("sort")); slices.Contains(store.PartnerSorts, sort) {
		q.Sort = sort
	}
	q.keeper, q.place = c.Query("officer"), c.Query("place")
	return q
}

// keptBy reads whose partners are asked for; whoever is no officer of the list
// counts as not said.
func (q *partnersQuery) keptBy(reader models.Account, officers []models.Account) {
	switch q.keeper {
	case "":
	case "me":
		q.Officer = reader.ID
	case store.Nobody:
		q.Officer = store.Nobody
	default:
		i := slices.IndexFunc(officers, func(a models.Account) bool { return a.Login == q.keeper })
		if i < 0 {
			q.keeper = ""
			return
		}
		q.Officer = officers[i].ID
	}
}

func (q partnersQuery) keeperName(ctx context.Context, officers []models.Account) string {
	switch q.keeper {
	case "me":
		return i18n.T(ctx, i18n.PartnerKeeperMe)
	case store.Nobody:
		return i18n.T(ctx, i18n.PartnerKeeperNobody)
	}
	for _, a := range officers {
		if a.ID == q.Officer {
			return a.Name
		}
	}
	return q.keeper
}

// address is the list's with the query; change may alter it.
func (q partnersQuery) address(change func(url.Values)) string {
	v := url.Values{}
	for name, value := range map[string]string{"q": q.Search, "status": string(q.Status), "risk": string(q.Risk), "officer": q.keeper, "sort": string(q.Sort)} {
		if value != "" && value != string(store.PartnersByName) {
			v.Set(name, value)
		}
	}
	if change != nil {
		change(v)
	}
	if len(v) == 0 {
		return partnersPath
	}
	return partnersPath + "?" + v.Encode()
}

// cursorOf names the list with its filters, so that a place in one is none in another.
func (q partnersQuery) list() string {
	q.place = ""
	return partnersList + " " + q.address(nil)
}

func (s *Console) partnersPlace(q partnersQuery) (store.PartnerPlace, error) {
	if q.place == "" {
		return store.PartnerPlace{}, nil
	}
	at, err := s.o.Cursors.Open(q.list(), q.place, 2)
	if err != nil {
		return store.PartnerPlace{}, err
	}
	place := store.PartnerPlace{ID: at[1]}
	switch q.Sort {
	case store.PartnersByCreation:
		place.Created, err = strconv.ParseInt(at[0], 10, 64)
	case store.PartnersByContract:
		place.Contract = at[0]
	default:
		place.Name = at[0]
	}
	return place, err
}

func (s *Console) partnersNext(q partnersQuery, last models.Partner) string {
	at := last.NameKey
	switch q.Sort {
	case store.PartnersByCreation:
		at = strconv.FormatInt(last.CreatedAt, 10)
	case store.PartnersByContract:
		at = last.ContractEnds
	}
	return q.address(func(v url.Values) { v.Set("place", s.o.Cursors.Make(q.list(), at, last.ID)) })
}

// Partners lists the partners.
func (s *Console) Partners(c *gin.Context) error {
	ctx, q := c.Request.Context(), partnersQueryOf(c)
	officers, err := s.officers(ctx)
	if err != nil {
		return err
	}
	q.keptBy(entrance.VisitOf(c).Who.Account, officers)
	place, err := s.partnersPlace(q)
	if err != nil {
		return err
	}
	list, err := s.o.Store.Partners(ctx, q.PartnerFilter, place, partnersPage+1)
	if err != nil {
		return err
	}
	older := ""
	if len(list) > partnersPage {
		list = list[:partnersPage]
		older = s.partnersNext(q, list[partnersPage-1])
	}
	table, err := s.partnersTable(c, q, list)
	if err != nil {
		return err
	}

	section := console.Section{Table: &table}
	if older != "" || q.place != "" {
		section.Paging = &ui.PagingView{Words: " ", Older: older}
		if q.place != "" {
			section.Paging.Newer = q.address(nil)
		}
	}
	page := console.PartnerPage{
		Frame:   s.frame(c, i18n.T(ctx, i18n.PartnerList)),
		Header:  ui.HeaderView{Title: i18n.T(ctx, i18n.PartnerList), Lead: ui.Text(i18n.T(ctx, i18n.PartnerListLead))},
		Filters: partnersFilters(ctx, q, officers), Main: []console.Section{section},
	}
	if s.mayMake(c) {
		page.Header.Actions = []ui.ButtonView{{Text: i18n.T(ctx, i18n.PartnerRegister), Icon: "plus", Kind: ui.Primary, Href: onboardingPath + "/new"}}
		drafts, err := s.unfinished(c)
		if err != nil {
			return err
		}
		if drafts != nil {
			page.Main = append([]console.Section{*drafts}, page.Main...)
		}
	}
	return web.Render(c, http.StatusOK, console.Partner(page))
}

func (s *Console) mayMake(c *gin.Context) bool {
	return entrance.VisitOf(c).Rights.May(policies.Permission{Resource: "business", Action: "make"})
}

func (s *Console) mayStop(c *gin.Context) bool {
	return entrance.VisitOf(c).Rights.May(policies.Permission{Resource: "stops", Action: "make"})
}

var statusWords = map[models.Status]i18n.Key{
	models.Draft: i18n.UIDraft, models.Active: i18n.UIActive, models.Suspended: i18n.UISuspended, models.Closed: i18n.UIClosed,
}

var riskWords = map[models.Risk]i18n.Key{
	models.RiskLow: i18n.PartnerRiskLow, models.RiskMedium: i18n.PartnerRiskMedium, models.RiskHigh: i18n.PartnerRiskHigh,
}

var sortWords = map[store.PartnerSort]i18n.Key{
	store.PartnersByName: i18n.PartnerByName, store.PartnersByCreation: i18n.PartnerByCreation, store.PartnersByContract: i18n.PartnerByContract,
}

func partnersFilters(ctx context.Context, q partnersQuery, officers []models.Account) *ui.FiltersView {
	f := ui.FiltersView{Action: partnersPath, Name: "q", Value: q.Search, Search: i18n.T(ctx, i18n.PartnerSearch), Clear: partnersPath}
	keep := func(name, value string) {
		if value != "" {
			f.Kept = append(f.Kept, ui.Hidden{Name: name, Value: value})
		}
	}
	keep("status", string(q.Status))
	keep("risk", string(q.Risk))
	keep("officer", q.keeper)
	keep("sort", string(q.Sort))
	without := func(name string) string { return q.address(func(v url.Values) { v.Del(name) }) }
	with := func(name, value string) string { return q.address(func(v url.Values) { v.Set(name, value) }) }
	if q.Status != "" {
		f.Set = append(f.Set, ui.FilterChip{Label: i18n.T(ctx, i18n.PartnerStatus), Value: i18n.T(ctx, statusWords[q.Status]), Remove: without("status")})
	} else {
		menu := ui.FilterMenu{Label: i18n.T(ctx, i18n.PartnerStatus)}
		for _, status := range models.Statuses {
			menu.Options = append(menu.Options, ui.LinkView{Text: i18n.T(ctx, statusWords[status]), Href: with("status", string(status))})
		}
		f.Offered = append(f.Offered, menu)
	}
	if q.Risk != "" {
		f.Set = append(f.Set, ui.FilterChip{Label: i18n.T(ctx, i18n.PartnerRisk), Value: i18n.T(ctx, riskWords[q.Risk]), Remove: without("risk")})
	} else {
		menu := ui.FilterMenu{Label: i18n.T(ctx, i18n.PartnerRisk)}
		for _, risk := range models.Risks {
			menu.Options = append(menu.Options, ui.LinkView{Text: i18n.T(ctx, riskWords[risk]), Href: with("risk", string(risk))})
		}
		f.Offered = append(f.Offered, menu)
	}
	if q.keeper != "" {
		f.Set = append(f.Set, ui.FilterChip{Label: i18n.T(ctx, i18n.PartnerKeeper), Value: q.keeperName(ctx, officers), Remove: without("officer")})
	} else {
		menu := ui.FilterMenu{Label: i18n.T(ctx, i18n.PartnerKeeper), Options: []ui.LinkView{
			{Text: i18n.T(ctx, i18n.PartnerKeeperMe), Href: with("officer", "me")}, {Text: i18n.T(ctx, i18n.PartnerKeeperNobody), Href: with("officer", store.Nobody)},
		}}
		for _, a := range officers {
			menu.Options = append(menu.Options, ui.LinkView{Text: a.Name + " · " + a.Login, Href: with("officer", a.Login)})
		}
		f.Offered = append(f.Offered, menu)
	}
	menu := ui.FilterMenu{Label: i18n.T(ctx, i18n.PartnerSorted, i18n.T(ctx, sortWords[q.Sort]))}
	for _, sort := range store.PartnerSorts {
		menu.Options = append(menu.Options, ui.LinkView{Text: i18n.T(ctx, sortWords[sort]), Href: with("sort", string(sort))})
	}
	f.Offered = append(f.Offered, menu)
	return &f
}

func (s *Console) partnersTable(c *gin.Context, q partnersQuery, list []models.Partner) (ui.TableView, error) {
	ctx := c.Request.Context()
	ids := make([]string, len(list))
	for i, p := range list {
		ids[i] = p.ID
	}
	today, until := s.today()
	counts, err := s.o.Store.PartnerCounts(ctx, ids, today, until)
	if err != nil {
		return ui.TableView{}, err
	}
	keepers, err := s.accountNames(ctx, officersOf(list))
	if err != nil {
		return ui.TableView{}, err
	}
	waiting, err := s.o.Store.OpenSubjects(ctx, partnerSubjects(ids))
	if err != nil {
		return ui.TableView{}, err
	}
	t := ui.TableView{Caption: i18n.T(ctx, i18n.PartnerList), Head: []ui.Column{
		{Text: i18n.T(ctx, i18n.KindPartner)}, {Text: i18n.T(ctx, i18n.PartnerStatus)}, {Text: i18n.T(ctx, i18n.PartnerRisk)},
		{Text: i18n.T(ctx, i18n.PartnerKeeper)}, {Text: i18n.T(ctx, i18n.PartnerContractEnds)}, {Text: i18n.T(ctx, i18n.PartnerApplications), Number: true},
		{Text: i18n.T(ctx, i18n.PartnerVisitsToday), Number: true}, {Text: i18n.T(ctx, i18n.PartnerLastChange)},
	}}
	for _, p := range list {
		n := counts[p.ID]
		changed := max(n.LastChange, p.UpdatedAt)
		t.Rows = append(t.Rows, ui.Row{Cells: []ui.Cell{
			{Text: p.Name, Second: p.ID, Coded: true, Href: partnerPath(p.ID)},
			{Part: ui.Status(partnerState(p.Status, waiting[partnerSubject(p.ID)]))},
			{Part: riskBadge(ctx, p.Risk)}, {Text: cmp.Or(keepers[p.OfficerID], "–")},
			s.contractCell(ctx, p.ContractEnds),
			{Text: i18n.Number(ctx, n.Applications)}, {Text: i18n.Number(ctx, n.VisitsToday)},
			{Part: ui.Time(s.At(changed))},
		}})
	}
	if len(list) == 0 {
		empty := ui.EmptyView{Title: i18n.T(ctx, i18n.PartnerNone), Text: i18n.T(ctx, i18n.PartnerNoneText)}
		if q.address(nil) != partnersPath {
			empty.Text = i18n.T(ctx, i18n.PartnerNoneFound)
			empty.Action = &ui.ButtonView{Text: i18n.T(ctx, i18n.UIClear), Href: partnersPath}
		}
		t.Empty = ui.Empty(empty)
	}
	return t, nil
}

func officersOf(list []models.Partner) (ids []string) {
	ids = []string{}
	for _, p := range list {
		if p.OfficerID != "" {
			ids = append(ids, p.OfficerID)
		}
	}
	return ids
}

// today is the day in the bank's zone, as far as whole hours go (Unix ms).
func (s *Console) today() (from, until int64) {
	now := s.o.Now().In(s.o.Zone)
	return store.DayOf(now).UnixMilli(), now.Truncate(time.Hour).Add(time.Hour).UnixMilli()
}

// partnerState is a partner's state as people see it: a draft that waits for a
// reviewer is in review.
func partnerState(status models.Status, waiting bool) ui.StatusView {
	if status == models.Draft && waiting {
		return ui.StatusView{State: ui.InReview}
	}
	return ui.StatusView{State: ui.State(status)}
}

func riskBadge(ctx context.Context, risk models.Risk) templ.Component {
	tone := ui.Quiet
	if risk == models.RiskHigh {
		tone = ui.Warn
	}
	return ui.Badge(ui.BadgeView{Tone: tone, Text: i18n.T(ctx, riskWords[risk])})
}

// soon is how long before its end a contract is pointed out.
const soon = 60

// contractCell is the contract's last day, and how long that is.
func (s *Console) contractCell(ctx context.Context, ends string) ui.Cell {
	day, ok := s.Day(ends)
	if !ok {
		return ui.Cell{Text: i18n.T(ctx, i18n.PartnerNoDate), Tone: ui.Quiet}
	}
	cell := ui.Cell{Text: i18n.Date(ctx, day)}
	left := s.daysLeft(day)
	switch {
	case left < 0:
		cell.Tone, cell.Second = ui.Bad, i18n.T(ctx, i18n.PartnerOver)
	case left <= soon:
		cell.Tone, cell.Second = ui.Warn, i18n.T(ctx, i18n.PartnerDaysLeft, left)
	}
	return cell
}
