package console_test

import (
	"net/http"
	"net/url"
	"testing"

	"postern/app/apptest"
	"postern/models"
)

// What is typed at the top of the sidebar leads to a page, a visit or partners, and
// never to what the reader may not open.
func TestWhatIsTypedAtTheTopLeadsThere(t *testing.T) {
	t.Parallel()
	eachDesk(t, func(t *testing.T, d *desk) {
		vid := d.NewVisit(apptest.Travel, nil).Visit.VID
		wants(t, d.page(officer, "/console"), `action="/console/find"`, "data-jump")
		for _, c := range []struct {
			as        models.StaffRole
			text, led string
		}{
			{officer, "", "/console"},
			{officer, "Kill", "/console/kill-switch"},
			{officer, "k", "/console/partners?q=k"},
			{support, vid, "/console/visits/" + vid},
			{officer, " lianhe & co ", "/console/partners?q=lianhe+%26+co"},
			{officer, "//evil.example", "/console/partners?q=%2F%2Fevil.example"},
			{system, "staff", "/console/staff"},
			{officer, "staff", "/console/partners?q=staff"},
		} {
			rec := d.get(c.as, "/console/find?"+url.Values{"q": {c.text}}.Encode())
			if rec.Code != http.StatusSeeOther || rec.Header().Get("Location") != c.led {
				t.Errorf("%s types %q: %d to %s, want %s", c.as, c.text, rec.Code, rec.Header().Get("Location"), c.led)
			}
		}
		if rec := d.get(system, "/console/find?q=lianhe"); rec.Code != http.StatusNotFound {
			t.Errorf("who sees no partners looks for one: %d", rec.Code)
		}
	})
}
