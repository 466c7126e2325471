package console

import (
	"cmp"
	"context"
	"net/http"
	"slices"

	"github.com/gin-gonic/gin"

	"postern/app/conformance"
	"postern/app/entrance"
	"postern/app/recordview"
	"postern/app/store"
	"postern/app/web"
	"postern/models"
	"postern/views/console"
	"postern/views/i18n"
	"postern/views/layout"
	"postern/views/ui"
)

func runPath(r models.ConformanceRun) string {
	return partnerPath(r.PartnerID) + "/conformance/" + r.ID
}

// Conformance shows what a conformance run of a partner's came to.
func (s *Console) Conformance(c *gin.Context) error {
	file, run, err := s.conformanceRun(c)
	if err != nil {
		return err
	}
	ctx := c.Request.Context()
	run, holds, err := s.o.Conformance.Proved(ctx, run)
	if err != nil {
		return err
	}
	names, err := s.accountNames(ctx, []string{run.AccountID})
	if err != nil {
		return err
	}
	of, name := s.view, file.applicationName(run.ApplicationID)
	if !entrance.VisitOf(c).Rights.May(readsLogRight) {
		of.Visits = ""
	}
	view := of.Conformance(ctx, run, names[run.AccountID], holds)
	page := console.PartnerPage{
		Frame:  s.frame(c, i18n.T(ctx, i18n.Conformance), append(partnerCrumbs(ctx, file.row), layout.Crumb{Text: name, Href: applicationPath(run.PartnerID, run.ApplicationID)})...),
		Header: ui.HeaderView{Title: i18n.T(ctx, i18n.Conformance), Lead: ui.Text(name)},
		Main:   []console.Section{{Card: ui.CardView{Title: view.Title}, Table: &view.Table}},
		Aside: []console.Section{{
			Card: ui.CardView{Title: i18n.T(ctx, i18n.ConformanceResult)}, Facts: &view.Facts, Text: i18n.T(ctx, i18n.ConformanceVerify),
			Links: []ui.ButtonView{{Text: i18n.T(ctx, i18n.ConformanceGet), Icon: "download", Href: runPath(run) + "/result"}},
		}},
	}
	page.Header.Badges = append(page.Header.Badges, environment(models.Sandbox))
	if view.Note != nil {
		page.Notes = append(page.Notes, *view.Note)
	}
	return web.Render(c, http.StatusOK, console.Partner(page))
}

// ConformanceResult sends the signed result of one.
func (s *Console) ConformanceResult(c *gin.Context) error {
	_, run, err := s.conformanceRun(c)
	if err != nil {
		return err
	}
	return recordview.SendResult(c, run)
}

// conformanceRun is the run of a partner's that the address names, once it has ended.
func (s *Console) conformanceRun(c *gin.Context) (file partnerFile, run models.ConformanceRun, err error) {
	if file, err = s.partnerOf(c); err != nil {
		return file, run, err
	}
	run, found, err := s.o.Store.ConformanceRun(c.Request.Context(), c.Param("run"))
	if err == nil && (!found || run.PartnerID != file.row.ID || run.EndedAt == 0) {
		err = conformance.ErrNone
	}
	return file, run, err
}

// newestRuns are what the newest run of each of a partner's applications came to, for
// whoever decides about its production.
func (s *Console) newestRuns(ctx context.Context, partner string) (*console.Section, error) {
	var applications []models.Application
	err := s.o.Store.Business(ctx, func(b store.Business) (err error) {
		applications, err = b.ApplicationsOf([]string{partner})
		return err
	})
	if err != nil {
		return nil, err
	}
	applications = slices.DeleteFunc(applications, func(a models.Application) bool {
		return a.Environment != models.Sandbox || a.Status == models.Closed
	})
	section, err := s.runs(ctx, applications, 1)
	return &section, err
}

// runs lists ended runs of applications, the newest first, of each no more than some.
func (s *Console) runs(ctx context.Context, applications []models.Application, each int) (section console.Section, err error) {
	var list []models.ConformanceRun
	var people []string
	called, met := map[string]string{}, map[string]ui.BadgeView{}
	for _, a := range applications {
		called[a.ID] = a.Name
		all, err := s.o.Store.ConformanceRuns(ctx, a.ID, each+1) // one may be on
		if err != nil {
			return section, err
		}
		all = slices.DeleteFunc(all, func(r models.ConformanceRun) bool { return r.EndedAt == 0 })
		for _, r := range all[:min(len(all), each)] {
			proved, holds, err := s.o.Conformance.Proved(ctx, r)
			if err != nil {
				return section, err
			}
			list, people, met[r.ID] = append(list, proved), append(people, proved.AccountID), recordview.Met(ctx, proved, holds)
		}
	}
	slices.SortFunc(list, func(a, b models.ConformanceRun) int { return cmp.Compare(b.ID, a.ID) })
	names, err := s.accountNames(ctx, people)
	if err != nil {
		return section, err
	}
	t := ui.TableView{Caption: i18n.T(ctx, i18n.Conformances), Head: []ui.Column{
		{Text: i18n.T(ctx, i18n.KindApplication)}, {Text: i18n.T(ctx, i18n.ConformanceResult)}, {Text: i18n.T(ctx, i18n.ConformanceBy)}, {Text: i18n.T(ctx, i18n.ConformanceEnded)},
	}}
	for _, r := range list {
		t.Rows = append(t.Rows, ui.Row{Cells: []ui.Cell{
			{Text: cmp.Or(called[r.ApplicationID], r.ApplicationID), Second: r.ApplicationID, Coded: true, Href: runPath(r)}, {Part: ui.Badge(met[r.ID])},
			{Text: names[r.AccountID]}, {Part: ui.Time(s.At(r.EndedAt))},
		}})
	}
	if len(list) == 0 {
		t.Empty = ui.Empty(ui.EmptyView{Title: i18n.T(ctx, i18n.ConformanceNone), Text: i18n.T(ctx, i18n.ConformanceNoneTx)})
	}
	return console.Section{Card: ui.CardView{Title: i18n.T(ctx, i18n.Conformances)}, Table: &t}, nil
}

// runsBehind are the newest runs of the partner that has asked for what a change request
// would do; nil where none has.
func (s *Console) runsBehind(ctx context.Context, v *entrance.Visit, r models.ChangeRequest) (*console.Section, error) {
	if r.Answers == 0 || !v.Rights.May(readsBusinessRight) {
		return nil, nil
	}
	asked, found, err := s.o.Store.PartnerRequestByID(ctx, r.Answers)
	if err != nil || !found {
		return nil, err
	}
	return s.newestRuns(ctx, asked.PartnerID)
}
