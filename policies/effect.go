package policies

import "github.com/casbin/casbin/v2/effector"

// closedEffect is the policy effect that lets nothing through, as Casbin spells it internally.
const closedEffect = "some(where (p_eft == deny))"

// gatewayEffector is Casbin's own effector, and knows one effect more: the one that gateway.conf
// names for closing the gateway. Casbin refuses that expression with an error for every question;
// here it is an answer, so that a closed gateway says "refused" and not "broken".
type gatewayEffector struct{ effector.DefaultEffector }

// MergeEffects merges the results up to policyIndex; see [effector.Effector].
func (e *gatewayEffector) MergeEffects(expr string, effects []effector.Effect, matches []float64,
	policyIndex, policyLength int,
) (effector.Effect, int, error) {
	if expr != closedEffect {
		return e.DefaultEffector.MergeEffects(expr, effects, matches, policyIndex, policyLength)
	}

	if matches[policyIndex] != 0 && effects[policyIndex] == effector.Deny {
		return effector.Deny, policyIndex, nil
	}
	return effector.Indeterminate, -1, nil
}
