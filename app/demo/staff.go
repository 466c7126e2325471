package demo

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"time"

	"postern/app/identity"
	"postern/models"
)

// staffFile holds what the demo's staff has to know; a real bank's stays with them.
const staffFile = "staff.json"

// colleague is one of the demo's staff.
type colleague struct {
	Login string           `json:"login"`
	Name  string           `json:"name"`
	Role  models.StaffRole `json:"role"`
	key
}

// key is what somebody gets in with.
type key struct {
	Password string `json:"password"`
	Secret   string `json:"secret"` // base32, of the authenticator
}

// colleagues are the demo's staff, in the order in which one meets them: who
// asks, who checks, and who watches.
var colleagues = []colleague{
	{Login: "officer", Name: "王磊", Role: models.OfficerRole},
	{Login: "reviewer", Name: "赵宁", Role: models.ReviewerRole},
	{Login: "security", Name: "何静", Role: models.SecurityRole},
	{Login: "system", Name: "林涛", Role: models.SystemRole},
	{Login: "audit", Name: "孙悦", Role: models.AuditRole},
	{Login: "support", Name: "许敏", Role: models.SupportRole},
}

// hire lets the demo's staff set up their accounts, as a bank's would, on a
// first start; later ones read what it noted then. A database that has staff and
// no note keeps its staff: the demo cannot know their passwords.
func hire(ctx context.Context, o Options, known *identity.Identity) ([]colleague, error) {
	path := filepath.Join(o.Data, staffFile)
	var fault error
	text, err := readOrMake(path, func() ([]byte, error) {
		team, err := enrolAll(ctx, o, known)
		if errors.Is(err, identity.ErrStaffExist) {
			fault = err
			return []byte("[]\n"), nil
		}
		if err != nil {
			return nil, err
		}
		return json.MarshalIndent(team, "", "  ")
	})
	if err != nil || fault != nil {
		return nil, err
	}
	var team []colleague
	if err := json.Unmarshal(text, &team); err != nil {
		return nil, fmt.Errorf("read %s: %w", path, err)
	}
	return team, nil
}

// enrolAll sets up the two administrators with whom every console begins; they
// invite the others.
func enrolAll(ctx context.Context, o Options, known *identity.Identity) ([]colleague, error) {
	links, err := known.SetUp(ctx, "demo")
	if err != nil {
		return nil, err
	}
	byRole := map[models.StaffRole]identity.Link{}
	for _, l := range links {
		byRole[l.Role] = l
	}
	team := make([]colleague, len(colleagues))
	for n, c := range colleagues {
		link, first := byRole[c.Role]
		if !first {
			if link, err = known.Invite(ctx, "demo", identity.Invitation{Login: c.Login, Name: c.Name, Roles: []models.StaffRole{c.Role}}); err != nil {
				return nil, fmt.Errorf("invite %s: %w", c.Login, err)
			}
		}
		team[n] = c
		if team[n].key, err = enrol(ctx, o, known, link, c.Login, c.Name); err != nil {
			return nil, fmt.Errorf("set up %s: %w", c.Login, err)
		}
	}
	return team, nil
}

// enrol goes through a link as its owner would.
func enrol(ctx context.Context, o Options, known *identity.Identity, link identity.Link, login, name string) (k key, err error) {
	browser, realm := identity.Client{Address: "127.0.0.1", Agent: "postern demo"}, link.Account.Realm
	cookie, err := known.OpenLink(ctx, realm, link.Token, browser)
	if err != nil {
		return k, err
	}
	if k.Password, err = passphrase(o.Rand); err != nil {
		return k, err
	}
	if err := known.SetPassword(ctx, realm, cookie, identity.Enrolment{Login: login, Name: name, Password: k.Password, Again: k.Password}); err != nil {
		return k, err
	}
	seed, err := known.OfferTOTP(ctx, realm, cookie)
	if err != nil {
		return k, err
	}
	k.Secret = seed.Secret
	// The code before the one that shows now, which the visitor is going to type.
	code, err := identity.TOTPCode(seed.Secret, o.Now().Add(-30*time.Second))
	if err != nil {
		return k, err
	}
	_, _, err = known.ConfirmTOTP(ctx, realm, cookie, code, browser)
	return k, err
}

// passphrase is four random groups: easy to type, and guessed by nobody.
func passphrase(random io.Reader) (string, error) {
	const letters = "abcdefghjkmnpqrstuvwxyz23456789" // none that looks like another
	b := make([]byte, 16)
	if _, err := io.ReadFull(random, b); err != nil {
		return "", fmt.Errorf("draw password: %w", err)
	}
	text := ""
	for i, x := range b {
		if i > 0 && i%4 == 0 {
			text += "-"
		}
		text += string(letters[int(x)%len(letters)])
	}
	return text, nil
}

// code is what somebody's authenticator shows now.
func (k key) code(now time.Time) string {
	code, err := identity.TOTPCode(k.Secret, now)
	if err != nil {
		return ""
	}
	return code
}
