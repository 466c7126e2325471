package policies

import (
	_ "embed"
	"fmt"
	"strings"
	"sync"

	"github.com/casbin/casbin/v2"
	"github.com/casbin/casbin/v2/model"
	stringadapter "github.com/casbin/casbin/v2/persist/string-adapter"
)

//go:embed portal.conf
var portalModel string

//go:embed portal.csv
var portalRules string

// Portal answers what partners' users may do. It may be used by any number of
// goroutines.
type Portal struct {
	model model.Model
	known sync.Map // roles, joined -> Rights
}

// PortalPermissions lists every permission that a rule names, sorted.
func PortalPermissions() []Permission { return permissionsIn(portalRules, 2) }

// NewPortal parses the portal's model and rules, which are part of the binary.
func NewPortal() (*Portal, error) {
	parsed, err := model.NewModelFromString(portalModel)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrModel, err)
	}
	p := &Portal{model: parsed}
	if _, err := p.Rights("nobody"); err != nil {
		return nil, err
	}
	return p, nil
}

// Rights are what roles together give at the partner that they are held of. On an
// error the caller refuses.
func (p *Portal) Rights(roles ...string) (Rights, error) {
	name := strings.Join(roles, " ")
	if known, ok := p.known.Load(name); ok {
		return known.(Rights), nil
	}
	const own = "own"
	rights, err := p.ask(roles, own, own)
	if err != nil {
		return Rights{}, err
	}
	p.known.Store(name, rights)
	return rights, nil
}

// ask asks Casbin about every permission at one partner, for somebody with roles
// of another or the same.
func (p *Portal) ask(roles []string, of, at string) (Rights, error) {
	enforcer, err := casbin.NewEnforcer(p.model.Copy(), stringadapter.NewAdapter(plain(portalRules)))
	if err != nil {
		return Rights{}, fmt.Errorf("load portal rules: %w", err)
	}
	const who = "who"
	for _, role := range roles {
		if _, err := enforcer.AddRoleForUserInDomain(who, role, of); err != nil {
			return Rights{}, fmt.Errorf("give role: %w", err)
		}
	}
	rights := Rights{allowed: map[Permission]bool{}}
	for _, permission := range PortalPermissions() {
		ok, err := enforcer.Enforce(who, at, permission.Resource, permission.Action)
		if err != nil {
			return Rights{}, fmt.Errorf("ask portal rules: %w", err)
		}
		rights.allowed[permission] = ok
	}
	return rights, nil
}
