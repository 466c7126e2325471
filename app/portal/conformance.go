package portal

import (
	"context"
	"errors"
	"net/http"
	"slices"

	"github.com/gin-gonic/gin"

	"postern/app/conformance"
	"postern/app/entrance"
	"postern/app/partners"
	"postern/app/recordview"
	"postern/app/selfservice"
	"postern/app/web"
	"postern/models"
	"postern/views/i18n"
	"postern/views/portal"
)

func conformancePathOf(application string) string {
	return applicationPath(application) + "/conformance"
}

func runPath(application, run string) string { return conformancePathOf(application) + "/" + run }

// conformed is an application of the reader's in the sandbox, closed or not: what its runs
// came to can be read as long as they are kept.
func (p *Portal) conformed(c *gin.Context) (partners.Application, error) {
	a, err := p.application(c)
	if err == nil && a.Environment != models.Sandbox {
		err = errSandboxOnly
	}
	return a, err
}

// Conformance shows the run that goes on, or the newest; else how one goes.
func (p *Portal) Conformance(c *gin.Context) error {
	a, err := p.conformed(c)
	if err != nil {
		return err
	}
	list, err := p.o.Store.ConformanceRuns(c.Request.Context(), a.ID, conformance.Kept)
	if err != nil {
		return err
	}
	if len(list) == 0 {
		return p.showConformance(c, a, list, nil)
	}
	return p.showConformance(c, a, list, &list[0])
}

// ConformanceRun shows a run that has ended.
func (p *Portal) ConformanceRun(c *gin.Context) error {
	a, list, run, err := p.conformanceRun(c)
	if err != nil {
		return err
	}
	return p.showConformance(c, a, list, &run)
}

// conformanceRun is the one that the address names, among those of its application.
func (p *Portal) conformanceRun(c *gin.Context) (a partners.Application, list []models.ConformanceRun, run models.ConformanceRun, err error) {
	if a, err = p.conformed(c); err != nil {
		return a, nil, run, err
	}
	if list, err = p.o.Store.ConformanceRuns(c.Request.Context(), a.ID, conformance.Kept); err != nil {
		return a, nil, run, err
	}
	i := slices.IndexFunc(list, func(r models.ConformanceRun) bool { return r.ID == c.Param("run") })
	if i < 0 {
		return a, nil, run, conformance.ErrNone
	}
	return a, list, list[i], nil
}

// ConformanceResult sends the signed result of a run.
func (p *Portal) ConformanceResult(c *gin.Context) error {
	_, _, run, err := p.conformanceRun(c)
	if err == nil && run.Result == "" {
		err = conformance.ErrNone
	}
	if err != nil {
		return err
	}
	return recordview.SendResult(c, run)
}

// ConformanceStep begins a run, skips a stage of it, or stops it.
func (p *Portal) ConformanceStep(c *gin.Context) error {
	a, err := p.sandboxed(c)
	if err != nil {
		return err
	}
	ctx := c.Request.Context()
	switch c.PostForm("act") {
	case "skip":
		err = p.o.Conformance.Skip(ctx, user(c), a.ID, models.Weather(c.PostForm("stage")))
	case "stop":
		err = p.o.Conformance.Stop(ctx, user(c), a.ID)
	case "begin":
		err = p.o.Conformance.Begin(ctx, user(c), a.ID)
	default:
		err = web.ErrForm
	}
	if errors.Is(err, selfservice.ErrNoWeather) {
		err = errNoApplication // it was closed meanwhile
	}
	if err != nil {
		return err
	}
	if err := p.o.Heard(ctx); err != nil {
		return err
	}
	return web.SeeOther(c, conformancePathOf(a.ID))
}

func (p *Portal) showConformance(c *gin.Context, a partners.Application, list []models.ConformanceRun, shown *models.ConformanceRun) error {
	ctx, path := c.Request.Context(), conformancePathOf(a.ID)
	page := portal.ConformancePage{
		Frame: p.inWorld(c, i18n.T(ctx, i18n.Conformance), applicationsPath, models.Sandbox), Application: a.ID, Stands: a.Status != models.Active,
	}
	elsewhere := shown != nil && list[0].EndedAt == 0 && list[0].ID != shown.ID // one is on, and is dealt with on its own page
	if a.Status != models.Closed && entrance.VisitOf(c).Rights.May(makesApplications) && !elsewhere {
		page.Action = path
	}
	ids := make([]string, len(list))
	for i, r := range list {
		ids[i] = r.AccountID
	}
	names, err := p.names(ctx, ids)
	if err != nil {
		return err
	}
	for _, r := range list {
		if r.EndedAt != 0 && r.ID != shown.ID {
			proved, holds, err := p.o.Conformance.Proved(ctx, r)
			if err != nil {
				return err
			}
			page.Earlier = append(page.Earlier, portal.ConformanceRow{
				Href: runPath(a.ID, r.ID), Began: i18n.Stamp(ctx, p.InZone(r.BeganAt)), By: names[r.AccountID], Met: recordview.Met(ctx, proved, holds),
			})
		}
	}
	if shown == nil {
		return web.Render(c, http.StatusOK, portal.Conformance(page))
	}
	run, holds := *shown, false
	if run.EndedAt == 0 {
		page.On, err = p.stage(ctx, a, run)
	} else {
		page.Result = runPath(a.ID, run.ID) + "/result"
		run, holds, err = p.o.Conformance.Proved(ctx, run)
	}
	if err != nil {
		return err
	}
	view := p.events.Conformance(ctx, run, names[run.AccountID], holds)
	page.Run = &view
	return web.Render(c, http.StatusOK, portal.Conformance(page))
}

// stage says what is on, what to do and what was seen so far.
func (p *Portal) stage(ctx context.Context, a partners.Application, run models.ConformanceRun) (*portal.ConformanceStage, error) {
	o, _, err := p.o.Conformance.Look(ctx, run)
	if err != nil {
		return nil, err
	}
	words := i18n.Weathers[string(run.Stage)]
	ends := p.InZone(run.StageAt).Add(conformance.Patience)
	if after := p.InZone(o.FeltAt).Add(conformance.Aftermath); after.After(ends) {
		ends = after
	}
	stage := &portal.ConformanceStage{
		Weather: string(run.Stage), Name: i18n.T(ctx, i18n.ConformanceNow, i18n.T(ctx, words.Name)), Effect: i18n.T(ctx, words.Effect), Do: i18n.T(ctx, i18n.ConformanceOpen),
		Seen: i18n.T(ctx, i18n.ConformanceUnfelt), Poll: conformancePathOf(a.ID) + "/now",
		Ends: i18n.T(ctx, i18n.ConformanceGoesOn, i18n.Clock(ctx, ends)),
	}
	if run.Stage == models.SlowUpstream || run.Stage == models.UpstreamDown {
		stage.Do = i18n.T(ctx, i18n.ConformanceStay)
	}
	if o.FeltAt != 0 {
		stage.Seen = i18n.T(ctx, i18n.ConformanceFelt, i18n.Clock(ctx, p.InZone(o.FeltAt)))
	}
	return stage, nil
}
