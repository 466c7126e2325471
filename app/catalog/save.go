package catalog

import (
	"fmt"
	"slices"

	"postern/app/change"
	"postern/app/ledger"
	"postern/models"
)

// Save writes what was staged and is different, each with its event, in w's
// transaction, which must be the one that everything was read in. It wants Check
// to have found nothing: change.ErrUnchecked.
func (c *Catalog) Save(w change.Writer) error {
	if !c.clean {
		return change.ErrUnchecked
	}
	for _, x := range c.Services.Changes() {
		if err := c.saveService(w, x); err != nil {
			return fmt.Errorf("service %s: %w", x.After.ID, err)
		}
	}
	for _, x := range c.Scopes.Changes() {
		if err := saveScope(w, x); err != nil {
			return fmt.Errorf("scope %s: %w", x.After.ID, err)
		}
	}
	return nil
}

func (c *Catalog) saveService(w change.Writer, x change.Change[Service]) error {
	s := x.After
	if err := w.SaveService(s.row(c.rows[s.ID], w.At())); err != nil {
		return err
	}
	if !slices.Equal(x.Before.Origins, s.Origins) {
		if err := w.SetOrigins(s.ID, s.Origins, w.At()); err != nil {
			return err
		}
	}
	if err := saveHours(w, x); err != nil {
		return err
	}
	if !slices.Equal(x.Before.Upstreams, s.Upstreams) {
		if err := w.SetUpstreams(s.ID, s.upstreamRows(), w.At()); err != nil {
			return err
		}
	}
	if err := saveRoutes(w, x); err != nil {
		return err
	}
	return w.Record(ledger.Event{Kind: "service", ServiceID: s.ID}, s.ID, x.New, x.Differences)
}

// saveRoutes deletes before it saves: what one route gives up another may take.
func saveRoutes(w change.Writer, x change.Change[Service]) error {
	old := map[string]Route{}
	for _, r := range x.Before.Routes {
		old[r.ID] = r
	}
	var saved []Route
	for _, r := range x.After.Routes {
		was, known := old[r.ID]
		if !known || !r.equal(was) {
			saved = append(saved, r)
		}
		if known && r.Method == was.Method && r.Pattern == was.Pattern {
			delete(old, r.ID)
		}
	}
	var gone []string
	for id := range old {
		gone = append(gone, id)
	}
	if len(gone) > 0 {
		slices.Sort(gone)
		if err := w.DeleteRoutes(x.After.ID, gone, w.At()); err != nil {
			return err
		}
	}
	for _, r := range saved {
		if err := w.SaveRoute(r.row(x.After.ID), w.At()); err != nil {
			return fmt.Errorf("route %s: %w", r.ID, err)
		}
	}
	return nil
}

func (r Route) equal(other Route) bool {
	var c change.Comparison
	r.compare(&c, other)
	return len(c.List) == 0
}

func saveScope(w change.Writer, x change.Change[Scope]) error {
	s := x.After
	row, permissions, fields := s.rows()
	if err := w.SaveScope(row, w.At()); err != nil {
		return err
	}
	if s.Consent.demanded() {
		if err := w.KeepConsentText(s.Consent.row(s.ID, w.At())); err != nil {
			return err
		}
	}
	if err := w.SetScopePermissions(row, permissions, w.At()); err != nil {
		return err
	}
	if err := w.SetScopeFields(row, fields, w.At()); err != nil {
		return err
	}
	return w.Record(ledger.Event{Kind: "scope", ServiceID: s.Service}, s.ID, x.New, x.Differences)
}

// rows is the scope as the database holds it.
func (s Scope) rows() (row models.Scope, permissions []models.ScopePermission, fields []models.ScopeField) {
	row = models.Scope{ID: s.ID, ServiceID: s.Service, Title: s.Title, RequiresCustomer: s.RequiresCustomer, Offered: s.Offered, ConsentVersion: s.Consent.Version}
	for _, p := range s.Permissions {
		permissions = append(permissions, models.ScopePermission{ScopeID: s.ID, Resource: p.Resource, Action: p.Action, Deny: p.Deny, Raw: p.Raw})
		for _, f := range p.Fields {
			fields = append(fields, models.ScopeField{
				ScopeID: s.ID, Resource: p.Resource, Action: p.Action, Path: f.Path, Class: f.Class, Treatment: f.Treatment, Mask: f.Mask,
			})
		}
	}
	return row, permissions, fields
}

// row is the service as the database holds it; was is the row so far, the zero
// value when there is none.
func (s Service) row(was models.Service, at int64) models.Service {
	row := models.Service{
		ID: s.ID, Name: s.Name, H5URL: s.H5URL, Class: s.Class, APIID: s.APIID, Status: s.Status, AllowNoOrigin: s.AllowNoOrigin,
		VTLifetime: s.VTLifetime, RenewWindow: s.RenewWindow, MaxAge: s.MaxAge, MaxBody: s.MaxBody, DurableCalls: s.DurableCalls,
		VisitsAfter: was.VisitsAfter, CreatedAt: was.CreatedAt, UpdatedAt: at,
	}
	if was.ID == "" {
		row.CreatedAt = at
	}
	return row
}

func serviceOf(m models.Service) Service {
	return Service{
		ID: m.ID, Name: m.Name, H5URL: m.H5URL, Class: m.Class, APIID: m.APIID, Status: m.Status, AllowNoOrigin: m.AllowNoOrigin,
		VTLifetime: m.VTLifetime, RenewWindow: m.RenewWindow, MaxAge: m.MaxAge, MaxBody: m.MaxBody, DurableCalls: m.DurableCalls,
	}
}

func (s Service) upstreamRows() []models.Upstream {
	var rows []models.Upstream
	for _, u := range s.Upstreams {
		rows = append(rows, models.Upstream{
			ServiceID: s.ID, Environment: u.Environment, BaseURL: u.BaseURL, Timeout: u.Timeout,
			ConnectTimeout: u.ConnectTimeout, MaxReply: u.MaxReply, IntrospectionHash: u.IntrospectionHash,
		})
	}
	return rows
}

func upstreamOf(m models.Upstream) Upstream {
	return Upstream{
		Environment: m.Environment, BaseURL: m.BaseURL, Timeout: m.Timeout, ConnectTimeout: m.ConnectTimeout,
		MaxReply: m.MaxReply, IntrospectionHash: m.IntrospectionHash,
	}
}
