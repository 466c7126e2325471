package identity

import (
	"cmp"
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"slices"
	"time"

	"postern/app/change"
	"postern/app/errs"
	"postern/app/store"
	"postern/models"
)

func msUntil(from, to int64) time.Duration { return time.Duration(to-from) * time.Millisecond }

// Link is a set-up link to hand over.
type Link struct {
	Account models.Account
	Role    models.StaffRole // of the first two
	Token   string
	EndsAt  time.Time
}

// ErrStaffExist says that the first two are in; who comes next is invited.
var ErrStaffExist = errs.New(errs.Conflict, "staff_exist", "Both administrators are in: further staff is invited in the console.")

// first are the two whose being in opens the house. Logins and names are those
// of the offices until their holders choose their own.
var first = []struct {
	role  models.StaffRole
	login string
	name  string
}{
	{models.SystemRole, "system", "System administrator"},
	{models.SecurityRole, "security", "Security administrator"},
}

// maxFirst bounds how many administrators of one kind are looked at.
const maxFirst = 20

// SetUp returns new set-up links for the system and the security administrator,
// those of the two offices that nobody is in yet; links from before are dead. It
// makes the accounts if there are none. ErrStaffExist if both are in.
func (i *Identity) SetUp(ctx context.Context, actor string) (links []Link, err error) {
	err = i.write(ctx, actor, func(w change.Writer) error {
		links = nil
		for _, f := range first {
			link, needed, err := i.setUp(w, f.role, f.login, f.name)
			if err != nil {
				return err
			}
			if needed {
				links = append(links, link)
			}
		}
		if len(links) == 0 {
			return ErrStaffExist
		}
		return nil
	})
	return links, err
}

// FirstSetUp is SetUp where there is no staff at all, of whatever state; else it
// does nothing.
func (i *Identity) FirstSetUp(ctx context.Context, actor string) ([]Link, error) {
	var some []models.Account
	err := i.o.Store.Accounts(ctx, func(r store.Accounts) (err error) {
		some, err = r.AccountsOf(models.StaffRealm, "", 1)
		return err
	})
	if err != nil || len(some) > 0 {
		return nil, err
	}
	return i.SetUp(ctx, actor)
}

func (i *Identity) setUp(w change.Writer, role models.StaffRole, login, name string) (link Link, needed bool, err error) {
	list, err := w.Accounts().WithRole(role, maxFirst)
	if err != nil {
		return Link{}, false, err
	}
	var a models.Account
	for _, holder := range list {
		if holder.Status == models.AccountActive {
			return Link{}, false, nil
		}
		a = holder
	}
	if a.ID == "" {
		if a, err = i.invite(w, Invitation{Login: login, Name: name, Roles: []models.StaffRole{role}}); err != nil {
			return Link{}, false, err
		}
	}
	link, err = i.link(w, a)
	link.Role = role
	return link, true, err
}

// Invitation is whose account is made.
type Invitation struct {
	Login, Name string
	Email       string // may be empty
	Roles       []models.StaffRole
}

// Invite makes somebody's account with roles and returns the link by which its
// owner sets it up. Faults come back by field: "login", "name", "email", "roles".
func (i *Identity) Invite(ctx context.Context, actor string, v Invitation) (link Link, err error) {
	var f errs.Fields
	checkLogin(&f, Fold(v.Login))
	f.Check(models.ReadableName(v.Name), "name", "account.name", "Enter a name.")
	checkEmail(&f, v.Email)
	if err := f.Invalid(); err != nil {
		return Link{}, err
	}
	err = i.write(ctx, actor, func(w change.Writer) error {
		_, found, err := w.Accounts().AccountByLogin(models.StaffRealm, Fold(v.Login))
		if err != nil {
			return err
		}
		if found {
			f.Check(false, "login", "account.login_taken", "Somebody else has this login.")
			return f.Invalid()
		}
		a, err := i.invite(w, v)
		if errors.Is(err, store.ErrTaken) {
			f.Check(false, "roles", "account.roles", "System, security and audit administrator are three different persons.")
			return f.Invalid()
		}
		if err != nil {
			return err
		}
		link, err = i.link(w, a)
		return err
	})
	return link, err
}

// invite makes somebody of the staff.
func (i *Identity) invite(w change.Writer, v Invitation) (models.Account, error) {
	a, err := newAccount(w, "stf_", models.Account{Realm: models.StaffRealm, Login: Fold(v.Login), Name: v.Name, Email: v.Email})
	if err != nil {
		return models.Account{}, err
	}
	if err := told(w, "account.invited", a, map[string]string{"login": a.Login}); err != nil {
		return models.Account{}, err
	}
	for _, role := range v.Roles {
		if err := give(w, a, role); err != nil {
			return models.Account{}, err
		}
	}
	return a, nil
}

// newAccount makes a person with an account that has no password yet. Without a
// login it gets one that nobody would choose: its owner will.
func newAccount(w change.Writer, prefix string, a models.Account) (models.Account, error) {
	ids := make([]string, 2)
	for n := range ids {
		b := make([]byte, 12)
		if _, err := io.ReadFull(w.Rand, b); err != nil {
			return a, fmt.Errorf("name account: %w", err)
		}
		ids[n] = base64.RawURLEncoding.EncodeToString(b)
	}
	a.PersonID, a.ID = "per_"+ids[0], prefix+ids[1]
	a.Login = cmp.Or(a.Login, Fold(a.ID))
	a.Status, a.CreatedAt, a.UpdatedAt = models.AccountInvited, w.At(), w.At()
	if err := w.SavePerson(models.Person{ID: a.PersonID, Name: a.Name, CreatedAt: w.At()}); err != nil {
		return a, err
	}
	return a, w.SaveAccount(a)
}

// give gives a role; store.ErrTaken where the database holds the person's two
// offices apart.
func give(w change.Writer, a models.Account, role models.StaffRole) error {
	row := models.StaffRoleRow{AccountID: a.ID, PersonID: a.PersonID, Role: role, GivenBy: w.Actor, GivenAt: w.At()}
	if err := w.GiveRole(row); err != nil {
		return err
	}
	return told(w, "role.given", a, map[string]string{"role": string(role)})
}

// linkLife is how long a link waits for its owner: at the bank they sit in the next
// room, at a partner they may be asleep.
var linkLife = map[models.Realm]time.Duration{models.StaffRealm: SetupLinkLife, models.PortalRealm: InvitationLife}

// link makes a set-up link; those from before are dead.
func (i *Identity) link(w change.Writer, a models.Account) (Link, error) {
	token, err := i.token(32)
	if err != nil {
		return Link{}, err
	}
	if err := w.DropSetupLinks(a.ID, w.At()); err != nil {
		return Link{}, err
	}
	ends := w.Now.Add(linkLife[a.Realm])
	if err := w.SaveSetupLink(models.SetupLink{Hash: hash(token), AccountID: a.ID, MadeAt: w.At(), EndsAt: ends.UnixMilli()}); err != nil {
		return Link{}, err
	}
	return Link{Account: a, Token: token, EndsAt: ends}, told(w, "setup_link.made", a, nil)
}

// LinkAccount is whose link it is, if it can still be used in this house; ErrLink if
// not.
func (i *Identity) LinkAccount(ctx context.Context, realm models.Realm, token string) (a models.Account, err error) {
	err = i.o.Store.Accounts(ctx, func(r store.Accounts) error {
		l, found, err := r.SetupLink(hash(token))
		if err != nil {
			return err
		}
		if !found || l.UsedAt != 0 || i.o.Now().UnixMilli() >= l.EndsAt {
			return ErrLink
		}
		a, found, err = r.Account(l.AccountID)
		if err == nil && (!found || a.Realm != realm || a.Status == models.AccountDisabled) {
			err = ErrLink
		}
		return err
	})
	return a, err
}

// OpenLink spends a set-up link and returns the cookie of a session in which
// password and second factor are set. ErrLink if somebody was faster.
func (i *Identity) OpenLink(ctx context.Context, realm models.Realm, token string, c Client) (cookie string, err error) {
	a, err := i.LinkAccount(ctx, realm, token)
	if err != nil {
		return "", err
	}
	err = i.write(ctx, a.ID, func(w change.Writer) error {
		ok, err := w.UseSetupLink(hash(token), w.At())
		if err != nil || !ok {
			return cmp.Or[error](err, ErrLink)
		}
		if err := told(w, "setup_link.used", a, map[string]string{"address": c.Address}); err != nil {
			return err
		}
		cookie, err = i.begin(w, a, models.StageEnrol, SetupLinkLife, c)
		return err
	})
	return cookie, err
}

// Enrolment is what somebody sets up who came by a link.
type Enrolment struct {
	Login, Name     string
	Password, Again string
}

// chosen is what somebody has set up so far. It waits in the session: until there
// is a second factor, what the account had before stays (ASVS 6.4.3).
type chosen struct {
	Login, Name, PasswordHash string
}

// over is the account as it will be.
func (e chosen) over(a models.Account) models.Account {
	a.Login, a.Name, a.PasswordHash = e.Login, e.Name, e.PasswordHash
	return a
}

// SetPassword keeps what a session's owner has chosen, who came by a link; an
// account that is in use keeps its login and name. Faults come back by field:
// "login", "name", "password", "again".
func (i *Identity) SetPassword(ctx context.Context, realm models.Realm, cookie string, e Enrolment) error {
	who, err := i.Current(ctx, realm, cookie)
	if err != nil {
		return err
	}
	if who.Account.Status == models.AccountActive {
		e.Login, e.Name = who.Account.Login, who.Account.Name
	}
	f := checkEnrolment(e)
	if err := f.Invalid(); err != nil {
		return err
	}
	phc, err := i.hashPassword(ctx, e.Password)
	if err != nil {
		return err
	}
	return i.asCurrent(ctx, realm, cookie, func(w change.Writer, who Who) error {
		if who.Session.Stage != models.StageEnrol {
			return ErrStage
		}
		a := who.Account
		other, found, err := w.Accounts().AccountByLogin(a.Realm, Fold(e.Login))
		if err != nil {
			return err
		}
		if found && other.ID != a.ID {
			return loginTaken()
		}
		return i.keep(w, keepEnroling, within(who.Session, keepEnroling), a, SetupLinkLife, chosen{Fold(e.Login), e.Name, phc})
	})
}

func loginTaken() error {
	var f errs.Fields
	f.Check(false, "login", "account.login_taken", "Somebody else has this login.")
	return f.Invalid()
}

// enrolling is what a session's owner has chosen, who sets up an account; ErrStage
// if nothing yet.
func (i *Identity) enrolling(w change.Writer, who Who) (chosen, error) {
	if who.Session.Stage != models.StageEnrol {
		return chosen{}, ErrStage
	}
	e, found, err := kept[chosen](w, keepEnroling, who.Session)
	if err == nil && !found {
		err = ErrStage
	}
	return e, err
}

// The bounds of a login, octets.
const minLogin, maxLogin = 2, 100

func checkLogin(f *errs.Fields, login string) {
	ok := models.ReadableName(login) && len(login) >= minLogin && len(login) <= maxLogin
	f.Check(ok, "login", "account.login", "Enter a staff number or an e-mail address.")
}

func checkEnrolment(e Enrolment) errs.Fields {
	login := Fold(e.Login)
	f := CheckPassword("password", e.Password, login, e.Name)
	checkLogin(&f, login)
	f.Check(models.ReadableName(e.Name), "name", "account.name", "Enter a name.")
	f.Check(e.Password == e.Again, "again", "account.password_again", "This is not the same password.")
	return f
}

// ConfirmTOTP takes a first code, makes the account active and returns the
// cookie of a full session and the recovery codes, to be shown once. Factors and
// sessions from before are gone. Faults come back by field: "code".
func (i *Identity) ConfirmTOTP(ctx context.Context, realm models.Realm, cookie, code string, c Client) (next string, recovery []string, err error) {
	err = i.asCurrent(ctx, realm, cookie, func(w change.Writer, who Who) error {
		e, err := i.enrolling(w, who)
		if err != nil {
			return err
		}
		f, err := i.confirmed(w, who, "", code)
		if err != nil {
			return err
		}
		next, recovery, err = i.activate(w, who, e, f, c)
		return err
	})
	return next, recovery, err
}

// activate makes what was chosen, and f as the only factor, the account's, and
// lets its owner in.
func (i *Identity) activate(w change.Writer, who Who, e chosen, f models.Factor, c Client) (string, []string, error) {
	who.Account = e.over(who.Account)
	who.Account.Status, who.Account.PasswordAt, who.Account.UpdatedAt = models.AccountActive, w.At(), w.At()
	a := who.Account
	if err := w.SaveAccount(a); err != nil {
		if errors.Is(err, store.ErrTaken) {
			return "", nil, ErrLoginGone
		}
		return "", nil, err
	}
	if err := w.SavePerson(models.Person{ID: a.PersonID, Name: a.Name, CreatedAt: a.CreatedAt}); err != nil {
		return "", nil, err
	}
	if err := told(w, "account.password_set", a, map[string]string{"login": a.Login}); err != nil {
		return "", nil, err
	}
	if err := i.onlyFactor(w, a, f); err != nil {
		return "", nil, err
	}
	if err := i.endOthers(w, who, "set_up_again"); err != nil {
		return "", nil, err
	}
	recovery, err := i.newRecoveryCodes(w, a)
	if err != nil {
		return "", nil, err
	}
	next, err := i.enter(w, who, "setup", c)
	return next, recovery, err
}

// ErrLoginGone refuses to finish with a login that somebody else has taken since
// it was chosen.
var ErrLoginGone = errs.New(errs.Conflict, "login_gone", "Somebody else has taken the login meanwhile: begin again with another one.")

// onlyFactor puts a factor in the place of all others.
func (i *Identity) onlyFactor(w change.Writer, a models.Account, f models.Factor) error {
	old, err := w.Accounts().Factors(a.ID)
	if err != nil {
		return err
	}
	for _, o := range old {
		if _, err := w.DropFactor(a.ID, o.ID); err != nil {
			return err
		}
	}
	if err := w.SaveFactor(f); err != nil {
		return err
	}
	return told(w, "factor.added", a, map[string]string{"factor": string(f.Kind), "id": f.ID, "name": f.Name})
}

// Ready reports whether system and security administrator are both in: before,
// nothing else works.
func (i *Identity) Ready(ctx context.Context) (ready bool, err error) {
	err = i.o.Store.Accounts(ctx, func(r store.Accounts) error {
		for _, f := range first {
			list, err := r.WithRole(f.role, maxFirst)
			if err != nil {
				return err
			}
			if !slices.ContainsFunc(list, func(a models.Account) bool { return a.Status == models.AccountActive }) {
				return nil
			}
		}
		ready = true
		return nil
	})
	return ready, err
}
