package entrance

import (
	"context"
	"strconv"
	"strings"

	"postern/views/i18n"
)

// Lines are the lines of a text area with something in them.
func Lines(text string) []string {
	var list []string
	for line := range strings.Lines(text) {
		if line = strings.TrimSpace(line); line != "" {
			list = append(list, line)
		}
	}
	return list
}

// IntoLines joins the faults of a text area's lines, "addresses.1", as one fault of
// the field: entry 1 of the list is line 2. The first line that is wrong is told.
func IntoLines(ctx context.Context, faults map[string]string, field string) {
	for name, text := range faults {
		index, below := strings.CutPrefix(name, field+".")
		i, err := strconv.Atoi(index)
		if !below || err != nil {
			continue
		}
		delete(faults, name)
		text = i18n.T(ctx, i18n.CatalogLine, i+1, text)
		if faults[field] == "" || text < faults[field] {
			faults[field] = text
		}
	}
}
