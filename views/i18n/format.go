package i18n

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"
)

// Date is the day of t in t's zone: "20 November 2026", "2026年11月20日".
func Date(ctx context.Context, t time.Time) string {
	if From(ctx) == Chinese {
		return t.Format("2006年1月2日")
	}
	return t.Format("2 January 2006")
}

// Clock is the time of day of t in t's zone, in 24 hours: "10:05:11".
func Clock(_ context.Context, t time.Time) string { return t.Format("15:04:05") }

// ClockMillis is Clock to the millisecond: "10:05:11.204".
func ClockMillis(_ context.Context, t time.Time) string { return t.Format("15:04:05.000") }

// Stamp is date and time of day together.
func Stamp(ctx context.Context, t time.Time) string {
	if From(ctx) == Chinese {
		return Date(ctx, t) + " " + Clock(ctx, t)
	}
	return Date(ctx, t) + ", " + Clock(ctx, t)
}

// Minute is a date and a time of day to the minute: "20 November 2026, 10:05".
func Minute(ctx context.Context, t time.Time) string {
	return strings.TrimSuffix(Stamp(ctx, t), t.Format(":05"))
}

// Number groups the digits of n by thousands: "1,904".
func Number(_ context.Context, n int64) string {
	digits := strconv.FormatInt(n, 10)
	sign := ""
	if n < 0 {
		sign, digits = "-", digits[1:]
	}
	var b strings.Builder
	for i, d := range digits {
		if i > 0 && (len(digits)-i)%3 == 0 {
			b.WriteByte(',')
		}
		b.WriteRune(d)
	}
	return sign + b.String()
}

// Figure is Number of digits that stand in a text as they are; other text stays as it is.
func Figure(ctx context.Context, text string) string {
	if n, err := strconv.ParseInt(text, 10, 64); err == nil && strconv.FormatInt(n, 10) == text {
		return Number(ctx, n)
	}
	return text
}

// Bytes is a size in octets with its unit: "1,904 B". Sizes on screens are
// small enough to be compared octet for octet.
func Bytes(ctx context.Context, n int64) string { return Number(ctx, n) + " B" }

// Duration is d in the unit that reads best: "14 ms", "0.61 s", "4 min 10 s";
// "16 毫秒", "4.1 秒". Below a millisecond it says "under 1 ms", for a zero would
// claim that nothing was done.
func Duration(ctx context.Context, d time.Duration) string {
	zh := From(ctx) == Chinese
	unit := func(english, chinese string) string {
		if zh {
			return chinese
		}
		return english
	}
	switch {
	case d < time.Millisecond:
		return unit("under 1 ms", "不到 1 毫秒")
	case d < 500*time.Millisecond:
		return fmt.Sprintf("%d %s", d.Milliseconds(), unit("ms", "毫秒"))
	case d < 10*time.Second:
		return fmt.Sprintf("%.2f %s", d.Seconds(), unit("s", "秒"))
	case d < time.Minute:
		return fmt.Sprintf("%.1f %s", d.Seconds(), unit("s", "秒"))
	}
	return fmt.Sprintf("%d %s %d %s", int(d.Minutes()), unit("min", "分"), int(d.Seconds())%60, unit("s", "秒"))
}

var weekdays = [...]struct{ english, chinese string }{
	{"Sunday", "周日"}, {"Monday", "周一"}, {"Tuesday", "周二"}, {"Wednesday", "周三"}, {"Thursday", "周四"}, {"Friday", "周五"}, {"Saturday", "周六"},
}

// Weekday is the day of the week of t in t's zone: "Friday", "周五".
func Weekday(ctx context.Context, t time.Time) string {
	day := weekdays[t.Weekday()]
	if From(ctx) == Chinese {
		return day.chinese
	}
	return day.english
}

// Month is the month of t in t's zone: "November 2026", "2026年11月".
func Month(ctx context.Context, t time.Time) string {
	if From(ctx) == Chinese {
		return t.Format("2006年1月")
	}
	return t.Format("January 2006")
}
