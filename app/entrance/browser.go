package entrance

import (
	"cmp"
	"strings"
	"time"
)

// Browser is a browser's own name in two words. It is told by whoever asks, so
// it helps to recognize a session and decides nothing.
func Browser(agent string) string {
	name := ""
	for _, b := range []struct{ mark, name string }{
		{"Edg/", "Edge"}, {"Firefox/", "Firefox"}, {"Chrome/", "Chrome"}, {"Safari/", "Safari"},
	} {
		if strings.Contains(agent, b.mark) {
			name = b.name
			break
		}
	}
	for _, system := range []struct{ mark, name string }{
		{"Android", "Android"}, {"iPhone", "iPhone"}, {"Windows", "Windows"}, {"Mac OS X", "macOS"}, {"Linux", "Linux"},
	} {
		if strings.Contains(agent, system.mark) {
			return strings.TrimPrefix(name+", "+system.name, ", ")
		}
	}
	return cmp.Or(name, "–")
}

// InZone is a time on the clock of the zone.
func (e *Entrance) InZone(ms int64) time.Time { return time.UnixMilli(ms).In(e.o.Zone) }
