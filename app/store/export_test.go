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
