package portal

import (
	"context"
	"net/http"
	"strings"

	"github.com/gin-gonic/gin"

	"postern/app/entrance"
	"postern/app/errs"
	"postern/app/identity"
	"postern/app/web"
	"postern/models"
	"postern/policies"
	"postern/views/i18n"
	"postern/views/portal"
	"postern/views/ui"
)

var makesTeam = policies.Permission{Resource: "team", Action: "make"}

// Team lists who is in the team.
func (p *Portal) Team(c *gin.Context) error {
	v, ctx := entrance.VisitOf(c), c.Request.Context()
	team, err := p.o.Identity.Team(ctx, v.Who.Partner.ID)
	if err != nil {
		return err
	}
	page := portal.TeamPage{Frame: p.frame(c, i18n.T(ctx, i18n.PortalTeam)), CanInvite: v.Rights.May(makesTeam)}
	for _, m := range team {
		row := memberRow(c, m)
		if page.CanInvite && m.AccountID != v.Who.Account.ID {
			row.Manage = memberPath(m.AccountID)
		}
		page.Members = append(page.Members, row)
	}
	page.Second = p.second(c, team)
	return web.Render(c, http.StatusOK, portal.Team(page))
}

// second says whether a second member confirms, and what the reader can do about it.
func (p *Portal) second(c *gin.Context, team []identity.TeamMember) portal.SecondView {
	v, ctx := entrance.VisitOf(c), c.Request.Context()
	s := portal.SecondView{On: v.Who.Partner.SecondMember, CanSet: v.Rights.May(makesTeam)}
	asker := v.Who.Partner.SecondOffBy
	if asker == "" {
		return s
	}
	s.CanAgree = v.Rights.May(confirms) && asker != v.Who.Account.ID
	for _, m := range team {
		if m.AccountID == asker {
			s.Asked = i18n.T(ctx, i18n.PortalSecondAsked, m.Account.Name)
		}
	}
	return s
}

// secondSteps are what can be done about it, by the word of the form.
var secondSteps = map[string]struct {
	done string
	do   func(*identity.Identity, context.Context, identity.Who) error
}{
	"on": {"second-on", func(i *identity.Identity, ctx context.Context, by identity.Who) error {
		return i.SetSecond(ctx, by, true)
	}},
	"off": {"second-asked", func(i *identity.Identity, ctx context.Context, by identity.Who) error {
		return i.SetSecond(ctx, by, false)
	}},
	"stay": {"second-stays", func(i *identity.Identity, ctx context.Context, by identity.Who) error {
		return i.SetSecond(ctx, by, true)
	}},
}

// TeamSecond has a second member confirm what opens more in production, or asks to do
// without.
func (p *Portal) TeamSecond(c *gin.Context) error {
	step, known := secondSteps[c.PostForm("second")]
	if !known {
		return errNoStep
	}
	if due, err := p.ProveFirst(c, teamPath); due || err != nil {
		return err
	}
	if err := step.do(p.o.Identity, c.Request.Context(), entrance.VisitOf(c).Who); err != nil {
		return err
	}
	return entrance.Done(c, teamPath, step.done)
}

// TeamSecondDrop agrees to do without a second member.
func (p *Portal) TeamSecondDrop(c *gin.Context) error {
	if due, err := p.ProveFirst(c, teamPath); due || err != nil {
		return err
	}
	if err := p.o.Identity.DropSecond(c.Request.Context(), entrance.VisitOf(c).Who); err != nil {
		return err
	}
	return entrance.Done(c, teamPath, "second-off")
}

var errNoStep = errs.New(errs.Invalid, "no_such_step", "Choose one of what the page offers.")

func memberPath(account string) string { return teamPath + "/" + account }

var memberStates = map[models.AccountStatus]struct {
	tone ui.Tone
	word i18n.Key
}{
	models.AccountActive: {ui.Ok, i18n.PortalIn}, models.AccountInvited: {ui.Warn, i18n.PortalInvited}, models.AccountDisabled: {"", i18n.PortalOut},
}

func memberRow(c *gin.Context, m identity.TeamMember) portal.MemberRow {
	state := memberStates[m.Account.Status]
	return portal.MemberRow{
		Name: m.Account.Name, Email: m.Account.Email, Role: entrance.PortalRole(c.Request.Context(), m.Member.Role), MayChange: m.Production,
		State: ui.DotView{Tone: state.tone, Text: i18n.T(c.Request.Context(), state.word)},
	}
}

// MemberNew asks whom to take into the team.
func (p *Portal) MemberNew(c *gin.Context) error {
	return p.showInvite(c, http.StatusOK, identity.MemberInvitation{}, nil, false)
}

func (p *Portal) showInvite(c *gin.Context, status int, v identity.MemberInvitation, faults map[string]string, refused bool) error {
	verify, err := p.VerifyView(c, refused)
	if err != nil {
		return err
	}
	return web.Render(c, status, portal.Invite(portal.InvitePage{
		Frame: p.frame(c, i18n.T(c.Request.Context(), i18n.PortalInvite)), Name: v.Name, Email: v.Email, Role: roleOptions(c, v.Role, v.Production),
		Faults: faults, Verify: verify,
	}))
}

// roleOptions are the roles to choose from, each with what it is for.
func roleOptions(c *gin.Context, chosen models.PortalRole, production bool) portal.MemberRole {
	ctx := c.Request.Context()
	r := portal.MemberRole{Production: production, Options: []ui.Option{{Text: i18n.T(ctx, i18n.PortalChooseRole)}}}
	texts := map[models.PortalRole]i18n.Key{
		models.PortalOwner: i18n.PortalOwnerText, models.PortalDeveloper: i18n.PortalDeveloperText, models.PortalViewer: i18n.PortalViewerText,
	}
	for _, role := range models.PortalRoles {
		r.Options = append(r.Options, ui.Option{Value: string(role), Text: i18n.T(ctx, texts[role]), Chosen: role == chosen})
	}
	return r
}

// MemberInvite takes somebody in and invites them.
func (p *Portal) MemberInvite(c *gin.Context) error {
	v := identity.MemberInvitation{
		Name: strings.TrimSpace(c.PostForm("name")), Email: strings.TrimSpace(c.PostForm("email")), Role: models.PortalRole(c.PostForm("role")),
		Production: c.PostForm("production") == "yes",
	}
	ok, refused, err := p.Proved(c)
	if err != nil {
		return err
	}
	if !ok {
		return p.showInvite(c, http.StatusUnprocessableEntity, v, nil, refused)
	}
	link, err := p.o.Identity.InviteMember(c.Request.Context(), entrance.VisitOf(c).Who, v)
	if faults := errs.FieldsOf(err); faults != nil {
		return p.showInvite(c, http.StatusUnprocessableEntity, v, p.Words(c, faults), false)
	}
	if err != nil {
		return err
	}
	return p.handOver(c, link)
}

func (p *Portal) handOver(c *gin.Context, link identity.Link) error {
	return p.Invite(c, link, p.o.Address+homePath, entrance.VisitOf(c).Who.Partner.Name, teamPath)
}

// member is the one of the reader's own team that the address names.
func (p *Portal) member(c *gin.Context) (identity.TeamMember, error) {
	team, err := p.o.Identity.Team(c.Request.Context(), entrance.VisitOf(c).Who.Partner.ID)
	if err != nil {
		return identity.TeamMember{}, err
	}
	for _, m := range team {
		if m.AccountID == c.Param("account") {
			return m, nil
		}
	}
	return identity.TeamMember{}, identity.ErrNoMember
}

// Member shows somebody of the team.
func (p *Portal) Member(c *gin.Context) error { return p.showMember(c, http.StatusOK, nil, nil, false) }

func (p *Portal) showMember(c *gin.Context, status int, typed *portal.MemberRole, faults map[string]string, refused bool) error {
	m, err := p.member(c)
	if err != nil {
		return err
	}
	own := m.AccountID == entrance.VisitOf(c).Who.Account.ID
	page := portal.MemberPage{
		MemberRow: memberRow(c, m), Frame: p.frame(c, m.Account.Name), Action: memberPath(m.AccountID), Edit: roleOptions(c, m.Member.Role, m.Production),
		CanLink: !own && m.Account.Status == models.AccountInvited, CanOut: !own && m.Account.Status != models.AccountDisabled, Faults: faults,
	}
	if typed != nil {
		page.Edit = *typed
	}
	if page.Verify, err = p.VerifyView(c, refused); err != nil {
		return err
	}
	return web.Render(c, status, portal.Member(page))
}

// MemberUpdate gives somebody another role.
func (p *Portal) MemberUpdate(c *gin.Context) error {
	if _, err := p.member(c); err != nil {
		return err
	}
	role, production := models.PortalRole(c.PostForm("role")), c.PostForm("production") == "yes"
	typed := roleOptions(c, role, production)
	ok, refused, err := p.Proved(c)
	if err != nil {
		return err
	}
	if !ok {
		return p.showMember(c, http.StatusUnprocessableEntity, &typed, nil, refused)
	}
	err = p.o.Identity.SetMember(c.Request.Context(), entrance.VisitOf(c).Who, c.Param("account"), role, production)
	if faults := errs.FieldsOf(err); faults != nil {
		return p.showMember(c, http.StatusUnprocessableEntity, &typed, p.Words(c, faults), false)
	}
	if err != nil {
		return err
	}
	return entrance.Done(c, teamPath, "role-set")
}

// MemberLink makes a new link for who has not set up yet.
func (p *Portal) MemberLink(c *gin.Context) error {
	if _, err := p.member(c); err != nil {
		return err
	}
	if due, err := p.ProveFirst(c, memberPath(c.Param("account"))); due || err != nil {
		return err
	}
	link, err := p.o.Identity.MemberLink(c.Request.Context(), entrance.VisitOf(c).Who, c.Param("account"))
	if err != nil {
		return err
	}
	return p.handOver(c, link)
}

// MemberRemove shuts somebody out.
func (p *Portal) MemberRemove(c *gin.Context) error {
	if _, err := p.member(c); err != nil {
		return err
	}
	if due, err := p.ProveFirst(c, memberPath(c.Param("account"))); due || err != nil {
		return err
	}
	if err := p.o.Identity.RemoveMember(c.Request.Context(), entrance.VisitOf(c).Who, c.Param("account")); err != nil {
		return err
	}
	return entrance.Done(c, teamPath, "removed")
}
