package app_test

import (
	"archive/zip"
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"postern/app/apptest"
	"postern/app/store"
	"postern/models"
)

// planted is what no partner may find in what it is shown, wherever that is.
var planted = []string{
	"user-20817733", "planted-rule", "planted-actor", "planted-words", "planted-leaf", "planted-body", "ledger_planted",
	"customer-planted", "Chengzi", apptest.Rent, "leaf_hash",
}

// visits makes visits of two partners, and lines that tell more than a partner may know.
func (b bank) visits() (vid, foreign string) {
	b.t.Helper()
	page := b.NewVisit(apptest.Travel, url.Values{"subject": {"user-20817733"}})
	page.Get("/loans/offers")
	b.NewPage(page.AT).TryOpen() // a second time, under another R
	strange := b.NewPage(b.AT(apptest.Travel, nil))
	strange.Origin = "https://evil.example"
	strange.TryOpen()
	rent := b.NewVisit(apptest.Rent, nil)
	rent.Get("/loans/offers")
	b.Restart()
	b.Exec("UPDATE calls SET rule = 'planted-rule', policy_version = 4711, upstream_time = 4711")
	b.Write(func(tx *store.Tx, now int64) error {
		for i, e := range []models.Event{
			{Kind: "visit.ended", Outcome: "ok", Actor: "planted-actor", Reason: "planted-words", VID: page.Visit.VID},
			{Kind: "vt.refused", Outcome: "unavailable", Reason: "ledger_planted", RequestID: "req-unavailable"},
			{Kind: "customer.bound", Outcome: "ok", Reason: "customer-planted", VID: page.Visit.VID},
			{Kind: "consent.given", Outcome: "ok", Reason: "customer-planted", VID: page.Visit.VID},
			{Kind: "introspection.refused", Outcome: "invalid_client", Reason: "planted-words"},
			{Kind: "visit.read", Outcome: "ok", Actor: "planted-actor", Reason: "planted-words", VID: page.Visit.VID},
		} {
			e.At, e.PartnerID, e.ApplicationID, e.ServiceID = now+int64(i), "p_travel", apptest.Travel, "urn:h5:loan"
			e.ID, e.LeafHash = store.FirstEventID(e.At), "planted-leaf"
			e.Body = fmt.Sprintf(`{"actor":"planted-actor","detail":{"by":"planted-body","jti":"%d"}}`, i)
			if err := tx.AppendEvent(e); err != nil {
				return err
			}
		}
		return nil
	})
	return page.Visit.VID, rent.Visit.VID
}

// holds looks for what is planted.
func (b bank) holds(what, text string) {
	b.t.Helper()
	for _, secret := range planted {
		if strings.Contains(text, secret) {
			b.t.Errorf("%s has %q", what, secret)
		}
	}
}

var lineID = regexp.MustCompile(`id="row-([0-9a-f-]{36})"`)

func lines(page string) (ids []string) {
	for _, m := range lineID.FindAllStringSubmatch(page, -1) {
		ids = append(ids, m[1])
	}
	return ids
}

func TestAPartnerReadsItsOwnRecordsAndNothingElse(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, b bank) {
		vid, foreign := b.visits()
		page := func(name, path string) string {
			t.Helper()
			rec := b.as(name, path, nil)
			if rec.Code != http.StatusOK {
				t.Fatalf("%s as %s: %d\n%.600s", path, name, rec.Code, rec.Body)
			}
			b.holds(path, rec.Body.String())
			return rec.Body.String()
		}
		const live = "world=production"

		log := page("viewer", "/portal/log?"+live)
		if got := len(lines(log)); got < 6 {
			t.Errorf("%d lines, want those of three visits", got)
		}
		for _, want := range []string{"AT issued", "VT issued", "origin_denied", "at_spent", "data-live"} {
			if !strings.Contains(log, want) {
				t.Errorf("the log lacks %q", want)
			}
		}
		if strings.Contains(log, "/portal/log/export") || !strings.Contains(page("developer", "/portal/log?"+live), "/portal/log/export") {
			t.Error("a viewer is led to the export, or a developer is not")
		}
		for filter, want := range map[string]int{
			"code=origin_denied": 1, "refused=1": 3, "event=vt_issued": 1, "app=" + apptest.Travel + "&code=at_spent": 1, "why=other_r": 1, "q=" + vid: 2,
			"why=ledger_planted": 0, "app=" + apptest.Rent: 0, "partner=p_nanfeng&code=no_route": 0, "service=urn:h5:none": 0, "q=" + foreign: 0, "from=10&until=1000": 0,
		} {
			rec := b.as("viewer", "/portal/log?"+live+"&"+filter, nil) // which says what was asked for
			got := lines(rec.Body.String())
			if want == 0 && len(got) != 0 || len(got) < want {
				t.Errorf("%s finds %d lines, want %d", filter, len(got), want)
			}
		}
		if got := lines(page("viewer", "/portal/log?world=sandbox")); len(got) != 0 {
			t.Errorf("the sandbox has %d lines of production", len(got))
		}
		if got := lines(page("other", "/portal/log?"+live)); len(got) != 0 {
			t.Errorf("another partner sees %d lines", len(got))
		}

		for _, id := range lines(log) {
			drawer := page("viewer", "/portal/log/"+id)
			if strings.Contains(drawer, "See at the kill switch") {
				t.Error("a partner is told what the bank's staff should do")
			}
		}
		spent := lines(page("viewer", "/portal/log?"+live+"&why=other_r"))[0]
		if drawer := page("viewer", "/portal/log/"+spent); !strings.Contains(drawer, "do not keep h5_url") || !strings.Contains(drawer, "/portal/visits/request/") {
			t.Error("the drawer does not say what to change, or does not lead to the visit")
		}

		calls := page("viewer", "/portal/calls?"+live)
		if !strings.Contains(calls, "GET") || !strings.Contains(calls, "/portal/visits/"+vid) || strings.Contains(calls, "4711") {
			t.Errorf("the calls\n%.3000s", calls)
		}
		ray := page("viewer", "/portal/visits/"+vid)
		if !strings.Contains(ray, "From tap to data") || strings.Contains(ray, "upstream") || strings.Contains(ray, "4711") || strings.Contains(ray, "/console/") {
			t.Errorf("the X-ray\n%.3000s", ray)
		}
		for _, pair := range [][2]string{
			{"/portal/visits/" + foreign, "/portal/visits/" + apptest.NewID()}, {"/portal/log/" + b.lineOf(foreign), "/portal/log/01890a5d-ac96-774b-bcce-b302099a8057"},
		} {
			theirs, nothing := b.as("owner", pair[0], nil), b.as("owner", pair[1], nil)
			if theirs.Code != http.StatusNotFound || unpathed(theirs, pair[0]) != unpathed(nothing, pair[1]) {
				t.Errorf("%s: %d, or unlike what does not exist", pair[0], theirs.Code)
			}
		}
		for _, internal := range []string{"visit.read", "customer.bound", "introspection.refused"} {
			id := b.lineOfKind(internal)
			if rec := b.as("owner", "/portal/log/"+id, nil); rec.Code != http.StatusNotFound {
				t.Errorf("%s is shown to the partner: %d", internal, rec.Code)
			}
		}
	})
}

func (b bank) lineOf(vid string) (id string) {
	b.t.Helper()
	list, err := b.App.Store().EventsOfVisit(b.t.Context(), vid)
	if err != nil || len(list) == 0 {
		b.t.Fatal(vid, err)
	}
	return list[0].ID
}

func (b bank) lineOfKind(kind string) string {
	b.t.Helper()
	list, err := b.App.Store().NewestSince(b.t.Context(), store.FirstEventID(0), []string{kind}, 1)
	if err != nil || len(list) == 0 {
		b.t.Fatal(kind, err)
	}
	return list[0].ID
}

func TestAPartnerTakesItsOwnRecordsAlong(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, b bank) {
		vid, _ := b.visits()
		b.Write(func(tx *store.Tx, now int64) error { // a text that a spreadsheet would reckon with
			return tx.AppendEvent(models.Event{
				ID: store.FirstEventID(now - 20), At: now - 20, Kind: "vt.refused", Outcome: "at_spent", Reason: "=1+2", PartnerID: "p_travel", ApplicationID: apptest.Travel, Body: "{}", LeafHash: "-",
			})
		})
		for _, list := range []string{"/portal/log/export", "/portal/calls/export"} {
			for _, format := range []string{"csv", "jsonl", "xlsx"} {
				form := url.Values{"world": {"production"}, "time": {"all"}, "format": {format}}
				if rec := b.as("viewer", list, form); rec.Code != http.StatusForbidden {
					t.Errorf("%s as a viewer: %d", list, rec.Code)
				}
				rec := b.as("developer", list, form)
				file := unzipped(t, format, rec.Body.Bytes())
				if rec.Code != http.StatusOK || !strings.Contains(file, vid) || !strings.Contains(rec.Header().Get("Content-Disposition"), "production") {
					t.Errorf("%s as %s: %d\n%.800s", list, format, rec.Code, file)
				}
				b.holds(list+" as "+format, file)
				if strings.Contains(list, "log") && format == "csv" && !strings.Contains(file, "'=1+2") {
					t.Error("a formula leaves as one")
				}
				none := unzipped(t, format, b.as("other", list, form).Body.Bytes())
				if strings.Contains(none, vid) {
					t.Errorf("%s of another partner has the visit", list)
				}
				if rec := b.as("developer", list, url.Values{"format": {"exe"}}); rec.Code != http.StatusBadRequest && rec.Code != http.StatusUnprocessableEntity {
					t.Errorf("a form that there is none of: %d", rec.Code)
				}
			}
		}
		exported, err := b.App.Store().NewestSince(t.Context(), store.FirstEventID(0), []string{"log.exported"}, 100)
		if err != nil || len(exported) < 6 {
			t.Fatal(len(exported), err)
		}
		if !slices.ContainsFunc(exported, func(e models.Event) bool { return e.PartnerID == "p_travel" && e.Actor == b.ids["developer"] }) {
			t.Error("an export is not on record as the partner's")
		}
		form := url.Values{"world": {"production"}, "time": {"all"}, "format": {"csv"}}
		for n := 12; n < 20; n++ {
			b.wants("one more file", b.as("developer", "/portal/log/export", form), http.StatusOK)
		}
		b.wants("one too many", b.as("developer", "/portal/log/export", form), http.StatusTooManyRequests)
		b.wants("another partner's", b.as("other", "/portal/log/export", form), http.StatusOK)
	})
}

// unzipped is the text of a file; of Excel's of all its parts.
func unzipped(t *testing.T, format string, file []byte) string {
	t.Helper()
	if format != "xlsx" {
		return string(file)
	}
	z, err := zip.NewReader(bytes.NewReader(file), int64(len(file)))
	if err != nil {
		t.Fatal(err)
	}
	var all strings.Builder
	for _, f := range z.File {
		r, err := f.Open()
		if err != nil {
			t.Fatal(err)
		}
		if _, err := io.Copy(&all, r); err != nil {
			t.Fatal(err)
		}
	}
	return all.String()
}

// The live tail brings a partner its own lines, and no other's.
func TestAPartnersTailHasItsOwnLines(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, b bank) {
		b.visits()
		ctx, leave := context.WithTimeout(t.Context(), 20*time.Second)
		defer leave()
		r := httptest.NewRequest(http.MethodGet, "/portal/log/stream?world=production&time=all", nil).WithContext(ctx)
		r.AddCookie(&http.Cookie{Name: "postern-portal", Value: b.cookies["viewer"]})
		rec := &following{ResponseRecorder: httptest.NewRecorder(), seen: func(text string) {
			if strings.Contains(text, "AT issued") {
				leave()
			}
		}}
		b.PortalHandler().ServeHTTP(rec, r)
		body := rec.Body.String()
		if !strings.Contains(body, "AT issued") {
			t.Fatalf("nothing came:\n%.600s", body)
		}
		b.holds("the stream", body)
		if rec := b.as("viewer", "/portal/log/stream?until=5&from=1", nil); rec.Code == http.StatusOK {
			t.Error("what is over is followed")
		}
	})
}

// following sees what is written as it comes.
type following struct {
	*httptest.ResponseRecorder
	seen func(string)
}

func (f *following) Write(b []byte) (int, error) {
	n, err := f.ResponseRecorder.Write(b)
	f.seen(f.Body.String())
	return n, err
}

// What is counted is a partner's own, and what is left of a day's quota is what the
// ledger counts.
func TestAPartnerSeesItsUsageAndWhatIsLeft(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, b bank) {
		b.Exec("UPDATE applications SET daily_quota = 100 WHERE id = '" + apptest.Travel + "'")
		b.Restart()
		b.visits()
		for path, want := range map[string][]string{
			"/portal/usage?world=production":         {"98 of 100", "origin_denied", "at_spent", "under 1 ms", `value="98" max="100"`, `{&#34;series&#34;:[[null,`},
			"/portal/usage?world=production&time=7d": {"98 of 100", "origin_denied"},
		} {
			page := b.as("viewer", path, nil).Body.String()
			b.holds(path, page)
			for _, text := range want {
				if !strings.Contains(page, text) {
					t.Errorf("%s lacks %q\n%.2500s", path, text, page[max(0, strings.Index(page, "<main")):])
				}
			}
		}
		if page := b.as("other", "/portal/usage?world=production", nil).Body.String(); strings.Contains(page, "origin_denied") {
			t.Error("another partner sees these refusals")
		}
	})
}
