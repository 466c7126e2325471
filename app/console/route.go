package console

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/gin-gonic/gin"

	"postern/app/bankfile"
	"postern/app/catalog"
	"postern/app/entrance"
	"postern/app/errs"
	"postern/app/web"
	"postern/views/console"
	"postern/views/i18n"
	"postern/views/layout"
	"postern/views/ui"
)

var errNoRoute = errs.New(errs.NotFound, "no_route", "There is no such route.")

// routeIndex finds a route of a service; -1 when it has none of this id.
func routeIndex(v catalog.Service, id string) int {
	return slices.IndexFunc(v.Routes, func(r catalog.Route) bool { return r.ID == id })
}

// routeValues is a route as its form has it.
func routeValues(r catalog.Route) map[string]string {
	values := map[string]string{
		"id": r.ID, "method": r.Method, "pattern": r.Pattern, "resource": r.Resource, "action": r.Action, "owner_check": r.OwnerCheck,
		"query_names": strings.Join(r.QueryNames, "\n"), "reply_types": strings.Join(r.ReplyTypes, "\n"), "error_fields": strings.Join(r.ErrorFields, "\n"),
		"sample_reply": r.SampleReply,
	}
	var bindings []string
	for _, name := range slices.Sorted(maps.Keys(r.Bindings)) {
		bindings = append(bindings, name+" = "+r.Bindings[name])
	}
	values["bindings"] = strings.Join(bindings, "\n")
	tick(values, "requires_customer", r.RequiresCustomer)
	tick(values, "sign_in", r.SignIn)
	return values
}

// routeFrom is the route that a form says.
func routeFrom(values map[string]string) catalog.Route {
	r := catalog.Route{
		ID: strings.TrimSpace(values["id"]), Method: values["method"], Pattern: strings.TrimSpace(values["pattern"]),
		Resource: strings.TrimSpace(values["resource"]), Action: strings.TrimSpace(values["action"]), OwnerCheck: values["owner_check"],
		QueryNames: entrance.Lines(values["query_names"]), ReplyTypes: entrance.Lines(values["reply_types"]), ErrorFields: entrance.Lines(values["error_fields"]),
		RequiresCustomer: values["requires_customer"] != "", SignIn: values["sign_in"] != "", SampleReply: strings.TrimSpace(values["sample_reply"]),
	}
	for _, line := range entrance.Lines(values["bindings"]) {
		name, target, _ := strings.Cut(line, "=")
		if r.Bindings == nil {
			r.Bindings = map[string]string{}
		}
		r.Bindings[strings.TrimSpace(name)] = strings.TrimSpace(target)
	}
	return r
}

// RouteNew asks for a new route of a service.
func (s *Console) RouteNew(c *gin.Context) error {
	f, err := s.serviceOf(c)
	if err != nil {
		return err
	}
	return s.showRouteForm(c, f.service, "", map[string]string{"method": "GET", "seen": bankfile.Version(f.service)}, faulty{})
}

// RouteEdit asks what a route shall be.
func (s *Console) RouteEdit(c *gin.Context) error {
	f, err := s.serviceOf(c)
	if err != nil {
		return err
	}
	id := idOf(c.Param("route"))
	i := routeIndex(f.service, id)
	if i < 0 {
		return errNoRoute
	}
	values := routeValues(f.service.Routes[i])
	values["seen"] = bankfile.Version(f.service)
	return s.showRouteForm(c, f.service, id, values, faulty{})
}

// RouteCreate asks for a new route.
func (s *Console) RouteCreate(c *gin.Context) error { return s.saveRoute(c, "") }

// RouteUpdate changes a route or takes it away, or asks for it.
func (s *Console) RouteUpdate(c *gin.Context) error { return s.saveRoute(c, idOf(c.Param("route"))) }

// saveRoute puts a route into its service, whose change it is. id is "" for a new one.
func (s *Console) saveRoute(c *gin.Context, id string) error {
	f, err := s.serviceOf(c)
	if err != nil {
		return err
	}
	values := formValues(c.Request.PostForm)
	after := f.service
	after.Routes = slices.Clone(f.service.Routes)
	i := routeIndex(after, id)
	switch {
	case id == "":
		i = len(after.Routes)
		after.Routes = append(after.Routes, routeFrom(values))
	case i < 0:
		return errNoRoute
	case values["act"] == "drop":
		after.Routes = slices.Delete(after.Routes, i, i+1)
		i = -1
	default:
		values["id"] = id // a route keeps its name: calls on record know it by that
		after.Routes[i] = routeFrom(values)
	}
	if asksHistory(c) {
		fault, done, err := s.withHistory(c, "service", after.ID, after.Normalize())
		if done || err != nil {
			return err
		}
		fault.fields = ofRoute(fault.fields, i)
		return s.showRouteForm(c, f.service, id, values, fault)
	}
	out, err := s.propose(c, proposal{subject: "service " + after.ID, things: []any{after.Normalize()}, reason: values["reason"], proof: true, unless: stillService(after.ID, values["seen"])})
	if err == nil {
		return proposed(c, out, servicePath(after.ID))
	}
	fault, ok := s.faultsOf(c, err, "service", after.ID)
	if !ok {
		return err
	}
	fault.fields = ofRoute(fault.fields, i)
	if fault.moved {
		values["seen"] = bankfile.Version(f.service)
	}
	return s.showRouteForm(c, f.service, id, values, fault)
}

// ofRoute leads faults of a service's i-th route to the fields of its form.
func ofRoute(faults map[string]string, i int) map[string]string {
	moved := make(map[string]string, len(faults))
	for name, text := range faults {
		own, below := strings.CutPrefix(name, fmt.Sprintf("routes.%d.", i))
		if !below {
			own = name
		}
		moved[own] = text
	}
	return moved
}

func (s *Console) showRouteForm(c *gin.Context, v catalog.Service, id string, values map[string]string, fault faulty) error {
	ctx := c.Request.Context()
	page := console.RouteFormPage{New: id == "", ID: id, Service: v.Name, Back: servicePath(v.ID), Title: i18n.T(ctx, i18n.CatalogNewRoute)}
	page.Action = servicePath(v.ID) + "/routes"
	if id != "" {
		page.Title, page.Action = i18n.T(ctx, i18n.CatalogRouteTitle, id), routePath(v.ID, id)
	}
	page.Frame = s.frame(c, page.Title, serviceCrumb(ctx), layout.Crumb{Text: v.Name, Href: servicePath(v.ID)})
	page.CanMake = mayMake(c)
	if fault.moved {
		note, err := s.movedNote(c, v.ID, "service", v.ID)
		if err != nil {
			return err
		}
		page.Moved = note
	}
	for _, list := range []string{"query_names", "reply_types", "error_fields"} {
		entrance.IntoLines(ctx, fault.fields, list)
	}
	var err error
	if page.Filled, err = s.filled(c, fault, values); err != nil {
		return err
	}
	page.History = fault.history
	for _, method := range []string{"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"} {
		page.Methods = append(page.Methods, ui.Option{Value: method, Text: method})
	}
	page.Owners = []ui.Option{{Value: "", Text: i18n.T(ctx, i18n.CatalogOwnerBound)}, {Value: "upstream", Text: i18n.T(ctx, i18n.CatalogUpstreamChecks)}}
	return web.Render(c, fault.code(), console.RouteForm(page))
}
