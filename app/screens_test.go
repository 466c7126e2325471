package app_test

import (
	"encoding/binary"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"golang.org/x/net/html"

	"postern/app"
	"postern/app/store/storetest"
	"postern/models"
)

// counting hands out numbers instead of chance, each above the one before: what
// happens in one millisecond keeps its order by its ids.
type counting struct{ n atomic.Uint64 }

func (c *counting) Read(p []byte) (int, error) {
	clear(p)
	var number [8]byte
	binary.BigEndian.PutUint64(number[:], c.n.Add(1))
	copy(p, number[max(0, len(number)-len(p)):])
	return len(p), nil
}

// TestScreensReadAsWrittenDown holds every screen of the contact sheets' plan to a
// file: what somebody reads and can use there, in order, in both languages; and what
// it says with nothing to show, of a form that was left empty, and to whom it is not
// open.
func TestScreensReadAsWrittenDown(t *testing.T) {
	t.Parallel()
	full, empty := newStudioOn(t, storetest.SQLiteConfig(t), true, steady), newStudioOn(t, storetest.SQLiteConfig(t), false, steady)
	plan := full.fullShots()
	bare := map[string]shot{}
	for _, x := range empty.emptyShots() {
		bare[empty.route(x.path)] = x
	}
	pages := make([]*strings.Builder, len(plan))
	for i, x := range plan {
		pages[i] = &strings.Builder{}
		for _, language := range []string{"en", "zh-CN"} {
			full.record(pages[i], x, language, language)
		}
		route := full.route(x.path)
		if x, known := bare[route]; known {
			empty.record(pages[i], x, "en", "empty")
			delete(bare, route)
		}
		full.record(pages[i], full.shut(x), "en", "forbidden")
	}
	for i, x := range plan { // at the end: some forms keep what was left empty
		full.recordRefused(pages[i], x)
	}
	words := full.fixed()
	emptyWords := empty.fixed()
	files := []string{}
	for i, x := range plan {
		if x.script != "" || strings.HasPrefix(x.name, "x-") {
			continue // a state of another screen, or made by a browser
		}
		file := filepath.Join("testdata/screens", x.name+".golden")
		golden(t, file, emptyWords(words(pages[i].String())))
		files = append(files, file)
	}
	kept, err := filepath.Glob("testdata/screens/*.golden")
	full.must(err)
	for _, file := range kept {
		if !slices.Contains(files, file) {
			t.Errorf("%s is of no screen any more", file)
		}
	}
	if len(bare) > 0 {
		t.Errorf("nothing shows these full: %v", bare)
	}
}

// steady makes what a gateway draws by chance come in order.
func steady(c *app.Config) { c.Rand = &counting{} }

func golden(t *testing.T, file, got string) {
	t.Helper()
	if *update {
		if err := os.WriteFile(file, []byte(got), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("%s differs (-update writes it anew):\n%s", file, firstDifference(string(want), got))
	}
}

// firstDifference is where two texts part, with some lines of each.
func firstDifference(want, got string) string {
	a, b := strings.Split(want, "\n"), strings.Split(got, "\n")
	i := 0
	for i < min(len(a), len(b)) && a[i] == b[i] {
		i++
	}
	return fmt.Sprintf("line %d\n- %s\n+ %s", i+1, strings.Join(a[i:min(len(a), i+4)], "\n- "), strings.Join(b[i:min(len(b), i+4)], "\n+ "))
}

// record writes down one state of a screen; a shot without a name is none.
func (s *studio) record(b *strings.Builder, x shot, language, state string) {
	s.t.Helper()
	if x.name == "" {
		return
	}
	s.people[x.as].prefers("lang", language)
	rec := s.people[x.as].get(x.path)
	if rec.Code == http.StatusSeeOther {
		rec = s.people[x.as].get(rec.Header().Get("Location"))
	}
	fmt.Fprintf(b, "=== %s: %d for %s\n%s\n", state, rec.Code, x.as, outline(rec.Body.String(), nil))
}

// shut is a screen as the first role sees it that may not; none if all may.
func (s *studio) shut(x shot) shot {
	for _, row := range s.screens() {
		if row.Method != http.MethodGet || row.Pattern != s.route(x.path) {
			continue
		}
		rights := s.rights()
		for _, role := range append(slices.Clone(models.StaffRoles), owner, developer, viewer) {
			if s.people[role].house == s.people[x.as].house && !row.Access.Allows(rights[role]) {
				x.as = role
				return x
			}
		}
	}
	return shot{}
}

// recordRefused sends a screen's forms with nothing typed and writes down which
// fields are marked, and how.
func (s *studio) recordRefused(b *strings.Builder, x shot) {
	s.t.Helper()
	if x.script != "" || x.status != 0 || s.people[x.as].secret == "" || x.as == newcomer || x.as == viewer { // the last two have to prove themselves
		return
	}
	s.prove()
	s.people[x.as].prefers("lang", "en")
	root, err := html.Parse(s.people[x.as].get(x.path).Body)
	s.must(err)
	for form := range root.Descendants() {
		if form.Data != "form" || attribute(form, "method") != "post" {
			continue
		}
		values, typed := fieldsOf(form), false
		for n := range form.Descendants() {
			kind := attribute(n, "type")
			if n.Data == "textarea" || n.Data == "input" && slices.Contains([]string{"text", "email", "date", "password"}, kind) {
				values.Set(attribute(n, "name"), "")
				typed = true
			}
		}
		if !typed {
			continue
		}
		rec := s.people[x.as].do(http.MethodPost, attribute(form, "action"), values)
		if rec.Code == http.StatusUnprocessableEntity {
			fmt.Fprintf(b, "=== nothing typed for %s: %d\n%s\n", attribute(form, "action"), rec.Code, outline(rec.Body.String(), faulted))
		}
	}
}

// faulted reports whether an element tells what is wrong with a form.
func faulted(n *html.Node) bool {
	class := attribute(n, "class")
	return strings.Contains(class, "p-fault") || strings.Contains(class, "p-summary") || strings.Contains(class, "p-errors") || attribute(n, "role") == "alert"
}

// shownRows is how many rows of a table are written down.
const shownRows = 3

// outliner writes a page down as its reader meets it.
type outliner struct{ strings.Builder }

// outline is what a page has in main, line by line; of it only what fits, if fits
// is given.
func outline(page string, fits func(*html.Node) bool) string {
	root, err := html.ParseWithOptions(strings.NewReader(page), html.ParseOptionEnableScripting(false))
	if err != nil {
		return err.Error()
	}
	var o outliner
	for n := range root.Descendants() {
		switch {
		case n.Type != html.ElementNode:
		case n.Data == "title":
			o.line("title: " + inline(n))
		case n.Data == "main" && fits == nil:
			o.block(n)
		case fits != nil && fits(n):
			o.block(n)
		}
	}
	return o.String()
}

func (o *outliner) line(text string) {
	if text = strings.Join(strings.Fields(text), " "); text == "" {
		return
	}
	if r := []rune(text); len(r) > 240 {
		text = string(r[:240]) + "…"
	}
	o.WriteString(text + "\n")
}

var blocks = strings.Fields("address article aside blockquote dd details div dl dt fieldset figcaption figure footer form h1 h2 h3 h4 header hr legend li main nav ol p pre section summary table ul")

func isBlock(n *html.Node) bool { return n.Type == html.ElementNode && slices.Contains(blocks, n.Data) }

// block writes an element's blocks, and what stands between them.
func (o *outliner) block(n *html.Node) {
	if n.Data == "table" {
		o.table(n)
		return
	}
	var run strings.Builder
	flush := func() { o.line(marks[n.Data] + run.String()); run.Reset() }
	for c := range n.ChildNodes() {
		if inner := slices.Collect(c.Descendants()); isBlock(c) || slices.ContainsFunc(inner, isBlock) {
			if strings.TrimSpace(run.String()) != "" {
				flush()
			}
			o.block(c)
			continue
		}
		run.WriteString(inline(c) + " ")
	}
	if strings.TrimSpace(run.String()) != "" {
		flush()
	} else if marks[n.Data] == "# " {
		o.line("# (an empty heading)")
	}
}

var marks = map[string]string{"h1": "# ", "h2": "## ", "h3": "### ", "h4": "#### ", "li": "- ", "dt": "· ", "dd": "  = ", "legend": "## ", "summary": "▸ "}

func (o *outliner) table(table *html.Node) {
	rows, more := 0, 0
	for n := range table.Descendants() {
		if n.Type != html.ElementNode || n.Data != "tr" && n.Data != "caption" {
			continue
		}
		if n.Data == "caption" {
			o.line("table: " + inline(n))
			continue
		}
		cells := []string{}
		for c := range n.ChildNodes() {
			if c.Type == html.ElementNode {
				cells = append(cells, strings.Join(strings.Fields(inline(c)), " "))
			}
		}
		if n.Parent.Data != "thead" {
			if rows++; rows > shownRows {
				more++
				continue
			}
		}
		o.line("| " + strings.Join(cells, " | ") + " |")
	}
	if more > 0 {
		o.line("| … |")
	}
}

// inline is an element's text with what can be used in it.
func inline(n *html.Node) string {
	if n.Type == html.TextNode {
		return n.Data
	}
	var b strings.Builder
	for c := range n.ChildNodes() {
		b.WriteString(inline(c))
		if isBlock(c) || c.Data == "time" {
			b.WriteString(" ")
		}
	}
	text := strings.Join(strings.Fields(b.String()), " ")
	name := firstText(text, attribute(n, "aria-label"))
	switch {
	case n.Type != html.ElementNode:
		return b.String()
	case n.Data == "svg" || n.Data == "script" || n.Data == "template" || has(n, "hidden") && n.Data != "input":
		return ""
	case n.Data == "a":
		return " [" + name + " → " + attribute(n, "href") + "] "
	case n.Data == "button":
		return " <" + strings.TrimSpace(name+" "+attribute(n, "formaction")) + "> "
	case n.Data == "input" && attribute(n, "type") == "hidden":
		return ""
	case n.Data == "input" && slices.Contains([]string{"radio", "checkbox"}, attribute(n, "type")):
		return map[bool]string{true: "(x) ", false: "( ) "}[has(n, "checked")]
	case n.Data == "input":
		return " {" + attribute(n, "type") + ": " + attribute(n, "value") + "} "
	case n.Data == "textarea":
		return " {area: " + text + "} "
	case n.Data == "select":
		return " {one of: " + optionsOf(n) + "} "
	case n.Data == "progress" || n.Data == "meter":
		return ""
	}
	return b.String()
}

// optionsOf is what can be chosen, the chosen one first.
func optionsOf(list *html.Node) string {
	var texts []string
	for n := range list.Descendants() {
		if n.Type != html.ElementNode || n.Data != "option" {
			continue
		}
		text := strings.Join(strings.Fields(inline(n)), " ")
		if has(n, "selected") {
			texts = slices.Insert(texts, 0, text)
		} else {
			texts = append(texts, text)
		}
	}
	if len(texts) > 6 {
		texts = append(texts[:6], fmt.Sprintf("… of %d", len(texts)))
	}
	return strings.Join(texts, ", ")
}

func firstText(texts ...string) string {
	for _, text := range texts {
		if text != "" {
			return text
		}
	}
	return ""
}

// named are columns of ids that differ from run to run.
var named = []string{
	"events.id", "events.leaf_hash", "events.request_id", "events.vid", "at_rows.jti", "visits.vid", "calls.id", "calls.request_id", "keys.kid", "credentials.thumbprint", "freezes.id", "alerts.id",
	"accounts.id", "persons.id", "factors.id", "sessions.id", "onboarding_drafts.id", "checkpoints.root", "change_requests.content_hash", "change_requests.plan_hash", "partner_notes.id",
}

var (
	ports   = regexp.MustCompile(`(localhost|127\.0\.0\.1):\d+`)
	anchors = regexp.MustCompile(`\S*/anchor\.jsonl`)
	vkeys   = regexp.MustCompile(`/events\+[0-9a-f]{8}\+[\w+/=]+`)
	folders = regexp.MustCompile(`\S*/postern\.db`)
	cursors = regexp.MustCompile(`\b(after|at|below|place)=[\w%.-]{20,}`)
	seeds   = regexp.MustCompile(`\b(?:[A-Z2-7]{4} ){3,}[A-Z2-7]{1,4}\b`)
	ulids   = regexp.MustCompile(`\b01[0-9A-HJKMNP-TV-Z]{24}\b|\b01[0-9A-HJKMNP-TV-Z]{2}…[0-9A-HJKMNP-TV-Z]{4}\b`)
	opaque  = regexp.MustCompile(`(^|[^\w-])(?:[\w-]{43}|[\w-]{22})([^\w-]|$)`)
)

// fixed replaces what differs from run to run.
func (s *studio) fixed() func(string) string {
	s.t.Helper()
	db := s.Database()
	defer db.Close()
	var pairs []string
	add := func(value, as string) {
		if len(value) < 6 {
			return
		}
		pairs = append(pairs, value, as, url.QueryEscape(value), as)
		if r := []rune(value); len(r) > 9 {
			pairs = append(pairs, string(r[:4])+"…"+string(r[len(r)-4:]), as)
		}
	}
	add(s.link, "LINK")
	for _, column := range named {
		table, name, _ := strings.Cut(column, ".")
		rows, err := db.Query("SELECT DISTINCT " + name + " FROM " + table)
		s.must(err)
		for rows.Next() {
			var value string
			s.must(rows.Scan(&value))
			add(value, strings.ToUpper(strings.TrimSuffix(table, "s")))
		}
		s.must(rows.Err())
		rows.Close()
	}
	replace := strings.NewReplacer(pairs...)
	checkpoints, err := s.App.Store().CheckpointsAbove(s.t.Context(), 0, 10)
	s.must(err)
	return func(text string) string {
		if strings.Contains(text, "/console/evidence/checkpoints/") { // how much has happened before is another page's
			for _, c := range checkpoints {
				text = regexp.MustCompile(fmt.Sprintf(`\b%d\b`, c.Size)).ReplaceAllString(text, "COUNT")
			}
		}
		text = replace.Replace(text)
		text = ports.ReplaceAllString(text, "$1:PORT")
		text = anchors.ReplaceAllString(text, "FOLDER/anchor.jsonl")
		text = vkeys.ReplaceAllString(text, "/events+KEY")
		text = folders.ReplaceAllString(text, "FOLDER/postern.db")
		text = cursors.ReplaceAllString(text, "$1=…")
		text = seeds.ReplaceAllString(text, "SECRET")
		text = ulids.ReplaceAllString(text, "REQUEST")
		return opaque.ReplaceAllString(text, "${1}ID${2}")
	}
}
