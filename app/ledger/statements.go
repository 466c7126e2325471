package ledger

import "postern/app/store"

// statements is the ledger's SQL, made once for the store's dialect.
type statements struct {
	insert, insertNew map[*table]string

	countQuota, setQuota   string
	claimAT, loadAT        string
	revokeAT               string
	endVisit, visitEnd     string
	bindCustomer           string
	loadWriteCall, endCall string
}

func newStatements(s *store.Store) statements {
	all := statements{
		insert:    map[*table]string{},
		insertNew: map[*table]string{},

		setQuota:      s.Rebind("UPDATE quota_counts SET issued = ? WHERE application_id = ? AND day = ?"),
		loadAT:        s.Rebind(loadATSQL(s.Dialect())),
		revokeAT:      s.Rebind("UPDATE at_rows SET revoked_at = ? WHERE at_hash = ? AND revoked_at = 0"),
		endVisit:      s.Rebind("UPDATE visits SET ended_at = ?, end_reason = ? WHERE vid = ? AND ended_at = 0"),
		visitEnd:      s.Rebind("SELECT ended_at, dead_after FROM visits WHERE vid = ?"),
		bindCustomer:  s.Rebind("UPDATE visits SET customer_sealed = ?, customer_mac = ?, auth_time = ? WHERE vid = ? AND ended_at = 0"),
		loadWriteCall: s.Rebind("SELECT state, node, started_at FROM write_calls WHERE vid = ? AND jti = ?"),
	}
	for _, t := range []*table{assertionTable, writeCallTable} {
		all.insertNew[t] = t.insertNewSQL(s.Dialect())
	}
	for _, t := range []*table{atTable, visitTable, callTable, changeTable, eventTable} {
		all.insert[t] = t.insertSQL(s.Dialect())
	}
	all.insert[shapeTable] = shapeTable.insertSQL(s.Dialect()) + seenAgain
	all.insert[rollupTable] = rollupTable.insertSQL(s.Dialect()) + addRollup(s.Dialect())
	if s.Dialect() == store.Postgres {
		all.countQuota, all.claimAT, all.endCall = countQuotaPostgres, claimATPostgres, endCallPostgres
	} else {
		all.countQuota, all.claimAT, all.endCall = countQuotaSQLite, claimATSQLite, endCallSQLite
	}
	return all
}

// seenAgain follows the insert of a shape: whoever is first keeps the row.
const seenAgain = ` ON CONFLICT (id) DO UPDATE SET last_seen = excluded.last_seen
WHERE shapes.last_seen < excluded.last_seen`

// addRollup follows the insert of a rollup: what is there is added to.
func addRollup(dialect store.Dialect) string {
	larger := "max"
	if dialect == store.Postgres {
		larger = "greatest"
	}
	return ` ON CONFLICT (span, start, kind, application_id, service_id, route_id, outcome, node) DO UPDATE SET
count = rollups.count + excluded.count,
duration_sum = rollups.duration_sum + excluded.duration_sum,
duration_max = ` + larger + `(rollups.duration_max, excluded.duration_max),
upstream_sum = rollups.upstream_sum + excluded.upstream_sum,
upstream_max = ` + larger + `(rollups.upstream_max, excluded.upstream_max)` + store.AddedUp(store.RollupSums...)
}

const countQuotaSQLite = `INSERT INTO quota_counts AS q (application_id, day, issued) VALUES (?, ?, ?)
ON CONFLICT (application_id, day) DO UPDATE SET issued = q.issued + excluded.issued
RETURNING issued`

const countQuotaPostgres = `INSERT INTO quota_counts AS q (application_id, day, issued)
SELECT * FROM unnest($1::text[], $2::text[], $3::bigint[])
ON CONFLICT (application_id, day) DO UPDATE SET issued = q.issued + excluded.issued
RETURNING application_id, day, issued`

// claimATSQLite is the spend: one conditional update, so that two can never
// both succeed. Arguments: now, R's hash, vid, AT's hash, now, R's hash.
const claimATSQLite = `UPDATE at_rows SET spent_at = ?, r_hash = ?, vid = ?
WHERE at_hash = ? AND spent_at = 0 AND revoked_at = 0 AND expires_at > ?
AND NOT EXISTS (SELECT 1 FROM at_rows other WHERE other.r_hash = ? AND other.r_hash <> '')`

// claimATPostgres is the same for a whole group. The rows are locked in the
// order of their hashes first: two nodes whose groups hold the same ATs would
// else wait for each other. A row that another node spends meanwhile is looked
// at again after its commit (PostgreSQL manual, section 13.2.1), and an R that
// another node uses meanwhile breaks the unique index and is tried again alone.
const claimATPostgres = `WITH claim AS (
	SELECT * FROM unnest($1::text[], $2::text[], $3::text[], $4::bigint[]) AS c (at_hash, r_hash, vid, now)
), locked AS MATERIALIZED (
	SELECT a.at_hash FROM at_rows a WHERE a.at_hash = ANY ($1::text[]) ORDER BY a.at_hash FOR UPDATE
)
UPDATE at_rows a SET spent_at = c.now, r_hash = c.r_hash, vid = c.vid
FROM claim c JOIN locked l ON l.at_hash = c.at_hash
WHERE a.at_hash = c.at_hash AND a.spent_at = 0 AND a.revoked_at = 0 AND a.expires_at > c.now
AND NOT EXISTS (SELECT 1 FROM at_rows other WHERE other.r_hash = c.r_hash AND other.r_hash <> '')
RETURNING a.at_hash`

// loadATSQL reads an AT's row and holds it until the transaction ends. On
// SQLite the transaction holds everything anyway.
func loadATSQL(dialect store.Dialect) string {
	query := "SELECT " + atColumns + " FROM at_rows WHERE at_hash = ?"
	if dialect == store.Postgres {
		query += " FOR UPDATE"
	}
	return query
}

const endCallSQLite = "UPDATE write_calls SET state = ? WHERE vid = ? AND jti = ?"

const endCallPostgres = `UPDATE write_calls w SET state = c.state
FROM unnest($1::text[], $2::text[], $3::text[]) AS c (state, vid, jti)
WHERE w.vid = c.vid AND w.jti = c.jti`
