package partners_test

import (
	"strings"
	"testing"

	"postern/app/change"
	"postern/app/partners"
	"postern/models"
)

// The first is the standard's own example (GB 32100-2015); the others are codes of
// companies as the public register has them.
func TestCreditCodes(t *testing.T) {
	t.Parallel()
	good := []string{"91350100M000100Y43", "9144030071526726XG", "914403001922038216", "91330100799655058B"}
	for _, code := range good {
		if !partners.CreditCodeValid(code) {
			t.Errorf("%s is refused", code)
		}
		for i := range code { // any one character that is another one shows
			for _, other := range []string{"0", "7", "Y"} {
				if wrong := code[:i] + other + code[i+1:]; wrong != code && partners.CreditCodeValid(wrong) {
					t.Errorf("%s is taken for %s", wrong, code)
				}
			}
		}
	}
	for _, code := range []string{"", "91350100M000100Y4", "91350100M000100Y430", "91350100m000100y43", "9135O100M000100Y43", "９1350100M000100Y4", strings.Repeat("0", 17) + "é"} {
		if partners.CreditCodeValid(code) {
			t.Errorf("%q is taken", code)
		}
	}
}

func TestProfileRules(t *testing.T) {
	t.Parallel()
	good := partners.Partner{
		ID: "p", Name: "P", LegalName: "P Ltd", CreditCode: " 91350100m000100y43 ", Contract: "C-1", ContractEnds: "2027-06-30", Risk: models.RiskLow,
		Contacts: []partners.Contact{{Kind: models.SecurityContact, Name: "He Jing", Phone: "+86 138 0000 6027", Email: "he@p.example"}},
	}
	if faults := good.Normalize().Validate(); len(faults) != 0 {
		t.Errorf("a good one: %v", faults)
	}
	for name, c := range map[string]struct {
		change func(*partners.Partner)
		field  string
	}{
		"legal name on two lines": {func(p *partners.Partner) { p.LegalName = "a\nb" }, "legal_name"},
		"another code":            {func(p *partners.Partner) { p.CreditCode = "91350100M000100Y44" }, "credit_code"},
		"long contract":           {func(p *partners.Partner) { p.Contract = strings.Repeat("x", 65) }, "contract"},
		"no such day":             {func(p *partners.Partner) { p.ContractEnds = "2027-02-30" }, "contract_ends"},
		"no such tier":            {func(p *partners.Partner) { p.Risk = "none" }, "risk"},
		"no such kind":            {func(p *partners.Partner) { p.Contacts[0].Kind = "friend" }, "contacts.0.kind"},
		"nobody":                  {func(p *partners.Partner) { p.Contacts[0].Name = "" }, "contacts.0.name"},
		"out of reach":            {func(p *partners.Partner) { p.Contacts[0].Phone, p.Contacts[0].Email = "", "" }, "contacts.0.phone"},
		"no number":               {func(p *partners.Partner) { p.Contacts[0].Phone = "call me" }, "contacts.0.phone"},
		"no address":              {func(p *partners.Partner) { p.Contacts[0].Email = "he@" }, "contacts.0.email"},
		"a crowd":                 {func(p *partners.Partner) { p.Contacts = make([]partners.Contact, 21) }, "contacts"},
	} {
		p := good
		p.Contacts = append([]partners.Contact{}, good.Contacts...)
		c.change(&p)
		faults := p.Normalize().Validate()
		if _, there := faults[c.field]; !there {
			t.Errorf("%s: %v", name, faults)
		}
		for _, m := range faults {
			if strings.Contains(m.Text, "6027") || strings.Contains(m.Text, "he@") {
				t.Errorf("%s: the fault repeats what is personal: %s", name, m.Text)
			}
		}
	}
}

func TestWhatOfAProfileWidens(t *testing.T) {
	t.Parallel()
	before := partners.Partner{ID: "p", Name: "P", Status: models.Active, LegalName: "P Ltd", CreditCode: "91350100M000100Y43", Contract: "C-1", ContractEnds: "2027-06-30", Risk: models.RiskMedium}
	for name, c := range map[string]struct {
		change func(*partners.Partner)
		want   change.Effect
	}{
		"another company":     {func(p *partners.Partner) { p.CreditCode = "9144030071526726XG" }, change.Widens},
		"another legal name":  {func(p *partners.Partner) { p.LegalName = "Q Ltd" }, change.Widens},
		"another contract":    {func(p *partners.Partner) { p.Contract = "C-2" }, change.Widens},
		"a longer contract":   {func(p *partners.Partner) { p.ContractEnds = "2028-06-30" }, change.Widens},
		"no end":              {func(p *partners.Partner) { p.ContractEnds = "" }, change.Widens},
		"a shorter contract":  {func(p *partners.Partner) { p.ContractEnds = "2026-12-31" }, change.Narrows},
		"a higher tier":       {func(p *partners.Partner) { p.Risk = models.RiskHigh }, change.Narrows},
		"a lower tier":        {func(p *partners.Partner) { p.Risk = models.RiskLow }, change.Widens},
		"a code is forgotten": {func(p *partners.Partner) { p.CreditCode = "" }, change.Neutral},
	} {
		after := before
		c.change(&after)
		list := after.Compare(before)
		if len(list) != 1 || list[0].Effect != c.want {
			t.Errorf("%s: %+v", name, list)
		}
	}
}

func TestContactsAreToldByTheirKindAlone(t *testing.T) {
	t.Parallel()
	he := partners.Contact{Kind: models.SecurityContact, Name: "He Jing", Phone: "+86 138 0000 6027"}
	wang := partners.Contact{Kind: models.ManagerContact, Name: "Wang Lei", Email: "wang@bank.example"}
	moved := he
	moved.Phone = "+86 138 0000 0001"
	words := func(before, after []partners.Contact) string {
		b, a := partners.Partner{ID: "p", Name: "P", Contacts: before}.Normalize(), partners.Partner{ID: "p", Name: "P", Contacts: after}.Normalize()
		var list []string
		for _, d := range a.Compare(b) {
			list = append(list, d.Text)
		}
		return strings.Join(list, "; ")
	}
	for _, c := range []struct {
		before, after []partners.Contact
		want          string
	}{
		{nil, []partners.Contact{he}, "security contact is added"}, {[]partners.Contact{he, wang}, []partners.Contact{wang}, "security contact is taken away"},
		{[]partners.Contact{he}, []partners.Contact{moved}, "security contact can be reached otherwise"},
		{[]partners.Contact{he, wang}, []partners.Contact{wang, he}, "contacts stand in another order"}, {[]partners.Contact{he}, []partners.Contact{he}, ""},
	} {
		if got := words(c.before, c.after); got != c.want {
			t.Errorf("said %q, want %q", got, c.want)
		}
	}
}
