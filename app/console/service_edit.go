package console

import (
	"fmt"
	"net/http"

	"github.com/gin-gonic/gin"

	"postern/app/bankfile"
	"postern/app/catalog"
	"postern/app/entrance"
	"postern/app/hours"
	"postern/app/web"
	"postern/models"
	"postern/views/console"
	"postern/views/i18n"
	"postern/views/layout"
	"postern/views/ui"
)

// ServiceNew asks for a new service.
func (s *Console) ServiceNew(c *gin.Context) error {
	values := map[string]string{"class": catalog.ClassA2, "status": string(models.Draft)}
	return s.showServiceForm(c, catalog.Service{}, values, faulty{})
}

// ServiceCreate asks for it.
func (s *Console) ServiceCreate(c *gin.Context) error {
	values := formValues(c.Request.PostForm)
	form := s.serviceFrom(catalog.Service{ID: values["id"]}, values)
	v := form.service.Normalize()
	out, err := s.propose(c, proposal{subject: "service " + v.ID, things: []any{v}, reason: values["reason"], proof: true, unless: stillService(v.ID, bankfile.Version(catalog.Service{}))})
	if err == nil {
		return proposed(c, out, servicePath(v.ID))
	}
	fault, ok := s.faultsOf(c, err, "service", v.ID)
	if !ok {
		return err
	}
	if fault.moved {
		fault = faulty{status: http.StatusConflict, fields: map[string]string{"id": i18n.T(c.Request.Context(), i18n.CatalogServiceThere)}}
	}
	fault.fields = form.toForm(fault.fields)
	return s.showServiceForm(c, catalog.Service{}, values, fault)
}

// ServiceEdit asks what a service shall be.
func (s *Console) ServiceEdit(c *gin.Context) error {
	f, err := s.serviceOf(c)
	if err != nil {
		return err
	}
	values := s.serviceValues(f.service)
	values["seen"] = bankfile.Version(f.service)
	return s.showServiceForm(c, f.service, values, faulty{})
}

// ServiceUpdate changes a service, or asks for it.
func (s *Console) ServiceUpdate(c *gin.Context) error {
	f, err := s.serviceOf(c)
	if err != nil {
		return err
	}
	values := formValues(c.Request.PostForm)
	form := s.serviceFrom(f.service, values)
	out, err := s.propose(c, proposal{subject: "service " + f.service.ID, things: []any{form.service.Normalize()}, reason: values["reason"], proof: true, unless: stillService(f.service.ID, values["seen"])})
	if err == nil {
		return proposed(c, out, servicePath(f.service.ID))
	}
	fault, ok := s.faultsOf(c, err, "service", f.service.ID)
	if !ok {
		return err
	}
	fault.fields = form.toForm(fault.fields)
	if fault.moved {
		values["seen"] = bankfile.Version(f.service)
	}
	return s.showServiceForm(c, f.service, values, fault)
}

func (s *Console) showServiceForm(c *gin.Context, v catalog.Service, values map[string]string, fault faulty) error {
	ctx := c.Request.Context()
	page := console.ServiceFormPage{
		Title: v.Name, Action: servicePath(v.ID) + "/edit", Back: servicePath(v.ID),
		Spans: filledRows(values, "hours", []string{"from", "to"}, spanRows),
		Stops: filledRows(values, "stops", []string{"from", "to", "reason_en", "reason_zh"}, stopRows),
	}
	crumbs := []layout.Crumb{serviceCrumb(ctx)}
	if v.ID == "" {
		page.New, page.Title, page.Action, page.Back = true, i18n.T(ctx, i18n.CatalogNewService), servicesPath, servicesPath
	} else {
		crumbs = append(crumbs, layout.Crumb{Text: v.Name, Href: servicePath(v.ID)})
	}
	page.Frame = s.frame(c, page.Title, crumbs...)
	if fault.moved {
		note, err := s.movedNote(c, v.ID, "service", v.ID)
		if err != nil {
			return err
		}
		page.Moved = note
	}
	var err error
	if page.Filled, err = s.filled(c, fault, values); err != nil {
		return err
	}
	page.Classes = []ui.Option{{Value: catalog.ClassA1, Text: i18n.T(ctx, i18n.CatalogA1)}, {Value: catalog.ClassA2, Text: i18n.T(ctx, i18n.CatalogA2)}}
	for _, state := range []struct {
		status models.Status
		word   i18n.Key
	}{{models.Draft, i18n.UIDraft}, {models.Active, i18n.UIActive}, {models.Suspended, i18n.UISuspended}, {models.Closed, i18n.UIClosed}} {
		page.States = append(page.States, ui.Option{Value: string(state.status), Text: i18n.T(ctx, state.word)})
	}
	for _, day := range hours.DayNames {
		page.Days = append(page.Days, ui.Option{Value: day, Text: i18n.T(ctx, entrance.DayKeys[day])})
	}
	for _, e := range environments {
		page.Upstreams = append(page.Upstreams, console.UpstreamForm{At: "upstream." + string(e) + ".", Production: e == models.Production})
	}
	page.Zone = fmt.Sprint(s.o.Zone)
	return web.Render(c, fault.code(), console.ServiceForm(page))
}
