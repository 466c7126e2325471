package partners

import (
	"fmt"
	"strings"
	"time"

	"postern/app/change"
	"postern/app/errs"
	"postern/models"
)

// Key is the grant's id.
func (g Grant) Key() string { return g.ID }

// Normalize trims, and writes times in whole milliseconds.
func (g Grant) Normalize() Grant {
	g.ID, g.Purpose, g.ApprovedBy = strings.TrimSpace(g.ID), strings.TrimSpace(g.Purpose), strings.TrimSpace(g.ApprovedBy)
	g.StartsAt, g.EndsAt = whole(g.StartsAt), whole(g.EndsAt)
	return g
}

// Validate checks what can be checked by looking at the grant alone.
func (g Grant) Validate() errs.Fields {
	var f errs.Fields
	f.Check(models.PrintableID(g.ID), "id", "rule.grant_id", "a grant's id is 1 to 255 visible ASCII characters")
	f.Check(g.Application != "", "application", "rule.application_missing", "name the application that may use the scope")
	f.Check(g.Scope != "", "scope", "rule.scope_missing", "name the scope")
	f.Check(models.ReadableName(g.Purpose), "purpose", "rule.purpose", fmt.Sprintf("%.60q does not say what it is for: want 1 to 200 characters on one line, none of which turns or hides text", g.Purpose))
	f.Check(g.ApprovedBy == "" || models.ReadableName(g.ApprovedBy), "approved_by", "rule.name", fmt.Sprintf("%.60q cannot be a name: want 1 to 200 characters on one line, none of which turns or hides text", g.ApprovedBy))
	f.Check(g.EndsAt.IsZero() || g.EndsAt.After(g.StartsAt), "ends_at", "rule.ends_before_start", "it would end before it begins")
	return f
}

// Follow checks whether the grant may come after before: history is not written
// over, so only its end may be another.
func (g Grant) Follow(before Grant) errs.Fields {
	var f errs.Fields
	const text = "of a grant only the end can change: end this one and write another"
	f.Check(g.Application == before.Application, "application", "rule.grant_history", text)
	f.Check(g.Scope == before.Scope, "scope", "rule.grant_history", text)
	f.Check(g.Purpose == before.Purpose, "purpose", "rule.grant_history", text)
	f.Check(g.ApprovedBy == before.ApprovedBy, "approved_by", "rule.grant_history", text)
	f.Check(g.StartsAt.Equal(before.StartsAt), "starts_at", "rule.grant_history", text)
	f.Check(g.Ended || !before.Ended, "ended", "rule.grant_ended", "what was ended stays so: write another grant")
	return f
}

// over reports whether the grant holds no more at now, and never will.
func (g Grant) over(now time.Time) bool {
	return g.Ended || !g.EndsAt.IsZero() && !g.EndsAt.After(now)
}

// suits checks the grant against its application and the class of the scope's
// service. A secret alone is not enough for funds and accounts: JR/T 0185
// section 7, protocol section 3.
func (g Grant) suits(a Application, class string) errs.Fields {
	var f errs.Fields
	f.Check(a.AuthMethod != models.ClientSecretBasic || class != "A2", "scope", "rule.secret_for_a2",
		fmt.Sprintf("scope %s is of a service of class A2, and application %s proves itself by client_secret_basic, which A2 does not take (JR/T 0185): let it use private_key_jwt", g.Scope, a.ID))
	return f
}

// Compare tells what is different from before.
func (g Grant) Compare(before Grant) []change.Difference {
	c := change.Comparison{New: before.ID == ""}
	if c.New {
		c.Note(change.Widens, "application %s may use scope %s: %s", g.Application, g.Scope, g.Purpose)
	}
	if c.New && !g.StartsAt.IsZero() {
		c.End("starts_at", before.StartsAt, g.StartsAt)
	}
	c.End("ends_at", before.EndsAt, g.EndsAt)
	c.Flag("ended", before.Ended, g.Ended, change.Narrows)
	return c.List
}
