package demo

import (
	"context"
	"time"

	views "postern/views/demo"
	"postern/views/i18n"
)

// begins is how long after now the first time on a partner's card is: the next
// train, the next viewing, a meal that left the shop a while ago. The times of
// the cast only say how long it takes.
var begins = map[string]time.Duration{"lianhe": 75 * time.Minute, "chengzi": 85 * time.Minute, "nanfeng": -10 * time.Minute}

// timetable is the grid on which those times lie.
const timetable = 5 * time.Minute

// atTime makes the app's greeting and times fit the clock above them.
func atTime(ctx context.Context, who role, v views.AppView, now time.Time) views.AppView {
	if who.face.hello == i18n.DemoLianheHello {
		v.Hello = i18n.T(ctx, greeting(now))
	}
	first := now.Add(begins[who.short]).Truncate(timetable)
	left, err := time.Parse(clockForm, v.CardLeft)
	if err != nil {
		return v
	}
	v.CardLeft = first.Format(clockForm)
	if right, err := time.Parse(clockForm, v.CardRight); err == nil {
		v.CardRight = first.Add(right.Sub(left)).Format(clockForm)
	}
	return v
}

func greeting(now time.Time) i18n.Key {
	switch hour := now.Hour(); {
	case hour >= 5 && hour < 12:
		return i18n.DemoLianheHello
	case hour >= 12 && hour < 18:
		return i18n.DemoLianheAfternoon
	}
	return i18n.DemoLianheEvening
}
