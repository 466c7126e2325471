package demo

import (
	"strings"
	"testing"
	"time"

	"postern/views/i18n"
)

func TestAPartnersAppFollowsTheClock(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct{ short, now, hello, left, right string }{
		{"lianhe", "10:05", "Good morning, Yifan", "11:20", "12:08"},
		{"lianhe", "15:07", "Good afternoon, Yifan", "16:20", "17:08"},
		{"lianhe", "23:30", "Good evening, Yifan", "00:45", "01:33"},
		{"lianhe", "04:59", "Good evening, Yifan", "06:10", "06:58"},
		{"chengzi", "15:07", "Find a home, Yifan", "16:30", "¥4,300"},
		{"nanfeng", "15:07", "What's cooking, Yifan", "14:55", "15:19"},
	} {
		t.Run(tc.short+" at "+tc.now, func(t *testing.T) {
			t.Parallel()
			ctx := i18n.WithLang(t.Context(), i18n.English)
			who, _ := roleOf(tc.short)
			now, err := time.Parse(clockForm, tc.now)
			if err != nil {
				t.Fatal(err)
			}
			v := atTime(ctx, who, who.app(ctx, tc.now), now)
			got := strings.Join([]string{v.Hello, v.CardLeft, v.CardRight}, ", ")
			if want := strings.Join([]string{tc.hello, tc.left, tc.right}, ", "); got != want {
				t.Errorf("the app says %s, want %s", got, want)
			}
		})
	}
}
