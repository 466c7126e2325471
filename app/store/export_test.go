package store

import "strings"

// RetentionSQL is what retention and the adding up of rollups ask, by what it is
// about. Every placeholder stands for a number or a text that begins with one.
func RetentionSQL() map[string]string {
	all := map[string]string{"at_rows": oldATsSQL, "rollups of nodes": nodesRollupsSQL}
	for kind := range deletions {
		all[string(kind)] = deleteOldSQL(kind)
	}
	return all
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
