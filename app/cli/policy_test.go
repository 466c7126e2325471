package cli_test

import (
	"strings"
	"testing"
)

func TestPolicyExplainWantsAWholePath(t *testing.T) {
	t.Parallel()
	code, _, errors := run(t, "policy", "explain", "--app", "nobody", "--path", "loans")
	if code != 1 || !strings.Contains(errors, "a path starts with /, as in /loans") {
		t.Errorf("exit %d: %s", code, errors)
	}
}
