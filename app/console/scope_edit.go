package console

import (
	"cmp"
	"context"
	"fmt"
	"net/http"
	"slices"

	"github.com/gin-gonic/gin"

	"postern/app/bankfile"
	"postern/app/catalog"
	"postern/app/sample"
	"postern/app/store"
	"postern/app/web"
	"postern/views/console"
	"postern/views/i18n"
	"postern/views/ui"
)

// ScopeEdit opens the editor of a scope.
func (s *Console) ScopeEdit(c *gin.Context) error {
	f, err := s.scopeOf(c)
	if err != nil {
		return err
	}
	form := scopeFormOf(f.scope, f.service)
	if err := form.fits(); err != nil {
		return err
	}
	form.values["seen"] = bankfile.Version(f.scope)
	return s.showEditor(c, form, f, faulty{})
}

// ScopeUpdate asks for what the editor says, or shows what would leave.
func (s *Console) ScopeUpdate(c *gin.Context) error {
	f, err := s.scopeOf(c)
	if err != nil {
		return err
	}
	form := readScopeForm(formValues(c.Request.PostForm), f.scope.ID, f.scope.Service)
	if err := form.fits(); err != nil {
		return err
	}
	after, where := form.scope()
	if asksHistory(c) {
		fault, done, err := s.withHistory(c, "scope", f.scope.ID, after)
		if done || err != nil {
			return err
		}
		fault.fields = toRows(fault.fields, where)
		return s.showEditor(c, form, f, fault)
	}
	if act := c.PostForm("act"); act != "" || part(c) {
		form.act(act, f.service)
		return s.showEditor(c, form, f, faulty{})
	}
	out, err := s.propose(c, proposal{subject: "scope " + f.scope.ID, things: []any{after}, reason: form.values["reason"], proof: true, unless: stillScope(f.scope.ID, form.values["seen"])})
	if err == nil {
		return proposed(c, out, scopePath(f.scope.ID))
	}
	fault, ok := s.faultsOf(c, err, "scope", f.scope.ID)
	if !ok {
		return err
	}
	fault.fields = toRows(fault.fields, where)
	if fault.moved { // what is typed lies over what is there now
		form.values["seen"] = bankfile.Version(f.scope)
	}
	return s.showEditor(c, form, f, fault)
}

// newScopeOf reads the service for which a scope is to be made.
func (s *Console) newScopeOf(c *gin.Context, service string) (f scopeFile, err error) {
	err = s.o.Store.Business(c.Request.Context(), func(b store.Business) error {
		read, err := catalog.Read(b, []string{service}, []string{})
		if err != nil {
			return err
		}
		found := false
		if f.service, found = read.Services.Current(service); !found {
			return errNoService
		}
		return nil
	})
	return f, err
}

// ScopeNew asks for a scope of a service that the address names.
func (s *Console) ScopeNew(c *gin.Context) error {
	if c.Query("service") == "" {
		return web.SeeOther(c, servicesPath)
	}
	f, err := s.newScopeOf(c, c.Query("service"))
	if err != nil {
		return err
	}
	form := scopeForm{service: f.service.ID, values: map[string]string{}}
	return s.showEditor(c, form, f, faulty{})
}

// ScopeCreate asks for a new scope.
func (s *Console) ScopeCreate(c *gin.Context) error {
	f, err := s.newScopeOf(c, c.PostForm("service"))
	if err != nil {
		return err
	}
	values := formValues(c.Request.PostForm)
	form := readScopeForm(values, values["id"], f.service.ID)
	if err := form.fits(); err != nil {
		return err
	}
	if act := c.PostForm("act"); act != "" || part(c) {
		form.act(act, f.service)
		return s.showEditor(c, form, f, faulty{})
	}
	after, where := form.scope()
	out, err := s.propose(c, proposal{subject: "scope " + after.ID, things: []any{after}, reason: form.values["reason"], proof: true, unless: stillScope(after.ID, bankfile.Version(catalog.Scope{}))})
	if err == nil {
		return proposed(c, out, scopePath(after.ID))
	}
	fault, ok := s.faultsOf(c, err, "scope", after.ID)
	if !ok {
		return err
	}
	fault.fields = toRows(fault.fields, where)
	if fault.moved {
		fault = faulty{status: http.StatusConflict, fields: map[string]string{"id": i18n.T(c.Request.Context(), i18n.CatalogScopeThere)}}
	}
	return s.showEditor(c, form, f, fault)
}

// showEditor shows the form with what would leave by it.
func (s *Console) showEditor(c *gin.Context, form scopeForm, f scopeFile, fault faulty) error {
	ctx := c.Request.Context()
	page := console.EditorPage{
		Action: scopePath(form.id) + "/edit", Back: scopePath(form.id), Title: form.id, Service: f.service.Name, Lead: form.values["title"],
		Held: f.held > 0, HeldBy: holders(ctx, f.held),
	}
	if f.scope.ID == "" {
		page.New, page.ServiceID = true, f.service.ID
		page.Title, page.Action, page.Back = i18n.T(ctx, i18n.CatalogNewScope), scopesPath, servicePath(f.service.ID)
	}
	if fault.moved {
		note, err := s.movedNote(c, form.service, "scope", form.id)
		if err != nil {
			return err
		}
		page.Moved = note
	}
	for i := range form.permissions {
		page.Permissions = append(page.Permissions, editorPermission(ctx, i, &form.permissions[i], f.service, fault.fields))
	}
	var err error
	if page.Filled, err = s.filled(c, fault, form.values); err != nil {
		return err
	}
	page.History = fault.history
	page.Addable = addable(form, f.service)
	for _, p := range page.Permissions {
		page.Open = append(page.Open, p.Undecided...)
	}
	if !part(c) {
		page.Frame = s.frame(c, page.Title, crumb(ctx, i18n.CatalogScopes, scopesPath))
	}
	return render(c, fault.code(), page)
}

// addable are the service's permissions that the form has not got.
func addable(form scopeForm, of catalog.Service) (options []ui.Option) {
	var names []string
	for _, r := range of.Routes {
		names = append(names, r.Resource+":"+r.Action)
	}
	slices.Sort(names)
	for _, name := range slices.Compact(names) {
		if !slices.ContainsFunc(form.permissions, func(p permissionForm) bool { return p.name() == name }) {
			options = append(options, ui.Option{Value: name, Text: name})
		}
	}
	return options
}

// editorPermission lays a permission's sample out, with a row for each leaf, and
// gives the form rows for leaves that nobody has named yet.
func editorPermission(ctx context.Context, index int, p *permissionForm, of catalog.Service, faults map[string]string) console.EditorPermission {
	at := fmt.Sprintf("permissions.%d", index)
	view := console.EditorPermission{
		At: at, Index: index, Name: p.name(), Resource: p.resource, Action: p.action, Deny: p.deny, Raw: p.raw, Sample: p.sample, Fault: faults[at],
	}
	for _, r := range routesUnder(of, p.resource, p.action) {
		view.Routes = append(view.Routes, r.Method+" "+r.Pattern)
	}
	used := map[int]bool{}
	if p.sample != "" && !p.deny {
		view.SampleFault = !p.layOut(ctx, &view, used, faults)
	}
	for i := range p.rows {
		if !used[i] {
			view.Rest = append(view.Rest, p.field(ctx, at, i, faults))
		}
	}
	for _, field := range view.All() {
		switch field.Treatment {
		case "keep":
			view.Kept++
		case "mask":
			view.Masked++
		case "drop":
			view.Dropped++
		default:
			view.Undecided = append(view.Undecided, field.Path)
		}
	}
	return view
}

// layOut fills in the sample's lines and what of it would leave; false when the
// sample cannot be read.
func (p *permissionForm) layOut(ctx context.Context, view *console.EditorPermission, used map[int]bool, faults map[string]string) bool {
	fields, _ := p.decided()
	plan, err := catalog.Permission{Fields: fields}.Plan()
	if err != nil {
		return false
	}
	leaves, err := sample.Of(p.sample, plan)
	if err != nil {
		return false
	}
	for i, line := range leaves.Lines {
		shown := console.EditorLine{Number: fmt.Sprint(i + 1), Spans: line.Spans()}
		if line.Note != nil {
			row := p.row(cmp.Or(line.Note.Rule, line.Note.Path))
			if used[row] {
				shown.Again = p.rows[row].Path
			} else {
				field := p.field(ctx, view.At, row, faults)
				shown.Field = &field
			}
			shown.Treatment = p.rows[row].Treatment
			used[row] = true
		}
		view.Lines = append(view.Lines, shown)
	}
	view.After = leaves.After()
	return true
}

// field is a row of the form as the page shows it.
func (p *permissionForm) field(ctx context.Context, at string, i int, faults map[string]string) console.EditorField {
	r := p.rows[i]
	name := fmt.Sprintf("%s.fields.%d", at, i)
	field := console.EditorField{
		Name: name, Index: i, Path: r.Path, Class: r.Class, Treatment: r.Treatment, Fault: faults[name], KeepOff: r.Class == "C3",
	}
	chosen := cmp.Or(r.Mask, maskFor(r.Path))
	for _, m := range masks {
		field.Masks = append(field.Masks, ui.Option{Value: m, Text: i18n.MaskWord(ctx, m), Chosen: m == chosen})
	}
	return field
}
