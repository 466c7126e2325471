package bankfile_test

import (
	"crypto/rand"
	"database/sql"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"postern/app/bankfile"
	"postern/app/directory"
	"postern/app/disclosure"
	"postern/app/ledger"
	"postern/app/records"
	"postern/app/store"
	"postern/app/store/storetest"
	"postern/models"
	"postern/policies"
)

// A preview is what comes out when each recorded call is decided once by the rows
// as they are and once by those that the draft really leaves behind.
func TestPreviewIsTheReplayOfEachCall(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		compiler, err := policies.NewCompiler()
		if err != nil {
			t.Fatal(err)
		}
		p := &past{t: t, s: s, compiler: compiler, at: now}
		applied(t, s, `services: [{id: "urn:x", name: X, class: A1, status: active, h5_url: "https://x.example/", origins: ["https://x.example"], api_id: OPABCDEF01ABCDEFABCDEFGH}]
partners: [{id: p, name: P, status: active}]
applications: [{id: a, partner: p, name: A, environment: production, status: active}, {id: b, partner: p, name: B, environment: production, status: active}]`)
		rapid.Check(t, p.check)
		if p.fails == 0 || p.passes == 0 || p.fields == 0 {
			t.Errorf("nothing was tried: %d calls failed, %d passed, %d fields moved", p.fails, p.passes, p.fields)
		}
	})
}

// past is a database with calls on record.
type past struct {
	t        *testing.T
	s        *store.Store
	compiler *policies.Compiler
	at       time.Time // later in each check
	grants   []string  // that live
	named    int

	fails, passes, fields int // that were met, over all checks
}

// seen is one call with what its page asked for and its reply had.
type seen struct {
	app, path, reply string
	scopes           []string
	customer         bool
	outcome          models.CallOutcome
	route            string
}

func (p *past) check(rt *rapid.T) {
	p.at = p.at.Add(40 * 24 * time.Hour) // what is on record of checks before is too old
	p.apply(rt, drawWorld(rt, p, true))
	calls := rapid.SliceOfN(rapid.Custom(drawSeen), 1, 25).Draw(rt, "calls")
	p.record(calls)
	draft := drawWorld(rt, p, false)
	var preview records.Preview
	before := p.directory()
	r := records.New(records.Options{Store: p.s, Now: func() time.Time { return p.at }, Zone: time.UTC, Rand: rand.Reader})
	err := p.s.Business(p.t.Context(), func(b store.Business) error {
		rows, err := bankfile.Draft(b, draft, p.at)
		if err == nil {
			preview, err = r.Preview(p.t.Context(), b, before, rows, 7)
		}
		return err
	})
	var refusal *bankfile.Refusal
	if errors.As(err, &refusal) {
		return
	}
	if err != nil {
		rt.Fatal(err)
	}
	// Each side's answers are taken while it is what the database says.
	was := p.answers(before, calls)
	p.apply(rt, draft)
	p.compare(rt, preview, calls, was, p.answers(p.directory(), calls))
}

func drawWorld(rt *rapid.T, p *past, whole bool) string {
	var b strings.Builder
	if whole || rapid.Bool().Draw(rt, "routes") {
		b.WriteString("services:\n  - id: urn:x\n    routes:\n")
		for i, pattern := range rapid.Permutation([]string{"/a", "/b", "/c/{id}", "/c/fixed"}).Draw(rt, "patterns")[:rapid.IntRange(2, 3).Draw(rt, "count")] {
			fmt.Fprintf(&b, "      - { id: r%d, method: GET, pattern: %q, resource: %s, action: read, owner_check: upstream, requires_customer: %v }\n",
				i, pattern, rapid.SampledFrom([]string{"x", "y"}).Draw(rt, "resource"), rapid.IntRange(0, 4).Draw(rt, "customer") == 0)
		}
	}
	b.WriteString("scopes:\n")
	for _, id := range []string{"s", "t", "u"} {
		if whole || rapid.Bool().Draw(rt, "scope") {
			fmt.Fprintf(&b, "  - { id: %s, service: urn:x, title: T, requires_customer: %v, permissions: [%s] }\n", id,
				rapid.IntRange(0, 5).Draw(rt, "customer") == 0, drawPermissions(rt))
		}
	}
	b.WriteString("grants:\n")
	var kept []string
	for _, id := range p.grants {
		if whole || rapid.IntRange(0, 2).Draw(rt, "end") == 0 {
			fmt.Fprintf(&b, "  - { id: %s, ended: true }\n", id)
		} else {
			kept = append(kept, id)
		}
	}
	for range rapid.IntRange(0, 3).Draw(rt, "grants") {
		p.named++
		id := fmt.Sprintf("g%d", p.named)
		kept = append(kept, id)
		fmt.Fprintf(&b, "  - { id: %s, application: %s, scope: %s, purpose: P, starts_at: %s }\n", id, rapid.SampledFrom([]string{"a", "b"}).Draw(rt, "app"),
			rapid.SampledFrom([]string{"s", "t", "u"}).Draw(rt, "scope"), p.at.Format(time.RFC3339))
	}
	p.grants = kept
	text := b.String()
	for _, section := range []string{"scopes:\n", "grants:\n"} {
		text = strings.TrimSuffix(strings.ReplaceAll(text, section+"grants:", "grants:"), section)
	}
	return text
}

func drawPermissions(rt *rapid.T) string {
	var list []string
	for _, resource := range []string{"x", "y"} {
		switch rapid.IntRange(0, 6).Draw(rt, "effect") {
		case 0, 1:
		case 2:
			list = append(list, fmt.Sprintf("{ resource: %s, action: read, deny: true }", resource))
		default:
			var fields []string
			for _, path := range []string{"a", "b.c", "b.d", "l.*.x"} {
				if how := rapid.SampledFrom([]string{"", "treatment: keep, class: C1", "treatment: keep, class: C2", "treatment: mask, mask: phone, class: C2",
					"treatment: mask, mask: amount, class: C3", "treatment: drop"}).Draw(rt, "field"); how != "" {
					fields = append(fields, fmt.Sprintf("{ path: %q, %s }", path, how))
				}
			}
			list = append(list, fmt.Sprintf("{ resource: %s, action: read, fields: [%s] }", resource, strings.Join(fields, ", ")))
		}
	}
	return strings.Join(list, ", ")
}

func drawSeen(rt *rapid.T) seen {
	return seen{
		app: rapid.SampledFrom([]string{"a", "b"}).Draw(rt, "app"), path: rapid.SampledFrom([]string{"/a", "/b", "/c/7"}).Draw(rt, "path"),
		scopes:   rapid.SliceOfNDistinct(rapid.SampledFrom([]string{"s", "t", "u"}), 1, 3, rapid.ID).Draw(rt, "scopes"),
		customer: rapid.Bool().Draw(rt, "customer"),
		reply: rapid.SampledFrom([]string{`{"a":"13812346027"}`, `{"b":{"c":"1","d":"2"}}`, `{"l":[{"x":"1","y":2},{"x":"3"}],"z":0}`,
			`{"a":{"q":1},"b":{"c":"1","e":[]}}`, `{}`, `{"z":{"b":{"c":1}}}`, `[1]`}).Draw(rt, "reply"),
	}
}

func (p *past) apply(rt *rapid.T, text string) {
	if _, err := read(p.t, text).Apply(p.t.Context(), p.s, bankfile.Options{Now: p.at}, rand.Reader); err != nil {
		rt.Fatalf("%v\n%s", err, text)
	}
}

func (p *past) directory() *directory.Directory {
	d, err := directory.Open(p.t.Context(), p.s, p.compiler)
	if err != nil {
		p.t.Fatal(err)
	}
	return d
}

// told is what a side says of one call.
type told struct {
	passes bool
	route  string
	notes  map[string]disclosure.FieldNote // of the reply's leaves, by the path of their field
	plan   *disclosure.Plan
	shape  disclosure.Shape
}

func (p *past) answers(d *directory.Directory, calls []seen) (list []told) {
	fail := func(err error) {
		if err != nil {
			p.t.Fatal(err)
		}
	}
	for _, c := range calls {
		a, err := d.Application(p.t.Context(), c.app)
		fail(err)
		svc, err := d.Service(p.t.Context(), "urn:x")
		fail(err)
		m, found := svc.Router.Find("GET", c.path, "")
		if !found {
			list = append(list, told{})
			continue
		}
		access, err := d.Access(a, svc, p.at)
		fail(err)
		admitted := access.Admit(m.Route, c.scopes, c.customer)
		x := told{passes: admitted.Open(), route: m.Route.ID, notes: map[string]disclosure.FieldNote{}}
		if x.passes {
			x.plan, err = access.Plan(m.Route.Permission, admitted.Scopes, nil)
			fail(err)
			notes, err := x.plan.Explain([]byte(c.reply))
			fail(err)
			for _, n := range notes {
				x.notes[n.Path] = n
			}
			result, err := x.plan.Reduce([]byte(c.reply), 1<<20)
			fail(err)
			x.shape = result.Shape
		}
		list = append(list, x)
	}
	return list
}

// record puts the calls on record as they were decided, and counts half of them.
func (p *past) record(calls []seen) {
	list := p.answers(p.directory(), calls)
	err := p.s.WriteGroup(p.t.Context(), func(tx *sql.Tx) error {
		for i := range calls {
			c, x := &calls[i], list[i]
			at := p.at.Add(time.Duration(i-40) * time.Minute)
			id, err := ledger.NewID(at, rand.Reader)
			if err != nil {
				return err
			}
			code, reason, shape, signed := "", "", "", int64(0)
			switch c.route = x.route; {
			case x.route == "":
				code, reason = "no_route", "no_route"
			case !x.passes:
				code, reason = "scope_denied", "no_rule"
			default:
				shape = x.shape.ID()
			}
			c.outcome = models.OutcomeOf(models.Call{Code: code, Reason: reason})
			if c.customer {
				signed = at.UnixMilli() - 1000
			}
			for _, one := range []struct {
				query string
				args  []any
			}{
				{"INSERT INTO visits (vid, at_hash, partner_id, application_id, service_id, environment, scope, auth_time, opened_at, dead_after) VALUES (?, '', 'p', ?, 'urn:x', 'production', ?, ?, 0, 0)",
					[]any{id, c.app, strings.Join(c.scopes, " "), signed}},
				{"INSERT INTO calls (id, at, vid, request_id, partner_id, application_id, service_id, route_id, code, reason, shape_id) VALUES (?, ?, ?, '', 'p', ?, 'urn:x', ?, ?, ?, ?)",
					[]any{id, at.UnixMilli(), id, c.app, c.route, code, reason, shape}},
				{"INSERT INTO shapes (id, canonical, first_seen) VALUES (?, ?, 0) ON CONFLICT DO NOTHING", []any{x.shape.ID(), string(x.shape.Canonical())}},
			} {
				if _, err := tx.Exec(p.s.Rebind(one.query), one.args...); err != nil {
					return err
				}
			}
		}
		return nil
	})
	if err == nil {
		until := p.at.Add(time.Duration(len(calls)/2-40) * time.Minute)
		_, err = p.s.FoldCalls(p.t.Context(), p.at.AddDate(0, 0, -7), until, time.UTC)
	}
	if err != nil {
		p.t.Fatal(err)
	}
}

// effectKey is what effects are counted by here.
type effectKey struct {
	effect           records.Effect
	app, route, path string
}

func (p *past) compare(rt *rapid.T, preview records.Preview, calls []seen, was, will []told) {
	want := map[effectKey]int64{}
	for i, c := range calls {
		if c.route == "" { // its path is on no record
			continue
		}
		switch {
		case was[i].passes && !will[i].passes:
			want[effectKey{records.Fails, c.app, c.route, ""}]++
		case !was[i].passes && will[i].passes:
			want[effectKey{records.Passes, c.app, c.route, ""}]++
		}
		for key := range p.moved(c, was[i], will[i]) {
			want[key]++
		}
	}
	got := map[effectKey]records.AffectedCalls{}
	for _, row := range preview.Rows {
		key := effectKey{row.Effect, row.Application, row.Route, row.Path}
		sum := got[key]
		row.Calls, row.Sure = row.Calls+sum.Calls, row.Sure && (sum.Calls == 0 || sum.Sure)
		got[key] = row
	}
	for key, n := range want {
		if got[key].Calls < n || (key.path == "" || got[key].Sure) && got[key].Calls != n {
			rt.Errorf("%+v: %d calls by the preview, %d one by one", key, got[key].Calls, n)
		}
		if key.path != "" {
			p.fields++
		}
	}
	for key, row := range got {
		if row.Sure && want[key] == 0 {
			rt.Errorf("%+v: %d calls by the preview, none one by one", key, row.Calls)
		}
		p.fails, p.passes = p.fails+btoi(key.effect == records.Fails), p.passes+btoi(key.effect == records.Passes)
	}
}

func btoi(b bool) int {
	if b {
		return 1
	}
	return 0
}

// moved are the effects on the fields of one call's reply, by its leaves.
func (p *past) moved(c seen, was, will told) map[effectKey]bool {
	moved := map[effectKey]bool{}
	if !will.passes {
		return moved
	}
	reveals := func(n disclosure.FieldNote) int {
		return disclosure.Field{Treatment: n.Treatment, Mask: n.Mask}.Reveals()
	}
	note := func(path string, from, to int) {
		effect := records.Effect("")
		switch {
		case from == to:
			return
		case from == 0:
			effect = records.Leaves
		case to == 0:
			effect = records.Stops
		case to > from:
			effect = records.Opens
		default:
			effect = records.Masks
		}
		moved[effectKey{effect, c.app, c.route, path}] = true
	}
	if c.outcome != models.CallOK { // nobody has seen what it would have had
		for _, f := range will.plan.Fields() {
			before := 0
			if was.plan != nil {
				was, _ := was.plan.Leaf(f.Path)
				before = was.Reveals()
			}
			note(f.Path, before, f.Reveals())
		}
		return moved
	}
	for path, n := range will.notes {
		before := 0
		if was.passes {
			before = reveals(was.notes[path])
		}
		note(path, before, reveals(n))
	}
	return moved
}
