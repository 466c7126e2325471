package console

import (
	"strings"
	"time"
)

// browser is a browser's own name in two words. It is told by whoever asks, so
// it helps to recognize a session and decides nothing.
func browser(agent string) string {
	name := "?"
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
			return name + ", " + system.name
		}
	}
	return name
}

const hour = time.Hour

func (s *Console) inZone(ms int64) time.Time { return time.UnixMilli(ms).In(s.o.Zone) }
