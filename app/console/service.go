package console

import (
	"context"
	"crypto/tls"
	"errors"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/gin-gonic/gin"

	"postern/app/catalog"
	"postern/app/directory"
	"postern/app/entrance"
	"postern/app/errs"
	"postern/app/gateway/upstream"
	"postern/app/limit"
	"postern/app/store"
	"postern/app/web"
	"postern/models"
	"postern/views/console"
	"postern/views/i18n"
	"postern/views/layout"
	"postern/views/ui"
)

var errNoService = errs.New(errs.NotFound, "no_service", "There is no such service.")

// servicesPage is how many services or scopes a page lists.
const servicesPage = 50

// Services lists the services by id.
func (s *Console) Services(c *gin.Context) error {
	ctx := c.Request.Context()
	after, err := s.place(c, servicesPath, 1)
	if err != nil {
		return err
	}
	page := console.ServicesPage{Frame: s.frame(c, i18n.T(ctx, i18n.CatalogServices))}
	if mayMake(c) {
		page.New = servicesPath + "/new"
	}
	err = s.o.Store.Business(ctx, func(b store.Business) error {
		list, err := b.ServicesAfter(after[0], servicesPage+1)
		if err != nil {
			return err
		}
		if len(list) > servicesPage {
			list = list[:servicesPage]
			page.More = servicesPath + "?" + url.Values{"after": {s.o.Cursors.Make(servicesPath, list[servicesPage-1].ID)}}.Encode()
		}
		page.Rows, err = s.serviceRows(ctx, b, list)
		return err
	})
	if err != nil {
		return err
	}
	page.First = after[0] == ""
	return web.Render(c, http.StatusOK, console.Services(page))
}

func (s *Console) serviceRows(ctx context.Context, b store.Business, list []models.Service) ([]console.ServiceRow, error) {
	ids := make([]string, len(list))
	for i, service := range list {
		ids[i] = service.ID
	}
	weekly, err := b.Hours(ids)
	if err != nil {
		return nil, err
	}
	stops, err := b.Stops(ids)
	if err != nil {
		return nil, err
	}
	upstreams, err := b.Upstreams(ids)
	if err != nil {
		return nil, err
	}
	routes, err := b.CountRoutes(ids)
	if err != nil {
		return nil, err
	}
	scopes, err := b.CountScopes(ids)
	if err != nil {
		return nil, err
	}
	rows := make([]console.ServiceRow, len(list))
	for i, service := range list {
		id := service.ID
		rows[i] = console.ServiceRow{
			Name: service.Name, ID: id, Href: servicePath(id), Class: service.Class, Status: status(service.Status),
			Routes: i18n.Number(ctx, int64(routes[id])), Scopes: i18n.Number(ctx, int64(scopes[id])),
			Open: s.OpenNow(ctx,
				slices.DeleteFunc(slices.Clone(weekly), func(h models.ServiceHours) bool { return h.ServiceID != id }),
				slices.DeleteFunc(slices.Clone(stops), func(x models.ServiceStop) bool { return x.ServiceID != id })),
		}
		for _, u := range upstreams {
			if u.ServiceID == id {
				rows[i].Health = append(rows[i].Health, s.health(ctx, id, u.Environment))
			}
		}
	}
	return rows, nil
}

// health says how this node gets on with an upstream.
func (s *Console) health(ctx context.Context, service string, e models.Environment) ui.DotView {
	where := i18n.T(ctx, environmentWords[e])
	state, called := s.o.Upstreams.States()[upstream.ID(service, e)]
	if !called {
		return ui.DotView{Tone: ui.Quiet, Text: i18n.T(ctx, i18n.CatalogNotCalled, where)}
	}
	switch state {
	case upstream.Open:
		return ui.DotView{Tone: ui.Bad, Text: i18n.T(ctx, i18n.CatalogCircuitOpen, where)}
	case upstream.HalfOpen:
		return ui.DotView{Tone: ui.Warn, Text: i18n.T(ctx, i18n.CatalogCircuitProbes, where)}
	default:
		return ui.DotView{Tone: ui.Ok, Text: i18n.T(ctx, i18n.CatalogCircuitClosed, where)}
	}
}

var environmentWords = map[models.Environment]i18n.Key{models.Production: i18n.UIProduction, models.Sandbox: i18n.UISandbox}

// serviceFile is a service with its scopes, as one picture has them.
type serviceFile struct {
	service catalog.Service
	scopes  []models.Scope
	weekly  []models.ServiceHours
	stops   []models.ServiceStop
}

// serviceOf reads the service that the path names.
func (s *Console) serviceOf(c *gin.Context) (f serviceFile, err error) {
	id := idOf(c.Param("service"))
	err = s.o.Store.Business(c.Request.Context(), func(b store.Business) error {
		read, err := catalog.Read(b, []string{id}, []string{})
		if err != nil {
			return err
		}
		found := false
		if f.service, found = read.Services.Current(id); !found {
			return errNoService
		}
		if f.weekly, err = b.Hours([]string{id}); err != nil {
			return err
		}
		if f.stops, err = b.Stops([]string{id}); err != nil {
			return err
		}
		f.scopes, err = b.ScopesOf([]string{id})
		return err
	})
	return f, err
}

func serviceCrumb(ctx context.Context) layout.Crumb {
	return crumb(ctx, i18n.CatalogServices, servicesPath)
}

// Service shows one service.
func (s *Console) Service(c *gin.Context) error { return s.showService(c, nil) }

// showService shows a service, with what a look at its page gave, if there was one.
func (s *Console) showService(c *gin.Context, look *ui.NoteView) error {
	ctx := c.Request.Context()
	f, err := s.serviceOf(c)
	if err != nil {
		return err
	}
	v := f.service
	page := console.ServicePage{
		Frame: s.frame(c, v.Name, serviceCrumb(ctx)), Name: v.Name, ID: v.ID, Status: status(v.Status), Open: s.OpenNow(ctx, f.weekly, f.stops),
		Facts: serviceFacts(ctx, v), Page: v.H5URL, Origins: v.Origins, Look: look, CheckAction: servicePath(v.ID) + "/check",
		Routes: routeRows(ctx, v), Simulator: simulatorPath,
	}
	if mayMake(c) {
		page.Edit, page.NewRoute = servicePath(v.ID)+"/edit", servicePath(v.ID)+"/routes/new"
		page.NewScope = scopesPath + "/new?" + url.Values{"service": {v.ID}}.Encode()
		page.CanCheck = true
	}
	for _, span := range v.Hours {
		page.Hours = append(page.Hours, console.SpanRow{Days: entrance.DayWords(ctx, span.Days), From: span.From, To: span.To})
	}
	for _, stop := range v.Stops {
		page.Stops = append(page.Stops, console.StopRow{
			From: s.Moment(ctx, stop.From), To: s.Moment(ctx, stop.To), Over: !stop.To.After(s.o.Now()), Why: i18n.Either(ctx, stop.ReasonEN, stop.ReasonZH),
		})
	}
	for _, u := range v.Upstreams {
		page.Upstreams = append(page.Upstreams, console.UpstreamRow{
			Production: u.Environment == models.Production, Address: u.BaseURL, Health: s.health(ctx, v.ID, u.Environment),
			Limits: i18n.T(ctx, i18n.CatalogUpstreamLimits, millis(ctx, u.ConnectTimeout, 2000), millis(ctx, u.Timeout, 10_000), octets(ctx, u.MaxReply, 1<<20)),
			Asks:   yesNo(ctx, u.IntrospectionHash != ""),
		})
	}
	for _, scope := range f.scopes {
		page.Scopes = append(page.Scopes, console.NamedRow{Name: scope.Title, ID: scope.ID, Href: scopePath(scope.ID)})
	}
	if page.Requests, err = s.requestsOf(c, "service "+v.ID); err != nil {
		return err
	}
	if page.History, err = s.historyOf(c, v.ID, "service", v.ID); err != nil {
		return err
	}
	return web.Render(c, http.StatusOK, console.Service(page))
}

func serviceFacts(ctx context.Context, v catalog.Service) []console.Fact {
	class := i18n.CatalogA2
	if v.Class == catalog.ClassA1 {
		class = i18n.CatalogA1
	}
	return []console.Fact{
		{Key: i18n.T(ctx, i18n.CatalogServiceClass), Value: i18n.T(ctx, class)},
		{Key: i18n.T(ctx, i18n.CatalogAPIID), Value: v.APIID, Mono: true},
		{Key: i18n.T(ctx, i18n.CatalogVTLifetime), Value: seconds(ctx, v.VTLifetime, directory.DefaultVTLifetime)},
		{Key: i18n.T(ctx, i18n.CatalogRenewWindow), Value: seconds(ctx, v.RenewWindow, directory.DefaultRenewWindow)},
		{Key: i18n.T(ctx, i18n.CatalogMaxAge), Value: seconds(ctx, v.MaxAge, directory.DefaultMaxAge)},
		{Key: i18n.T(ctx, i18n.CatalogMaxBody), Value: octets(ctx, v.MaxBody, directory.DefaultMaxBody)},
		{Key: i18n.T(ctx, i18n.CatalogNoOriginFact), Value: yesNo(ctx, v.AllowNoOrigin)},
		{Key: i18n.T(ctx, i18n.CatalogDurableFact), Value: yesNo(ctx, v.DurableCalls)},
	}
}

func routeRows(ctx context.Context, v catalog.Service) []console.RouteRow {
	rows := make([]console.RouteRow, len(v.Routes))
	for i, r := range v.Routes {
		rows[i] = console.RouteRow{
			ID: r.ID, Href: routePath(v.ID, r.ID), Method: r.Method, Pattern: r.Pattern, Permission: r.Resource + ":" + r.Action,
			Owner: ownerWords(ctx, r), Query: strings.Join(r.QueryNames, ", "), Types: strings.Join(append([]string{"JSON"}, r.ReplyTypes...), ", "),
			Sample: r.SampleReply != "",
			Try:    simulatorPath + "?" + url.Values{"method": {r.Method}, "path": {examplePath(r.Pattern)}}.Encode(),
			Who:    simulatorPath + "?" + url.Values{"service": {v.ID}, "route": {r.ID}}.Encode(),
		}
		if r.RequiresCustomer {
			rows[i].Marks = append(rows[i].Marks, i18n.T(ctx, i18n.CatalogNeedsCustomer))
		}
		if r.SignIn {
			rows[i].Marks = append(rows[i].Marks, i18n.T(ctx, i18n.CatalogSignsIn))
		}
	}
	return rows
}

// ownerWords say how a route makes sure that what it is asked for is the visit's own.
func ownerWords(ctx context.Context, r catalog.Route) string {
	var words []string
	for _, name := range slices.Sorted(maps.Keys(r.Bindings)) {
		words = append(words, i18n.T(ctx, i18n.CatalogBound, name, r.Bindings[name]))
	}
	if r.OwnerCheck != "" {
		words = append(words, i18n.T(ctx, i18n.CatalogUpstreamChecks))
	}
	return strings.Join(words, i18n.T(ctx, i18n.CommonComma))
}

// examplePath is a path that the pattern matches.
func examplePath(pattern string) string {
	steps := strings.Split(pattern, "/")
	for i, step := range steps {
		if strings.HasPrefix(step, "{") {
			steps[i] = "1"
		}
	}
	return strings.Join(steps, "/")
}

// maxLookers bounds whose looks at pages are counted, and lookRate how often
// somebody may look: enough to mend an address, too little to search a network.
const maxLookers = 1000

var lookRate = limit.Rate{PerSecond: 0.2, Burst: 5}

var errLooks = errs.New(errs.RateLimited, "too_many", "Somebody looks at pages too often.")

// ServiceCheck looks at the page's address, as it is saved: nobody can make the
// gateway ask for another one here.
func (s *Console) ServiceCheck(c *gin.Context) error {
	ctx := c.Request.Context()
	f, err := s.serviceOf(c)
	if err != nil {
		return err
	}
	if ok, retry := s.looks.Take(entrance.VisitOf(c).Who.Account.ID, lookRate, s.o.Now()); !ok {
		return errLooks.With(errs.Help{RetryAfter: retry})
	}
	sight, err := s.o.Upstreams.Look(ctx, f.service.H5URL)
	note := s.sightNote(ctx, sight, err)
	return s.showService(c, &note)
}

// sightNote says what a look at a page gave. Of the page itself nothing is shown,
// and of a redirect only the origin that it leads to.
func (s *Console) sightNote(ctx context.Context, sight upstream.Sight, err error) ui.NoteView {
	var certificate *tls.CertificateVerificationError
	switch {
	case errors.As(err, &certificate):
		return ui.NoteView{Tone: ui.Bad, Lead: i18n.T(ctx, i18n.CatalogPageUntrusted), Text: i18n.T(ctx, i18n.CatalogPageUntrustedText)}
	case errors.Is(err, context.DeadlineExceeded):
		return ui.NoteView{Tone: ui.Bad, Lead: i18n.T(ctx, i18n.CatalogPageLate), Text: i18n.T(ctx, i18n.CatalogPageSilentText)}
	case err != nil:
		return ui.NoteView{Tone: ui.Bad, Lead: i18n.T(ctx, i18n.CatalogPageSilent), Text: i18n.T(ctx, i18n.CatalogPageSilentText)}
	case sight.Location != "":
		return ui.NoteView{Tone: ui.Bad, Lead: i18n.T(ctx, i18n.CatalogPageMoves, sight.Status, originOf(sight.Location)), Text: i18n.T(ctx, i18n.CatalogPageMovesText)}
	case sight.Status != http.StatusOK:
		return ui.NoteView{Tone: ui.Bad, Lead: i18n.T(ctx, i18n.CatalogPageStatus, sight.Status), Text: i18n.T(ctx, i18n.CatalogPageStatusText)}
	case sight.Ends.IsZero():
		return ui.NoteView{Tone: ui.Warn, Lead: i18n.T(ctx, i18n.CatalogPageGood), Text: i18n.T(ctx, i18n.CatalogPagePlain)}
	}
	return ui.NoteView{Tone: ui.Ok, Lead: i18n.T(ctx, i18n.CatalogPageGood), Text: i18n.T(ctx, i18n.CatalogPageEnds, i18n.Date(ctx, sight.Ends.In(s.o.Zone)))}
}

// originOf is the origin of an address; what cannot be read has none.
func originOf(address string) string {
	u, err := url.Parse(address)
	if err != nil || u.Host == "" {
		return "?"
	}
	return u.Scheme + "://" + u.Host
}
