package console

import (
	"cmp"
	"context"
	"net/http"
	"net/url"
	"slices"

	"github.com/gin-gonic/gin"

	"postern/app/catalog"
	"postern/app/errs"
	"postern/app/sample"
	"postern/app/store"
	"postern/app/web"
	"postern/models"
	"postern/views/console"
	"postern/views/i18n"
	"postern/views/ui"
)

var errNoScope = errs.New(errs.NotFound, "no_scope", "There is no such scope.")

// holdersCounted is up to where holders are counted for a list.
const holdersCounted = 1000

// Scopes lists the scopes by id; of one service where the address names one.
func (s *Console) Scopes(c *gin.Context) error {
	ctx := c.Request.Context()
	service := c.Query("service")
	// A place in the scopes of one service is none in those of another.
	list := scopesPath + " " + service
	after, err := s.place(c, list, 1)
	if err != nil {
		return err
	}
	page := console.ScopesPage{Frame: s.frame(c, i18n.T(ctx, i18n.CatalogScopes)), First: after[0] == "", Service: service, All: scopesPath}
	page.Start = scopesPath
	if service != "" {
		page.Start += "?" + url.Values{"service": {service}}.Encode()
	}
	err = s.o.Store.Business(ctx, func(b store.Business) error {
		services, err := b.ServicesAfter("", servicesPage)
		if err != nil {
			return err
		}
		for _, v := range services {
			page.Services = append(page.Services, ui.LinkView{Text: v.Name, Href: scopesPath + "?" + url.Values{"service": {v.ID}}.Encode()})
		}
		rows, err := b.ScopesAfter(service, after[0], servicesPage+1)
		if err != nil {
			return err
		}
		if len(rows) > servicesPage {
			rows = rows[:servicesPage]
			page.More = scopesPath + "?" + url.Values{"service": {service}, "after": {s.o.Cursors.Make(list, rows[servicesPage-1].ID)}}.Encode()
		}
		page.Rows, err = s.scopeRows(ctx, b, rows)
		return err
	})
	if err != nil {
		return err
	}
	return web.Render(c, http.StatusOK, console.Scopes(page))
}

func (s *Console) scopeRows(ctx context.Context, b store.Business, list []models.Scope) ([]console.ScopeRow, error) {
	ids := make([]string, len(list))
	for i, scope := range list {
		ids[i] = scope.ID
	}
	fields, err := b.Fields(ids)
	if err != nil {
		return nil, err
	}
	names, err := serviceNames(b, list)
	if err != nil {
		return nil, err
	}
	rows := make([]console.ScopeRow, len(list))
	for i, scope := range list {
		held, err := b.CountHolders(scope.ID, s.o.Now().UnixMilli(), holdersCounted+1)
		if err != nil {
			return nil, err
		}
		own := slices.DeleteFunc(slices.Clone(fields), func(f models.ScopeField) bool { return f.ScopeID != scope.ID })
		rows[i] = console.ScopeRow{
			Title: scope.Title, ID: scope.ID, Href: scopePath(scope.ID), Service: cmp.Or(names[scope.ServiceID], scope.ServiceID), ServiceHref: servicePath(scope.ServiceID),
			Class: classOf(own), Consent: scope.ConsentVersion > 0, Customer: scope.RequiresCustomer, Holders: holders(ctx, held),
		}
	}
	return rows, nil
}

// serviceNames are the names of the services of scopes, by their ids.
func serviceNames(b store.Business, list []models.Scope) (map[string]string, error) {
	ids, names := []string{}, map[string]string{}
	for _, scope := range list {
		ids = append(ids, scope.ServiceID)
	}
	services, err := b.Services(ids)
	for _, v := range services {
		names[v.ID] = v.Name
	}
	return names, err
}

// holders is a count of holders; beyond what was counted it says so.
func holders(ctx context.Context, n int) string {
	if n > holdersCounted {
		return i18n.T(ctx, i18n.CatalogMoreThan, i18n.Number(ctx, holdersCounted))
	}
	return i18n.Number(ctx, int64(n))
}

// scopeFile is a scope with its service, as one picture has them.
type scopeFile struct {
	scope   catalog.Scope
	service catalog.Service
	held    int
}

// scopeOf reads the scope that the path names.
func (s *Console) scopeOf(c *gin.Context) (f scopeFile, err error) {
	id := idOf(c.Param("scope"))
	err = s.o.Store.Business(c.Request.Context(), func(b store.Business) error {
		read, err := catalog.Read(b, []string{}, []string{id})
		if err != nil {
			return err
		}
		found := false
		if f.scope, found = read.Scopes.Current(id); !found {
			return errNoScope
		}
		f.service, _ = read.Services.Current(f.scope.Service)
		f.held, err = b.CountHolders(id, s.o.Now().UnixMilli(), holdersCounted+1)
		return err
	})
	return f, err
}

// routesUnder are the service's routes that need a permission.
func routesUnder(v catalog.Service, resource, action string) []catalog.Route {
	return slices.DeleteFunc(slices.Clone(v.Routes), func(r catalog.Route) bool { return r.Resource != resource || r.Action != action })
}

// sampleOf is the first sample reply among routes; "" if there is none.
func sampleOf(routes []catalog.Route) string {
	for _, r := range routes {
		if r.SampleReply != "" {
			return r.SampleReply
		}
	}
	return ""
}

// holdingsPage is how many grants a page lists.
const holdingsPage = 50

// Scope shows one scope.
func (s *Console) Scope(c *gin.Context) error {
	ctx := c.Request.Context()
	f, err := s.scopeOf(c)
	if err != nil {
		return err
	}
	v := f.scope
	page := console.ScopePage{
		Frame: s.frame(c, v.ID, crumb(ctx, i18n.CatalogScopes, scopesPath)), ID: v.ID, Title: v.Title,
		Service: f.service.Name, ServiceHref: servicePath(v.Service), Customer: v.RequiresCustomer, Held: holders(ctx, f.held),
	}
	if mayMake(c) {
		page.Edit = scopePath(v.ID) + "/edit"
	}
	if v.Consent != (catalog.Consent{}) {
		page.Consent = &console.ConsentView{
			Version: i18n.Number(ctx, v.Consent.Version), Purpose: i18n.Either(ctx, v.Consent.PurposeEN, v.Consent.PurposeZH),
			Text: i18n.Either(ctx, v.Consent.TextEN, v.Consent.TextZH), Days: consentDays(ctx, v.Consent.Days),
		}
	}
	for _, p := range v.Permissions {
		view, err := permissionView(ctx, p, f.service)
		if err != nil {
			return err
		}
		page.Permissions = append(page.Permissions, view)
	}
	if err := s.holdings(c, v.ID, &page); err != nil {
		return err
	}
	if page.Requests, err = s.requestsOf(c, "scope "+v.ID); err != nil {
		return err
	}
	if page.History, err = s.historyOf(c, v.Service, "scope", v.ID); err != nil {
		return err
	}
	return web.Render(c, http.StatusOK, console.Scope(page))
}

func consentDays(ctx context.Context, days int64) string {
	if days == 0 {
		return i18n.T(ctx, i18n.CatalogUntilWithdrawn)
	}
	return i18n.T(ctx, i18n.CatalogDays, i18n.Number(ctx, days))
}

func permissionView(ctx context.Context, p catalog.Permission, v catalog.Service) (console.PermissionView, error) {
	view := console.PermissionView{Name: p.Resource + ":" + p.Action, Denied: p.Deny, Raw: p.Raw}
	routes := routesUnder(v, p.Resource, p.Action)
	for _, r := range routes {
		view.Routes = append(view.Routes, r.Method+" "+r.Pattern)
	}
	for _, f := range p.Fields {
		view.Fields = append(view.Fields, console.FieldRow{Path: f.Path, Class: f.Class, Treatment: f.Treatment, Words: i18n.MaskWord(ctx, f.Mask)})
	}
	reply := sampleOf(routes)
	if reply == "" || p.Deny {
		return view, nil
	}
	plan, err := p.Plan()
	if err != nil {
		return view, err
	}
	leaves, err := sample.Of(reply, plan)
	if err != nil {
		return view, nil // kept by an earlier release: there is nothing to show of it
	}
	view.Before, view.After = leaves.Before(), leaves.After()
	return view, nil
}

// masks are the masks in the order in which forms offer them.
var masks = []string{"phone", "id_number", "name", "card", "email", "address", "amount"}

// holdings puts the grants of a scope on its page.
func (s *Console) holdings(c *gin.Context, scope string, page *console.ScopePage) error {
	ctx := c.Request.Context()
	list := "holdings " + scope
	after, err := s.place(c, list, 2)
	if err != nil {
		return err
	}
	grants, err := s.o.Store.Holdings(ctx, scope, after[0], after[1], holdingsPage+1)
	if err != nil {
		return err
	}
	page.First, page.Start = after[0] == "", scopePath(scope)
	if len(grants) > holdingsPage {
		grants = grants[:holdingsPage]
		last := grants[holdingsPage-1]
		page.More = scopePath(scope) + "?" + url.Values{"after": {s.o.Cursors.Make(list, last.ApplicationID, last.ID)}}.Encode()
	}
	now := s.o.Now().UnixMilli()
	for _, g := range grants {
		row := console.HoldingRow{
			Application: g.Application, ID: g.ApplicationID, Partner: g.Partner, Production: g.Environment == models.Production, Purpose: g.Purpose,
			From: i18n.Date(ctx, s.InZone(cmp.Or(g.StartsAt, g.CreatedAt))), Reaches: simulatorPath + "?" + url.Values{"app": {g.ApplicationID}}.Encode(),
		}
		until := g.Until()
		switch {
		case until == 0:
			row.Until = i18n.T(ctx, i18n.CatalogOpenEnd)
		default:
			row.Until = i18n.Date(ctx, s.InZone(until))
		}
		row.Over = until != 0 && until <= now
		page.Holdings = append(page.Holdings, row)
	}
	return nil
}
