package app_test

import (
	"flag"
	"fmt"
	"os"
	"strings"
	"testing"

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
	var b strings.Builder
	line := func(route, access string, cells []string) {
		fmt.Fprintf(&b, "%-62s %-28s %s\n", route, access, strings.Join(cells, " "))
	}
	head := []string{}
	for _, role := range models.StaffRoles {
		head = append(head, fmt.Sprintf("%-8s", role))
	}
	line("route", "access", head)
	for _, r := range w.App.ConsoleScreens() {
		cells := []string{}
		for _, role := range models.StaffRoles {
			rights, err := staff.Rights(string(role))
			if err != nil {
				t.Fatal(err)
			}
			answer := "-"
			if r.Access.Allows(rights) {
				answer = "yes"
			}
			cells = append(cells, fmt.Sprintf("%-8s", answer))
		}
		line(r.Method+" "+r.Pattern, r.Access.String(), cells)
	}
	got := trimLines(b.String())
	const file = "testdata/matrix.golden"
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
