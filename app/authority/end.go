package authority

import (
	"encoding/base64"
	"encoding/binary"

	"postern/app/directory"
)

// over says why a visit is over together with others: by its application's
// epoch, or by when its service's visits were ended; "" when it is not.
func over(vid string, epoch int64, app *directory.Application, svc *directory.Service) string {
	switch {
	case epoch < app.Epoch:
		return "epoch"
	case svc.VisitsAfter > 0 && openedAt(vid) <= svc.VisitsAfter:
		return "service_visits_ended"
	}
	return ""
}

// openedAt is when a visit was opened, Unix ms, as its name tells (newVID); 0 for
// what is no such name.
func openedAt(vid string) int64 {
	var b [8]byte
	if len(vid) < 8 {
		return 0
	}
	if _, err := base64.RawURLEncoding.Decode(b[2:], []byte(vid[:8])); err != nil {
		return 0
	}
	return int64(binary.BigEndian.Uint64(b[:])) //nolint:gosec // 48 bits
}
