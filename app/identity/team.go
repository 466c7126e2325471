package identity

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"postern/app/change"
	"postern/app/errs"
	"postern/app/store"
	"postern/models"
)

// Refusals of what is done to a team.
var (
	ErrLastOwner = errs.New(errs.Conflict, "last_owner", "This is the last owner who can get in: let another one in first.")
	ErrTeamFull  = errs.New(errs.Conflict, "team_full", "The team has as many members as it can have: remove somebody first.")
)

// MaxTeam bounds a team, those who are shut out included.
const MaxTeam = 200

// TeamMember is somebody of a partner's team.
type TeamMember struct {
	models.Member
	Account models.Account
}

// Team lists a partner's team: owners first, by name.
func (i *Identity) Team(ctx context.Context, partner string) (team []TeamMember, err error) {
	err = i.o.Store.Accounts(ctx, func(r store.Accounts) error {
		team, err = teamOf(r, partner)
		return err
	})
	return team, err
}

func teamOf(r store.Accounts, partner string) ([]TeamMember, error) {
	members, err := r.Members(partner, MaxTeam)
	if err != nil {
		return nil, err
	}
	ids := make([]string, len(members))
	for n, m := range members {
		ids[n] = m.AccountID
	}
	accounts, err := r.AccountsByID(ids)
	if err != nil {
		return nil, err
	}
	byID := map[string]models.Account{}
	for _, a := range accounts {
		byID[a.ID] = a
	}
	team := make([]TeamMember, len(members))
	for n, m := range members {
		team[n] = TeamMember{m, byID[m.AccountID]}
	}
	slices.SortFunc(team, func(a, b TeamMember) int {
		rank := func(m TeamMember) int { return slices.Index(models.PortalRoles, m.Role) }
		return cmp.Or(cmp.Compare(rank(a), rank(b)), strings.Compare(a.Account.Name, b.Account.Name), strings.Compare(a.AccountID, b.AccountID))
	})
	return team, nil
}

// MemberInvitation is who shall come into a team, and as what.
type MemberInvitation struct {
	Name       string            `json:"name"`
	Email      string            `json:"email"` // where the link goes; nothing is signed in with it
	Role       models.PortalRole `json:"role"`
	Production bool              `json:"production"`
}

func (v MemberInvitation) check() error {
	var f errs.Fields
	f.Check(models.ReadableName(v.Name), "name", "account.name", "Enter a name.")
	f.Check(models.MailAddress(v.Email), "email", "member.email", "Enter an e-mail address such as he.jing@partner.example.")
	f.Check(slices.Contains(models.PortalRoles, v.Role), "role", "member.role", "Choose a role.")
	return f.Invalid()
}

// InviteMember takes somebody into the team of whoever asks, and returns the link by
// which they set up their account. Faults come back by field: "name", "email",
// "role". ErrTeamFull.
func (i *Identity) InviteMember(ctx context.Context, by Who, v MemberInvitation) (link Link, err error) {
	if err := i.proved(by); err != nil {
		return Link{}, err
	}
	if err := v.check(); err != nil {
		return Link{}, err
	}
	err = i.write(ctx, by.Account.ID, func(w change.Writer) error {
		a, err := inviteMember(w, by.Member.PartnerID, v)
		if err != nil {
			return err
		}
		link, err = i.link(w, a)
		return err
	})
	return link, err
}

func inviteMember(w change.Writer, partner string, v MemberInvitation) (models.Account, error) {
	p, found, err := w.Accounts().Partner(partner) // locked: nobody else counts the team meanwhile
	if err != nil || !found || p.Status == models.Closed {
		return models.Account{}, cmp.Or[error](err, ErrNoMember)
	}
	team, err := w.Accounts().Members(partner, MaxTeam)
	if err != nil {
		return models.Account{}, err
	}
	if len(team) >= MaxTeam {
		return models.Account{}, ErrTeamFull
	}
	a, err := newAccount(w, "usr_", models.Account{Realm: models.PortalRealm, Name: v.Name, Email: v.Email})
	if err != nil {
		return a, err
	}
	m := models.Member{AccountID: a.ID, PartnerID: partner, Role: v.Role, Production: v.Production, GivenBy: w.Actor, GivenAt: w.At()}
	if err := w.SaveMember(m); err != nil {
		return a, err
	}
	return a, told(w, "member.invited", a, membership(m))
}

// membership is what an event says of a member.
func membership(m models.Member) map[string]string {
	return map[string]string{"role": string(m.Role), "production": strconv.FormatBool(m.Production)}
}

// member runs f with somebody of one's own team, whoever it is not oneself, on the
// word of who has lately proved to be there. ErrNoMember for everybody else, of
// other teams or none.
func (i *Identity) member(ctx context.Context, by Who, account string, f func(change.Writer, TeamMember) error) error {
	err := i.another(ctx, by, account, func(w change.Writer, a models.Account) error {
		m, found, err := w.Accounts().Member(a.ID)
		if err != nil || !found || m.PartnerID != by.Member.PartnerID {
			return cmp.Or[error](err, ErrNoMember)
		}
		return f(w, TeamMember{m, a})
	})
	if errors.Is(err, ErrNoAccount) {
		return ErrNoMember
	}
	return err
}

// MemberLink makes a new set-up link for somebody who has not set up yet; the one
// from before is dead. ErrNoReset for who is in: whoever gets a link owns the
// account.
func (i *Identity) MemberLink(ctx context.Context, by Who, account string) (link Link, err error) {
	err = i.member(ctx, by, account, func(w change.Writer, m TeamMember) error {
		link, err = i.invitedLink(w, m.Account)
		return err
	})
	return link, err
}

func (i *Identity) invitedLink(w change.Writer, a models.Account) (Link, error) {
	switch a.Status {
	case models.AccountActive:
		return Link{}, ErrNoReset
	case models.AccountDisabled:
		return Link{}, ErrDisabled
	}
	return i.link(w, a)
}

// SetMember gives somebody of one's team another role. It holds from their next
// request on. ErrLastOwner; a fault comes back as "role".
func (i *Identity) SetMember(ctx context.Context, by Who, account string, role models.PortalRole, production bool) error {
	var f errs.Fields
	f.Check(slices.Contains(models.PortalRoles, role), "role", "member.role", "Choose a role.")
	if err := f.Invalid(); err != nil {
		return err
	}
	return i.member(ctx, by, account, func(w change.Writer, m TeamMember) error {
		if m.Member.Role == role && m.Production == production {
			return nil
		}
		if role != models.PortalOwner {
			if err := ownerRemains(w, m); err != nil {
				return err
			}
		}
		m.Member.Role, m.Production, m.GivenBy, m.GivenAt = role, production, w.Actor, w.At()
		if err := w.SaveMember(m.Member); err != nil {
			return err
		}
		return told(w, "member.changed", m.Account, membership(m.Member))
	})
}

// RemoveMember shuts somebody of one's team out at once: no way in is left, and
// sessions end. ErrLastOwner.
func (i *Identity) RemoveMember(ctx context.Context, by Who, account string) error {
	return i.member(ctx, by, account, func(w change.Writer, m TeamMember) error {
		if m.Account.Status == models.AccountDisabled {
			return nil
		}
		if err := ownerRemains(w, m); err != nil {
			return err
		}
		if err := shutOut(w, m.Account); err != nil {
			return err
		}
		return told(w, "member.removed", m.Account, membership(m.Member))
	})
}

// ownerRemains refuses where nobody else who is in could look after the team.
func ownerRemains(w change.Writer, m TeamMember) error {
	if m.Member.Role != models.PortalOwner {
		return nil
	}
	if _, _, err := w.Accounts().Partner(m.PartnerID); err != nil { // locked: two owners do not remove each other at once
		return err
	}
	team, err := teamOf(w.Accounts(), m.PartnerID)
	if err != nil {
		return err
	}
	if !slices.ContainsFunc(team, func(o TeamMember) bool {
		return o.AccountID != m.AccountID && o.Member.Role == models.PortalOwner && o.Account.Status == models.AccountActive
	}) {
		return ErrLastOwner
	}
	return nil
}

// OwnerKind is the name of a change request that takes an owner into a partner's
// team on the bank's word: who gets in there looks after the partner's credentials,
// so nobody of the bank decides it alone.
const OwnerKind = "portal_owner"

// Owner is what such a request asks for.
type Owner struct {
	Partner string `json:"partner"`
	MemberInvitation
}

// Content is the invitation as a request holds it; the role is an owner's. Faults
// come back by field: "name", "email".
func (o Owner) Content() (string, error) {
	o.Role = models.PortalOwner
	if err := o.check(); err != nil {
		return "", err
	}
	text, err := json.Marshal(o)
	return string(text), err
}

// InviteUser takes somebody into a partner's team on the word of whoever runs this
// machine; the console asks two persons (Owners).
func (i *Identity) InviteUser(ctx context.Context, actor, partner string, v MemberInvitation) (link Link, err error) {
	if err := v.check(); err != nil {
		return Link{}, err
	}
	err = i.write(ctx, actor, func(w change.Writer) error {
		a, err := inviteMember(w, partner, v)
		if err != nil {
			return err
		}
		link, err = i.link(w, a)
		return err
	})
	return link, err
}

// Owners describes and applies such requests.
type Owners struct{}

// Describe says who would come in.
func (o Owners) Describe(b store.Business, content string, _ time.Time) (change.Plan, error) {
	_, plan, err := o.read(b, content)
	return plan, err
}

// Apply makes the account; OwnerLink makes its link.
func (o Owners) Apply(b store.Business, content string, w change.Writer) (change.Plan, error) {
	asked, plan, err := o.read(b, content)
	if err != nil {
		return plan, err
	}
	_, err = inviteMember(w, asked.Partner, asked.MemberInvitation)
	return plan, err
}

func (o Owners) read(b store.Business, content string) (asked Owner, plan change.Plan, err error) {
	if err := json.Unmarshal([]byte(content), &asked); err != nil {
		return asked, plan, fmt.Errorf("read invitation: %w", err)
	}
	if err := asked.check(); err != nil {
		return asked, plan, err
	}
	p, found, err := b.Accounts().Partner(asked.Partner)
	if err != nil || !found || p.Status == models.Closed {
		return asked, plan, cmp.Or[error](err, ErrNoMember)
	}
	what := "%s (%s) comes into the portal of %s as an owner, and may not change what is in production"
	if asked.Production {
		what = "%s (%s) comes into the portal of %s as an owner, and may change what is in production"
	}
	var d change.Comparison
	d.Note(change.Widens, what, asked.Name, asked.Email, p.Name)
	plan.Things = []change.Planned{{Kind: "partner", ID: p.ID, Differences: d.List}}
	return asked, plan, nil
}

// OwnerLink makes a set-up link for an owner of a partner's team who has not set up
// yet, on the word of somebody of the bank. ErrNoMember for everybody else.
func (i *Identity) OwnerLink(ctx context.Context, by Who, partner, account string) (link Link, err error) {
	if err := i.proved(by); err != nil {
		return Link{}, err
	}
	err = i.write(ctx, by.Account.ID, func(w change.Writer) error {
		m, found, err := w.Accounts().Member(account)
		if err != nil || !found || m.PartnerID != partner || m.Role != models.PortalOwner {
			return cmp.Or[error](err, ErrNoMember)
		}
		a, found, err := w.Accounts().Account(account)
		if err != nil || !found {
			return cmp.Or[error](err, ErrNoMember)
		}
		link, err = i.invitedLink(w, a)
		return err
	})
	return link, err
}
