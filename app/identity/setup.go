package identity

import (
	"context"
	"errors"
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
		if a, err = i.invite(w, login, name, role); err != nil {
			return Link{}, false, err
		}
	}
	link, err = i.link(w, a)
	link.Role = role
	return link, true, err
}

// Invite makes somebody's account with roles and returns the link by which its
// owner sets it up. Faults come back by field: "login", "name", "roles".
func (i *Identity) Invite(ctx context.Context, actor, login, name string, roles ...models.StaffRole) (link Link, err error) {
	var f errs.Fields
	checkLogin(&f, Fold(login))
	f.Check(models.ReadableName(name), "name", "account.name", "Enter a name.")
	if err := f.Invalid(); err != nil {
		return Link{}, err
	}
	err = i.write(ctx, actor, func(w change.Writer) error {
		_, found, err := w.Accounts().AccountByLogin(models.StaffRealm, Fold(login))
		if err != nil {
			return err
		}
		if found {
			f.Check(false, "login", "account.login_taken", "Somebody else has this login.")
			return f.Invalid()
		}
		a, err := i.invite(w, login, name, roles...)
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

// invite makes a person with an account that has no password yet.
func (i *Identity) invite(w change.Writer, login, name string, roles ...models.StaffRole) (models.Account, error) {
	person, err := i.id("per_")
	if err != nil {
		return models.Account{}, err
	}
	id, err := i.id("stf_")
	if err != nil {
		return models.Account{}, err
	}
	a := models.Account{
		ID: id, Realm: models.StaffRealm, PersonID: person, Login: Fold(login), Name: name, Status: models.AccountInvited,
		CreatedAt: w.At(), UpdatedAt: w.At(),
	}
	if err := w.SavePerson(models.Person{ID: person, Name: name, CreatedAt: w.At()}); err != nil {
		return models.Account{}, err
	}
	if err := w.SaveAccount(a); err != nil {
		return models.Account{}, err
	}
	if err := told(w, "account.invited", a, map[string]string{"login": a.Login}); err != nil {
		return models.Account{}, err
	}
	for _, role := range roles {
		if err := give(w, a, role); err != nil {
			return models.Account{}, err
		}
	}
	return a, nil
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

// link makes a set-up link; those from before are dead.
func (i *Identity) link(w change.Writer, a models.Account) (Link, error) {
	token, err := i.token(32)
	if err != nil {
		return Link{}, err
	}
	if err := w.DropSetupLinks(a.ID, w.At()); err != nil {
		return Link{}, err
	}
	ends := w.Now.Add(SetupLinkLife)
	if err := w.SaveSetupLink(models.SetupLink{Hash: hash(token), AccountID: a.ID, MadeAt: w.At(), EndsAt: ends.UnixMilli()}); err != nil {
		return Link{}, err
	}
	return Link{Account: a, Token: token, EndsAt: ends}, told(w, "setup_link.made", a, nil)
}

// NewLink makes another set-up link for somebody who has not set up yet.
// ErrNoAccount for who is not there, ErrStage for who is in already.
func (i *Identity) NewLink(ctx context.Context, actor, account string) (link Link, err error) {
	err = i.write(ctx, actor, func(w change.Writer) error {
		a, found, err := w.Accounts().Account(account)
		switch {
		case err != nil:
			return err
		case !found || a.Realm != models.StaffRealm:
			return ErrNoAccount
		case a.Status != models.AccountInvited:
			return ErrStage
		}
		link, err = i.link(w, a)
		return err
	})
	return link, err
}

// LinkAccount is whose link it is, if it can still be used; ErrLink if not.
func (i *Identity) LinkAccount(ctx context.Context, token string) (a models.Account, err error) {
	err = i.o.Store.Accounts(ctx, func(r store.Accounts) error {
		l, found, err := r.SetupLink(hash(token))
		if err != nil {
			return err
		}
		if !found || l.UsedAt != 0 || i.o.Now().UnixMilli() >= l.EndsAt {
			return ErrLink
		}
		a, found, err = r.Account(l.AccountID)
		if err == nil && (!found || a.Status == models.AccountDisabled) {
			err = ErrLink
		}
		return err
	})
	return a, err
}

// OpenLink spends a set-up link and returns the cookie of a session in which
// password and second factor are set. ErrLink if somebody was faster.
func (i *Identity) OpenLink(ctx context.Context, token string, c Client) (cookie string, err error) {
	a, err := i.LinkAccount(ctx, token)
	if err != nil {
		return "", err
	}
	err = i.write(ctx, a.ID, func(w change.Writer) error {
		ok, err := w.UseSetupLink(hash(token), w.At())
		if err != nil || !ok {
			return orElse(err, ErrLink)
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

// SetPassword stores what a session's owner has chosen, who came by a link.
// Faults come back by field: "login", "name", "password", "again".
func (i *Identity) SetPassword(ctx context.Context, realm models.Realm, cookie string, e Enrolment) error {
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
		if other, found, err := w.Accounts().AccountByLogin(realm, Fold(e.Login)); err != nil {
			return err
		} else if found && other.ID != a.ID {
			var taken errs.Fields
			taken.Check(false, "login", "account.login_taken", "Somebody else has this login.")
			return taken.Invalid()
		}
		a.Login, a.Name, a.PasswordHash, a.PasswordAt, a.UpdatedAt = Fold(e.Login), e.Name, phc, w.At(), w.At()
		if err := w.SaveAccount(a); err != nil {
			return err
		}
		if err := w.SavePerson(models.Person{ID: a.PersonID, Name: e.Name, CreatedAt: a.CreatedAt}); err != nil {
			return err
		}
		return told(w, "account.password_set", a, map[string]string{"login": a.Login})
	})
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

// OfferTOTP returns the seed that the session's account has to put into its
// authenticator: the same one until it is confirmed.
func (i *Identity) OfferTOTP(ctx context.Context, realm models.Realm, cookie string) (seed TOTPSeed, err error) {
	err = i.asCurrent(ctx, realm, cookie, func(w change.Writer, who Who) error {
		if who.Session.Stage != models.StageEnrol || who.Account.PasswordHash == "" {
			return ErrStage
		}
		f, secret, err := i.pendingTOTP(w, who.Account)
		if err != nil {
			return err
		}
		seed = seedFor(secret, i.o.Name, who.Account.Login)
		return w.SaveFactor(f)
	})
	return seed, err
}

func (i *Identity) pendingTOTP(w change.Writer, a models.Account) (models.Factor, string, error) {
	factors, err := w.Accounts().Factors(a.ID)
	if err != nil {
		return models.Factor{}, "", err
	}
	for _, f := range factors {
		if f.Kind == models.TOTPFactor && !f.Confirmed {
			secret, err := i.o.Sealer().Open(sealLabel, f.Sealed)
			return f, secret, err
		}
	}
	return i.newSeed(a)
}

// ConfirmTOTP takes a first code, makes the account active and returns the
// cookie of a full session and the recovery codes, to be shown once. Factors and
// sessions from before are gone.
func (i *Identity) ConfirmTOTP(ctx context.Context, realm models.Realm, cookie, code string, c Client) (next string, recovery []string, err error) {
	err = i.asCurrent(ctx, realm, cookie, func(w change.Writer, who Who) error {
		a := who.Account
		if who.Session.Stage != models.StageEnrol || a.PasswordHash == "" {
			return ErrStage
		}
		f, secret, err := i.pendingTOTP(w, a)
		if err != nil {
			return err
		}
		step, ok, err := matchTOTP(secret, cleanCode(code), w.Now)
		if err != nil {
			return err
		}
		if !ok {
			var wrong errs.Fields
			wrong.Check(false, "code", "account.code", "This is not the code that the authenticator shows now.")
			return wrong.Invalid()
		}
		f.Confirmed, f.Step, f.UsedAt = true, step, w.At()
		if next, recovery, err = i.activate(w, who, f, c); err != nil {
			return err
		}
		return told(w, "factor.added", a, map[string]string{"factor": string(f.Kind)})
	})
	return next, recovery, err
}

// activate makes f the account's only factor and lets its owner in.
func (i *Identity) activate(w change.Writer, who Who, f models.Factor, c Client) (string, []string, error) {
	a := who.Account
	old, err := w.Accounts().Factors(a.ID)
	if err != nil {
		return "", nil, err
	}
	for _, o := range old {
		if _, err := w.DropFactor(a.ID, o.ID); err != nil {
			return "", nil, err
		}
	}
	if err := w.SaveFactor(f); err != nil {
		return "", nil, err
	}
	if _, err := w.EndSessions(a.ID, who.Session.ID, "set_up_again", w.At()); err != nil {
		return "", nil, err
	}
	recovery, err := i.newRecoveryCodes(w, a)
	if err != nil {
		return "", nil, err
	}
	who.Account.Status, who.Account.UpdatedAt = models.AccountActive, w.At()
	next, err := i.enter(w, who, "setup", c)
	return next, recovery, err
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
