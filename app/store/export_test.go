package store

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
