package console

import (
	"fmt"
	"net/http"
	"slices"

	"github.com/gin-gonic/gin"

	"postern/app/bankfile"
	"postern/app/entrance"
	"postern/app/partners"
	"postern/models"
	"postern/views/console"
	"postern/views/i18n"
	"postern/views/ui"
)

// contactRows is how many contacts a form has room for.
const contactRows = 4

// profileNames are the fields of a profile's form.
func profileNames() []string {
	names := []string{"name", "legal_name", "credit_code", "contract", "contract_ends", "risk", "officer"}
	for i := range maxContactRows {
		for _, part := range []string{"kind", "name", "phone", "email"} {
			names = append(names, contactField(i, part))
		}
	}
	return names
}

// maxContactRows is how many contacts a form takes at most: as many as a partner has.
const maxContactRows = 20

func contactField(i int, part string) string { return fmt.Sprintf("contacts.%d.%s", i, part) }

// profileValues is a partner as its form has it.
func profileValues(p partners.Partner) map[string]string {
	v := map[string]string{
		"name": p.Name, "legal_name": p.LegalName, "credit_code": p.CreditCode, "contract": p.Contract,
		"contract_ends": p.ContractEnds, "risk": string(p.Risk), "officer": p.Officer,
	}
	for i, c := range p.Contacts {
		v[contactField(i, "kind")], v[contactField(i, "name")] = string(c.Kind), c.Name
		v[contactField(i, "phone")], v[contactField(i, "email")] = c.Phone, c.Email
	}
	return v
}

// profileOf puts what was typed over a partner. A contact of whom nothing is
// written is none; where says at which row of the form each contact stands.
func profileOf(p partners.Partner, v map[string]string) (after partners.Partner, where []int) {
	p.Name, p.LegalName, p.CreditCode = v["name"], v["legal_name"], v["credit_code"]
	p.Contract, p.ContractEnds, p.Risk = v["contract"], v["contract_ends"], models.Risk(v["risk"])
	p.Officer = v["officer"]
	p.Contacts = nil
	for i := range maxContactRows {
		c := partners.Contact{
			Kind: models.ContactKind(v[contactField(i, "kind")]), Name: v[contactField(i, "name")],
			Phone: v[contactField(i, "phone")], Email: v[contactField(i, "email")],
		}
		if c.Name+c.Phone+c.Email != "" {
			p.Contacts, where = append(p.Contacts, c), append(where, i)
		}
	}
	return p, where
}

// profileFields are the fields of a partner's profile.
func profileFields(f *former, officers []ui.Option) {
	f.row(
		f.field("name", i18n.PartnerName, f.help(i18n.PartnerNameHelp)),
		f.choose("risk", i18n.PartnerRisk, riskOptions(), f.help(i18n.PartnerRiskHelp)),
	)
	f.row(
		f.field("legal_name", i18n.PartnerLegalName, optional),
		f.field("credit_code", i18n.PartnerCreditCode, with(optional, mono, f.help(i18n.PartnerCreditHelp), func(v *ui.FieldView) { v.MaxLength = 24 })),
	)
	f.row(
		f.field("contract", i18n.PartnerContract, optional),
		f.field("contract_ends", i18n.PartnerContractEnds, with(optional, dated)),
	)
	f.row(f.field("officer", i18n.PartnerKeeper, with(optional, f.help(i18n.PartnerKeeperHelp), func(v *ui.FieldView) {
		v.Control, v.Options = ui.Select, officers
	})))
	f.group(i18n.PartnerContacts, i18n.PartnerContactsHelp)
	for i := range contactsShown(f.values) {
		kinds := make([]option, len(models.ContactKinds))
		for n, kind := range models.ContactKinds {
			kinds[n] = option{string(kind), i18n.ContactKinds[string(kind)]}
		}
		if f.values[contactField(i, "kind")] == "" { // the first rows are one of each kind
			f.values[contactField(i, "kind")] = string(models.ContactKinds[i%len(models.ContactKinds)])
		}
		f.row(
			f.choose(contactField(i, "kind"), i18n.PartnerContactKind, kinds, optional),
			f.field(contactField(i, "name"), i18n.PartnerContactName, optional),
			f.field(contactField(i, "phone"), i18n.PartnerPhone, optional),
			f.field(contactField(i, "email"), i18n.PartnerEmail, with(optional, func(v *ui.FieldView) { v.Control = ui.Email })),
		)
	}
}

// contactsShown leaves room for one more, and for four at least.
func contactsShown(v map[string]string) int {
	used := 0
	for i := range maxContactRows {
		if v[contactField(i, "name")]+v[contactField(i, "phone")]+v[contactField(i, "email")] != "" {
			used = i + 1
		}
	}
	return min(max(used+1, contactRows), maxContactRows)
}

func riskOptions() []option {
	list := make([]option, len(models.Risks))
	for i, risk := range models.Risks {
		list[i] = option{string(risk), riskWords[risk]}
	}
	return list
}

// PartnerEdit asks for a partner's profile.
func (s *Console) PartnerEdit(c *gin.Context) error {
	file, err := s.partnerOf(c)
	if err != nil {
		return err
	}
	return s.showPartnerEdit(c, file, profileValues(file.partner), bankfile.Version(file.partner), faulty{})
}

func (s *Console) showPartnerEdit(c *gin.Context, file partnerFile, values map[string]string, seen string, fault faulty) error {
	ctx := c.Request.Context()
	f := s.former(c, partnerPath(file.row.ID), values, fault)
	f.hidden("seen", seen)
	officers, err := s.officerOptions(ctx, values["officer"])
	if err != nil {
		return err
	}
	profileFields(f, officers)
	f.group(i18n.Key{}, i18n.Key{})
	f.reason()
	note := ""
	if fault.moved {
		if note, err = s.whoMoved(c, file.row.ID); err != nil {
			return err
		}
	}
	return s.showForm(c, fault, formPage{
		proof: true,
		title: i18n.T(ctx, i18n.PartnerEditTitle, file.row.Name), card: i18n.T(ctx, i18n.PartnerProfile), note: note,
		crumb: partnerCrumbs(ctx, file.row), aside: []console.Section{{Card: ui.CardView{Title: i18n.T(ctx, i18n.PartnerWhatNext)}, Text: i18n.T(ctx, i18n.PartnerEditNext)}},
		form: f.done(partnerPath(file.row.ID), ui.ButtonView{Text: i18n.T(ctx, i18n.PartnerSave), Kind: ui.Primary}),
	})
}

// PartnerUpdate changes the profile, or asks for it.
func (s *Console) PartnerUpdate(c *gin.Context) error {
	file, err := s.partnerOf(c)
	if err != nil {
		return err
	}
	values, seen := typed(c, append(profileNames(), "reason")...), c.PostForm("seen")
	after, where := profileOf(file.partner, values)
	values = compacted(values, where)

	out, err := s.propose(c, proposal{subject: partnerSubject(file.row.ID), things: []any{after}, reason: values["reason"], proof: true, unless: stillPartner(file.row.ID, seen)})
	if err != nil {
		fault, ok := s.faultsOf(c, err, "partner", file.row.ID)
		if !ok {
			return err
		}
		if fault.moved { // what is typed now lies over what is there now
			seen = bankfile.Version(file.partner)
		}
		return s.showPartnerEdit(c, file, values, seen, fault)
	}
	return proposed(c, out, partnerPath(file.row.ID))
}

// compacted moves contacts together, as the partner has them: what is wrong with
// one is told at its row.
func compacted(v map[string]string, where []int) map[string]string {
	for i, from := range where {
		for _, part := range []string{"kind", "name", "phone", "email"} {
			v[contactField(i, part)] = v[contactField(from, part)]
		}
	}
	for i := len(where); i < maxContactRows; i++ {
		if slices.Contains(where, i) || i < contactRows {
			for _, part := range []string{"name", "phone", "email"} {
				v[contactField(i, part)] = ""
			}
		}
	}
	return v
}

// PartnerNote adds a note.
func (s *Console) PartnerNote(c *gin.Context) error {
	file, err := s.partnerOf(c)
	if err != nil {
		return err
	}
	text := c.PostForm("note")
	if fault := checkNote(text); fault != nil {
		return s.showPartner(c, file, "notes", http.StatusUnprocessableEntity, faulty{fields: s.Words(c, fault)}, map[string]string{"note": text})
	}
	if err := s.addNote(c, file.row.ID, text); err != nil {
		return err
	}
	return entrance.Done(c, partnerPath(file.row.ID)+"/notes", "noted")
}
