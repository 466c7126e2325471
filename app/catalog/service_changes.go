package catalog

import (
	"maps"
	"slices"
	"strings"

	"postern/app/change"
	"postern/app/directory"
	"postern/models"
)

// openness orders statuses by how much traffic they let through.
func openness(before, after models.Status) change.Effect {
	switch {
	case after == models.Active:
		return change.Widens
	case before == models.Active:
		return change.Narrows
	}
	return change.Neutral
}

// Compare tells what is different from before. What sends visitors, calls or
// answers elsewhere counts as wider: nobody can tell that it is not.
func (s Service) Compare(before Service) []change.Difference {
	c := change.Comparison{New: before.ID == ""}
	c.Text("status", string(before.Status), string(s.Status), openness(before.Status, s.Status))
	c.Text("name", before.Name, s.Name, change.Neutral)
	c.Text("h5_url", before.H5URL, s.H5URL, change.Widens)
	c.Ranked("class", before.Class, s.Class, []string{ClassA2, ClassA1})
	c.Text("api_id", before.APIID, s.APIID, change.Neutral)
	c.Flag("allow_no_origin", before.AllowNoOrigin, s.AllowNoOrigin, change.Widens)
	c.Limit(change.Limit{Field: "vt_lifetime", Before: before.VTLifetime, After: s.VTLifetime, Zero: directory.DefaultVTLifetime, Default: "900 by default"})
	c.Limit(change.Limit{Field: "renew_window", Before: before.RenewWindow, After: s.RenewWindow, Zero: directory.DefaultRenewWindow, Default: "900 by default"})
	c.Limit(change.Limit{Field: "max_age", Before: before.MaxAge, After: s.MaxAge, Zero: directory.DefaultMaxAge, Default: "7200 by default"})
	c.Limit(change.Limit{Field: "max_body", Before: before.MaxBody, After: s.MaxBody, Zero: directory.DefaultMaxBody, Default: "1 MiB by default"})
	c.Flag("durable_calls", before.DurableCalls, s.DurableCalls, change.Narrows)
	c.Set("origin", before.Origins, s.Origins)
	compareHours(&c, before.Hours, s.Hours)
	compareStops(&c, before.Stops, s.Stops)
	compareUpstreams(&c, before.Upstreams, s.Upstreams)
	compareRoutes(&c, before.Routes, s.Routes)
	return c.List
}

func compareUpstreams(c *change.Comparison, before, after []Upstream) {
	old := map[models.Environment]Upstream{}
	for _, u := range before {
		old[u.Environment] = u
	}
	for _, u := range after {
		was, at := old[u.Environment], "upstream for "+string(u.Environment)
		delete(old, u.Environment)
		c.Text(at, was.BaseURL, u.BaseURL, change.Widens)
		c.Limit(change.Limit{Field: at + ": timeout", Before: was.Timeout, After: u.Timeout, Zero: 10_000, Default: "10000 by default"})
		c.Limit(change.Limit{Field: at + ": connect_timeout", Before: was.ConnectTimeout, After: u.ConnectTimeout, Zero: 2000, Default: "2000 by default"})
		c.Limit(change.Limit{Field: at + ": max_reply", Before: was.MaxReply, After: u.MaxReply, Zero: 1 << 20, Default: "1 MiB by default"})
		switch {
		case was.IntrospectionHash == u.IntrospectionHash:
		case u.IntrospectionHash == "":
			c.Note(change.Narrows, "%s may not introspect any more", at)
		case was.IntrospectionHash == "":
			c.Note(change.Widens, "%s may introspect", at)
		default:
			c.Note(change.Widens, "%s introspects with another secret", at)
		}
	}
	for _, environment := range slices.Sorted(maps.Keys(old)) {
		c.Note(change.Narrows, "upstream for %s is taken away", environment)
	}
}

func compareRoutes(c *change.Comparison, before, after []Route) {
	old := map[string]Route{}
	for _, r := range before {
		old[r.ID] = r
	}
	for _, r := range after {
		was, known := old[r.ID]
		delete(old, r.ID)
		if !known {
			c.Note(change.Widens, "route %s is added: %s %s under permission %s:%s", r.ID, r.Method, r.Pattern, r.Resource, r.Action)
			continue
		}
		r.compare(c, was)
	}
	for _, id := range slices.Sorted(maps.Keys(old)) {
		if heir := heirOf(old[id], after); heir != "" {
			c.Note(change.Widens, "route %s is taken away: what it answered, route %s may answer now", id, heir)
			continue
		}
		c.Note(change.Narrows, "route %s is taken away", id)
	}
}

// heirOf is a route that some path of one that goes leads to now, under another
// permission and other checks; "" if there is none.
func heirOf(gone Route, after []Route) string {
	for _, r := range after {
		if r.Method == gone.Method && overlap(r.Pattern, gone.Pattern) {
			return r.ID
		}
	}
	return ""
}

// overlap reports whether a path can match both patterns.
func overlap(a, b string) bool {
	one, other := strings.Split(a, "/"), strings.Split(b, "/")
	return slices.EqualFunc(one, other, func(x, y string) bool {
		return x == y || strings.HasPrefix(x, "{") || strings.HasPrefix(y, "{")
	})
}

func (r Route) compare(c *change.Comparison, before Route) {
	at := "route " + r.ID + ": "
	c.Text(at+"method", before.Method, r.Method, change.Widens)
	c.Text(at+"pattern", before.Pattern, r.Pattern, change.Widens)
	c.Text(at+"permission", before.Resource+":"+before.Action, r.Resource+":"+r.Action, change.Widens)
	c.Set(at+"query name", before.QueryNames, r.QueryNames)
	c.Set(at+"reply type", before.ReplyTypes, r.ReplyTypes)
	c.Set(at+"error field", before.ErrorFields, r.ErrorFields)
	c.Flag(at+"requires_customer", before.RequiresCustomer, r.RequiresCustomer, change.Narrows)
	c.Flag(at+"sign_in", before.SignIn, r.SignIn, change.Widens)
	c.Text(at+"owner_check", before.OwnerCheck, r.OwnerCheck, checkEffect(r.OwnerCheck))
	for _, name := range slices.Compact(slices.Sorted(slices.Values(slices.Concat(slices.Collect(maps.Keys(before.Bindings)), slices.Collect(maps.Keys(r.Bindings)))))) {
		effect := change.Widens
		if before.Bindings[name] == "" {
			effect = change.Narrows
		}
		c.Text(at+"binding of "+name, before.Bindings[name], r.Bindings[name], effect)
	}
	if before.SampleReply != r.SampleReply {
		c.Note(change.Neutral, "%sthe sample reply is another", at)
	}
}

// checkEffect: where the upstream checks, the gateway need not bind.
func checkEffect(after string) change.Effect {
	if strings.TrimSpace(after) == "" {
		return change.Narrows
	}
	return change.Widens
}
