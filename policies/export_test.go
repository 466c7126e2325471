package policies

import "maps"

// Twin returns an equal table with a map of its own, so that a benchmark can hold as many tables
// as there are applications without compiling each.
func (t *Table) Twin() *Table {
	twin := *t
	twin.answers = maps.Clone(t.answers)
	return &twin
}
