package console

import (
	"context"
	"errors"
	"net/http"
	"strings"

	"github.com/gin-gonic/gin"

	"postern/app/approval"
	"postern/app/entrance"
	"postern/app/errs"
	"postern/app/identity"
	"postern/app/store"
	"postern/app/web"
	"postern/models"
	"postern/policies"
	"postern/views/console"
	views "postern/views/entrance"
	"postern/views/i18n"
	"postern/views/ui"
)

// staffPage is how many accounts a page lists.
const staffPage = 100

// Staff lists the accounts of the bank's staff, by login.
func (s *Console) Staff(c *gin.Context) error {
	ctx := c.Request.Context()
	page := console.StaffPage{
		Frame: s.frame(c, i18n.T(ctx, i18n.ConsoleStaff)), CanInvite: entrance.VisitOf(c).Rights.May(makesAccounts),
	}
	after, err := s.place(c, "/console/staff", 1)
	if err != nil {
		return err
	}
	err = s.o.Store.Accounts(ctx, func(a store.Accounts) error {
		list, err := a.AccountsOf(models.StaffRealm, after[0], staffPage+1)
		if err != nil {
			return err
		}
		if len(list) > staffPage {
			list = list[:staffPage]
			page.More = "/console/staff?after=" + s.o.Cursors.Make("/console/staff", list[staffPage-1].Login)
		}
		ids := make([]string, len(list))
		for i, account := range list {
			ids[i] = account.ID
		}
		roles, err := a.Roles(ids...)
		if err != nil {
			return err
		}
		held := map[string][]models.StaffRole{}
		for _, r := range roles {
			held[r.AccountID] = append(held[r.AccountID], r.Role)
		}
		for _, account := range list {
			page.Rows = append(page.Rows, s.staffRow(c, account, held[account.ID]))
		}
		return nil
	})
	if err != nil {
		return err
	}
	return web.Render(c, http.StatusOK, console.Staff(page))
}

var accountStates = map[models.AccountStatus]struct {
	word i18n.Key
	tone ui.Tone
}{
	models.AccountInvited: {i18n.ConsoleStaffInvited, ui.Accent}, models.AccountActive: {i18n.ConsoleStaffActive, ui.Ok},
	models.AccountDisabled: {i18n.ConsoleStaffOff, ui.Outline},
}

func (s *Console) staffRow(c *gin.Context, a models.Account, roles []models.StaffRole) console.StaffRow {
	state := accountStates[a.Status]
	return console.StaffRow{
		Name: a.Name, Login: a.Login, Href: staffPath(a.ID), Roles: strings.Join(roleNames(c, roles), i18n.T(c.Request.Context(), i18n.CommonComma)),
		State: ui.BadgeView{Text: i18n.T(c.Request.Context(), state.word), Tone: state.tone},
	}
}

// StaffNew asks whom to invite.
func (s *Console) StaffNew(c *gin.Context) error {
	return s.showStaffNew(c, http.StatusOK, console.StaffNewPage{})
}

func (s *Console) showStaffNew(c *gin.Context, status int, page console.StaffNewPage) error {
	ctx := c.Request.Context()
	page.Frame = s.frame(c, i18n.T(ctx, i18n.ConsoleInvite), crumb(ctx, i18n.ConsoleStaff, "/console/staff"))
	return web.Render(c, status, console.StaffNew(page))
}

// StaffInvite makes an account without roles and shows its link, once.
func (s *Console) StaffInvite(c *gin.Context) error {
	page := console.StaffNewPage{Login: c.PostForm("login"), Name: c.PostForm("name"), Email: strings.TrimSpace(c.PostForm("email"))}
	ok, refused, err := s.Proved(c)
	if err != nil {
		return err
	}
	if page.Verify, err = s.VerifyView(c, refused); err != nil {
		return err
	}
	if !ok {
		page.Verify.Due = true
		return s.showStaffNew(c, http.StatusUnprocessableEntity, page)
	}
	link, err := s.o.Identity.Invite(c.Request.Context(), entrance.VisitOf(c).Who.Account.ID, identity.Invitation{
		Login: page.Login, Name: page.Name, Email: page.Email,
	})
	if faults := errs.FieldsOf(err); faults != nil {
		page.Faults, page.Verify = s.Words(c, faults), views.VerifyView{}
		return s.showStaffNew(c, http.StatusUnprocessableEntity, page)
	}
	if err != nil {
		return err
	}
	return s.showLink(c, link)
}

func (s *Console) showLink(c *gin.Context, link identity.Link) error {
	ctx := c.Request.Context()
	return s.HandOver(c, link, s.o.Address+"/console", i18n.T(ctx, i18n.ConsoleInvited), staffPath(link.Account.ID), crumb(ctx, i18n.ConsoleStaff, "/console/staff"))
}

// StaffLink makes a new set-up link: the system administrator for who has not set
// up yet, the security administrator for who is in, once that was agreed to.
func (s *Console) StaffLink(c *gin.Context) error {
	a, _, err := s.member(c)
	if err != nil {
		return err
	}
	if !s.mayLink(c, a) {
		return entrance.ErrForbidden.Because("link of " + string(a.Status))
	}
	if due, err := s.ProveFirst(c, staffPath(a.ID)); due || err != nil {
		return err
	}
	link, err := s.o.Identity.NewLink(c.Request.Context(), entrance.VisitOf(c).Who, a.ID)
	if err != nil {
		return err
	}
	return s.showLink(c, link)
}

func staffPath(account string) string { return "/console/staff/" + account }

// mayLink reports whether the reader makes the link that the account needs.
func (s *Console) mayLink(c *gin.Context, a models.Account) bool {
	switch rights := entrance.VisitOf(c).Rights; a.Status {
	case models.AccountInvited:
		return rights.May(makesAccounts)
	case models.AccountActive:
		return s.o.Now().UnixMilli() < a.ResetUntil && rights.May(makesRoles)
	}
	return false
}

var (
	makesAccounts = policies.Permission{Resource: "accounts", Action: "make"}
	makesRoles    = policies.Permission{Resource: "roles", Action: "make"}
	endsSessions  = policies.Permission{Resource: "sessions", Action: "end"}
)

// StaffReset asks that somebody who is in may get a new set-up link.
func (s *Console) StaffReset(c *gin.Context) error {
	page := console.StaffMemberPage{ResetReason: c.PostForm("reset_reason")}
	a, _, err := s.member(c)
	if err != nil {
		return err
	}
	content, err := identity.Reset{Account: a.ID}.Content()
	if err != nil {
		return err
	}
	out, err := s.o.Approvals.Submit(c.Request.Context(), s.by(c), approval.Ask{
		Kind: identity.ResetKind, Subject: "staff " + a.Login, Content: content, Reason: page.ResetReason,
	})
	if faults := errs.FieldsOf(err); faults != nil {
		page.Faults = s.Words(c, errs.Fields{"reset_reason": faults["reason"]})
		return s.showStaffMember(c, http.StatusUnprocessableEntity, page)
	}
	if err != nil {
		return err
	}
	return entrance.Done(c, requestPath(out.Request), "asked")
}

// StaffDisable shuts somebody out at once.
func (s *Console) StaffDisable(c *gin.Context) error {
	return s.toMember(c, "disabled", s.o.Identity.Disable)
}

// StaffEnable lets somebody back in.
func (s *Console) StaffEnable(c *gin.Context) error {
	return s.toMember(c, "enabled", s.o.Identity.Enable)
}

// StaffSessionsEnd ends every session of somebody.
func (s *Console) StaffSessionsEnd(c *gin.Context) error {
	return s.toMember(c, "sessions-ended", func(ctx context.Context, by identity.Who, account string) error {
		_, err := s.o.Identity.EndSessions(ctx, by, account)
		return err
	})
}

// StaffSessionEnd ends one session of somebody.
func (s *Console) StaffSessionEnd(c *gin.Context) error {
	return s.toMember(c, "session-ended", func(ctx context.Context, by identity.Who, account string) error {
		return s.o.Identity.EndSessionOf(ctx, by, account, c.Param("session"))
	})
}

// toMember does something to an account, on the word of who has lately proved to be there.
func (s *Console) toMember(c *gin.Context, what string, do func(context.Context, identity.Who, string) error) error {
	a, _, err := s.member(c)
	if err != nil {
		return err
	}
	if due, err := s.ProveFirst(c, staffPath(a.ID)); due || err != nil {
		return err
	}
	if err := do(c.Request.Context(), entrance.VisitOf(c).Who, a.ID); err != nil {
		return err
	}
	return entrance.Done(c, staffPath(a.ID), what)
}

// StaffMember shows one account.
func (s *Console) StaffMember(c *gin.Context) error {
	return s.showStaffMember(c, http.StatusOK, console.StaffMemberPage{})
}

func (s *Console) showStaffMember(c *gin.Context, status int, page console.StaffMemberPage) error {
	ctx, rights := c.Request.Context(), entrance.VisitOf(c).Rights
	a, held, err := s.member(c)
	if err != nil {
		return err
	}
	page.Frame = s.frame(c, a.Name, crumb(ctx, i18n.ConsoleStaff, "/console/staff"))
	page.StaffRow, page.Action, page.Made = s.staffRow(c, a, held), staffPath(a.ID), s.At(a.CreatedAt)
	own := a.PersonID == entrance.VisitOf(c).Who.Account.PersonID
	page.CanLink = !own && s.mayLink(c, a)
	page.CanReset = !own && !page.CanLink && a.Status == models.AccountActive && rights.May(makesRoles)
	page.CanDisable = !own && a.Status != models.AccountDisabled && rights.May(makesAccounts)
	page.CanEnable = !own && a.Status == models.AccountDisabled && rights.May(makesAccounts)
	page.CanRoles = rights.May(makesRoles)
	if !own && rights.May(endsSessions) {
		sessions, err := s.o.Identity.Sessions(ctx, a.ID)
		if err != nil {
			return err
		}
		page.Sessions = s.SessionRows(entrance.VisitOf(c).Who, sessions, page.Action)
	}
	page.Roles = []ui.Option{{Text: i18n.T(ctx, i18n.ConsoleChooseRole)}}
	for _, role := range models.StaffRoles {
		page.Roles = append(page.Roles, ui.Option{Value: string(role), Text: entrance.StaffRole(ctx, role), Chosen: string(role) == page.Role})
	}
	if page.Verify, err = s.VerifyView(c, page.Verify.Refused); err != nil {
		return err
	}
	return web.Render(c, status, console.StaffMemberScreen(page))
}

// member reads the account that the address names, and its roles.
func (s *Console) member(c *gin.Context) (a models.Account, held []models.StaffRole, err error) {
	err = s.o.Store.Accounts(c.Request.Context(), func(r store.Accounts) error {
		found := false
		var err error
		if a, found, err = r.Account(c.Param("account")); err != nil {
			return err
		}
		if !found || a.Realm != models.StaffRealm {
			return identity.ErrNoAccount
		}
		rows, err := r.Roles(a.ID)
		for _, row := range rows {
			held = append(held, row.Role)
		}
		return err
	})
	return a, held, err
}

// StaffRole asks that a role be given or taken.
func (s *Console) StaffRole(c *gin.Context) error {
	page := console.StaffMemberPage{Role: c.PostForm("role"), Reason: c.PostForm("reason"), Take: c.PostForm("what") == "take"}
	ok, refused, err := s.Proved(c)
	if err != nil {
		return err
	}
	if !ok {
		page.Verify.Refused = refused
		return s.showStaffMember(c, http.StatusUnprocessableEntity, page)
	}
	a, _, err := s.member(c)
	if err != nil {
		return err
	}
	content, err := identity.RoleChange{Account: a.ID, Role: models.StaffRole(page.Role), Give: !page.Take}.Content()
	if err != nil {
		return err
	}
	out, err := s.o.Approvals.Submit(c.Request.Context(), s.by(c), approval.Ask{
		Kind: identity.RoleKind, Subject: "staff " + a.Login, Content: content, Reason: page.Reason,
	})
	if errors.Is(err, approval.ErrNothing) {
		page.Nothing = true
		return s.showStaffMember(c, http.StatusConflict, page)
	}
	if faults := errs.FieldsOf(err); faults != nil {
		page.Faults = s.Words(c, faults)
		return s.showStaffMember(c, http.StatusUnprocessableEntity, page)
	}
	if err != nil {
		return err
	}
	return entrance.Done(c, requestPath(out.Request), "asked")
}
