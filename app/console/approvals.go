package console

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strconv"

	"github.com/gin-gonic/gin"

	"postern/app/approval"
	"postern/app/bankfile"
	"postern/app/change"
	"postern/app/entrance"
	"postern/app/errs"
	"postern/app/identity"
	"postern/app/keyring"
	"postern/app/killswitch"
	"postern/app/partners"
	"postern/app/records"
	"postern/app/settings"
	"postern/app/store"
	"postern/app/web"
	"postern/models"
	"postern/policies"
	"postern/views/console"
	"postern/views/i18n"
	"postern/views/ui"
)

// requestRights is which permissions a kind of request is read and decided with.
var requestRights = map[string]struct{ read, check policies.Permission }{
	killswitch.FreezeKind: {policies.Permission{Resource: "stops", Action: "read"}, makesStops},
	killswitch.EndKind:    {policies.Permission{Resource: "stops", Action: "read"}, makesStops},
	killswitch.VisitKind:  {policies.Permission{Resource: "stops", Action: "read"}, makesStops},
	killswitch.ThawKind:   {policies.Permission{Resource: "stops", Action: "read"}, policies.Permission{Resource: "thaw", Action: "check"}},
	bankfile.Kind:         {policies.Permission{Resource: "business", Action: "read"}, policies.Permission{Resource: "business", Action: "check"}},
	identity.RoleKind:     {policies.Permission{Resource: "accounts", Action: "read"}, policies.Permission{Resource: "roles", Action: "check"}},
	identity.ResetKind:    {policies.Permission{Resource: "accounts", Action: "read"}, policies.Permission{Resource: "roles", Action: "check"}},
	identity.OwnerKind:    {policies.Permission{Resource: "business", Action: "read"}, policies.Permission{Resource: "business", Action: "check"}},
	partners.CloseKind:    {policies.Permission{Resource: "business", Action: "read"}, policies.Permission{Resource: "business", Action: "check"}},
	keyring.ChangeKind:    {policies.Permission{Resource: "keys", Action: "read"}, policies.Permission{Resource: "keys", Action: "check"}},
	records.ExportKind:    {policies.Permission{Resource: "log", Action: "check"}, policies.Permission{Resource: "log", Action: "check"}},
	settings.Kind:         {policies.Permission{Resource: "settings", Action: "read"}, policies.Permission{Resource: "settings", Action: "check"}},
}

// deciders say who decides a kind of request; a reviewer where nothing is said.
var deciders = map[string]i18n.Key{
	identity.RoleKind: i18n.ConsoleSystemDecides, identity.ResetKind: i18n.ConsoleSystemDecides,
	keyring.ChangeKind: i18n.ConsoleSystemDecides, settings.Kind: i18n.ConsoleSecurityDecides,
	records.ExportKind: i18n.ExportDecides, killswitch.FreezeKind: i18n.KillDecides, killswitch.EndKind: i18n.KillDecides,
	killswitch.VisitKind: i18n.KillDecides,
}

// effects says, of a request that waits, what it would do as of now.
func (s *Console) effects(ctx context.Context, r models.ChangeRequest, plan change.Plan) ([]ui.NoteView, error) {
	switch r.Kind {
	case keyring.ChangeKind:
		return s.keyEffects(ctx, r.Content)
	case settings.Kind:
		return s.settingEffects(ctx, r), nil
	case killswitch.ThawKind:
		return s.thawEffects(ctx, r)
	}
	return s.stopEffects(ctx, r, plan)
}

// CheckOf is the permission that requests of a kind are decided with; one that
// nobody has for an unknown kind.
func CheckOf(kind string) policies.Permission { return requestRights[kind].check }

const (
	requestsPage = 50         // how many requests a page lists
	requestsList = "requests" // of its cursors
)

// Approvals lists change requests: those that wait, one's own, or all.
func (s *Console) Approvals(c *gin.Context) error {
	ctx, v := c.Request.Context(), entrance.VisitOf(c)
	which := c.Query("show")
	filter := store.RequestFilter{State: models.RequestSubmitted}
	switch which {
	case "mine":
		filter = store.RequestFilter{Maker: v.Who.Account.ID}
	case "all":
		filter = store.RequestFilter{}
	default:
		which = "waiting"
	}
	below, err := s.o.Cursors.Number(requestsList, c.Query("below"))
	if err != nil {
		return err
	}
	list, err := s.o.Store.Requests(ctx, filter, below, requestsPage+1)
	if err != nil {
		return err
	}

	page := console.ApprovalsPage{
		Frame: s.frame(c, i18n.T(ctx, i18n.ConsoleApprovals)), Show: which,
		CanAsk: v.Rights.May(policies.Permission{Resource: "business", Action: "make"}), Partners: v.Rights.May(readsBusinessRight),
	}
	if len(list) > requestsPage {
		list = list[:requestsPage]
		page.Older = "/console/approvals?" + url.Values{"show": {which}, "below": {s.o.Cursors.MakeNumber(requestsList, list[requestsPage-1].ID)}}.Encode()
	}
	if below > 0 {
		page.Newest = "/console/approvals?" + url.Values{"show": {which}}.Encode()
	}
	names, err := s.requestNames(ctx, makersOf(list))
	if err != nil {
		return err
	}
	for _, r := range list {
		if !v.Rights.May(requestRights[r.Kind].read) {
			continue
		}
		page.Rows = append(page.Rows, s.requestRow(c, r, names))
	}
	return web.Render(c, http.StatusOK, console.Approvals(page))
}

func makersOf(list []models.ChangeRequest) (ids []string) {
	for _, r := range list {
		ids = append(ids, r.Maker)
	}
	return ids
}

// accountNames are the names of accounts by their ids; what is no account, such
// as the command line, keeps its own.
func (s *Console) accountNames(ctx context.Context, ids []string) (map[string]string, error) {
	names := map[string]string{}
	err := s.o.Store.Accounts(ctx, func(a store.Accounts) error {
		list, err := a.AccountsByID(ids)
		for _, account := range list {
			names[account.ID] = account.Name
		}
		return err
	})
	names[approval.CommandLine] = i18n.T(ctx, i18n.ConsoleCommandLine)
	return names, err
}

// requestNames are what the pages of requests call people and things by.
type requestNames struct {
	accounts map[string]string
	things   records.Names
}

func (s *Console) requestNames(ctx context.Context, accounts []string) (n requestNames, err error) {
	if n.accounts, err = s.accountNames(ctx, accounts); err != nil {
		return n, err
	}
	n.things, err = s.o.Records.Names(ctx)
	return n, err
}

func requestPath(id int64) string { return fmt.Sprintf("/console/approvals/%d", id) }

func exportPath(id int64) string { return requestPath(id) + "/export" }

func (s *Console) requestRow(c *gin.Context, r models.ChangeRequest, names requestNames) console.RequestRow {
	ctx := c.Request.Context()
	row := console.RequestRow{
		Number: i18n.T(ctx, i18n.ConsoleRequestNo, r.ID), Href: requestPath(r.ID), Reason: r.Reason,
		Maker: cmp.Or(names.accounts[r.Maker], r.Maker), Asked: s.At(r.MadeAt), State: requestState(ctx, r.State),
	}
	var plan change.Plan
	if err := json.Unmarshal([]byte(r.Plan), &plan); err == nil {
		row.Opens = i18n.T(ctx, i18n.ConsoleOpensCount, plan.Widening())
		switch open := r.State == models.RequestSubmitted; {
		case onlyStops(r, plan):
			row.Opens, row.Urgent = s.stopsWords(ctx, plan, names.things), open
		case plan.Widening() == 0:
			row.Opens = i18n.T(ctx, i18n.ConsoleOpensNone)
		}
	}
	row.Subject = requestTitle(ctx, r, plan, names.things)
	return row
}

var requestStates = map[models.RequestState]struct {
	word i18n.Key
	tone ui.Tone
}{
	models.RequestSubmitted: {i18n.RequestSubmittedWord, ui.Accent}, models.RequestSentBack: {i18n.RequestSentBackWord, ui.Warn},
	models.RequestApproved: {i18n.RequestApprovedWord, ui.Ok}, models.RequestRejected: {i18n.RequestRejectedWord, ui.Bad},
	models.RequestWithdrawn: {i18n.RequestWithdrawnWord, ui.Outline}, models.RequestExpired: {i18n.RequestExpiredWord, ui.Outline},
	models.RequestOutdated: {i18n.RequestOutdatedWord, ui.Outline},
}

func requestState(ctx context.Context, state models.RequestState) ui.BadgeView {
	w := requestStates[state]
	return ui.BadgeView{Text: i18n.T(ctx, w.word), Tone: w.tone}
}

// shownRequest reads a request that the reader may see; what there is not, and
// what the reader may not see, look alike.
func (s *Console) shownRequest(c *gin.Context) (models.ChangeRequest, error) {
	id, err := strconv.ParseInt(c.Param("request"), 10, 64)
	if err != nil {
		return models.ChangeRequest{}, approval.ErrNoRequest
	}
	r, found, err := s.o.Store.RequestByID(c.Request.Context(), id)
	if err != nil {
		return r, err
	}
	if !found || !entrance.VisitOf(c).Rights.May(requestRights[r.Kind].read) {
		return r, approval.ErrNoRequest
	}
	return r, nil
}

// Approval shows one request: what it changes, why, and what was said.
func (s *Console) Approval(c *gin.Context) error {
	return s.showApproval(c, http.StatusOK, "", nil, false)
}

// maxComments bounds the conversation that a page shows.
const maxComments = 200

func (s *Console) showApproval(c *gin.Context, status int, reason string, faults map[string]string, refused bool) error {
	ctx, v := c.Request.Context(), entrance.VisitOf(c)
	r, err := s.shownRequest(c)
	if err != nil {
		return err
	}
	var plan change.Plan
	if err := json.Unmarshal([]byte(r.Plan), &plan); err != nil {
		return fmt.Errorf("read plan of request %d: %w", r.ID, err)
	}
	comments, err := s.o.Store.Comments(ctx, r.ID, maxComments)
	if err != nil {
		return err
	}
	ids := []string{r.Maker, r.Checker}
	for _, said := range comments {
		ids = append(ids, said.AccountID)
	}
	names, err := s.requestNames(ctx, ids)
	if err != nil {
		return err
	}

	verify, err := s.VerifyView(c, refused)
	if err != nil {
		return err
	}

	number := i18n.T(ctx, i18n.ConsoleRequestNo, r.ID)
	page := console.ApprovalPage{
		Frame: s.frame(c, number, crumb(ctx, i18n.ConsoleApprovals, "/console/approvals")), RequestRow: s.requestRow(c, r, names),
		Things: s.planWords(ctx, plan, names.things), Action: requestPath(r.ID), ContentHash: r.ContentHash, PlanHash: r.PlanHash,
		Expires: s.At(r.ExpiresAt), Decided: s.At(r.DecidedAt), IsDecided: r.DecidedAt != 0, Checker: names.accounts[r.Checker], Decision: r.Decision,
		Given: reason, Faults: faults, Verify: verify,
	}
	s.offer(ctx, v, r, &page)
	if page.Open {
		if err := s.weigh(c, r, plan, &page); err != nil {
			return err
		}
	}
	for _, said := range comments {
		page.Comments = append(page.Comments, ui.Remark{
			Name: names.accounts[said.AccountID], Initial: initial(names.accounts[said.AccountID]), At: s.At(said.At), Text: said.Text,
		})
	}
	if page.Runs, err = s.runsBehind(ctx, v, r); err != nil {
		return err
	}
	if page.Told, err = s.toldOf(c, r.ID); err != nil {
		return err
	}
	return web.Render(c, status, console.Approval(page))
}

// offer says what whoever looks at a request may do with it.
func (s *Console) offer(ctx context.Context, v *entrance.Visit, r models.ChangeRequest, page *console.ApprovalPage) {
	who := v.Who.Account
	own := r.Maker == who.ID || r.MakerPerson == who.PersonID
	page.Open = r.State == models.RequestSubmitted && s.o.Now().UnixMilli() < r.ExpiresAt
	page.Own = page.Open && own
	page.CanWithdraw = page.Open && r.Maker == who.ID
	page.CanDecide = page.Open && !own && v.Rights.May(requestRights[r.Kind].check)
	page.Decides = i18n.T(ctx, i18n.ConsoleCannotDecide)
	if key, ok := deciders[r.Kind]; ok {
		page.Decides = i18n.T(ctx, key)
	}
	if s.o.Records.MayTake(r, who.ID) {
		page.Take, page.TakeUntil = exportPath(r.ID), i18n.Stamp(ctx, records.TakenUntil(r).In(s.o.Zone))
	}
}

// weigh puts onto an open request's page what there is to weigh: what it would do as
// of now, what to look at first, and what it would have done to recorded calls.
func (s *Console) weigh(c *gin.Context, r models.ChangeRequest, plan change.Plan, page *console.ApprovalPage) (err error) {
	ctx := c.Request.Context()
	if page.Notes, err = s.effects(ctx, r, plan); err != nil {
		return err
	}
	if page.Looks, err = s.looksOf(ctx, r, plan); err != nil || !decidesCalls(r, plan) {
		return err
	}
	return s.requestHistory(c, r, page)
}

// decide runs one of the decisions on the request as the page showed it.
func (s *Console) decide(c *gin.Context, what string, do func(context.Context, approval.By, approval.Verdict) error) error {
	r, err := s.shownRequest(c)
	if err != nil {
		return err
	}
	v, reason := entrance.VisitOf(c), c.PostForm("reason")
	if !v.Rights.May(requestRights[r.Kind].check) {
		return entrance.ErrForbidden.Because("check " + r.Kind)
	}
	ok, refused, err := s.Proved(c)
	if err != nil {
		return err
	}
	if !ok {
		return s.showApproval(c, http.StatusUnprocessableEntity, reason, nil, refused)
	}
	verdict := approval.Verdict{Request: r.ID, ContentHash: c.PostForm("content"), PlanHash: c.PostForm("plan"), Reason: reason}
	if what == "approved" && r.State == models.RequestSubmitted {
		var plan change.Plan
		if err := json.Unmarshal([]byte(r.Plan), &plan); err != nil {
			return fmt.Errorf("read plan of request %d: %w", r.ID, err)
		}
		if decidesCalls(r, plan) {
			seen, fault := s.admitted(c, r)
			if fault != "" {
				return s.showApproval(c, http.StatusUnprocessableEntity, reason, map[string]string{"seen": fault}, false)
			}
			verdict.Seen = seen
		}
	}
	err = do(c.Request.Context(), s.by(c), verdict)
	if faults := errs.FieldsOf(err); faults != nil {
		return s.showApproval(c, http.StatusUnprocessableEntity, reason, s.Words(c, faults), false)
	}
	if err != nil {
		return err
	}
	return entrance.Done(c, requestPath(r.ID), what)
}

func (s *Console) by(c *gin.Context) approval.By {
	a := entrance.VisitOf(c).Who.Account
	return approval.By{Account: a.ID, Person: a.PersonID, OwnOnly: !entrance.VisitOf(c).Rights.May(stopsAll)}
}

// ApprovalApprove applies the request.
func (s *Console) ApprovalApprove(c *gin.Context) error {
	return s.decide(c, "approved", s.o.Approvals.Approve)
}

// ApprovalSendBack gives it back to its maker.
func (s *Console) ApprovalSendBack(c *gin.Context) error {
	return s.decide(c, "sent-back", s.o.Approvals.SendBack)
}

// ApprovalReject refuses it.
func (s *Console) ApprovalReject(c *gin.Context) error {
	return s.decide(c, "rejected", s.o.Approvals.Reject)
}

// ApprovalWithdraw takes one's own request back.
func (s *Console) ApprovalWithdraw(c *gin.Context) error {
	r, err := s.shownRequest(c)
	if err != nil {
		return err
	}
	if by := s.by(c); r.State != models.RequestWithdrawn || r.Maker != by.Account { // by a second click it is what was wanted
		if err := s.o.Approvals.Withdraw(c.Request.Context(), by, r.ID); err != nil {
			return err
		}
	}
	return entrance.Done(c, requestPath(r.ID), "withdrawn")
}

// ApprovalComment says something about it.
func (s *Console) ApprovalComment(c *gin.Context) error {
	r, err := s.shownRequest(c)
	if err != nil {
		return err
	}
	err = s.o.Approvals.Comment(c.Request.Context(), s.by(c), r.ID, c.PostForm("comment"))
	if faults := errs.FieldsOf(err); faults != nil {
		return s.showApproval(c, http.StatusUnprocessableEntity, "", s.Words(c, faults), false)
	}
	if err != nil {
		return err
	}
	return entrance.Done(c, requestPath(r.ID), "commented")
}
