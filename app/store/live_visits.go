package store

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"gorm.io/gorm"

	"postern/models"
)

// liveOfApplication are the visits of an application, of those that were opened
// since, that nothing has ended at now: neither on their own nor with others.
const liveOfApplication = ` FROM visits v JOIN applications a ON a.id = v.application_id AND a.epoch = v.epoch
	LEFT JOIN services s ON s.id = v.service_id
	WHERE v.application_id = ? AND v.opened_at >= ? AND v.ended_at = 0 AND v.dead_after > ? AND v.opened_at > coalesce(s.visits_after, 0)`

// EndedWithOthers reports whether a visit that nothing has ended on its own is over
// because all of its application's, or of its service's, were ended at once.
func (s *Store) EndedWithOthers(ctx context.Context, vid string) (bool, error) {
	var n int64
	if err := s.read(ctx).Raw(endedWithOthersSQL, vid).Scan(&n).Error; err != nil {
		return false, fmt.Errorf("read what ended visit: %w", err)
	}
	return n > 0, nil
}

const endedWithOthersSQL = `SELECT count(*) FROM visits v JOIN applications a ON a.id = v.application_id LEFT JOIN services s ON s.id = v.service_id
	WHERE v.vid = ? AND v.ended_at = 0 AND (a.epoch <> v.epoch OR v.opened_at <= coalesce(s.visits_after, 0))`

// MaxLive is how many live visits are counted at most: where there are as many, there
// may be more.
const MaxLive = 100_000

// LiveKind is how many visits of an application are live at one service.
type LiveKind struct {
	PartnerID, ApplicationID, ServiceID string
	Environment                         models.Environment
	Visits                              int64
}

// Those of a kind are counted before anybody asks what is known of it.
const liveKindsSQL = `SELECT a.partner_id, live.application_id, live.service_id, a.environment, live.n AS visits
	FROM (SELECT walked.application_id, walked.service_id, walked.epoch, count(*) AS n
		FROM (SELECT application_id, service_id, epoch, opened_at FROM visits WHERE ended_at = 0 AND dead_after > ? LIMIT ?) AS walked
		LEFT JOIN services s ON s.id = walked.service_id WHERE walked.opened_at > coalesce(s.visits_after, 0)
		GROUP BY walked.application_id, walked.service_id, walked.epoch) AS live
	JOIN applications a ON a.id = live.application_id AND a.epoch = live.epoch
	ORDER BY live.application_id, live.service_id`

// LiveKinds counts the visits that are live at now (Unix ms) by application and
// service. It looks at 100,000 visits at most, and more is true where there were
// as many.
func (s *Store) LiveKinds(ctx context.Context, now int64) (list []LiveKind, more bool, err error) {
	return s.liveKinds(ctx, now, MaxLive)
}

func (s *Store) liveKinds(ctx context.Context, now int64, most int) (list []LiveKind, more bool, err error) {
	if err := s.read(ctx).Raw(liveKindsSQL, now, most).Scan(&list).Error; err != nil {
		return nil, false, fmt.Errorf("count live visits: %w", err)
	}
	var beyond int64
	err = s.read(ctx).Raw("SELECT count(*) FROM (SELECT 1 FROM visits WHERE ended_at = 0 AND dead_after > ? LIMIT ?) AS live", now, most).Scan(&beyond).Error
	if err != nil {
		return nil, false, fmt.Errorf("count live visits: %w", err)
	}
	return list, beyond == int64(most), nil
}

// LiveVisitsOfService counts the live visits of a service in a change's own
// picture, of those opened since; at most 100,000 of each application.
func (b Business) LiveVisitsOfService(service string, since, now int64) (n int64, err error) {
	if b.db == nil || unstorable(service) {
		return 0, nil
	}
	// What is counted is no row to lock.
	err = b.db.Session(&gorm.Session{NewDB: true}).Raw(`SELECT count(*) FROM applications a CROSS JOIN visits v JOIN services s ON s.id = v.service_id
		WHERE v.application_id = a.id AND a.epoch = v.epoch AND v.opened_at >= ? AND v.ended_at = 0 AND v.dead_after > ?
			AND v.service_id = ? AND v.opened_at > s.visits_after`, since, now, service).Scan(&n).Error
	if err != nil {
		return 0, fmt.Errorf("count live visits: %w", err)
	}
	return n, nil
}

// LiveVisit reads a visit that is live at now (Unix ms) in a change's own picture;
// found is false for one that is over, on its own or with others.
func (b Business) LiveVisit(vid string, now int64) (v models.Visit, found bool, err error) {
	if b.db == nil || unstorable(vid) {
		return v, false, nil
	}
	// Traffic writes the row as well: it is not kept from doing so.
	err = b.db.Session(&gorm.Session{NewDB: true}).Raw(liveVisitSQL, vid, now).Scan(&v).Error
	if err != nil {
		return v, false, fmt.Errorf("read live visit: %w", err)
	}
	return v, v.VID != "", nil
}

const liveVisitSQL = `SELECT v.* FROM visits v JOIN applications a ON a.id = v.application_id AND a.epoch = v.epoch
	LEFT JOIN services s ON s.id = v.service_id
	WHERE v.vid = ? AND v.ended_at = 0 AND v.dead_after > ? AND v.opened_at > coalesce(s.visits_after, 0)`

// VisitOf reads a visit, live or not, and locks nothing; the zero visit for none.
func (b Business) VisitOf(vid string) (v models.Visit, err error) {
	if b.db == nil || unstorable(vid) {
		return v, nil
	}
	v, _, err = one[models.Visit](b.db.Session(&gorm.Session{NewDB: true}), "vid = ?", vid)
	return v, err
}

// EndVisit ends a visit, and tells the nodes until it would have been dead anyway;
// ok is false when it was over before.
func (tx *Tx) EndVisit(v models.Visit, reason string, at int64) (ok bool, err error) {
	ok, err = tx.claimed(tx.db.Exec("UPDATE visits SET ended_at = ?, end_reason = ? WHERE vid = ? AND ended_at = 0", at, reason, v.VID))
	if err != nil || !ok {
		return ok, err
	}
	return true, tx.AppendChange(models.Change{At: at, Kind: models.ChangeVisitEnded, Subject: v.VID, Until: v.DeadAfter})
}

// LiveQuery asks for a page of applications' live visits, newest first.
type LiveQuery struct {
	Applications []string // one, or all of a partner's
	Service      string   // "" for all
	Since, Now   int64    // Unix ms
	BelowAt      int64    // those before this opening and vid; 0 begins with the newest
	BelowVID     string
	Limit        int
}

// LiveVisitsOf lists the live visits of applications. Each is read along its own
// index, as far as a page goes.
func (s *Store) LiveVisitsOf(ctx context.Context, q LiveQuery) (list []models.Visit, err error) {
	if unstorable(q.Service) || unstorable(q.BelowVID) {
		return nil, nil
	}
	for _, application := range q.Applications {
		some, err := s.liveVisitsOf(ctx, q, application)
		if err != nil {
			return nil, err
		}
		list = append(list, some...)
	}
	slices.SortFunc(list, func(a, b models.Visit) int {
		return cmp.Or(cmp.Compare(b.OpenedAt, a.OpenedAt), strings.Compare(b.VID, a.VID))
	})
	return list[:min(len(list), q.Limit)], nil
}

func (s *Store) liveVisitsOf(ctx context.Context, q LiveQuery, application string) (list []models.Visit, err error) {
	if unstorable(application) {
		return nil, nil
	}
	vid := "v.vid" // by its octets, as they are put in order here
	if s.dialect == Postgres {
		vid += ` COLLATE "C"`
	}
	where, args := liveOfApplication, []any{application, q.Since, q.Now}
	if q.Service != "" {
		where, args = where+" AND v.service_id = ?", append(args, q.Service)
	}
	if q.BelowAt > 0 {
		where, args = where+" AND v.opened_at <= ? AND (v.opened_at < ? OR "+vid+" < ?)", append(args, q.BelowAt, q.BelowAt, q.BelowVID)
	}
	err = s.read(ctx).Raw("SELECT v.*"+where+" ORDER BY v.opened_at DESC, "+vid+" DESC LIMIT ?", append(args, q.Limit)...).Scan(&list).Error
	if err != nil {
		return nil, fmt.Errorf("read live visits: %w", err)
	}
	return list, nil
}

// Stopped is what became of traffic after a moment.
type Stopped struct {
	LastAnswer int64 // of the last call that was answered after it, Unix ms; 0 for none
	Refused    int64 // calls that were refused because of a freeze
	Partial    bool  // there was more to read than was read
}

// maxStopped bounds how many calls are read to tell what became of a freeze.
const maxStopped = 20_000

// AfterFreeze reads what became of the calls of applications, or of all when
// there are none, that began in [from, until) (Unix ms), counting answers after
// moment alone; service, if not "", is whose calls are meant. It reads at most
// 20,000 calls, the first ones.
func (s *Store) AfterFreeze(ctx context.Context, applications []string, service string, moment, from, until int64) (Stopped, error) {
	var all Stopped
	read := func(where string, args ...any) error {
		var row struct{ LastAnswer, Refused, Seen int64 }
		err := s.read(ctx).Raw(`SELECT coalesce(max(CASE WHEN code = '' AND (? = '' OR service_id = ?) THEN at + duration / 1000 END), 0) AS last_answer,
				coalesce(sum(CASE WHEN reason = 'frozen' AND (? = '' OR service_id = ?) THEN 1 ELSE 0 END), 0) AS refused, count(*) AS seen
			FROM (SELECT code, reason, service_id, at, duration FROM calls WHERE `+where+` LIMIT ?) AS c`,
			append([]any{service, service, service, service}, append(args, maxStopped)...)...).Scan(&row).Error
		if err != nil {
			return fmt.Errorf("read calls after a freeze: %w", err)
		}
		if row.LastAnswer > moment {
			all.LastAnswer = max(all.LastAnswer, row.LastAnswer)
		}
		all.Refused += row.Refused
		all.Partial = all.Partial || row.Seen == maxStopped
		return nil
	}
	if len(applications) == 0 {
		return all, read("id >= ? AND id < ? ORDER BY id", firstID(time.UnixMilli(from)), firstID(time.UnixMilli(until)))
	}
	for _, id := range applications {
		if err := read("application_id = ? AND at >= ? AND at < ? ORDER BY at", id, from, until); err != nil {
			return all, err
		}
	}
	return all, nil
}
