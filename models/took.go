package models

import "time"

// Took counts calls by how long they took: each counts in the first of the members
// whose milliseconds it did not exceed. Counts of before there were any are all 0.
type Took struct {
	Took5    int64 `gorm:"column:took_5"`
	Took10   int64 `gorm:"column:took_10"`
	Took20   int64 `gorm:"column:took_20"`
	Took35   int64 `gorm:"column:took_35"`
	Took50   int64 `gorm:"column:took_50"`
	Took75   int64 `gorm:"column:took_75"`
	Took100  int64 `gorm:"column:took_100"`
	Took200  int64 `gorm:"column:took_200"`
	Took500  int64 `gorm:"column:took_500"`
	Took1000 int64 `gorm:"column:took_1000"`
	Took3000 int64 `gorm:"column:took_3000"`
	TookMore int64 `gorm:"column:took_more"`
}

// TookColumns are the columns of a Took, in its order.
var TookColumns = [...]string{
	"took_5", "took_10", "took_20", "took_35", "took_50", "took_75", "took_100", "took_200", "took_500", "took_1000", "took_3000", "took_more",
}

// tookBounds are the columns' upper bounds in milliseconds; the last has none.
var tookBounds = [len(TookColumns) - 1]int64{5, 10, 20, 35, 50, 75, 100, 200, 500, 1000, 3000}

// Counts are the numbers in the order of TookColumns.
func (t Took) Counts() [len(TookColumns)]int64 {
	return [...]int64{
		t.Took5, t.Took10, t.Took20, t.Took35, t.Took50, t.Took75, t.Took100, t.Took200, t.Took500, t.Took1000, t.Took3000, t.TookMore,
	}
}

// Plus adds two of them up.
func (t Took) Plus(o Took) Took {
	return Took{
		t.Took5 + o.Took5, t.Took10 + o.Took10, t.Took20 + o.Took20, t.Took35 + o.Took35, t.Took50 + o.Took50, t.Took75 + o.Took75,
		t.Took100 + o.Took100, t.Took200 + o.Took200, t.Took500 + o.Took500, t.Took1000 + o.Took1000, t.Took3000 + o.Took3000, t.TookMore + o.TookMore,
	}
}

// TookColumn is in which of TookColumns a call counts that took so many microseconds.
func TookColumn(took int64) int {
	for i, ms := range tookBounds {
		if took <= ms*1000 {
			return i
		}
	}
	return len(tookBounds)
}

// Percentile is how long all but the slowest of the calls took at most, as far as
// the counts tell: between two bounds calls are taken to be spread evenly. longest
// is the longest of them, in microseconds. known is false where none was counted.
func (t Took) Percentile(percent, longest int64) (d time.Duration, known bool) {
	counts := t.Counts()
	var total int64
	for _, n := range counts {
		total += n
	}
	if total == 0 {
		return 0, false
	}
	rank, before := (total*percent+99)/100, int64(0)
	for i, n := range counts {
		if before+n < rank {
			before += n
			continue
		}
		low, high := int64(0), longest
		if i > 0 {
			low = tookBounds[i-1] * 1000
		}
		if i < len(tookBounds) {
			high = min(tookBounds[i]*1000, max(longest, low))
		}
		return time.Duration(low+(max(high, low)-low)*(rank-before)/n) * time.Microsecond, true
	}
	return 0, false
}
