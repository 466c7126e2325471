package store

import (
	"fmt"
	"time"

	"postern/models"
)

// Old names a kind of row that goes when it is old.
type Old string

// The kinds of rows that go one by one. ATs go with their visits: DeleteOldATs.
const (
	OldCalls       Old = "calls"
	OldShapes      Old = "shapes"
	OldAssertions  Old = "assertion_jtis"
	OldWriteCalls  Old = "write_calls"
	OldChanges     Old = "changes"
	OldQuotaCounts Old = "quota_counts"
	OldRollups     Old = "rollups"
	OldSessions    Old = "sessions"
	OldSetupLinks  Old = "setup_links"
	OldChallenges  Old = "challenges"
	OldAlerts      Old = "alerts"
	OldDeliveries  Old = "deliveries"
	OldWebhooks    Old = "webhook_deliveries"
	OldSources     Old = "application_sources"
	OldUses        Old = "credential_uses"
	OldConsents    Old = "consents"
	OldTupleDays   Old = "call_tuple_days"
	OldTuples      Old = "call_tuples"
	OldWeather     Old = "weather"
	oldTrials      Old = "trials" // DeleteOldTrials
)

// deletion is how rows of a kind are found: oldest first, by an index.
type deletion struct {
	key, where, order string
	args              func(before time.Time) []any
}

func milliseconds(before time.Time) []any { return []any{before.UnixMilli()} }

func twice(before time.Time) []any { return []any{before.UnixMilli(), before.UnixMilli()} }

var deletions = map[Old]deletion{
	// By the primary key, which begins with the time: an index of its own would
	// cost every call.
	OldCalls:      {"id", "id < ? AND at < ?", "id", func(before time.Time) []any { return []any{firstID(before), before.UnixMilli()} }},
	OldShapes:     {"id", "last_seen < ? AND first_seen < ?", "last_seen", twice},
	OldAssertions: {"application_id, jti", "expires_at < ?", "expires_at", milliseconds},
	OldWriteCalls: {"vid, jti", "started_at < ?", "started_at", milliseconds},
	// The newest stays: its number says where the list stands.
	OldChanges: {"seq", "at < ? AND until < ? AND seq < (SELECT max(seq) FROM changes)", "at", twice},
	OldQuotaCounts: {"application_id, day", "day < ?", "day", func(before time.Time) []any {
		return []any{before.Format(time.DateOnly)}
	}},
	OldSessions:   {"id", "ends_at < ?", "ends_at", milliseconds},
	OldSetupLinks: {"hash", "ends_at < ?", "ends_at", milliseconds},
	OldChallenges: {"hash", "ends_at < ?", "ends_at", milliseconds},
	// By the end of what they are about, acknowledged or not: see docs/decisions/0021.
	OldAlerts:     {"id", "resolved_at > 0 AND resolved_at < ?", "resolved_at", milliseconds},
	OldWebhooks:   {"id", "id < ?", "id", func(before time.Time) []any { return []any{firstID(before)} }},
	OldDeliveries: {"id", "id < ?", "id", func(before time.Time) []any { return []any{firstID(before)} }},
	OldSources:    {"application_id, prefix", "last_at < ?", "last_at", milliseconds},
	OldUses:       {"credential_id, since, address", "since < ?", "since", milliseconds},
	OldConsents:   {"id", "ends_at > 0 AND ends_at < ?", "ends_at", milliseconds},
	OldTupleDays:  {"tuple_id, day", "day < ?", "day", milliseconds},
	oldTrials:     {"account_id, application_id", "ends_at < ?", "ends_at", milliseconds},
	OldWeather:    {"application_id, kind", "until < ?", "until", milliseconds},
	OldTuples:     {"id", "last_at < ?", "last_at", milliseconds},
	OldRollups:    {rollupKey, "span = 'hour' AND start < ? AND node = ''", "start", milliseconds},
}

// firstID is the least UUIDv7 (RFC 9562 section 5.7) of a moment.
func firstID(at time.Time) string {
	hex := fmt.Sprintf("%012x", max(0, at.UnixMilli()))
	return hex[:8] + "-" + hex[8:] + "-7000-8000-000000000000"
}

// deleteOldSQL says twice which rows are meant: on PostgreSQL one that has moved
// since it was found is looked at again by the outer condition alone.
func deleteOldSQL(kind Old) string {
	d := deletions[kind]
	return fmt.Sprintf("DELETE FROM %s WHERE %s AND (%s) IN (SELECT %s FROM %s WHERE %s ORDER BY %s LIMIT ?)",
		kind, d.where, d.key, d.key, kind, d.where, d.order)
}

// DeleteOld deletes up to limit rows of a kind that are from before a time, the
// oldest first, and returns how many. What the time is of differs: for calls and
// changes when they were made, for assertions when they expire, for shapes when
// they were last seen, for alerts, consents, sessions, links and challenges when
// they were over, for sources
// when they were last used, for days of quotas the day in the time's own zone. Of
// rollups the hours go that were added up.
func (tx *Tx) DeleteOld(kind Old, before time.Time, limit int) (int64, error) {
	args := deletions[kind].args(before)
	args = append(append(args, args...), limit)
	result := tx.db.Exec(deleteOldSQL(kind), args...)
	if result.Error != nil {
		return 0, fmt.Errorf("delete old %s: %w", kind, result.Error)
	}
	return result.RowsAffected, nil
}

// oldATsSQL finds ATs that expired long ago and whose visit, if any, is dead.
const oldATsSQL = `SELECT a.at_hash, a.vid FROM at_rows a LEFT JOIN visits v ON v.vid = a.vid
	WHERE a.expires_at < ? AND (v.vid IS NULL OR v.dead_after < ?) ORDER BY a.expires_at LIMIT ?`

// DeleteOldATs deletes up to limit rows: ATs that expired before a time and the
// visits that they opened, together, if no ticket of the visit could be opened
// at that time any more. It returns how many rows went.
func (tx *Tx) DeleteOldATs(before time.Time, limit int) (int64, error) {
	var rows []models.ATRow
	cutoff := before.UnixMilli()
	if err := tx.db.Raw(oldATsSQL, cutoff, cutoff, max(1, limit/2)).Scan(&rows).Error; err != nil {
		return 0, fmt.Errorf("find old ATs: %w", err)
	}
	if len(rows) == 0 {
		return 0, nil
	}
	var ats, vids []string
	for _, r := range rows {
		ats = append(ats, r.ATHash)
		if r.VID != "" {
			vids = append(vids, r.VID)
		}
	}
	visits := tx.db.Exec("DELETE FROM visits WHERE vid IN ?", vids)
	if visits.Error != nil {
		return 0, fmt.Errorf("delete old visits: %w", visits.Error)
	}
	issued := tx.db.Exec("DELETE FROM at_rows WHERE at_hash IN ?", ats)
	if issued.Error != nil {
		return 0, fmt.Errorf("delete old ATs: %w", issued.Error)
	}
	return visits.RowsAffected + issued.RowsAffected, nil
}

// rollupKey is the primary key of rollups.
const rollupKey = "span, start, kind, application_id, service_id, route_id, outcome, node"
