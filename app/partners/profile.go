package partners

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

	"postern/app/change"
	"postern/app/errs"
	"postern/models"
)

// creditDigits are the characters of a unified social credit code in the order of
// their values; I, O, S, V and Z are not among them (GB 32100-2015 table 1).
const creditDigits = "0123456789ABCDEFGHJKLMNPQRTUWXY"

// CreditCodeValid reports whether text is a unified social credit code: 18
// characters, the last of which checks the others. The weights are the powers of 3
// modulo 31 (GB 32100-2015 section 4.2.5, ISO 7064's pure system).
func CreditCodeValid(text string) bool {
	if len(text) != 18 {
		return false
	}
	sum, weight := 0, 1
	for i := range 17 {
		value := strings.IndexByte(creditDigits, text[i])
		if value < 0 {
			return false
		}
		sum += value * weight
		weight = weight * 3 % len(creditDigits)
	}
	check := (len(creditDigits) - sum%len(creditDigits)) % len(creditDigits)
	return text[17] == creditDigits[check]
}

const (
	maxContract = 64 // characters of a contract's number
	maxContacts = 20
)

var (
	phone = regexp.MustCompile(`^\+?[0-9][0-9 ()-]{4,30}$`)
)

func (p Partner) checkProfile(f *errs.Fields) {
	f.Check(p.LegalName == "" || models.ReadableName(p.LegalName), "legal_name", "rule.name",
		fmt.Sprintf("%.60q cannot be a name: want 1 to 200 characters on one line, none of which turns or hides text", p.LegalName))
	f.Check(p.CreditCode == "" || CreditCodeValid(p.CreditCode), "credit_code", "rule.credit_code",
		fmt.Sprintf("%.40q is no unified social credit code: want 18 characters, of which the last checks the others (GB 32100)", p.CreditCode))
	f.Check(p.Contract == "" || models.ReadableName(p.Contract) && len([]rune(p.Contract)) <= maxContract, "contract", "rule.contract",
		fmt.Sprintf("%.80q is no contract's number: want up to 64 characters on one line", p.Contract))
	_, err := time.Parse(time.DateOnly, p.ContractEnds)
	f.Check(p.ContractEnds == "" || err == nil, "contract_ends", "rule.day", fmt.Sprintf("%.40q is no day: want one such as 2027-06-30", p.ContractEnds))
	f.Check(p.Risk.Valid(), "risk", "rule.risk", fmt.Sprintf("risk %.40q is not known: want low, medium or high", p.Risk))
	f.Check(len(p.Contacts) <= maxContacts, "contacts", "rule.contacts", fmt.Sprintf("there are %d contacts: want at most %d", len(p.Contacts), maxContacts))
	for i, c := range p.Contacts {
		f.Below(fmt.Sprintf("contacts.%d", i), c.validate())
	}
}

func (c Contact) normalize() Contact {
	c.Name, c.Phone, c.Email = composed(c.Name), strings.TrimSpace(c.Phone), strings.TrimSpace(c.Email)
	return c
}

// validate says what is wrong without repeating what is personal.
func (c Contact) validate() errs.Fields {
	var f errs.Fields
	f.Check(slices.Contains(models.ContactKinds, c.Kind), "kind", "rule.contact_kind",
		fmt.Sprintf("%.40q is no kind of contact: want business, technical, security or manager", c.Kind))
	f.Check(models.ReadableName(c.Name), "name", "rule.contact_name", "this cannot be a name: want 1 to 200 characters on one line")
	f.Check(c.Phone != "" || c.Email != "", "phone", "rule.contact_reach", "enter a phone number or an e-mail address")
	f.Check(c.Phone == "" || phone.MatchString(c.Phone), "phone", "rule.phone", "this is no phone number: want one such as +86 138 0000 0000")
	f.Check(c.Email == "" || models.MailAddress(c.Email), "email", "rule.email", "this is no e-mail address: want one such as he.jing@partner.example")
	return f
}

// compareProfile tells what is different. Who the partner is in law, and for how
// long it has a contract, is why it was let in: another one of these widens, and
// what was not on record before does not.
func (p Partner) compareProfile(c *change.Comparison, before Partner) {
	replaced := func(field, was, is string) {
		effect := change.Neutral
		if was != "" && is != "" {
			effect = change.Widens
		}
		c.Text(field, was, is, effect)
	}
	replaced("legal_name", before.LegalName, p.LegalName)
	replaced("credit_code", before.CreditCode, p.CreditCode)
	replaced("contract", before.Contract, p.Contract)
	c.Text("contract_ends", before.ContractEnds, p.ContractEnds, contractEffect(before.ContractEnds, p.ContractEnds))
	if c.New {
		c.Text("risk", "", string(p.Risk), change.Neutral)
	} else {
		c.Ranked("risk", string(before.Risk), string(p.Risk), []string{string(models.RiskHigh), string(models.RiskMedium), string(models.RiskLow)})
	}
	// Who may stop a partner at once is nothing that one officer alone changes.
	c.Text("looked after by", before.Officer, p.Officer, change.Widens)
	compareContacts(c, before.Contacts, p.Contacts)
}

// contractEffect: longer, or without an end, is wider; days compare as texts.
func contractEffect(before, after string) change.Effect {
	switch {
	case before == "":
		return change.Neutral
	case after == "" || after > before:
		return change.Widens
	}
	return change.Narrows
}

// compareContacts names contacts by their kind alone: what is told here goes into
// the ledger, where nothing personal may stand.
func compareContacts(c *change.Comparison, before, after []Contact) {
	find := func(list []Contact, x Contact) int {
		return slices.IndexFunc(list, func(y Contact) bool { return y.Kind == x.Kind && y.Name == x.Name })
	}
	for _, x := range after {
		i := find(before, x)
		switch {
		case c.New:
			c.Note(change.Neutral, "%s", string(x.Kind)+" contact")
		case i < 0:
			c.Note(change.Neutral, "%s is added", string(x.Kind)+" contact")
		case before[i] != x:
			c.Note(change.Neutral, "%s can be reached otherwise", string(x.Kind)+" contact")
		}
	}
	for _, x := range before {
		if find(after, x) < 0 {
			c.Note(change.Neutral, "%s is taken away", string(x.Kind)+" contact")
		}
	}
	if len(c.List) == 0 && !slices.Equal(before, after) {
		c.Note(change.Neutral, "contacts stand in another order")
	}
}

// checkCreditCodes: a code names one company, and two partners of one would each have
// limits, a risk tier and a contract of their own. A closed partner's code may come
// back, and what two have already is no fault of another change. Changes take turns, so
// that none slips in between this and the writing.
func (r *Registry) checkCreditCodes(report Report) error {
	has := func(p Partner) bool { return p.CreditCode != "" && p.Status != models.Closed }
	var codes []string
	for _, x := range r.Partners.Staged() {
		if has(x.After) && (!has(x.Before) || x.Before.CreditCode != x.After.CreditCode) {
			codes = append(codes, x.After.CreditCode)
		}
	}
	if len(codes) == 0 {
		return nil
	}
	rows, err := r.read.PartnersByCreditCode(codes)
	if err != nil {
		return err
	}
	holders := map[string][]string{}
	for _, row := range rows {
		if !r.Partners.IsStaged(row.ID) && row.Status != models.Closed {
			holders[row.CreditCode] = append(holders[row.CreditCode], row.ID)
		}
	}
	for _, x := range r.Partners.Staged() {
		if has(x.After) {
			holders[x.After.CreditCode] = append(holders[x.After.CreditCode], x.After.ID)
		}
	}
	for _, x := range r.Partners.Staged() {
		if !slices.Contains(codes, x.After.CreditCode) || !has(x.After) {
			continue
		}
		for _, id := range holders[x.After.CreditCode] {
			if id != x.After.ID {
				report("partner", x.After.ID, "credit_code", errs.Message{ID: "rule.credit_code_taken",
					Text: fmt.Sprintf("partner %s has the same unified social credit code: a company is one partner, with as many applications as it needs", id)})
				break
			}
		}
	}
	return nil
}
