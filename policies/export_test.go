package policies

import "maps"

// Alone returns an equal table that shares nothing but the texts, so that a benchmark can tell
// what sharing is worth.
func (t *Table) Alone() *Table {
	own := *t.answers
	own.byPermission = maps.Clone(own.byPermission)
	return &Table{segment: t.segment, answers: &own}
}

// Again returns an equal table as a further compilation with the same outcome would give it.
func (t *Table) Again() *Table {
	again := *t
	return &again
}

// Shares reports whether two tables have one copy of their answers.
func (t *Table) Shares(other *Table) bool { return t.answers == other.answers }

// Known is the number of different answers the compiler holds on to.
func (c *Compiler) Known() int {
	c.sharer.mu.Lock()
	defer c.sharer.mu.Unlock()
	return len(c.sharer.known)
}
