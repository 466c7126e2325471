package store

import (
	"context"
	"testing"

	"gorm.io/gorm"

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
