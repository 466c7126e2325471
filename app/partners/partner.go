package partners

import (
	"fmt"
	"slices"
	"strings"

	"golang.org/x/text/unicode/norm"

	"postern/app/change"
	"postern/app/errs"
	"postern/models"
)

// Key is the partner's id.
func (p Partner) Key() string { return p.ID }

// Normalize trims and brings the name into Unicode's composed form.
func (p Partner) Normalize() Partner {
	p.ID, p.Name, p.LegalName, p.Contract = strings.TrimSpace(p.ID), composed(p.Name), composed(p.LegalName), composed(p.Contract)
	p.Officer = strings.TrimSpace(p.Officer)
	p.CreditCode, p.ContractEnds = strings.ToUpper(strings.TrimSpace(p.CreditCode)), strings.TrimSpace(p.ContractEnds)
	if p.Status == "" {
		p.Status = models.Draft
	}
	if p.Risk == "" {
		p.Risk = models.RiskMedium
	}
	p.Contacts = slices.Clone(p.Contacts)
	for i, c := range p.Contacts {
		p.Contacts[i] = c.normalize()
	}
	return p
}

func composed(text string) string { return norm.NFC.String(strings.TrimSpace(text)) }

// Validate checks what can be checked by looking at the partner alone.
func (p Partner) Validate() errs.Fields {
	var f errs.Fields
	f.Check(models.PlainID(p.ID), "id", "rule.partner_id", "a partner's id is made of letters, digits and . _ -")
	checkName(&f, p.Name)
	checkStatus(&f, p.Status)
	p.checkProfile(&f)
	return f
}

func checkName(f *errs.Fields, name string) {
	f.Check(models.ReadableName(name), "name", "rule.name", fmt.Sprintf("%.60q cannot be a name: want 1 to 200 characters on one line, none of which turns or hides text", name))
}

func checkStatus(f *errs.Fields, s models.Status) {
	f.Check(s.Valid(), "status", "rule.status", fmt.Sprintf("status %q is not known: want draft, active, suspended or closed", s))
}

// Follow checks whether the partner may come after before.
func (p Partner) Follow(before Partner) errs.Fields {
	var f errs.Fields
	checkStep(&f, "a partner", before.Status, p.Status)
	return f
}

func checkStep(f *errs.Fields, what string, before, after models.Status) {
	f.Check(before.May(after), "status", "rule.status_step", fmt.Sprintf("%s that is %s cannot become %s", what, before, after))
}

// Compare tells what is different from before.
func (p Partner) Compare(before Partner) []change.Difference {
	c := change.Comparison{New: before.ID == ""}
	compareStatus(&c, before.Status, p.Status)
	c.Text("name", before.Name, p.Name, change.Neutral)
	p.compareProfile(&c, before)
	return c.List
}

func compareStatus(c *change.Comparison, before, after models.Status) {
	effect := change.Neutral
	switch {
	case after == models.Active:
		effect = change.Widens
	case before == models.Active:
		effect = change.Narrows
	}
	c.Text("status", string(before), string(after), effect)
}
