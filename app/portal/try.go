package portal

import (
	"cmp"
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/gin-gonic/gin"

	"postern/app/approval"
	"postern/app/entrance"
	"postern/app/partners"
	"postern/app/selfservice"
	"postern/app/store"
	"postern/app/trial"
	"postern/app/web"
	"postern/models"
	"postern/views/i18n"
	"postern/views/portal"
	"postern/views/ui"
)

const (
	tryPath = homePath + "/try"
	// startOver stands in the place of a step where a trial ends.
	startOver trial.Step = "over"
)

func tryPathOf(application string) string { return applicationPath(application) + "/try" }

// TryChoose leads to the trial that the reader has on, or to the only application there is
// to try; else it asks which.
func (p *Portal) TryChoose(c *gin.Context) error {
	ctx, who := c.Request.Context(), entrance.VisitOf(c).Who
	last, err := p.o.Store.LatestTrial(ctx, who.Account.ID, p.o.Now().UnixMilli())
	if err != nil {
		return err
	}
	var rows []models.Application
	if err := p.o.Store.Business(ctx, func(b store.Business) (err error) {
		rows, err = b.ApplicationsOf([]string{who.Partner.ID})
		return err
	}); err != nil {
		return err
	}
	rows = slices.DeleteFunc(rows, func(a models.Application) bool { return a.Environment != models.Sandbox || a.Status == models.Closed })
	for _, a := range rows {
		if a.ID == last || len(rows) == 1 {
			return web.SeeOther(c, tryPathOf(a.ID))
		}
	}
	slices.SortFunc(rows, func(a, b models.Application) int { return cmp.Or(cmp.Compare(a.Name, b.Name), cmp.Compare(a.ID, b.ID)) })
	page := portal.TryChoicePage{Frame: p.inWorld(c, i18n.T(ctx, i18n.PortalTry), applicationsPath, models.Sandbox), New: applicationsPath + "/new"}
	for _, a := range rows {
		page.Rows = append(page.Rows, portal.ApplicationRow{
			Name: a.Name, ID: a.ID, Href: tryPathOf(a.ID), State: ui.StatusView{State: ui.State(a.Status)}, Since: p.At(a.CreatedAt),
		})
	}
	return web.Render(c, http.StatusOK, portal.TryChoice(page))
}

func (p *Portal) trier(c *gin.Context, a partners.Application) trial.Who {
	return trial.Who{User: user(c), Address: web.ClientAddress(c), Application: a}
}

// Try shows a visit as far as it has come.
func (p *Portal) Try(c *gin.Context) error {
	a, err := p.sandboxed(c)
	if err != nil {
		return err
	}
	return p.showTry(c, http.StatusOK, a, tried{})
}

// tried is what was typed for a step, and what is wrong with it.
type tried struct {
	call   portal.TryCall
	route  string
	faults map[string]string
}

// TryStep takes the next step, or starts over.
func (p *Portal) TryStep(c *gin.Context) error {
	a, err := p.sandboxed(c)
	if err != nil {
		return err
	}
	ctx, w := c.Request.Context(), p.trier(c, a)
	turn, _ := strconv.ParseInt(c.PostForm("turn"), 10, 64) // none is 0: no trial was seen
	step := trial.Step(c.PostForm("act"))
	switch step {
	case startOver:
		if err = p.o.Trials.Over(ctx, w); err == nil {
			return web.SeeOther(c, tryPathOf(a.ID))
		}
	case trial.StepB:
		err = p.askAT(c, w, turn)
	case trial.StepC:
		err = p.o.Trials.Open(ctx, w, turn)
	case trial.StepD:
		err = p.o.Trials.Exchange(ctx, w, turn)
	case trial.StepG:
		call, typed := typedCall(c)
		if len(typed.faults) > 0 {
			return p.showTry(c, http.StatusUnprocessableEntity, a, typed)
		}
		err = p.o.Trials.Call(ctx, w, turn, call)
	case trial.StepRenew:
		err = p.o.Trials.Renew(ctx, w, turn)
	case trial.StepClose:
		err = p.o.Trials.Close(ctx, w, turn)
	default:
		err = trial.ErrNoStep
	}
	if errors.Is(err, approval.ErrNotOwn) {
		return errNoApplication
	}
	if err != nil {
		return err
	}
	return web.SeeOther(c, tryPathOf(a.ID)+"?step="+string(step))
}

func (p *Portal) askAT(c *gin.Context, w trial.Who, turn int64) error {
	ctx := c.Request.Context()
	choices, err := p.o.Trials.Choices(ctx, w.Application.ID)
	if err != nil {
		return err
	}
	i := slices.IndexFunc(choices, func(s trial.Service) bool { return s.ID == c.PostForm("service") })
	if i < 0 {
		return trial.ErrNoStep
	}
	var scopes []string
	for _, s := range choices[i].Scopes {
		if slices.Contains(c.PostFormArray("scope"), s) {
			scopes = append(scopes, s)
		}
	}
	return p.o.Trials.AskAT(ctx, w, turn, trial.Ask{Service: choices[i].ID, Scope: strings.Join(scopes, " "), Subject: c.PostForm("subject")})
}

// maxTriedBody bounds the body of a call that is tried, octets.
const maxTriedBody = 16 << 10

// typedCall reads a call of the form, with what is wrong with it.
func typedCall(c *gin.Context) (call trial.Call, t tried) {
	ctx := c.Request.Context()
	t.route, t.faults = c.PostForm("route"), map[string]string{}
	t.call = portal.TryCall{Path: strings.TrimSpace(c.PostForm("path")), Query: strings.TrimSpace(c.PostForm("query")), Body: strings.TrimSpace(c.PostForm("body"))}
	method, pattern, _ := strings.Cut(t.route, " ")
	call = trial.Call{Method: method, Path: cmp.Or(t.call.Path, pattern), Query: t.call.Query}
	if open, closing := strings.IndexByte(call.Path, '{'), strings.IndexByte(call.Path, '}'); open >= 0 && closing > open {
		t.faults["path"] = i18n.T(ctx, i18n.PortalTryPathFill, call.Path[open:closing+1])
	}
	if t.call.Body != "" {
		call.Body = json.RawMessage(t.call.Body)
		if len(call.Body) > maxTriedBody || !json.Valid(call.Body) {
			t.faults["body"] = i18n.T(ctx, i18n.PortalTryBodyFault)
		}
	}
	return call, t
}

// WeatherSet puts bad weather over an application, or takes it away.
func (p *Portal) WeatherSet(c *gin.Context) error {
	a, err := p.sandboxed(c)
	if err != nil {
		return err
	}
	ctx, set := c.Request.Context(), p.o.SelfService.EndWeather
	if c.PostForm("on") == "yes" {
		set = p.o.SelfService.RaiseWeather
	}
	if err := set(ctx, user(c), a.ID, models.Weather(c.PostForm("kind"))); err != nil {
		if errors.Is(err, selfservice.ErrNoWeather) {
			return errNoApplication
		}
		return err
	}
	if err := p.o.Heard(ctx); err != nil {
		return err
	}
	back := url.Values{}
	if step := c.Query("step"); step != "" {
		back.Set("step", step)
	}
	return web.SeeOther(c, strings.TrimSuffix(tryPathOf(a.ID)+"?"+back.Encode(), "?"))
}
