package ui

import (
	"context"
	"strings"

	"postern/views/i18n"
)

// stopRows are a stopwatch's nodes as rows of its table.
func stopRows(ctx context.Context, nodes []StopNode) []Row {
	rows := make([]Row, len(nodes))
	for i, n := range nodes {
		tone, state := Warn, BadgeView{Tone: Warn, Icon: "hourglass", Text: i18n.T(ctx, i18n.UINotYet)}
		if n.Obeyed {
			tone, state = Ice, BadgeView{Tone: Ice, Icon: "check", Text: i18n.T(ctx, i18n.UIObeyed)}
		}
		rows[i] = Row{Cells: []Cell{
			{Text: n.Name, Second: n.Place},
			{Part: Bar(BarView{Value: n.Share, Max: 100, Label: n.Name + " " + n.After, Tone: tone})},
			{Text: n.After},
			{Part: Badge(state)},
			{Text: n.InFlight},
		}}
	}
	return rows
}

// seriesColours are the numbers of a chart's colours, for the script.
func seriesColours(series []Series) string {
	numbers := make([]string, len(series))
	for i, s := range series {
		numbers[i] = whole(s.Colour)
	}
	return strings.Join(numbers, " ")
}

// seriesNames are a chart's names, one a line.
func seriesNames(series []Series) string {
	names := make([]string, len(series))
	for i, s := range series {
		names[i] = s.Name
	}
	return strings.Join(names, "\n")
}
