package console

import (
	"context"
	"errors"
	"net/http"
	"strconv"
	"strings"

	"github.com/gin-gonic/gin"

	"postern/app/bankfile"
	"postern/app/change"
	"postern/app/entrance"
	"postern/app/errs"
	"postern/app/selfservice"
	"postern/app/store"
	"postern/app/web"
	"postern/models"
	"postern/policies"
	"postern/views/console"
	"postern/views/i18n"
	"postern/views/ui"
)

const (
	partnerRequestsPath = "/console/partner-requests"
	partnerRequestsList = "partner requests" // of its cursors
)

func partnerRequestPath(id int64) string {
	return partnerRequestsPath + "/" + strconv.FormatInt(id, 10)
}

var makesBusiness = policies.Permission{Resource: "business", Action: "make"}

// PartnerRequests lists what partners ask of the bank, the newest first.
func (s *Console) PartnerRequests(c *gin.Context) error {
	ctx := c.Request.Context()
	below, err := s.o.Cursors.Number(partnerRequestsList, c.Query("below"))
	if err != nil {
		return err
	}
	list, err := s.o.Store.PartnerRequests(ctx, "", below, requestsPage+1)
	if err != nil {
		return err
	}
	page := console.PartnerRequestsPage{Frame: s.frame(c, i18n.T(ctx, i18n.ParcelFromPartners), crumb(ctx, i18n.ConsoleApprovals, approvalsPath))}
	if len(list) > requestsPage {
		list = list[:requestsPage]
		page.Older = partnerRequestsPath + "?below=" + s.o.Cursors.MakeNumber(partnerRequestsList, list[requestsPage-1].ID)
	}
	if below > 0 {
		page.Newest = partnerRequestsPath
	}
	names, err := s.namesIn(ctx, list)
	if err != nil {
		return err
	}
	for _, r := range list {
		row, err := s.partnerRequestRow(ctx, r, names)
		if err != nil {
			return err
		}
		page.Rows = append(page.Rows, row)
	}
	return web.Render(c, http.StatusOK, console.PartnerRequests(page))
}

// namesIn are the names of accounts and partners in requests, by their ids.
func (s *Console) namesIn(ctx context.Context, list []models.PartnerRequest, more ...string) (map[string]string, error) {
	var partners []string
	for _, r := range list {
		more, partners = append(more, r.Maker, r.Officer), append(partners, r.PartnerID)
	}
	names, err := s.accountNames(ctx, more)
	if err != nil {
		return nil, err
	}
	err = s.o.Store.Business(ctx, func(b store.Business) error {
		rows, err := b.Partners(partners)
		for _, p := range rows {
			names[p.ID] = p.Name
		}
		return err
	})
	return names, err
}

func (s *Console) partnerRequestRow(ctx context.Context, r models.PartnerRequest, names map[string]string) (console.PartnerRequestRow, error) {
	asked, err := bankfile.AskedIn(r.Content)
	return console.PartnerRequestRow{
		Number: i18n.T(ctx, i18n.PortalRequestNo, r.ID), Href: partnerRequestPath(r.ID), Name: entrance.AskedWords(ctx, asked.Application, asked.Credential, asked.Grant), Partner: names[r.PartnerID], Reason: i18n.From(ctx).Reason(r.Reason),
		Officer: names[r.Officer], Asked: s.At(r.MadeAt), State: entrance.PartnerRequestState(ctx, r),
	}, err
}

// PartnerRequest shows one: what it would change now, and what was said.
func (s *Console) PartnerRequest(c *gin.Context) error {
	return s.showPartnerRequest(c, http.StatusOK, console.PartnerRequestPage{})
}

func (s *Console) partnerRequest(c *gin.Context) (models.PartnerRequest, error) {
	id, err := strconv.ParseInt(c.Param("request"), 10, 64)
	if err != nil {
		return models.PartnerRequest{}, selfservice.ErrNoRequest
	}
	r, found, err := s.o.Store.PartnerRequestByID(c.Request.Context(), id)
	if err == nil && !found {
		err = selfservice.ErrNoRequest
	}
	return r, err
}

// maxRemarks bounds the conversation that a page shows.
const maxRemarks = 200

func (s *Console) showPartnerRequest(c *gin.Context, status int, page console.PartnerRequestPage) error {
	ctx := c.Request.Context()
	r, err := s.partnerRequest(c)
	if err != nil {
		return err
	}
	said, err := s.o.Store.PartnerNotes(ctx, r.ID, maxRemarks)
	if err != nil {
		return err
	}
	ids := []string{}
	for _, n := range said {
		ids = append(ids, n.AccountID)
	}
	names, err := s.namesIn(ctx, []models.PartnerRequest{r}, ids...)
	if err != nil {
		return err
	}
	if page.PartnerRequestRow, err = s.partnerRequestRow(ctx, r, names); err != nil {
		return err
	}
	page.Frame = s.frame(c, page.Number, crumb(ctx, i18n.ConsoleApprovals, approvalsPath), crumb(ctx, i18n.ParcelFromPartners, partnerRequestsPath))
	page.PartnerHref, page.Maker = partnerPath(r.PartnerID), names[r.Maker]
	for _, n := range said {
		remark := ui.Remark{Name: names[n.AccountID], Initial: initial(names[n.AccountID]), At: s.At(n.At), Text: n.Text}
		if !n.Bank {
			remark.Side = names[r.PartnerID]
		}
		page.Remarks = append(page.Remarks, remark)
	}
	if page.Inside = r.Inside; r.State.Open() && !r.Inside && entrance.VisitOf(c).Rights.May(makesBusiness) {
		page.Action, page.CanTake = partnerRequestPath(r.ID), r.WaitsSince > 0
	}
	if err := s.answerTo(ctx, r, &page); err != nil {
		return err
	}
	if r.State.Open() {
		if err := s.wouldChange(ctx, r, &page); err != nil {
			return err
		}
	}
	if page.Runs, err = s.newestRuns(ctx, r.PartnerID); err != nil {
		return err
	}
	return web.Render(c, status, console.PartnerRequest(page))
}

// answerTo shows the change request that was made of a partner's, while it waits
// and once it took effect.
func (s *Console) answerTo(ctx context.Context, r models.PartnerRequest, page *console.PartnerRequestPage) error {
	var answer models.ChangeRequest
	var found bool
	err := s.o.Store.Business(ctx, func(b store.Business) (err error) {
		answer, found, err = b.Answer(r.ID)
		return err
	})
	if err == nil && found && (answer.State == models.RequestSubmitted || answer.State == models.RequestApproved) {
		page.Answer = &console.AnswerView{Number: i18n.T(ctx, i18n.ConsoleRequestNo, answer.ID), Href: requestPath(answer.ID), State: requestState(ctx, answer.State)}
	}
	return err
}

// wouldChange says what a request would change now, or what is wrong with it by now.
func (s *Console) wouldChange(ctx context.Context, r models.PartnerRequest, page *console.PartnerRequestPage) error {
	var plan change.Plan
	err := s.o.Store.Business(ctx, func(b store.Business) (err error) {
		content, err := selfservice.Wanted(b, r)
		if err != nil {
			return err
		}
		plan, err = bankfile.Applier{}.Describe(b, content, s.o.Now())
		return err
	})
	names, unread := s.o.Records.Names(ctx)
	if unread != nil {
		return unread
	}
	page.Things = s.planWords(ctx, plan, names)
	var refusal *bankfile.Refusal
	if errors.As(err, &refusal) {
		for _, fault := range refusal.Faults {
			page.Others = append(page.Others, otherFault(ctx, fault))
		}
		return nil
	}
	return err
}

// PartnerRequestTake takes a request up.
func (s *Console) PartnerRequestTake(c *gin.Context) error {
	r, err := s.partnerRequest(c)
	if err == nil {
		err = s.o.SelfService.Take(c.Request.Context(), s.by(c), r.ID)
	}
	if err != nil {
		return err
	}
	return entrance.Done(c, partnerRequestPath(r.ID), "taken")
}

// PartnerRequestAnswer asks the partner something, or declines.
func (s *Console) PartnerRequestAnswer(c *gin.Context) error {
	r, err := s.partnerRequest(c)
	if err != nil {
		return err
	}
	ctx, text, done, say := c.Request.Context(), strings.TrimSpace(c.PostForm("text")), "asked-partner", s.o.SelfService.Question
	if c.PostForm("what") == "decline" {
		done, say = "declined", s.o.SelfService.Decline
	}
	err = say(ctx, s.by(c), r.ID, text)
	if faults := errs.FieldsOf(err); faults != nil {
		return s.showPartnerRequest(c, http.StatusUnprocessableEntity, console.PartnerRequestPage{Text: text, Faults: s.Words(c, faults)})
	}
	if err != nil {
		return err
	}
	return entrance.Done(c, partnerRequestPath(r.ID), done)
}

// PartnerRequestPropose makes a change request of it, which another person decides.
func (s *Console) PartnerRequestPropose(c *gin.Context) error {
	r, err := s.partnerRequest(c)
	if err != nil {
		return err
	}
	reason := strings.TrimSpace(c.PostForm("reason"))
	out, err := s.o.SelfService.Propose(c.Request.Context(), s.by(c), r.ID, reason)
	if err == nil {
		return proposed(c, out, partnerRequestPath(r.ID))
	}
	fault, ok := s.faultsOf(c, err, "application", r.ApplicationID)
	if !ok {
		return err
	}
	return s.showPartnerRequest(c, fault.status, console.PartnerRequestPage{Reason: reason, Faults: fault.fields, Others: fault.others})
}
