package store

import (
	"context"

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

// AlertSQL is what rules, lists and the outbox of alerts ask.
func AlertSQL() map[string]string {
	return map[string]string{
		"refusals": refusalsSQL, "unredeemed": unredeemedSQL, "new sources": newSourcesSQL, "alarms": alarmsSQL,
		"ending credentials": endingCredentialsSQL, "lasting": lastingAlertsSQL, "remind": remindSQL, "listed": listedAlertsSQL,
		"counts": lastingCountsSQL, "unacknowledged": unacknowledgedSQL,
		"waiting deliveries": waitingDeliveriesSQL, "waiting receivers": waitingReceiversSQL,
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
