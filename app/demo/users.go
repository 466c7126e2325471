package demo

import (
	"context"
	"encoding/json"
	"fmt"
	"path/filepath"

	"postern/app/errs"
	"postern/app/identity"
	"postern/models"
)

// usersFile holds what the demo's partners' users have to know.
const usersFile = "users.json"

// user is somebody of a partner's.
type user struct {
	Login   string            `json:"login"`
	Name    string            `json:"name"`
	Partner string            `json:"partner"`
	Role    models.PortalRole `json:"role"`
	key
}

// users are the demo's: two of one partner, and one of another, who sees nothing of theirs.
var users = []user{
	{Login: "zhou", Name: "周航", Partner: "lianhe-travel", Role: models.PortalOwner},
	{Login: "qian", Name: "钱多", Partner: "lianhe-travel", Role: models.PortalDeveloper},
	{Login: "wu", Name: "吴桐", Partner: "chengzi-rent", Role: models.PortalOwner},
}

// seat lets the partners' users set up their accounts on a first start, as hire does
// with the staff. Where their logins are taken the folder's users are not the demo's.
func seat(ctx context.Context, o Options, known *identity.Identity) ([]user, error) {
	path := filepath.Join(o.Data, usersFile)
	var fault error
	text, err := readOrMake(path, func() ([]byte, error) {
		seated := make([]user, 0, len(users))
		for _, u := range users {
			k, err := seatOne(ctx, o, known, u)
			if errs.FieldsOf(err) != nil {
				fault = err
				return []byte("[]\n"), nil
			}
			if err != nil {
				return nil, fmt.Errorf("%s: %w", u.Login, err)
			}
			u.key = k
			seated = append(seated, u)
		}
		return json.MarshalIndent(seated, "", "  ")
	})
	if err != nil || fault != nil {
		return nil, err
	}
	var list []user
	if err := json.Unmarshal(text, &list); err != nil {
		return nil, fmt.Errorf("read %s: %w", path, err)
	}
	return list, nil
}

func seatOne(ctx context.Context, o Options, known *identity.Identity, u user) (key, error) {
	link, err := known.InviteUser(ctx, "demo", u.Partner, identity.MemberInvitation{
		Name: u.Name, Email: u.Login + "@" + u.Partner + ".example", Role: u.Role, Production: u.Role == models.PortalOwner,
	})
	if err != nil {
		return key{}, err
	}
	return enrol(ctx, o, known, link, u.Login, u.Name)
}
