package console_test

import (
	"bytes"
	"crypto/rand"
	"encoding/csv"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"testing"
	"time"

	"postern/app/apptest"
	"postern/app/jobs"
	"postern/app/ledger"
	"postern/models"
)

// seedMonths writes what a node would have written around two borders of months
// of the bank's zone, and adds days up in between: late events among them.
func (d *desk) seedMonths(zone *time.Location, first time.Time) {
	d.T.Helper()
	now := first.Add(-2 * time.Millisecond)
	l, err := ledger.Open(d.T.Context(), d.App.Store(), ledger.Options{
		Node: "seed", Now: func() time.Time { return now }, Rand: rand.Reader, Zone: zone, CallDelay: time.Millisecond, MaxGroup: 8,
	})
	if err != nil {
		d.T.Fatal(err)
	}
	end := first.AddDate(0, 1, 0)
	times := []time.Time{
		first.Add(-time.Millisecond), first, first.Add(time.Millisecond), first.Add(36 * time.Hour), first.AddDate(0, 0, 14),
		end.Add(-time.Millisecond), end, end.Add(time.Hour),
	}
	days := jobs.Days{Store: d.App.Store(), Zone: zone, Now: func() time.Time { return now }}.Job()
	for i, at := range times {
		now = at
		for _, app := range []string{apptest.Travel, apptest.Rent, ""} {
			for k, event := range []struct{ kind, outcome string }{
				{"at.issued", "ok"}, {"at.issued", "ok"}, {"at.refused", "invalid_scope"}, {"vt.issued", "ok"}, {"vt.reissued", "ok"}, {"vt.refused", "origin_denied"},
				{"at.reused", "at_spent"}, {"vt.renewed", "ok"}, {"vt.renewal_refused", "invalid_vt"}, {"visit.closed", "ok"}, {"visit.ended", "ok"}, {"call.refused", "bad_envelope"},
			} {
				e := ledger.Event{Kind: event.kind, Outcome: event.outcome, ApplicationID: app, ServiceID: fmt.Sprintf("urn:h5:%d", (i+k)%2)}
				if err := l.Append(d.T.Context(), e); err != nil {
					d.T.Fatal(err)
				}
			}
			// A call counts when it began: one of them began two hours before it is written.
			for _, began := range []time.Time{now, now.Add(-2 * time.Hour)} {
				call := models.Call{At: began.UnixMilli(), VID: "v", ApplicationID: app, ServiceID: "urn:h5:0", Fields: int64(i), ShapeID: strconv.Itoa(i), Duration: 1000}
				if i%3 == 0 {
					call.Code, call.Fields, call.ShapeID = "scope_denied", 0, "0"
				}
				if err := l.RecordNow(d.T.Context(), call, nil); err != nil {
					d.T.Fatal(err)
				}
			}
		}
		if _, err := days.Do(d.T.Context()); err != nil {
			d.T.Fatal(err)
		}
	}
	if err := l.Close(d.T.Context()); err != nil {
		d.T.Fatal(err)
	}
}

// ledgerSays is what the ledger's own rows come to, in the order of a statement.
func (d *desk) ledgerSays(app string, from, until time.Time) []string {
	d.T.Helper()
	db := d.Database()
	defer db.Close()
	events := func(kinds string) string {
		return "SELECT count(*) FROM events WHERE kind IN (" + kinds + ") AND application_id = '%s' AND at >= %d AND at < %d"
	}
	calls := func(what, where string) string {
		return "SELECT coalesce(" + what + ", 0) FROM calls WHERE " + where + " AND application_id = '%s' AND at >= %d AND at < %d"
	}
	var list []string
	for _, query := range []string{
		events("'at.issued'"), events("'at.refused'"), events("'vt.issued'"), events("'vt.refused', 'at.reused'"), events("'vt.renewed'"),
		events("'vt.renewal_refused'"), events("'visit.closed'"), calls("count(*)", "code = ''"), calls("count(*)", "code <> ''"),
		calls("sum(CASE WHEN shape_id <> '0' THEN 1 ELSE 0 END)", "1 = 1"), calls("sum(CAST(shape_id AS INTEGER))", "1 = 1"),
	} {
		var n int64
		if err := db.QueryRow(fmt.Sprintf(query, app, from.UnixMilli(), until.UnixMilli())).Scan(&n); err != nil {
			d.T.Fatal(query, err)
		}
		list = append(list, strconv.FormatInt(n, 10))
	}
	return list
}

func TestStatementIsTheLedgers(t *testing.T) {
	t.Parallel()
	eachDesk(t, func(t *testing.T, d *desk) {
		zone, err := time.LoadLocation("Asia/Shanghai") // the gateway's own
		if err != nil {
			t.Fatal(err)
		}
		first := time.Date(2026, 9, 1, 0, 0, 0, 0, zone)
		d.seedMonths(zone, first)
		for _, month := range []time.Time{first.AddDate(0, -1, 0), first, first.AddDate(0, 1, 0)} {
			want := d.ledgerSays(apptest.Travel, month, month.AddDate(0, 1, 0))
			for _, by := range []string{"", "day"} {
				form := url.Values{"month": {month.Format("2006-01")}, "by": {by}}
				rec := d.post(officer, "/console/partners/p_travel/statement", form)
				if rec.Code != http.StatusOK {
					t.Fatalf("%s: %d %s", form, rec.Code, said(rec.Body.String()))
				}
				cells, err := csv.NewReader(bytes.NewReader(bytes.TrimPrefix(rec.Body.Bytes(), []byte("\ufeff")))).ReadAll()
				if err != nil || len(cells) < 3 {
					t.Fatalf("%s: %v, %v", form, cells, err)
				}
				total := cells[len(cells)-1][9:]
				if strings.Join(total, " ") != strings.Join(want, " ") {
					t.Errorf("%s: the statement says %v, the ledger %v", form, total, want)
				}
				sums := make([]int64, len(total))
				for _, line := range cells[1 : len(cells)-1] {
					for i, n := range line[9:] {
						x, _ := strconv.ParseInt(n, 10, 64)
						sums[i] += x
					}
				}
				if text := strings.Trim(fmt.Sprint(sums), "[]"); text != strings.Join(want, " ") {
					t.Errorf("%s: the lines come to %s, the ledger %v", form, text, want)
				}
			}
		}
		exported := d.Events("statement.exported")
		months := map[string]int{} // they are of one millisecond, so in no order
		for _, e := range exported {
			if e.Actor != "" && e.Detail["id"] == "p_travel" {
				months[e.Detail["month"]]++
			}
		}
		if len(exported) != 6 || months["2026-08"] != 2 || months["2026-09"] != 2 || months["2026-10"] != 2 {
			t.Errorf("on record: %+v", exported)
		}
		wants(t, d.page(support, "/console/partners/p_travel/statement?month=2026-09&by=day"), "vt.reissued", "Total", "1 September 2026")
		wants(t, d.page(support, "/console/statements"), "/console/partners/p_travel/statement?month=2026-09", "September 2026")
	})
}

func TestStatementIsRefused(t *testing.T) {
	t.Parallel()
	eachDesk(t, func(t *testing.T, d *desk) {
		d.Exec("UPDATE partners SET name = '=1+1' WHERE id = 'p_travel'")
		for path, want := range map[string]int{
			"/console/partners/p_travel/statement?month=2031-01": 422, "/console/partners/p_travel/statement?month=x": 422,
			"/console/partners/none/statement": 404, "/console/statements?until=2031-01": 422, "/console/statements?after=x": 422,
		} {
			if rec := d.get(officer, path); rec.Code != want {
				t.Errorf("%s: %d, want %d", path, rec.Code, want)
			}
		}
		if rec := d.get(system, "/console/partners/p_travel/statement"); rec.Code != http.StatusForbidden {
			t.Errorf("the system administrator: %d", rec.Code)
		}
		if rec := d.post(system, "/console/partners/p_travel/statement", url.Values{}); rec.Code != http.StatusForbidden || len(d.Events("statement.exported")) != 0 {
			t.Errorf("the system administrator takes it along: %d", rec.Code)
		}
		if text := d.post(audit, "/console/partners/p_travel/statement", url.Values{}).Body.String(); !strings.Contains(text, "'=1+1") {
			t.Errorf("a formula: %s", text)
		}
	})
}
