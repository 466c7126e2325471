package catalog

import (
	"fmt"
	"mime"
	"regexp"
	"slices"
	"strings"

	"postern/app/directory"
	"postern/app/disclosure"
	"postern/app/errs"
	"postern/models"
)

var methods = []string{"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"}

// queryName is what can be told apart in every system's view of a query.
var queryName = regexp.MustCompile(`^[A-Za-z0-9._~\[\]-]{1,64}$`)

// checkRoutes checks the routes one by one and, with the router that will find
// them, against each other.
func (s Service) checkRoutes(f *errs.Fields) {
	router, ids := directory.NewRouter(), map[string]bool{}
	for i, r := range s.Routes {
		var own errs.Fields
		own.Check(models.PlainID(r.ID), "id", "route_id", "a route's id is made of letters, digits and . _ -")
		own.Check(!ids[r.ID], "id", "twice", fmt.Sprintf("there are two routes %s", r.ID))
		ids[r.ID] = true
		r.check(&own, s.Class)
		if err := router.Add(r.row(s.ID)); err != nil {
			own.Check(false, routeField(r, err), "route", fieldFault(err))
		}
		f.Below(fmt.Sprintf("routes.%d", i), own)
	}
}

// routeField is where to point for a fault that the router found.
func routeField(r Route, err error) string {
	switch text := err.Error(); {
	case strings.Contains(text, "bound"):
		return "bindings"
	case strings.Contains(text, "owner check"):
		return "owner_check"
	case len(r.ErrorFields) > 0 && strings.Contains(text, disclosure.ErrField.Error()):
		return "error_fields"
	}
	return "pattern"
}

func (r Route) check(f *errs.Fields, class string) {
	f.Check(slices.Contains(methods, r.Method), "method", "method", fmt.Sprintf("method %q is not known: want %s", r.Method, strings.Join(methods, ", ")))
	f.Check(class != ClassA1 || r.Method == "GET" || r.Method == "HEAD", "method", "method_a1", "a service of class A1 is read only: its routes are GET or HEAD")
	f.Check(models.PlainID(r.Resource), "resource", "resource", fmt.Sprintf("%.60q is no resource: want letters, digits and . _ -", r.Resource))
	f.Check(models.PlainID(r.Action), "action", "action", fmt.Sprintf("%.60q is no action: want letters, digits and . _ -", r.Action))
	for i, q := range r.QueryNames {
		f.Check(queryName.MatchString(q) && !slices.Contains(r.QueryNames[:i], q), fmt.Sprintf("query_names.%d", i), "query_name",
			fmt.Sprintf("%q cannot be a name in the query, or is here twice", q))
	}
	for i, t := range r.ReplyTypes {
		f.Check(mediaType(t), fmt.Sprintf("reply_types.%d", i), "reply_type",
			fmt.Sprintf("%q is no media type that may leave whole: want one such as application/pdf, in small letters, and not JSON", t))
	}
	if r.SampleReply != "" {
		f.Check(parses(r.SampleReply), "sample_reply", "sample_reply", "the sample reply is not one JSON value without repeated names")
	}
}

func mediaType(t string) bool {
	parsed, parameters, err := mime.ParseMediaType(t)
	return err == nil && parsed == t && len(parameters) == 0 && strings.Contains(t, "/") && t != "application/json" && !strings.HasSuffix(t, "+json")
}

// parses asks the parser that a real reply goes through.
func parses(reply string) bool {
	nothing, err := disclosure.Compile()
	if err != nil {
		return false
	}
	_, err = nothing.Explain([]byte(reply))
	return err == nil
}

// row is the route as the database holds it.
func (r Route) row(service string) models.Route {
	return models.Route{
		ID: r.ID, ServiceID: service, Method: r.Method, Pattern: r.Pattern, Resource: r.Resource, Action: r.Action,
		QueryNames: r.QueryNames, Bindings: r.Bindings, ReplyTypes: r.ReplyTypes, ErrorFields: r.ErrorFields,
		OwnerCheck: r.OwnerCheck, RequiresCustomer: r.RequiresCustomer, SignIn: r.SignIn, SampleReply: r.SampleReply,
	}
}

// routeOf is a route as it is.
func routeOf(m models.Route) Route {
	return Route{
		ID: m.ID, Method: m.Method, Pattern: m.Pattern, Resource: m.Resource, Action: m.Action,
		QueryNames: m.QueryNames, Bindings: m.Bindings, ReplyTypes: m.ReplyTypes, ErrorFields: m.ErrorFields,
		OwnerCheck: m.OwnerCheck, RequiresCustomer: m.RequiresCustomer, SignIn: m.SignIn, SampleReply: m.SampleReply,
	}
}
