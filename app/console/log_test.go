package console_test

import (
	"archive/zip"
	"bytes"
	"encoding/csv"
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"postern/app/apptest"
	"postern/app/records"
	"postern/app/store"
	"postern/models"
)

var rowID = regexp.MustCompile(`id="row-([0-9a-f-]{36})"`)

func rows(page string) (ids []string) {
	for _, m := range rowID.FindAllStringSubmatch(page, -1) {
		ids = append(ids, m[1])
	}
	return ids
}

var olderLink = regexp.MustCompile(`href="(/console/log\?[^"]*at=[^"]*)"[^>]*>\s*Older`)

func (h *house) older(page string) string {
	if m := olderLink.FindStringSubmatch(page); m != nil {
		return strings.ReplaceAll(m[1], "&amp;", "&")
	}
	return ""
}

func TestLogShowsWhatHappened(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, h *house) {
		p := h.NewVisit(apptest.Travel, url.Values{"subject": {"user-20817733"}})
		p.Get("/loans/offers")
		again := h.NewPage(p.AT)
		again.TryOpen()
		foreign := h.NewPage(h.AT(apptest.Rent, nil))
		foreign.Origin = "https://evil.example"
		foreign.TryOpen()
		h.settled()

		page := h.page(models.SupportRole, "/console/log")
		if got := len(rows(page)); got < 4 {
			t.Errorf("%d rows, want those of two ATs and of what became of them", got)
		}
		wants(t, page, "AT issued", "VT issued", "origin_denied", "Lianhe Travel", "Chengzi Rent", "data-live")
		lacks(t, page, "user-20817733", "Export…")
		for filter, only := range map[string]string{
			"app=" + apptest.Rent: "Chengzi Rent", "partner=p_rent": "Chengzi Rent", "partner=%21p_travel": "Chengzi Rent", "code=origin_denied": "Chengzi Rent",
		} {
			filtered := h.page(models.OfficerRole, "/console/log?"+filter)
			table := filtered[strings.Index(filtered, "<tbody"):]
			if len(rows(filtered)) == 0 || strings.Contains(table[:strings.Index(table, "</tbody>")], "Lianhe Travel") {
				t.Errorf("%s does not show %s alone", filter, only)
			}
		}
		for _, empty := range []string{"service=urn:h5:none", "env=sandbox", "until=1000&from=10", "code=no_route"} {
			if got := rows(h.page(models.ReviewerRole, "/console/log?"+empty)); len(got) != 0 {
				t.Errorf("%s finds %d rows", empty, len(got))
			}
		}
		refused := rows(h.page(models.SystemRole, "/console/log?refused=1&code=origin_denied"))
		if len(refused) != 1 {
			t.Fatalf("%d rows with origin_denied, want one", len(refused))
		}
		drawer := h.page(models.SupportRole, "/console/log/"+refused[0]+"?refused=1")
		wants(t, drawer, "is not one of the service&#39;s origins", "https://evil.example", "Open visit X-ray", `data-key="Escape"`)
	})
}

func TestLogIsPagedByKey(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, h *house) {
		for range 60 {
			h.AT(apptest.Travel, nil)
			h.Later(time.Second)
		}
		h.settled()
		first := h.page(models.SupportRole, "/console/log?event=at_issued")
		link := h.older(first)
		if len(rows(first)) != 50 || link == "" {
			t.Fatalf("first page: %d rows, older at %q", len(rows(first)), link)
		}
		second := h.page(models.SupportRole, link)
		if got := rows(second); len(got) != 10 || got[0] >= rows(first)[49] {
			t.Errorf("second page: %d rows from %v on, behind %s", len(got), got[:1], rows(first)[49])
		}
		lacks(t, second, "data-live-on")
		newer := regexp.MustCompile(`href="(/console/log\?[^"]*at=[^"]*)"[^>]*>[\s\S]{0,400}?Newer`).FindStringSubmatch(second)
		if newer == nil {
			t.Fatal("the second page leads to no newer one")
		}
		if got := rows(h.page(models.SupportRole, strings.ReplaceAll(newer[1], "&amp;", "&"))); len(got) != 50 || got[0] != rows(first)[0] {
			t.Errorf("newer again: %d rows", len(got))
		}
		at := regexp.MustCompile(`at=[^&]*`)
		for name, forged := range map[string]string{
			"altered":           at.ReplaceAllStringFunc(link, func(c string) string { return c[:5] + "A" + c[6:] }),
			"cut":               link[:len(link)-2],
			"without its proof": at.ReplaceAllStringFunc(link, func(c string) string { return strings.SplitN(c, ".", 2)[0] }),
			"made up":           "/console/log?at=eyJsIjoibG9nIiwiYSI6WyJvbGRlciIsIicgT1IgMT0xIl19.AAAA",
		} {
			if rec := h.as(models.SupportRole, forged, nil); rec.Code != http.StatusUnprocessableEntity {
				t.Errorf("a place %s: %d", name, rec.Code)
			}
		}
	})
}

func TestLogRefusesWhatItCannotBeAskedFor(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, h *house) {
		for _, query := range []string{"event=drop", "env=moon", "time=yesterday", "from=x", "from=20&until=10", "until=-1",
			"partner=%00", "app=%ff", "code=%27+OR+1%3D1", "service=" + strings.Repeat("x", 5000)} {
			if rec := h.as(models.SupportRole, "/console/log?"+query, nil); rec.Code != http.StatusUnprocessableEntity {
				t.Errorf("%s: %d", query, rec.Code)
			}
		}
		for _, query := range []string{"partner=none", "app=none", "code=%27OR/**/1%3D1--", "q=%00", "q=%ff%fe", "q=" + strings.Repeat("x", 5000)} {
			if got := rows(h.page(models.SupportRole, "/console/log?"+query)); len(got) != 0 {
				t.Errorf("%s: %d rows", query, len(got))
			}
		}
		for _, path := range []string{"/console/log/none", "/console/log/%00", "/console/visits/none", "/console/visits/at/none", "/console/visits/request/none"} {
			if rec := h.as(models.SupportRole, path, nil); rec.Code != http.StatusNotFound {
				t.Errorf("%s: %d", path, rec.Code)
			}
		}
	})
}

// What a stranger sends as a name, an origin or an id makes no row, no mark-up
// and no direction of its own.
func TestStrangersTextForgesNothing(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, h *house) {
		h.Exec("UPDATE partners SET name = '<img src=x onerror=alert(1)>' WHERE id = 'p_rent'")
		p := h.NewPage(h.AT(apptest.Rent, nil))
		p.Origin = "https://evil.example/\u202e\"><script>"
		p.TryOpen()
		h.settled()
		page := h.page(models.SupportRole, "/console/log?code=origin_denied")
		drawer := h.page(models.SupportRole, "/console/log/"+rows(page)[0])
		for _, text := range []string{page, drawer} {
			lacks(t, text, "<img src=x", "<script>", "\u202e")
		}
		wants(t, drawer, "&lt;img src=x")
	})
}

func TestLogExport(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, h *house) {
		h.Exec("UPDATE partners SET name = '=HYPERLINK(\"https://evil.example\")' WHERE id = 'p_travel'")
		for range 3 {
			h.AT(apptest.Travel, nil)
		}
		h.settled()
		form := func(format, reason string) url.Values {
			return url.Values{"format": {format}, "reason": {reason}, "event": {"at_issued"}}
		}
		if rec := h.as(models.SupportRole, "/console/log/export", form("csv", "a good reason")); rec.Code != http.StatusForbidden {
			t.Errorf("support exports: %d", rec.Code)
		}
		if rec := h.as(models.AuditRole, "/console/log/export", form("csv", " x ")); rec.Code != http.StatusUnprocessableEntity || !strings.Contains(rec.Body.String(), "Say why") {
			t.Errorf("without a reason: %d", rec.Code)
		}
		if rec := h.as(models.AuditRole, "/console/log/export", form("exe", "a good reason")); rec.Code != http.StatusUnprocessableEntity {
			t.Errorf("as a format that is none: %d", rec.Code)
		}
		wants(t, h.page(models.AuditRole, "/console/log/export?event=at_issued"), "Exports are for audit", "AT issued")

		text := h.as(models.AuditRole, "/console/log/export", form("csv", "a good reason")).Body.Bytes()
		cells, err := csv.NewReader(bytes.NewReader(bytes.TrimPrefix(text, []byte("\ufeff")))).ReadAll()
		if err != nil || len(cells) != 4 {
			t.Fatalf("CSV of %d lines, %v", len(cells), err)
		}
		if partner := cells[1][5]; !strings.HasPrefix(partner, "'=HYPERLINK") {
			t.Errorf("a formula in CSV: %q", partner)
		}
		lines := strings.Split(strings.TrimSpace(h.as(models.AuditRole, "/console/log/export", form("jsonl", "a good reason")).Body.String()), "\n")
		var object map[string]any
		if err := json.Unmarshal([]byte(lines[0]), &object); err != nil || len(lines) != 3 || object["event"] != "at.issued" {
			t.Errorf("JSON lines: %d, %v, %v", len(lines), object["event"], err)
		}
		checkExcel(t, h.as(models.AuditRole, "/console/log/export", form("xlsx", "a good reason")).Body.Bytes())

		taken := h.Events("log.exported")
		formats := map[string]bool{}
		for _, e := range taken {
			formats[e.Detail["format"]] = e.Reason == "a good reason" && e.Detail["event"] == "at_issued"
		}
		if len(taken) != 3 || !formats["csv"] || !formats["jsonl"] || !formats["xlsx"] {
			t.Errorf("on record: %+v", taken)
		}
	})
}

func checkExcel(t *testing.T, file []byte) {
	t.Helper()
	z, err := zip.NewReader(bytes.NewReader(file), int64(len(file)))
	if err != nil {
		t.Fatal("Excel:", err)
	}
	f, err := z.Open("xl/worksheets/sheet1.xml")
	if err != nil {
		t.Fatal(err)
	}
	sheet, err := io.ReadAll(f)
	if err != nil {
		t.Fatal(err)
	}
	if n := strings.Count(string(sheet), "<row "); n != 4 || strings.Contains(string(sheet), "<f>") || !strings.Contains(string(sheet), "&#39;=HYPERLINK") {
		t.Errorf("Excel: %d rows\n%.600s", n, sheet)
	}
}

func TestAuditorsReadingIsOnRecord(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, h *house) {
		p := h.NewVisit(apptest.Travel, nil)
		h.settled()
		h.page(models.AuditRole, "/console/log?app="+apptest.Travel)
		h.page(models.AuditRole, "/console/visits/"+p.Visit.VID)
		h.page(models.SupportRole, "/console/log")
		h.page(models.AuditRole, "/console/partners/p_travel")
		h.page(models.SupportRole, "/console/partners/p_travel")
		if read := h.Events("page.read"); len(read) != 1 || read[0].Detail["page"] != "/console/partners/p_travel" {
			t.Errorf("of other pages: %+v", read)
		}
		if read := h.Events("log.read"); len(read) != 1 || read[0].Detail["application"] != apptest.Travel {
			t.Errorf("of the log: %+v", read)
		}
		if read := h.Events("visit.read"); len(read) != 1 || read[0].VID != p.Visit.VID {
			t.Errorf("of the visit: %+v", read)
		}
	})
}

func TestManyRowsAreTakenAlongByTwo(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, h *house) {
		const rows = records.MaxAlone + 1
		now := h.Clock.Now()
		fill := store.Fill{Rows: rows, From: now.AddDate(0, 0, -2).UnixMilli(), Until: now.AddDate(0, 0, -1).UnixMilli(), Applications: 3, Each: 1}
		if err := h.App.Store().FillLog(t.Context(), fill, func(int) {}); err != nil {
			t.Fatal(err)
		}
		form := url.Values{"time": {"all"}, "format": {"csv"}, "reason": {"case 2026-118"}}
		rec := h.as(models.AuditRole, "/console/log/export", form)
		if rec.Code != http.StatusConflict || len(h.Events("log.exported")) != 0 {
			t.Fatalf("alone: %d, %d on record", rec.Code, len(h.Events("log.exported")))
		}
		wants(t, rec.Body.String(), "more than 100,000 rows", `name="ask" value="1"`, "case 2026-118")

		form.Set("ask", "1")
		short := url.Values{"time": {"all"}, "format": {"csv"}, "reason": {"x"}, "ask": {"1"}}
		if rec := h.as(models.AuditRole, "/console/log/export", short); rec.Code != http.StatusUnprocessableEntity {
			t.Errorf("asked without a reason: %d", rec.Code)
		}
		if rec := h.as(models.AuditRole, "/console/log/export", form); rec.Header().Get("Location") != "/console/approvals/1?done=asked" {
			t.Fatalf("asked: %d %s", rec.Code, rec.Body)
		}
		const path, export = "/console/approvals/1", "/console/approvals/1/export"
		refused := func(when string, role models.StaffRole, path string, form url.Values, want int) {
			t.Helper()
			if rec := h.as(role, path, form); rec.Code != want {
				t.Errorf("%s: %d, want %d", when, rec.Code, want)
			}
		}
		refused("before anybody agreed", models.AuditRole, export, url.Values{}, http.StatusConflict)
		refused("seen by who has no part in it", models.ReviewerRole, path, nil, http.StatusNotFound)
		page := h.page(models.SecurityRole, path)
		wants(t, page, "Export of the log", "1,000,000", "case 2026-118")
		verdict := formOf(page)
		verdict.Set("reason", "It is as agreed.")
		refused("approved by who asked", models.AuditRole, path+"/approve", verdict, http.StatusForbidden)
		refused("approved by a security administrator", models.SecurityRole, path+"/approve", verdict, http.StatusSeeOther)

		h.Clock.Add(time.Second)
		h.AT(apptest.Travel, nil) // later than what was agreed to
		h.settled()
		refused("taken by who agreed", models.SecurityRole, export, url.Values{}, http.StatusForbidden)
		wants(t, h.page(models.AuditRole, path), "To be downloaded until", export)
		file := h.as(models.AuditRole, export, url.Values{}).Body.String()
		if n := strings.Count(file, "\n"); n != rows+1 {
			t.Errorf("%d lines, want a title and %d", n, rows)
		}
		if taken := h.Events("log.exported"); len(taken) != 1 || taken[0].Detail["request"] != "1" || taken[0].Reason != "case 2026-118" {
			t.Errorf("on record: %+v", taken)
		}
		h.Exec("UPDATE sessions SET verified_at = verified_at - 600000")
		if rec := h.as(models.AuditRole, export, url.Values{}); rec.Code != http.StatusUnprocessableEntity || !strings.Contains(rec.Body.String(), "verify_code") {
			t.Errorf("without a fresh proof: %d", rec.Code)
		}
		h.Exec("UPDATE sessions SET verified_at = verified_at + 600000")
		h.Exec("UPDATE change_requests SET decided_at = decided_at - 86400000")
		refused("a day later", models.AuditRole, export, url.Values{}, http.StatusConflict)
	})
}
