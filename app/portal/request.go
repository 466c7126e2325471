package portal

import (
	"context"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/gin-gonic/gin"

	"postern/app/bankfile"
	"postern/app/clients"
	"postern/app/entrance"
	"postern/app/errs"
	"postern/app/partners"
	"postern/app/selfservice"
	"postern/app/store"
	"postern/app/web"
	"postern/models"
	"postern/policies"
	"postern/views/i18n"
	"postern/views/portal"
	"postern/views/ui"
)

var answersRequests = policies.Permission{Resource: "requests", Action: "answer"}

// What a page lists, at most.
const (
	requestsPage = 50
	maxNotes     = 200
)

func requestPath(id int64) string { return requestsPath + "/" + strconv.FormatInt(id, 10) }

// Requests lists what the partner has asked of the bank, the newest first.
func (p *Portal) Requests(c *gin.Context) error {
	v, ctx := entrance.VisitOf(c), c.Request.Context()
	place := "requests of " + v.Who.Partner.ID
	below, err := p.o.Cursors.Number(place, c.Query("below"))
	if err != nil {
		return err
	}
	list, err := p.o.Store.PartnerRequests(ctx, v.Who.Partner.ID, below, requestsPage+1)
	if err != nil {
		return err
	}
	page := portal.RequestsPage{Frame: p.frame(c, i18n.T(ctx, i18n.PortalRequests)), CanAsk: v.Rights.May(asksProduction)}
	if len(list) > requestsPage {
		list = list[:requestsPage]
		page.Older = requestsPath + "?below=" + p.o.Cursors.MakeNumber(place, list[requestsPage-1].ID)
	}
	if below > 0 {
		page.Newest = requestsPath
	}
	for _, r := range list {
		row, err := p.requestRow(ctx, r)
		if err != nil {
			return err
		}
		page.Rows = append(page.Rows, row)
	}
	return web.Render(c, http.StatusOK, portal.Requests(page))
}

// way is the parcel's: submitted, in review, decided; a question stands where it was
// asked. What the partner decides by itself waits for a second member alone.
func way(ctx context.Context, r models.PartnerRequest) ui.StepsView {
	stations := []models.PartnerRequestState{models.PartnerSubmitted, models.PartnerInReview, models.PartnerApproved}
	if r.Inside {
		stations = []models.PartnerRequestState{models.PartnerSubmitted, models.PartnerApproved}
	}
	at := map[models.PartnerRequestState]int{models.PartnerSubmitted: 0, models.PartnerInReview: 1, models.PartnerQuestion: 1}
	now, open := at[r.State]
	if r.State == models.PartnerQuestion {
		stations[1] = r.State
	}
	if !open {
		now, stations[len(stations)-1] = len(stations), r.State
	}
	v := ui.StepsView{Label: i18n.T(ctx, i18n.PortalRequestWay)}
	for i, station := range stations {
		progress := ui.Later
		switch {
		case i < now:
			progress = ui.Done
		case i == now:
			progress = ui.Current
		}
		word := entrance.PartnerRequestState(ctx, models.PartnerRequest{Inside: r.Inside, State: station}).Text
		v.Steps = append(v.Steps, ui.Step{Word: word, Progress: progress})
	}
	return v
}

func (p *Portal) requestRow(ctx context.Context, r models.PartnerRequest) (portal.RequestRow, error) {
	asked, err := bankfile.AskedIn(r.Content)
	return portal.RequestRow{
		Number: i18n.T(ctx, i18n.PortalRequestNo, r.ID), Href: requestPath(r.ID), Application: r.ApplicationID,
		What: entrance.AskedWords(ctx, asked.Application, asked.Credential, asked.Grant), State: entrance.PartnerRequestState(ctx, r), Made: p.At(r.MadeAt),
	}, err
}

// RequestNew asks what an application in production is to be.
func (p *Portal) RequestNew(c *gin.Context) error {
	return p.showRequestNew(c, http.StatusOK, portal.ApplicationForm{Method: string(models.PrivateKeyJWT), Mode: string(models.AddressEnforce)})
}

func (p *Portal) showRequestNew(c *gin.Context, status int, f portal.ApplicationForm) error {
	ctx := c.Request.Context()
	f.Action, f.Back, f.Button, f.AsksReason = requestsPath, requestsPath, i18n.T(ctx, i18n.PortalAsk), true
	f.Methods, f.Modes = methods(ctx, f.Method), modes(ctx, f.Mode)
	return web.Render(c, status, portal.ApplicationEdit(portal.ApplicationEditPage{
		Frame: p.inWorld(c, i18n.T(ctx, i18n.PortalRequestNew), applicationsPath, models.Production), Lead: i18n.T(ctx, i18n.PortalRequestNewLead), Form: f,
	}))
}

// RequestCreate asks the bank for an application in production.
func (p *Portal) RequestCreate(c *gin.Context) error {
	a, err := p.newApplication(c, models.Production)
	if err != nil {
		return err
	}
	f := typed(c)
	r, err := p.o.SelfService.Ask(c.Request.Context(), user(c), over(a, f), strings.TrimSpace(f.Reason), selfservice.Unknown(a.ID))
	if err == nil {
		return entrance.Done(c, requestPath(r.ID), "asked")
	}
	status, ok := p.faulted(c, err, "application", a.ID, &f)
	if !ok {
		return err
	}
	return p.showRequestNew(c, status, f)
}

// request is the one of the reader's own partner that the address names.
func (p *Portal) request(c *gin.Context) (models.PartnerRequest, error) {
	id, err := strconv.ParseInt(c.Param("request"), 10, 64)
	if err != nil {
		return models.PartnerRequest{}, selfservice.ErrNoRequest
	}
	r, found, err := p.o.Store.PartnerRequestByID(c.Request.Context(), id)
	if err == nil && (!found || r.PartnerID != entrance.VisitOf(c).Who.Partner.ID) {
		err = selfservice.ErrNoRequest
	}
	return r, err
}

// Request shows where a request stands, and what was said about it.
func (p *Portal) Request(c *gin.Context) error { return p.showRequest(c, http.StatusOK, "", nil) }

func (p *Portal) showRequest(c *gin.Context, status int, text string, faults map[string]string) error {
	r, err := p.request(c)
	if err != nil {
		return err
	}
	v, ctx := entrance.VisitOf(c), c.Request.Context()
	asked, err := bankfile.AskedIn(r.Content)
	if err != nil {
		return err
	}
	page := portal.RequestPage{
		Frame: p.frame(c, i18n.T(ctx, i18n.PortalRequestNo, r.ID)), Name: entrance.AskedWords(ctx, asked.Application, asked.Credential, asked.Grant),
		State: entrance.PartnerRequestState(ctx, r), Way: way(ctx, r), Reason: i18n.From(ctx).Reason(r.Reason), Made: p.At(r.MadeAt), Application: r.ApplicationID,
		Inside: r.Inside, Asks: r.State == models.PartnerQuestion, Text: text, Faults: faults,
	}
	switch k, g := asked.Credential, asked.Grant; {
	case k.ID != "":
		page.Credential = p.askedCredential(ctx, k)
	case g.ID != "":
		page.Grant = &portal.AskedGrant{Scope: g.Scope, ScopeHref: worldPath(scopePath(g.Scope), models.Production), Purpose: g.Purpose, Starts: p.firstDay(ctx, g.StartsAt), Ends: p.EndCell(ctx, g.EndsAt)}
	default:
		a := asked.Application
		page.Method, page.Mode, page.Addresses, page.ReturnAddresses = string(a.AuthMethod), modeName(ctx, a.AddressMode), a.Addresses, a.ReturnAddresses
	}
	if r.State == models.PartnerApproved {
		page.Href = applicationPath(r.ApplicationID)
	}
	if r.State.Open() && v.Rights.May(answersRequests) {
		page.Action = requestPath(r.ID)
		page.CanConfirm = r.Inside && v.Rights.May(confirms) && r.MakerPerson != v.Who.Account.PersonID
	}
	notes, err := p.o.Store.PartnerNotes(ctx, r.ID, maxNotes)
	if err != nil {
		return err
	}
	ids := []string{r.Maker, r.Officer}
	for _, n := range notes {
		ids = append(ids, n.AccountID)
	}
	names, err := p.names(ctx, ids)
	if err != nil {
		return err
	}
	page.Maker = names[r.Maker]
	if r.Inside {
		page.ConfirmedBy = names[r.Officer]
	}
	for _, n := range notes {
		said := ui.Remark{Name: names[n.AccountID], At: p.At(n.At), Text: n.Text}
		if n.Bank {
			said.Name, said.Side = p.BankName(c), i18n.T(ctx, i18n.UIBank) // who it was there is the bank's to say
		}
		said.Initial = initial(said.Name)
		page.Notes = append(page.Notes, said)
	}
	return web.Render(c, status, portal.Request(page))
}

func (p *Portal) names(ctx context.Context, ids []string) (map[string]string, error) {
	names := map[string]string{}
	err := p.o.Store.Accounts(ctx, func(a store.Accounts) error {
		list, err := a.AccountsByID(ids)
		for _, account := range list {
			names[account.ID] = account.Name
		}
		return err
	})
	return names, err
}

// RequestReply says something to the bank.
func (p *Portal) RequestReply(c *gin.Context) error {
	r, err := p.request(c)
	if err != nil {
		return err
	}
	text := strings.TrimSpace(c.PostForm("text"))
	err = p.o.SelfService.Reply(c.Request.Context(), user(c), r.ID, text)
	if faults := errs.FieldsOf(err); faults != nil {
		return p.showRequest(c, http.StatusUnprocessableEntity, text, p.Words(c, faults))
	}
	if err != nil {
		return err
	}
	return entrance.Done(c, requestPath(r.ID), "replied")
}

// firstDay is when a grant begins, in words.
func (p *Portal) firstDay(ctx context.Context, starts time.Time) string {
	if starts.IsZero() {
		return i18n.T(ctx, i18n.PortalFromApproval)
	}
	return i18n.Date(ctx, starts.In(p.o.Zone))
}

// askedCredential are a credential's facts as a request has them.
func (p *Portal) askedCredential(ctx context.Context, k partners.Credential) *portal.AskedCredential {
	kind, kid := entrance.CredentialWords(ctx, k)
	asked := &portal.AskedCredential{Kind: kind, KID: kid}
	if key, err := clients.ReadKey(k.JWK); err == nil {
		asked.Fingerprint = key.Thumbprint
	}
	if !k.NotAfter.IsZero() {
		asked.Ends = i18n.Stamp(ctx, k.NotAfter.In(p.o.Zone))
	}
	return asked
}

// RequestConfirm has what another member asked take effect.
func (p *Portal) RequestConfirm(c *gin.Context) error {
	r, err := p.request(c)
	if err != nil {
		return err
	}
	if due, err := p.ProveFirst(c, requestPath(r.ID)); due || err != nil {
		return err
	}
	if err := p.o.SelfService.Confirm(c.Request.Context(), user(c), r.ID); err != nil {
		return err
	}
	return entrance.Done(c, requestPath(r.ID), "confirmed")
}

// RequestWithdraw takes a request back.
func (p *Portal) RequestWithdraw(c *gin.Context) error {
	r, err := p.request(c)
	if err != nil {
		return err
	}
	if r.State != models.PartnerWithdrawn { // by a second click it is what was wanted
		if err := p.o.SelfService.Withdraw(c.Request.Context(), user(c), r.ID); err != nil {
			return err
		}
	}
	return entrance.Done(c, requestPath(r.ID), "withdrawn")
}
