package console

import "strconv"

type bar struct{ x, y, width, height string }

// bars are the columns of the drawing, 240 by 48: at least a line where there was
// anything at all.
func (v HoursView) bars() []bar {
	var top int64 = 1
	for _, n := range v.Values {
		top = max(top, n)
	}
	width := 240 / float64(max(len(v.Values), 1))
	list := make([]bar, len(v.Values))
	for i, n := range v.Values {
		height := 46 * float64(n) / float64(top)
		if n > 0 {
			height = max(height, 2)
		}
		list[i] = bar{point(float64(i) * width), point(48 - height), point(width * 0.7), point(height)}
	}
	return list
}

func point(x float64) string { return strconv.FormatFloat(x, 'f', 1, 64) }
