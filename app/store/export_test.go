package store

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"gorm.io/gorm"
	"gorm.io/gorm/logger"

	"postern/models"
)

// RetentionSQL is what retention and the adding up of rollups ask, by what it is
// about. Every placeholder stands for a number or a text that begins with one.
func RetentionSQL() map[string]string {
	all := map[string]string{"at_rows": oldATsSQL, "rollups of nodes": nodesRollupsSQL}
	for kind := range deletions {
		all[string(kind)] = deleteOldSQL(kind)
	}
	return all
}

// ExplainPartners is SQLite's plan of a page of partners.
func (s *Store) ExplainPartners(ctx context.Context, t *testing.T, f PartnerFilter, after PartnerPlace, limit int) (plan []string) {
	t.Helper()
	var list []models.Partner
	statement := partnersQuery(s.read(ctx).Session(&gorm.Session{DryRun: true}), f, after, limit).Find(&list).Statement
	rows, err := s.read(ctx).Raw("EXPLAIN QUERY PLAN "+statement.SQL.String(), statement.Vars...).Rows()
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	for rows.Next() {
		var id, parent, unused int
		var detail string
		if err := rows.Scan(&id, &parent, &unused, &detail); err != nil {
			t.Fatal(err)
		}
		plan = append(plan, detail)
	}
	return plan
}

// PlantVisit inserts a visit, which the ledger does otherwise.
func (s *Store) PlantVisit(ctx context.Context, t *testing.T, v models.Visit) {
	t.Helper()
	if err := s.Write(ctx, func(tx *Tx) error { return tx.db.Create(&v).Error }); err != nil {
		t.Fatal(err)
	}
}

// LiveKindsOf is LiveKinds with another bound.
func (s *Store) LiveKindsOf(ctx context.Context, now int64, most int) ([]LiveKind, bool, error) {
	return s.liveKinds(ctx, now, most)
}

// LogSQL is what reading the log and visits asks, by what it is about.
func LogSQL() map[string]string {
	all := map[string]string{
		"events of a visit":     eventsOfSQL("vid = ? AND vid <> ''"),
		"events of a request":   eventsOfSQL("request_id = ? AND request_id <> ''"),
		"events of an AT":       eventsOfATSQL,
		"ATs of a subject":      atsBySubjectSQL,
		"visits of a customer":  visitsByCustomerSQL,
		"visits between":        visitsBetweenSQL,
		"calls of a visit":      callsOfVisitSQL,
		"last call of a visit":  lastCallSQL,
		"an AT by its jti":      "SELECT * FROM at_rows WHERE jti = ? LIMIT 1",
		"an AT by its hash":     "SELECT * FROM at_rows WHERE at_hash = ? LIMIT 1",
		"a call by its request": "SELECT * FROM calls WHERE request_id = ? LIMIT 1",
		"calls to count":        historyCallsSQL,
		"tuples of a service":   callTuplesSQL,
		"tuples of one caller":  callTuplesOfSQL,
	}
	for name, f := range map[string]LogFilter{
		"all":                {Kinds: []string{"a", "b"}},
		"of an application":  {Kinds: []string{"a", "b"}, Application: "a", Partner: "p", Service: "s", Outcome: "o"},
		"of an environment":  {Kinds: []string{"a", "b"}, Applications: []string{"a", "b"}, Refused: true},
		"of everything else": {Kinds: []string{"a", "b"}, Partner: "p", NotPartner: "q", Service: "s", Outcome: "o", Reason: "r", Refused: true},
	} {
		for side, w := range map[string]LogSteps{"older": {}, "newer": {Forward: true}} {
			rows, _ := walkRowsSQL(LogRange{}, f, w)
			all["rows "+name+", "+side] = strings.ReplaceAll(rows, "IN ?", "IN (?, ?)")
			all["end "+name+", "+side] = walkEndSQL(f, w)
		}
	}
	return all
}

// AlertSQL is what rules, lists and the outbox of alerts ask.
func AlertSQL() map[string]string {
	return map[string]string{
		"refusals": refusalsSQL, "unredeemed": unredeemedSQL, "new sources": newSourcesSQL, "alarms": alarmsSQL,
		"ending credentials": endingCredentialsSQL, "lasting": lastingAlertsSQL, "remind": remindSQL, "listed": listedAlertsSQL,
		"counts": lastingCountsSQL, "unacknowledged": unacknowledgedSQL,
		"deliveries of a request": deliveriesOfSQL, "open requests": openHeadsSQL,
		"partners' requests that wait": waitingPartnersSQL,
		"waiting deliveries":           waitingDeliveriesSQL, "waiting receivers": waitingReceiversSQL,
		"one lasting": "SELECT * FROM alerts WHERE " + lastingAlert,
	}
}

// ConsentSQL is what a filter of consents asks, its values written out.
func (s *Store) ConsentSQL(ctx context.Context, f ConsentFilter) string {
	return s.read(ctx).ToSQL(func(db *gorm.DB) *gorm.DB {
		var list []models.Consent
		return f.apply(db).Order(f.order()).Limit(10).Find(&list)
	})
}

// OverviewSQL is what the overview, statements and the list of calls ask, by what
// it is about.
func OverviewSQL() map[string]string {
	all := map[string]string{
		"live visits": liveKindsSQL, "ending grants": endingGrantsSQL, "ending contracts": endingContractsSQL,
		"statement": strings.ReplaceAll(statementSQL, "IN ?", "IN (?)"), "visits opened": strings.ReplaceAll(visitsOpenedSQL, "IN ?", "IN (?)"),
		"end of calls": callsEndSQL, "hourly visits": strings.ReplaceAll(hourlyVisitsSQL, "IN ?", "IN (?)"),
		"credentials to warn of": credentialsToWarnSQL, "ending of a partner": endingOfPartnerSQL, "sources of an application": sourcesOfSQL, "uses over time": usesOverTimeSQL, "uses by address": usesByAddressSQL,
		"counts of partners": strings.ReplaceAll(partnerCountsSQL, "IN ?", "IN (?)"),
	}
	all["calls"], _ = walkCallsSQL(CallFilter{Service: "s", Refused: true})
	for name, query := range map[string]string{"time": trafficByTimeSQL, "calls by time": callsByTimeSQL, "party": trafficByPartySQL, "service": trafficByServiceSQL} {
		for _, span := range []string{models.SpanHour, models.SpanDay} {
			rows, _ := TrafficSpan{Span: span}.rows()
			all[name+" by "+span] = fmt.Sprintf(query, rows)
			rows, _ = TrafficSpan{Span: span, Applications: []string{"a"}}.rows()
			all[name+" of applications by "+span] = strings.ReplaceAll(fmt.Sprintf(query, rows), "IN ?", "IN (?)")
		}
	}
	return all
}

// recorder takes down what is asked of the database.
type recorder struct {
	logger.Interface
	asked []string
}

func (r *recorder) LogMode(logger.LogLevel) logger.Interface { return r }

func (r *recorder) Trace(_ context.Context, _ time.Time, sql func() (string, int64), _ error) {
	text, _ := sql()
	r.asked = append(r.asked, text)
}

// Explain is SQLite's plan of what a reading asks of the database.
func (s *Store) Explain(t *testing.T, read func() error) (plan string) {
	t.Helper()
	heard, before := &recorder{Interface: logger.Discard}, s.reading
	s.reading = before.Session(&gorm.Session{Logger: heard})
	err := read()
	s.reading = before
	if err != nil || len(heard.asked) == 0 {
		t.Fatalf("asked %d times: %v", len(heard.asked), err)
	}
	for _, query := range heard.asked {
		var steps []struct{ Detail string }
		if err := s.read(t.Context()).Raw("EXPLAIN QUERY PLAN " + query).Scan(&steps).Error; err != nil {
			t.Fatal(query, err)
		}
		for _, step := range steps {
			plan += step.Detail + "\n"
		}
	}
	return plan
}
