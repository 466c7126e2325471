package console

import (
	"cmp"
	"context"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/gin-gonic/gin"

	"postern/app/directory"
	"postern/app/disclosure"
	"postern/app/errs"
	"postern/app/web"
	"postern/models"
	"postern/policies"
	"postern/views/console"
	"postern/views/i18n"
	"postern/views/ui"
)

// simulatorApplications is how many applications the form offers by name; others
// are typed.
const simulatorApplications = 200

// simulatorPage is how many applications the answer to "who reaches this" lists.
const simulatorPage = 50

// Simulator answers what the policy says, and calls nothing: of a call (app, method,
// path), of all that an application reaches (app alone), and of who reaches a route
// (service, route). The question stands in the address.
func (s *Console) Simulator(c *gin.Context) error {
	ctx := c.Request.Context()
	page := console.SimulatorPage{
		Frame: s.frame(c, i18n.T(ctx, i18n.SimulatorTitle)), Action: simulatorPath,
		App: strings.TrimSpace(c.Query("app")), Method: strings.ToUpper(strings.TrimSpace(cmp.Or(c.Query("method"), "GET"))), Path: strings.TrimSpace(c.Query("path")),
	}
	known, err := s.o.Store.ApplicationNames(ctx, simulatorApplications)
	if err != nil {
		return err
	}
	for _, a := range known {
		page.Known = append(page.Known, ui.Option{Value: a.ID, Text: a.Name})
	}
	for _, method := range []string{"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"} {
		page.Methods = append(page.Methods, ui.Option{Value: method, Text: method, Chosen: method == page.Method})
	}
	service, route := c.Query("service"), c.Query("route")
	switch {
	case service != "" && route != "":
		err = s.simulateWho(c, service, route, &page)
	case page.App != "" && page.Path != "":
		err = s.simulateCall(ctx, &page)
	case page.App != "":
		err = s.simulateReach(ctx, &page)
	}
	if err != nil {
		return err
	}
	status := http.StatusOK
	if page.Fault != "" {
		status = http.StatusNotFound
	}
	return web.Render(c, status, console.Simulator(page))
}

// question is what a person asks, with what this node knows to be frozen.
func (s *Console) question(app string) directory.Question {
	return directory.Question{
		ClientID: app, Now: s.o.Now(), Thawed: func(scopes []string) []string { return s.o.Feed.Thawed(scopes, models.FreezeCall) },
	}
}

// state is how things stand on this node.
func (s *Console) state() directory.State {
	return directory.State{
		Frozen: func(kind, id string) bool { return s.o.Feed.Frozen(models.FreezeTarget(kind), id, models.FreezeCall) }, Now: s.o.Now(), Zone: s.o.Zone,
	}
}

// simulateCall answers for one call.
func (s *Console) simulateCall(ctx context.Context, page *console.SimulatorPage) error {
	q := s.question(page.App)
	q.Method, q.Path = page.Method, page.Path
	x, err := s.o.Directory.Explain(ctx, q)
	if errs.KindOf(err) == errs.NotFound {
		if errs.Of(err).Code != "no_route" {
			page.Fault = i18n.T(ctx, i18n.SimulatorNoApp, page.App)
			return nil
		}
		return s.noRoute(ctx, page)
	}
	if err != nil {
		return err
	}
	view := s.verdict(ctx, x)
	view.Fields = noteRows(ctx, x.Fields)
	view.Withheld = noteRows(ctx, x.Withheld)
	view.NoSample = x.Decision.Allowed && x.Route.SampleReply == ""
	page.Call = &view
	return nil
}

// noRoute says that no service has such a route, and for which methods one has.
func (s *Console) noRoute(ctx context.Context, page *console.SimulatorPage) error {
	page.Fault = i18n.T(ctx, i18n.SimulatorNoRoute, page.Method, page.Path)
	methods, err := s.o.Directory.Methods(ctx, page.Path)
	if err != nil {
		return err
	}
	if len(methods) > 0 {
		page.Fault += " " + i18n.T(ctx, i18n.SimulatorOtherMethods, strings.Join(methods, ", "))
	}
	return nil
}

var reasonWords = map[policies.Reason]i18n.Key{
	policies.ReasonAllowed: i18n.SimulatorAllowedBy, policies.ReasonNoRule: i18n.SimulatorNoRule,
	policies.ReasonDeniedByRule: i18n.SimulatorDeniedBy, policies.ReasonNotInVisit: i18n.SimulatorNotLive,
}

// verdict says what would become of a call.
func (s *Console) verdict(ctx context.Context, x directory.Explanation) console.VerdictView {
	notes := x.Notes(s.state())
	code := directory.Code(notes)
	view := console.VerdictView{
		Allowed: x.Decision.Allowed && code == "", Application: x.Application.Name, ID: x.Application.ID, Partner: x.Application.Partner.Name,
		Production: x.Application.Environment == models.Production, Service: x.Service.Name, ServiceHref: servicePath(x.Service.ID),
		Route: x.Route.Method + " " + x.Route.Pattern, RouteHref: routePath(x.Service.ID, x.Route.ID), Permission: x.Route.Route.Permission(),
		Rule: x.Decision.Rule, Code: code, Reason: i18n.T(ctx, reasonWords[x.Decision.Reason]),
	}
	switch {
	case code == "" && !x.Decision.Allowed:
		view.Code = "scope_denied"
	case code != "" && x.Decision.Allowed:
		view.Reason = i18n.T(ctx, i18n.SimulatorPolicyAlone)
	}
	for _, scope := range x.Scopes {
		view.Scopes = append(view.Scopes, ui.LinkView{Text: scope, Href: scopePath(scope)})
	}
	for _, n := range notes {
		args := slices.Clone(n.Args)
		view.Notes = append(view.Notes, console.NoteLine{Text: i18n.Said(i18n.From(ctx), n.ID, args...), Refuses: n.Code != ""})
	}
	return view
}

func noteRows(ctx context.Context, notes []disclosure.FieldNote) (rows []console.NoteRow) {
	for _, n := range notes {
		row := console.NoteRow{
			Path: n.Path, Class: string(n.Class), Treatment: string(n.Treatment), Words: i18n.MaskWord(ctx, string(n.Mask)), Before: n.Before, After: n.After,
		}
		if n.Rule == "" {
			row.Words = i18n.T(ctx, i18n.SimulatorUnnamed)
		}
		rows = append(rows, row)
	}
	return rows
}

// simulateReach answers for all that an application can ask for.
func (s *Console) simulateReach(ctx context.Context, page *console.SimulatorPage) error {
	list, err := s.o.Directory.Reach(ctx, s.question(page.App))
	if errs.KindOf(err) == errs.NotFound {
		page.Fault = i18n.T(ctx, i18n.SimulatorNoApp, page.App)
		return nil
	}
	if err != nil {
		return err
	}
	page.Reach = &console.ReachView{}
	for _, x := range list {
		v := s.verdict(ctx, x)
		row := console.ReachRow{VerdictView: v, Again: simulatorPath + "?" + url.Values{
			"app": {page.App}, "method": {x.Route.Method}, "path": {examplePath(x.Route.Pattern)},
		}.Encode()}
		page.Reach.Rows = append(page.Reach.Rows, row)
	}
	return nil
}

// simulateWho answers which applications a route is open to: of those that hold a
// scope which speaks of its permission, page by page.
func (s *Console) simulateWho(c *gin.Context, service, route string, page *console.SimulatorPage) error {
	ctx := c.Request.Context()
	svc, err := s.o.Directory.Service(ctx, service)
	if errs.KindOf(err) == errs.NotFound {
		return errNoService
	}
	if err != nil {
		return err
	}
	i := slices.IndexFunc(svc.Router.Routes(), func(r *directory.Route) bool { return r.ID == route })
	if i < 0 {
		return errNoRoute
	}
	asked := svc.Router.Routes()[i]
	list := "who " + service + " " + route
	after, err := s.place(c, list, 1)
	if err != nil {
		return err
	}
	ids, err := s.o.Store.HoldersOf(ctx, scopesAbout(svc, asked.Permission), s.o.Now().UnixMilli(), after[0], simulatorPage+1)
	if err != nil {
		return err
	}
	where := url.Values{"service": {service}, "route": {route}}
	page.Who = &console.WhoView{
		Route: asked.Method + " " + asked.Pattern, RouteHref: routePath(service, route), Service: svc.Name, Permission: asked.Route.Permission(),
		First: after[0] == "", Start: simulatorPath + "?" + where.Encode(),
	}
	if len(ids) > simulatorPage {
		ids = ids[:simulatorPage]
		where.Set("after", s.o.Cursors.Make(list, ids[simulatorPage-1]))
		page.Who.More = simulatorPath + "?" + where.Encode()
	}
	for _, id := range ids {
		x, err := s.o.Directory.On(ctx, s.question(id), service, route)
		if err != nil {
			return err
		}
		page.Who.Rows = append(page.Who.Rows, s.verdict(ctx, x))
	}
	return nil
}

// scopesAbout are a service's scopes that allow or deny a permission.
func scopesAbout(svc *directory.Service, p policies.Permission) (ids []string) {
	for id, scope := range svc.Scopes {
		if slices.ContainsFunc(scope.Permissions, func(sp models.ScopePermission) bool { return sp.Resource == p.Resource && sp.Action == p.Action }) {
			ids = append(ids, id)
		}
	}
	slices.Sort(ids)
	return ids
}
