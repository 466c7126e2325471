package ui

import (
	"context"
	"strconv"
	"strings"

	"postern/views/i18n"
)

// busyText is what a button says while its form is on its way.
func busyText(ctx context.Context, v ButtonView) string {
	if v.BusyText != "" {
		return v.BusyText
	}
	return i18n.T(ctx, i18n.UISubmitting)
}

// number writes a coordinate of a drawing, to a tenth.
func number(n float64) string { return strconv.FormatFloat(n, 'f', 1, 64) }

// whole writes a count for an attribute.
func whole(n int) string { return strconv.Itoa(n) }

// sparkPoints are the points of a polyline in 76 by 24: oldest at the left, the
// smallest value at the bottom, a margin of 1.5 for the stroke.
func sparkPoints(values []float64) string {
	if len(values) < 2 {
		return ""
	}
	low, high := values[0], values[0]
	for _, v := range values {
		low, high = min(low, v), max(high, v)
	}
	span := high - low
	if span == 0 {
		span = 1 // a level line
	}
	points := make([]string, len(values))
	for i, v := range values {
		x := 1.5 + 73*float64(i)/float64(len(values)-1)
		y := 22.5 - 21*(v-low)/span
		points[i] = number(x) + "," + number(y)
	}
	return strings.Join(points, " ")
}
