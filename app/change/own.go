package change

// Own says how far a partner decides a change by itself.
type Own int

// The degrees. NotOwn is for the bank to decide; Ruled takes effect on the partner's
// word if as many of its members agree as it has chosen.
const (
	NotOwn Own = iota
	Ruled
	Alone
)
