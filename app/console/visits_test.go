package console_test

import (
	"bufio"
	"context"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"postern/app/apptest"
	"postern/models"
)

func TestXRayOfAVisit(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, h *house) {
		p := h.NewVisit(apptest.Travel, url.Values{"subject": {"user-20817733"}})
		if a := p.Get("/loans/offers"); a.HTTP != http.StatusOK {
			t.Fatalf("call: %d %s", a.HTTP, a.Plain)
		}
		h.Later(time.Second)
		p.Get("/nowhere")
		h.settled()
		at := h.Claims(p.AT)
		page := h.page(models.ReviewerRole, "/console/visits/"+p.Visit.VID)
		wants(t, page, "Stopped at step G2: no_route", "GET /loans/offers", "rule loan.offer:read", "offer.limit", "kept", "holder.phone", "phone mask",
			"not named by any scope", "AT spent once", "carries AK", at.JTI, "Your role may not open it", "live, ")
		lacks(t, page, "user-20817733", "13812346027", "186000")

		for name, id := range map[string]string{"visit": p.Visit.VID, "jti": at.JTI} {
			rec := h.as(models.SupportRole, "/console/visits/find?q="+url.QueryEscape(" "+id+" "), nil)
			if rec.Code != http.StatusSeeOther || rec.Header().Get("Location") != "/console/visits/"+p.Visit.VID {
				t.Errorf("found by %s: %d %s", name, rec.Code, rec.Header().Get("Location"))
			}
		}
		if rec := h.as(models.SupportRole, "/console/visits/find?q=nothing", nil); rec.Code != http.StatusNotFound || !strings.Contains(rec.Body.String(), "has this id") {
			t.Errorf("an id that is none: %d", rec.Code)
		}
		when := h.Clock.Now().In(time.FixedZone("", 8*3600)).Format("2006-01-02T15:04")
		wants(t, h.page(models.SupportRole, "/console/visits/find?app="+apptest.Travel+"&when="+url.QueryEscape(when)), "1 visit found", p.Visit.VID)
		wants(t, h.page(models.SupportRole, "/console/visits/find?app="+apptest.Rent+"&when="+url.QueryEscape(when)), "No visit found", "What was refused then")
	})
}

func TestXRayOfWhatNeverCameToBe(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, h *house) {
		p := h.NewVisit(apptest.Travel, url.Values{"subject": {"user-1"}})
		h.NewPage(p.AT).TryOpen() // under another R
		foreign := h.NewPage(h.AT(apptest.Travel, nil))
		foreign.Origin = "https://evil.example"
		foreign.TryOpen()
		unused := h.AT(apptest.Travel, nil)
		refused := h.PostForm("/oauth/token", url.Values{"grant_type": {"client_credentials"}, "resource": {apptest.Service}})
		h.settled()

		reused := rows(h.page(models.SupportRole, "/console/log?code=at_spent"))
		if len(reused) != 1 {
			t.Fatalf("%d rows of the AT that was used twice", len(reused))
		}
		request := regexpOf(t, `href="(/console/visits/request/[^"]+)"`, h.page(models.SupportRole, "/console/log/"+reused[0]))
		wants(t, h.page(models.SupportRole, request), "A visit that never came to be", "Stopped at step D: at_spent", "under another R", "The other use of the same AT",
			"VT issued, then ended", "No data left the bank", "not reached", "AT asked and issued")

		wants(t, h.page(models.SupportRole, "/console/visits/at/"+h.Claims(foreign.AT).JTI), "Stopped at step D: origin_denied", "https://evil.example")
		wants(t, h.page(models.SupportRole, "/console/visits/at/"+h.Claims(unused).JTI), "not traded in", "Its time is not over yet")
		h.Later(5 * time.Minute)
		wants(t, h.page(models.SupportRole, "/console/visits/at/"+h.Claims(unused).JTI), "The AT was issued and never traded in")

		id := refused.Header().Get("X-Request-Id")
		if id == "" {
			id = refused.Header().Get("Postern-Request-Id")
		}
		rec := h.as(models.SupportRole, "/console/visits/find?q="+id, nil)
		wants(t, h.page(models.SupportRole, rec.Header().Get("Location")), "Stopped at step B: invalid_client", "What helps")
	})
}

func TestWhoseVisitItWasIsShownOnceAndOnRecord(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, h *house) {
		p := h.NewVisit(apptest.Travel, url.Values{"subject": {"user-20817733"}})
		p.Call(p.Plain(http.MethodPost, "/session/sign-in"))
		other := h.NewVisit(apptest.Rent, url.Values{"subject": {"user-20817733"}})
		h.settled()
		show := func(role models.StaffRole, reason string) *httptest.ResponseRecorder {
			return h.as(role, "/console/visits/subject", url.Values{"visit": {p.Visit.VID}, "reason": {reason}})
		}
		for _, role := range []models.StaffRole{models.OfficerRole, models.ReviewerRole, models.SystemRole, models.SecurityRole} {
			if rec := show(role, "a good reason"); rec.Code != http.StatusForbidden || strings.Contains(rec.Body.String(), "user-20817733") {
				t.Errorf("%s: %d", role, rec.Code)
			}
		}
		if rec := show(models.SupportRole, "  "); rec.Code != http.StatusUnprocessableEntity || strings.Contains(rec.Body.String(), "user-20817733") {
			t.Errorf("without a reason: %d", rec.Code)
		}
		rec := show(models.SupportRole, "the customer called, case 17")
		if rec.Code != http.StatusOK || rec.Header().Get("Cache-Control") != "no-store" {
			t.Errorf("with one: %d, %s", rec.Code, rec.Header().Get("Cache-Control"))
		}
		wants(t, rec.Body.String(), "user-20817733", "c-81")

		search := func(role models.StaffRole, form url.Values) *httptest.ResponseRecorder {
			return h.as(role, "/console/visits/find", form)
		}
		reason := []string{"the customer called, case 17"}
		if rec := search(models.OfficerRole, url.Values{"subject": {"user-20817733"}, "reason": reason}); rec.Code != http.StatusForbidden {
			t.Errorf("an officer searches: %d", rec.Code)
		}
		all := search(models.SupportRole, url.Values{"subject": {"user-20817733"}, "reason": reason}).Body.String()
		wants(t, all, "2 visits found", p.Visit.VID, other.Visit.VID)
		one := search(models.AuditRole, url.Values{"subject": {"user-20817733"}, "app": {apptest.Rent}, "reason": reason}).Body.String()
		wants(t, one, "1 visit found", other.Visit.VID)
		wants(t, search(models.SupportRole, url.Values{"customer": {"c-81"}, "reason": reason}).Body.String(), "1 visit found", p.Visit.VID)
		if rec := search(models.SupportRole, url.Values{"reason": reason}); rec.Code != http.StatusUnprocessableEntity {
			t.Errorf("for nobody: %d", rec.Code)
		}

		shown := h.Events("subject.shown")
		if len(shown) != 1 || shown[0].VID != p.Visit.VID || shown[0].Reason != "the customer called, case 17" {
			t.Errorf("on record: %+v", shown)
		}
		wants(t, h.page(models.AuditRole, "/console/activity"), "saw whose visit it was", "the customer called, case 17")
		if searched := h.Events("subject.searched"); len(searched) != 3 {
			t.Errorf("searches on record: %+v", searched)
		}
		if n := h.Count("events WHERE body LIKE '%20817733%' AND kind LIKE 'subject%'"); n != 0 {
			t.Errorf("the ledger says %d times for whom", n)
		}
	})
}

// Whatever is asked of the log and of visits, each role gets what its permission
// says, and nobody who is not signed in gets anything.
func TestLogAndVisitsAreForWhoMay(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, h *house) {
		everybody := models.StaffRoles
		for _, tc := range []struct {
			path string
			form url.Values
			may  []models.StaffRole
		}{
			{"/console/log", nil, everybody},
			{"/console/log/none", nil, everybody},
			{"/console/log/stream?until=1000&from=1", nil, everybody},
			{"/console/visits", nil, everybody},
			{"/console/visits/find?q=x", nil, everybody},
			{"/console/visits/x", nil, everybody},
			{"/console/visits/at/x", nil, everybody},
			{"/console/visits/request/x", nil, everybody},
			{"/console/visits/find", url.Values{}, []models.StaffRole{models.AuditRole, models.SupportRole}},
			{"/console/visits/subject", url.Values{}, []models.StaffRole{models.AuditRole, models.SupportRole}},
			{"/console/log/export", nil, []models.StaffRole{models.AuditRole}},
			{"/console/log/export", url.Values{}, []models.StaffRole{models.AuditRole}},
		} {
			for _, role := range everybody {
				rec := h.as(role, tc.path, tc.form)
				may := false
				for _, r := range tc.may {
					may = may || r == role
				}
				if (rec.Code == http.StatusForbidden) == may || rec.Code >= 500 {
					t.Errorf("%s (form %t) as %s: %d", tc.path, tc.form != nil, role, rec.Code)
				}
			}
			if rec := h.as("", tc.path, tc.form); rec.Code != http.StatusSeeOther && rec.Code != http.StatusUnauthorized {
				t.Errorf("%s as nobody: %d", tc.path, rec.Code)
			}
		}
	})
}

// stream follows the log over a connection and returns its lines.
func (h *house) stream(ctx context.Context, role models.StaffRole, server, query string) *bufio.Scanner {
	h.t.Helper()
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, server+"/console/log/stream?"+query, nil)
	if err != nil {
		h.t.Fatal(err)
	}
	r.AddCookie(&http.Cookie{Name: "postern-staff", Value: h.cookies[role]})
	reply, err := http.DefaultClient.Do(r)
	if err != nil {
		h.t.Fatal(err)
	}
	h.t.Cleanup(func() { reply.Body.Close() })
	if reply.StatusCode != http.StatusOK || reply.Header.Get("Content-Type") != "text/event-stream" {
		h.t.Fatalf("stream: %d %s", reply.StatusCode, reply.Header.Get("Content-Type"))
	}
	scanner := bufio.NewScanner(reply.Body)
	scanner.Buffer(nil, 1<<20)
	return scanner
}

// until reads lines until one holds a part; false when the stream ends before.
func until(lines *bufio.Scanner, part string) bool {
	for lines.Scan() {
		if strings.Contains(lines.Text(), part) {
			return true
		}
	}
	return false
}

func TestLogIsFollowedAcrossNodesUntilTheNodeStops(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, h *house) {
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { h.inner(w, r) }))
		t.Cleanup(server.Close)
		ctx, cancel := context.WithTimeout(t.Context(), 60*time.Second)
		defer cancel()
		all := h.stream(ctx, models.SupportRole, server.URL, "time=24h")
		rent := h.stream(ctx, models.OfficerRole, server.URL, "app="+apptest.Rent)
		if !until(all, ": beat") || !until(rent, ": beat") {
			t.Fatal("no stream begins")
		}
		other := h.World
		if h.Config.Store.Driver == "postgres" {
			other = h.Node()
		}
		other.AT(apptest.Travel, nil)
		other.AT(apptest.Rent, nil)
		if !until(all, "Lianhe Travel") {
			t.Error("a row of another application never came")
		}
		if !until(rent, "Chengzi Rent") {
			t.Error("a row that fits the filter never came")
		}
		if strings.Contains(rent.Text(), "Lianhe Travel") {
			t.Error("a row came that does not fit the filter")
		}
		h.App.Leave()
		h.World.Close()
		if until(all, "never") || until(rent, "never") {
			t.Error("a stream outlived its node")
		}
	})
}
