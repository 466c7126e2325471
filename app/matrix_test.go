package app_test

import (
	"flag"
	"fmt"
	"os"
	"strings"
	"testing"

	"postern/app"
	"postern/app/apptest"
	"postern/models"
	"postern/policies"
)

var update = flag.Bool("update", false, "write the golden files anew")

// TestWhoMayOpenWhatIsWrittenDown holds the console's table of routes, asked for
// each role, to a file: whoever changes what a role may sees it in the difference.
func TestWhoMayOpenWhatIsWrittenDown(t *testing.T) {
	t.Parallel()
	w := newWorld(t, apptest.Options{})
	staff, err := policies.NewStaff()
	if err != nil {
		t.Fatal(err)
	}
	var roles []string
	for _, role := range models.StaffRoles {
		roles = append(roles, string(role))
	}
	holdMatrix(t, "testdata/matrix.golden", w.App.ConsoleScreens(), roles, func(role string) (policies.Rights, error) { return staff.Rights(role) })
}

// holdMatrix holds a house's table, asked for each role, to a file.
func holdMatrix(t *testing.T, file string, screens []app.Screen, roles []string, rightsOf func(string) (policies.Rights, error)) {
	t.Helper()
	var b strings.Builder
	line := func(route, access string, cells []string) {
		fmt.Fprintf(&b, "%-62s %-28s %s\n", route, access, strings.Join(cells, " "))
	}
	head := []string{}
	for _, role := range roles {
		head = append(head, fmt.Sprintf("%-9s", role))
	}
	line("route", "access", head)
	for _, r := range screens {
		cells := []string{}
		for _, role := range roles {
			rights, err := rightsOf(role)
			if err != nil {
				t.Fatal(err)
			}
			answer := "-"
			if r.Access.Allows(rights) {
				answer = "yes"
			}
			cells = append(cells, fmt.Sprintf("%-9s", answer))
		}
		line(r.Method+" "+r.Pattern, r.Access.String(), cells)
	}
	got := trimLines(b.String())
	if *update {
		if err := os.WriteFile(file, []byte(got), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("the table is\n%s\nand %s says\n%s", got, file, want)
	}
}

func trimLines(text string) string {
	lines := strings.Split(text, "\n")
	for i := range lines {
		lines[i] = strings.TrimRight(lines[i], " ")
	}
	return strings.Join(lines, "\n")
}
