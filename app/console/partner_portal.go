package console

import (
	"errors"
	"strings"

	"github.com/gin-gonic/gin"

	"postern/app/approval"
	"postern/app/change"
	"postern/app/entrance"
	"postern/app/identity"
	"postern/models"
	"postern/views/console"
	"postern/views/i18n"
	"postern/views/ui"
)

var memberWords = map[models.AccountStatus]i18n.Key{
	models.AccountActive: i18n.PortalIn, models.AccountInvited: i18n.PortalInvited, models.AccountDisabled: i18n.PortalOut,
}

// portalTab is who signs in to the portal for a partner, and how a first owner does.
func (s *Console) portalTab(c *gin.Context, v partnerView, fault faulty, values map[string]string) ([]console.Section, error) {
	ctx, id := v.ctx, v.row.ID
	team, err := s.o.Identity.Team(ctx, id)
	if err != nil {
		return nil, err
	}
	section := console.Section{Card: ui.CardView{Title: i18n.T(ctx, i18n.PortalUsersOf)}}
	if len(team) == 0 {
		section.Empty = &ui.EmptyView{Title: i18n.T(ctx, i18n.PortalNoUsers), Text: i18n.T(ctx, i18n.PortalNoUsersText)}
	} else {
		section.Table = &ui.TableView{Caption: section.Card.Title, Head: []ui.Column{
			{Text: i18n.T(ctx, i18n.PortalMember)}, {Text: i18n.T(ctx, i18n.PortalRole)}, {Text: i18n.T(ctx, i18n.PortalAppState)}, {Text: i18n.T(ctx, i18n.PortalSince)}, {},
		}}
	}
	canMake := v.canMake && v.row.Status != models.Closed
	for _, m := range team {
		last := ui.Cell{}
		if canMake && m.Member.Role == models.PortalOwner && m.Account.Status == models.AccountInvited {
			last = ui.Cell{Part: console.PostButton(tabPath(id, "portal")+"/"+m.AccountID+"/link", i18n.T(ctx, i18n.PortalMakeLink))}
		}
		section.Table.Rows = append(section.Table.Rows, ui.Row{Cells: []ui.Cell{
			{Text: m.Account.Name, Second: m.Account.Email}, {Text: entrance.PortalRole(ctx, m.Member.Role)},
			{Text: i18n.T(ctx, memberWords[m.Account.Status])}, {Part: ui.Time(s.At(m.Account.CreatedAt))}, last,
		}})
	}
	if !canMake {
		return []console.Section{section}, nil
	}
	f := s.former(c, tabPath(id, "portal"), values, fault)
	f.group(i18n.Key{}, i18n.PortalAskOwnerLead)
	f.row(
		f.field("name", i18n.PortalName, func(v *ui.FieldView) { v.MaxLength = 200 }),
		f.field("email", i18n.PortalEmail, func(v *ui.FieldView) { v.MaxLength, v.Control = 254, ui.Email }),
	)
	f.row(f.choose("production", i18n.PortalMayLive, []option{{"no", i18n.PortalMayNot}, {"yes", i18n.PortalMay}}, nil))
	f.reason()
	form := f.done("", ui.ButtonView{Text: i18n.T(ctx, i18n.PortalAskOwnerNew)})
	return []console.Section{section, {Card: ui.CardView{Title: i18n.T(ctx, i18n.PortalAskOwnerNew)}, Form: &form}}, nil
}

// PartnerOwner asks that somebody come into a partner's team as an owner.
func (s *Console) PartnerOwner(c *gin.Context) error {
	file, err := s.partnerOf(c)
	if err != nil {
		return err
	}
	ctx, values := c.Request.Context(), typed(c, "name", "email", "production", "reason")
	content, err := identity.Owner{Partner: file.row.ID, MemberInvitation: identity.MemberInvitation{
		Name: strings.TrimSpace(values["name"]), Email: strings.TrimSpace(values["email"]), Production: values["production"] == "yes",
	}}.Content()
	var out approval.Outcome
	if err == nil {
		out, err = s.o.Approvals.Submit(ctx, s.by(c), approval.Ask{
			Kind: identity.OwnerKind, Subject: partnerSubject(file.row.ID), Content: content, Reason: strings.TrimSpace(values["reason"]),
		})
	}
	if err == nil {
		return proposed(c, out, tabPath(file.row.ID, "portal"))
	}
	fault, ok := s.faultsOf(c, err, "partner", file.row.ID)
	if !ok || errors.Is(err, change.ErrMoved) {
		return err
	}
	return s.showPartner(c, file, "portal", fault.status, fault, values)
}

// PartnerOwnerLink invites an owner who has been agreed to and is not in yet, by a new link.
func (s *Console) PartnerOwnerLink(c *gin.Context) error {
	file, err := s.partnerOf(c)
	if err != nil {
		return err
	}
	tab := tabPath(file.row.ID, "portal")
	if due, err := s.ProveFirst(c, tab); due || err != nil {
		return err
	}
	link, err := s.o.Identity.OwnerLink(c.Request.Context(), entrance.VisitOf(c).Who, file.row.ID, c.Param("account"))
	if err != nil {
		return err
	}
	return s.Invite(c, link, s.o.Portal+"/portal", file.row.Name, tab, partnerCrumbs(c.Request.Context(), file.row)...)
}
