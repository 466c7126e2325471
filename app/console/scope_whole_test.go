package console_test

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"postern/models"
)

// A scope that has more than the editor's form takes is not opened in it: sent
// back, it would lose what the form left out.
func TestTheEditorTakesAScopeWholeOrNotAtAll(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, h *house) {
		var service string
		if err := h.Database().QueryRowContext(t.Context(), "SELECT id FROM services ORDER BY id LIMIT 1").Scan(&service); err != nil {
			t.Fatal(err)
		}
		h.Exec("INSERT INTO scopes (id, service_id, title) VALUES ('wide:read', " + quote(service) + ", 'Wide')")
		for i := range 101 {
			h.Exec(fmt.Sprintf("INSERT INTO scope_permissions (scope_id, resource, action) VALUES ('wide:read', 'r%03d', 'read')", i))
		}
		if rec := h.as(models.OfficerRole, "/console/scopes/wide:read/edit", nil); rec.Code != http.StatusRequestEntityTooLarge {
			t.Errorf("the editor opens it: %d", rec.Code)
		} else {
			wants(t, rec.Body.String(), "more than its form takes")
		}
		form := url.Values{"title": {"x"}, "reason": {reason}}
		for i := range 101 {
			form.Set(fmt.Sprintf("permissions.%d.resource", i), fmt.Sprintf("r%03d", i))
			form.Set(fmt.Sprintf("permissions.%d.action", i), "read")
		}
		before := h.Count("scope_permissions")
		if rec := h.as(models.OfficerRole, "/console/scopes/wide:read/edit", form); rec.Code != http.StatusRequestEntityTooLarge || h.Count("scope_permissions") != before {
			t.Errorf("sending more than it takes: %d", rec.Code)
		}
	})
}

// A browser ends the lines of a text area with CRLF; a text that nobody touched is
// the same text.
func TestLineEndsOfABrowserChangeNothing(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, h *house) {
		var partner string
		if err := h.Database().QueryRowContext(t.Context(), "SELECT id FROM partners WHERE status = 'active' ORDER BY id LIMIT 1").Scan(&partner); err != nil {
			t.Fatal(err)
		}
		note := "Called them.\r\nThey answer on Monday."
		if rec := h.as(models.OfficerRole, "/console/partners/"+partner+"/notes", url.Values{"note": {note}}); rec.Code != http.StatusSeeOther {
			t.Fatalf("note: %d\n%.400s", rec.Code, rec.Body)
		}
		var kept string
		if err := h.Database().QueryRowContext(t.Context(), "SELECT text FROM partner_notes").Scan(&kept); err != nil || strings.Contains(kept, "\r") {
			t.Errorf("kept %q, %v", kept, err)
		}
	})
}
