package story_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"postern/app/demo/story"
	"postern/views/demo"
)

var began = time.UnixMilli(1795140331204).UTC()

// answered plays the bank that answered one call.
type answered struct{ answer story.Answer }

func (a answered) Answer(vid, method, path string) (story.Answer, bool) {
	return a.answer, vid == visitID && method == "GET" && path == "/loans/offers"
}

const (
	visitID = "pQ3zX0n1m8Yc5Vt7Lw2kRA"
	jwe     = "aGVhZGVy.a2V5.aXY.Y29udGVudA.dGFn"
)

// begun is a visit after B.
func begun() story.Trace {
	return story.Trace{
		ID: "t1", Partner: "lianhe", Address: "http://localhost:8090/h5#at=a.b.c",
		Steps: []story.Step{
			{Letter: "A", From: began, Until: began},
			{Letter: "B", From: began, Until: began.Add(14 * time.Millisecond), Bytes: 1904, Request: story.Message{Opened: "grant_type=client_credentials"}, Reply: story.Message{Sealed: jwe, Opened: `{"iss":"g"}`}},
		},
	}
}

func report(t *testing.T, fields string) story.Report {
	t.Helper()
	r, err := story.ParseReport([]byte("{" + fields + "}"))
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func ms(after time.Duration) string {
	return fmt.Sprintf("%.1f", float64(began.Add(after).UnixMicro())/1000)
}

// entry is a report of D and E with this answer.
func entry(t *testing.T, status int, opened string) story.Report {
	t.Helper()
	text, err := json.Marshal(opened)
	if err != nil {
		t.Fatal(err)
	}
	return report(t, fmt.Sprintf(`"kind":"exchange","path":"/gateway/v1/visit-tokens","status":%d,"sent":%s,"headers":%s,"until":%s,
		"request":{"sealed":%q,"opened":"{}"},"reply":{"sealed":%q,"opened":%s}`,
		status, ms(554*time.Millisecond), ms(563*time.Millisecond), ms(564*time.Millisecond), jwe, jwe, text))
}

// call is a report of one G with this reply.
func call(t *testing.T, status int, opened string) story.Report {
	t.Helper()
	text, err := json.Marshal(opened)
	if err != nil {
		t.Fatal(err)
	}
	return report(t, fmt.Sprintf(`"kind":"exchange","path":"/gateway/v1/calls","status":%d,"sent":%s,"headers":%s,"until":%s,
		"request":{"sealed":%q,"opened":"{\"method\":\"GET\",\"path\":\"/loans/offers\"}"},"reply":{"sealed":%q,"opened":%s}`,
		status, ms(570*time.Millisecond), ms(600*time.Millisecond), ms(611*time.Millisecond), jwe, jwe, text))
}

var bank = answered{story.Answer{
	Body:      []byte(`{"offer":{"limit":"186000.00","rate":3.850,"score":742},"holder":{"phone":"13812346027","tags":["a","b"]}}`),
	Assertion: []byte(`{"iss":"g"}`), Scope: "loan.offer:read",
	Fields: []story.Field{{Path: "offer.limit", Class: "C2"}, {Path: "offer.rate", Class: "C1"}, {Path: "holder.phone", Class: "C2", Mask: "phone"}, {Path: "offer.score", Class: "C3"}},
}}

const reduced = `{"jti":"x","status":200,"body":{"offer":{"limit":"186000.00","rate":3.850},"holder":{"phone":"138****6027"}}}`

// whole is a visit from A to G.
func whole(t *testing.T) story.Trace {
	t.Helper()
	var book story.Book
	trace := begun()
	book.Add(trace)
	for _, r := range []story.Report{
		entry(t, 200, `{"vid":"`+visitID+`"}`),
		report(t, `"kind":"keys","from":`+ms(564*time.Millisecond)+`,"until":`+ms(566*time.Millisecond)),
		call(t, 200, reduced),
	} {
		var ok bool
		if trace, ok = book.Append(trace.ID, r.Steps(trace, bank)...); !ok {
			t.Fatal("steps were not kept")
		}
	}
	return trace
}

func letters(t story.Trace) string {
	var all strings.Builder
	for _, s := range t.Steps {
		all.WriteString(s.Letter)
	}
	return all.String()
}

func TestReportsBecomeTheStepsOfAVisit(t *testing.T) {
	t.Parallel()
	trace := whole(t)
	if letters(trace) != "ABCDEFG" || trace.VID != visitID {
		t.Fatalf("steps %s of visit %q", letters(trace), trace.VID)
	}
	for i, want := range map[int]time.Duration{2: 540 * time.Millisecond, 3: 9 * time.Millisecond, 4: time.Millisecond, 5: 2 * time.Millisecond, 6: 41 * time.Millisecond} {
		if got := trace.Steps[i].Until.Sub(trace.Steps[i].From); got != want {
			t.Errorf("step %s took %s, want %s", trace.Steps[i].Letter, got, want)
		}
	}
	if _, stopped := trace.Stopped(); stopped {
		t.Error("a visit that went well is said to have stopped")
	}
}

func TestAReceiptComparesWhatLeftWithWhatTheBankSaid(t *testing.T) {
	t.Parallel()
	receipt := whole(t).Steps[6].Receipt
	if receipt == nil {
		t.Fatal("there is no receipt")
	}
	var got []string
	for _, line := range receipt.Lines {
		got = append(got, fmt.Sprintf("%s %s %s %t", line.Path, line.Class, line.Fate, line.Named))
	}
	want := []string{
		"offer.limit C2 kept true", "offer.rate C1 kept true", "holder.phone C2 masked true", "offer.score C3 dropped true", "holder.tags.*  dropped false",
	}
	if strings.Join(got, "\n") != strings.Join(want, "\n") {
		t.Errorf("receipt:\n%s\nwant:\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

func TestARefusalMarksWhereTheVisitStopped(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name   string
		report story.Report
		letter string
		code   string
	}{
		{"a sealed refusal of D", entry(t, 409, `{"code":"at_spent","status":409}`), "E", "at_spent"},
		{"an answer that could not be opened", entry(t, 500, ``), "E", "500"},
		{"no answer", report(t, `"kind":"exchange","path":"/gateway/v1/visit-tokens","status":0,"request":{"sealed":"x"}`), "E", "network"},
		{"a refused call", call(t, 403, `{"code":"scope_denied"}`), "G", "scope_denied"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			trace := begun()
			trace.Steps = append(trace.Steps, tc.report.Steps(trace, bank)...)
			stopped, ok := trace.Stopped()
			if !ok || stopped.Letter != tc.letter || stopped.Code != tc.code {
				t.Errorf("stopped at %s with %q, want %s with %q", stopped.Letter, stopped.Code, tc.letter, tc.code)
			}
		})
	}
}

// spentBefore is a visit whose link somebody else had opened.
func spentBefore(t *testing.T) story.Trace {
	t.Helper()
	trace := begun()
	trace.First = &story.Opening{At: began.Add(30 * time.Millisecond), VID: visitID, Scope: "loan.offer:read"}
	var book story.Book
	book.Add(trace)
	steps := entry(t, 409, `{"code":"at_spent","status":409,"request_id":"r1"}`).Steps(trace, bank)
	if id := steps[2].RequestID(); id != "r1" {
		t.Errorf("the refused request is named %q", id)
	}
	steps[2].Entry = &story.Entry{
		At: began.Add(562 * time.Millisecond), Reason: "other_r", VID: visitID, Body: []byte(`{"kind":"at.reused","alarm":true}`),
	}
	trace, _ = book.Append(trace.ID, steps...)
	return trace
}

func TestACopiedLinkTellsOfBothWhoOpenedIt(t *testing.T) {
	t.Parallel()
	show := story.Show{Partner: "Lianhe Travel", Zone: time.UTC}
	before := begun()
	before.First = &story.Opening{At: began.Add(30 * time.Millisecond), VID: visitID}
	if card := story.View(t.Context(), before, show).First; card == nil || card.Opened != "+30 ms" || card.Ended != "" {
		t.Errorf("before the visitor's page has asked: %+v", card)
	}
	view := story.View(t.Context(), spentBefore(t), show)
	card := view.First
	if card == nil || card.Opened != "+30 ms" || card.Ended != "+0.56 s" || card.Visit != visitID || !strings.Contains(card.Could, "For 0.53 s") {
		t.Errorf("whoever was first: %+v", card)
	}
	for _, part := range []string{"This page got no VT", "opened the link first has been ended"} {
		if !strings.Contains(view.Lead, part) {
			t.Errorf("the lead %q lacks %q", view.Lead, part)
		}
	}
}

func TestOnlyTheBankSideReadsWhy(t *testing.T) {
	t.Parallel()
	trace := spentBefore(t)
	inside := func(sealed bool) (labels []string) {
		for _, pane := range story.View(t.Context(), trace, story.Show{Zone: time.UTC, Sealed: sealed}).Message.Panes {
			if pane.Inside {
				labels = append(labels, pane.Label)
			}
		}
		return labels
	}
	if labels := inside(false); len(labels) != 1 || !strings.Contains(labels[0], "other_r.") {
		t.Errorf("the bank's side is told %q", labels)
	}
	if labels := inside(true); len(labels) != 0 {
		t.Errorf("whoever is between the two sees %q", labels)
	}
}

func TestViewShowsTheChosenStep(t *testing.T) {
	t.Parallel()
	trace := whole(t)
	view := func(step string, sealed bool) demo.Story {
		return story.View(t.Context(), trace, story.Show{Partner: "Lianhe Travel", Zone: time.UTC, Step: step, Sealed: sealed})
	}
	first := view("", false)
	if first.Message == nil || first.Message.Letter != "D" || !strings.Contains(first.Lead, "Lianhe Travel") {
		t.Errorf("first shown: %+v, %q", first.Message, first.Lead)
	}
	if facts := first.Hood.Facts; facts != "7 steps, 0.61 s, started 02:05:31.204, visit" {
		t.Errorf("facts %q", facts)
	}
	g := view("G", false)
	if len(g.Message.Panes) != 3 || !g.Hood.Steps[6].Current || g.Hood.Steps[6].What != "GET /loans/offers" || g.Hood.Steps[6].Left != "2 kept, 1 masked, 2 dropped" {
		t.Errorf("G: %d panes, %+v", len(g.Message.Panes), g.Hood.Steps[6])
	}
	for _, pane := range view("G", true).Message.Panes {
		if len(pane.Lines) > 0 || len(pane.Parts) == 0 {
			t.Errorf("a sealed message shows %+v", pane)
		}
	}
	if card := view("", false).Receipt; card == nil || len(card.Rows) != 5 || card.Rows[2].Words != "phone mask" {
		t.Errorf("receipt card %+v", card)
	}
}

func TestViewOfAVisitThatHasNotBegun(t *testing.T) {
	t.Parallel()
	view := story.View(t.Context(), story.Trace{}, story.Show{Partner: "Nanfeng", Zone: time.UTC})
	if view.Message != nil || view.Hood.Live || len(view.Hood.Steps) != 7 {
		t.Errorf("view %+v", view)
	}
	for _, step := range view.Hood.Steps {
		if step.State != "idle" || step.Href != "" {
			t.Errorf("step %s is %s with address %q", step.Letter, step.State, step.Href)
		}
	}
}

func TestTheBookIsBounded(t *testing.T) {
	t.Parallel()
	var book story.Book
	for i := range 201 {
		book.Add(story.Trace{ID: fmt.Sprint(i)})
	}
	if _, there := book.Find("0"); there {
		t.Error("the oldest trace is still there")
	}
	if _, there := book.Find("200"); !there {
		t.Error("the newest trace is not there")
	}
	if _, ok := book.Append("200", make([]story.Step, 41)...); ok {
		t.Error("a trace took more steps than it may")
	}
}

func TestParseReportRefusesWhatIsNone(t *testing.T) {
	t.Parallel()
	for _, text := range []string{"", "[]", `{"kind":"leave"}`, `{"kind":1}`} {
		if _, err := story.ParseReport([]byte(text)); err == nil {
			t.Errorf("%q was taken for a report", text)
		}
	}
}
