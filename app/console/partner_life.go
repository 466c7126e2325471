package console

import (
	"errors"
	"strings"

	"github.com/gin-gonic/gin"

	"postern/app/approval"
	"postern/app/change"
	"postern/app/partners"
	"postern/app/store"
	"postern/app/web"
	"postern/models"
	"postern/views/console"
	"postern/views/i18n"
	"postern/views/ui"
)

// step is a step of a partner's or an application's life: which state it leads to,
// and how its page says so. Text and button may take the number of live visits.
type step struct {
	to                  models.Status
	title, text, button i18n.Key
	counts              bool // the button says how many visits end
	kind                ui.Kind
}

// The steps of a partner's life that are one change of its state.
var (
	PartnerActivation = step{models.Active, i18n.PartnerActivateTitle, i18n.PartnerActivateText, i18n.PartnerActivateButton, false, ui.Primary}
	PartnerSuspension = step{models.Suspended, i18n.PartnerSuspendTitle, i18n.PartnerSuspendText, i18n.PartnerSuspendButton, true, ui.Danger}
	PartnerResumption = step{models.Active, i18n.PartnerResumeTitle, i18n.PartnerResumeText, i18n.PartnerResumeButton, false, ui.Primary}

	ApplicationActivation = step{models.Active, i18n.PartnerActivateTitle, i18n.ApplicationActivateText, i18n.PartnerActivateButton, false, ui.Primary}
	ApplicationSuspension = step{models.Suspended, i18n.PartnerSuspendTitle, i18n.ApplicationSuspendText, i18n.PartnerSuspendButton, true, ui.Danger}
	ApplicationResumption = step{models.Active, i18n.PartnerResumeTitle, i18n.ApplicationResumeText, i18n.PartnerResumeButton, false, ui.Primary}
	ApplicationClosing    = step{models.Closed, i18n.ApplicationCloseTitle, i18n.ApplicationCloseText, i18n.ApplicationCloseButton, true, ui.Danger}
)

// stops reports whether the step ends traffic, at once.
func (k step) stops() bool { return k.to != models.Active }

func (k step) buttonFor(f *former, name string, live int64) ui.ButtonView {
	text := i18n.T(f.ctx, k.button, name)
	switch {
	case k.counts && live >= store.MaxLive:
		text = i18n.T(f.ctx, i18n.PartnerVisitsMany, text, liveCount(f.ctx, live))
	case k.counts:
		text = i18n.T(f.ctx, i18n.PartnerVisitsEnd, live, text)
	}
	return ui.ButtonView{Text: text, Kind: k.kind}
}

// PartnerStep asks why a partner takes a step.
func (s *Console) PartnerStep(k step) web.Screen {
	return func(c *gin.Context) error {
		file, err := s.partnerOf(c)
		if err != nil {
			return err
		}
		if err := s.mayTake(c, file, k); err != nil {
			return err
		}
		return s.showPartnerStep(c, file, k, "", faulty{})
	}
}

// mayTake refuses the page of a step that would stop another officer's partner.
func (s *Console) mayTake(c *gin.Context, file partnerFile, k step) error {
	if !k.stops() {
		return nil
	}
	return s.mustOwn(c, file.row.ID)
}

func (s *Console) showPartnerStep(c *gin.Context, file partnerFile, k step, reason string, fault faulty) error {
	ctx := c.Request.Context()
	live, err := s.liveVisits(ctx, file.applicationIDs())
	if err != nil {
		return err
	}
	f := s.former(c, c.Request.URL.Path, map[string]string{"reason": reason}, fault)
	f.reason()
	return s.showForm(c, fault, formPage{
		proof: k.stops(), notes: s.askNote(c, i18n.PartnerAskNote),
		title: i18n.T(ctx, k.title, file.row.Name), lead: i18n.T(ctx, k.text), crumb: partnerCrumbs(ctx, file.row),
		form: f.done(partnerPath(file.row.ID), s.askButton(c, k.buttonFor(f, file.row.Name, sum(live)), i18n.PartnerAskSuspendOf, file.row.Name)), aside: stoppedBy(f, k, file, sum(live)),
	})
}

// stoppedBy is what a step that ends visits reaches: of the applications those that
// are at work.
func stoppedBy(f *former, k step, file partnerFile, live int64) []console.Section {
	if !k.counts {
		return nil
	}
	var active int64
	for _, a := range file.rows {
		if a.Status == models.Active {
			active++
		}
	}
	facts := ui.KeyValuesView{Rows: []ui.KeyValue{
		{Key: i18n.T(f.ctx, i18n.PartnerApplications), Value: ui.Text(i18n.Number(f.ctx, active))},
		{Key: i18n.T(f.ctx, i18n.PartnerLiveVisits), Value: ui.Text(liveCount(f.ctx, live))},
	}}
	return []console.Section{{Card: ui.CardView{Title: i18n.T(f.ctx, i18n.PartnerWhatStops)}, Facts: &facts}}
}

// PartnerStepSubmit takes the step: at once where it stops traffic, else as a
// request to a second person.
func (s *Console) PartnerStepSubmit(k step) web.Screen {
	return func(c *gin.Context) error {
		file, err := s.partnerOf(c)
		if err != nil {
			return err
		}
		after := file.partner
		after.Status = k.to
		reason := c.PostForm("reason")
		out, err := s.propose(c, proposal{subject: partnerSubject(file.row.ID), things: []any{after}, reason: reason, narrows: k.stops(), proof: k.stops()})
		if err == nil {
			return proposed(c, out, partnerPath(file.row.ID))
		}
		fault, ok := s.faultsOf(c, err, "partner", file.row.ID)
		if !ok {
			return err
		}
		return s.showPartnerStep(c, file, k, reason, fault)
	}
}

// PartnerClosing says what ends with a partner, and asks why.
func (s *Console) PartnerClosing(c *gin.Context) error {
	file, err := s.partnerOf(c)
	if err != nil {
		return err
	}
	return s.showClosing(c, file, nil, faulty{})
}

func (s *Console) showClosing(c *gin.Context, file partnerFile, values map[string]string, fault faulty) error {
	ctx := c.Request.Context()
	content, err := partners.CloseContent(file.row.ID)
	if err != nil {
		return err
	}
	counts := map[string]int{}
	err = s.o.Store.Business(ctx, func(b store.Business) error {
		plan, err := partners.Closer{}.Describe(b, content, s.o.Now())
		for _, t := range plan.Things {
			counts[t.Kind]++
		}
		return err
	})
	if err != nil {
		return err
	}
	live, err := s.liveVisits(ctx, file.applicationIDs())
	if err != nil {
		return err
	}
	f := s.former(c, partnerPath(file.row.ID)+"/close", values, fault)
	f.row(f.field("confirm", i18n.PartnerConfirm, with(mono, f.help(i18n.PartnerConfirmHelp, file.row.ID))))
	f.reason()
	facts := ui.KeyValuesView{Rows: []ui.KeyValue{
		{Key: i18n.T(ctx, i18n.PartnerApplications), Value: ui.Text(i18n.Number(ctx, int64(counts["application"])))},
		{Key: i18n.T(ctx, i18n.PartnerGrants), Value: ui.Text(i18n.Number(ctx, int64(counts["grant"])))},
		{Key: i18n.T(ctx, i18n.PartnerCredentials), Value: ui.Text(i18n.Number(ctx, int64(counts["credential"])))},
		{Key: i18n.T(ctx, i18n.PartnerLiveVisits), Value: ui.Text(liveCount(ctx, sum(live)))},
	}}
	return s.showForm(c, fault, formPage{
		title: i18n.T(ctx, i18n.PartnerCloseTitle, file.row.Name), lead: i18n.T(ctx, i18n.PartnerCloseText), crumb: partnerCrumbs(ctx, file.row),
		form:  f.done(partnerPath(file.row.ID), ui.ButtonView{Text: i18n.T(ctx, i18n.PartnerCloseButton, file.row.Name), Kind: ui.Danger}),
		aside: []console.Section{{Card: ui.CardView{Title: i18n.T(ctx, i18n.PartnerWhatEnds)}, Facts: &facts}},
	})
}

// PartnerClosingSubmit asks for the closing, which another person approves.
func (s *Console) PartnerClosingSubmit(c *gin.Context) error {
	file, err := s.partnerOf(c)
	if err != nil {
		return err
	}
	ctx, values := c.Request.Context(), typed(c, "confirm", "reason")
	if strings.TrimSpace(values["confirm"]) != file.row.ID {
		fault := faulty{status: 422, fields: map[string]string{"confirm": i18n.T(ctx, i18n.PartnerConfirmWrong, file.row.ID)}}
		return s.showClosing(c, file, values, fault)
	}
	content, err := partners.CloseContent(file.row.ID)
	if err != nil {
		return err
	}
	out, err := s.o.Approvals.Submit(ctx, s.by(c), approval.Ask{
		Kind: partners.CloseKind, Subject: partnerSubject(file.row.ID), Content: content, Reason: strings.TrimSpace(values["reason"]),
	})
	if err == nil {
		return proposed(c, out, partnerPath(file.row.ID))
	}
	fault, ok := s.faultsOf(c, err, "partner", file.row.ID)
	if !ok || errors.Is(err, change.ErrMoved) {
		return err
	}
	return s.showClosing(c, file, values, fault)
}
