package ledger

import "context"

// CommandLine is the Address of what was done by a command on one of the bank's
// own machines.
const CommandLine = "command line"

// Origin says in which role, and from where, somebody acts.
type Origin struct {
	// Role allowed the act: of the bank's staff or of a partner's team, several
	// apart by spaces; empty where none was asked for, as at sign-in.
	Role string
	// Address is the client's network address as the house's entrance knows it
	// (behind proxies that are trusted, what they say), or CommandLine.
	Address string
}

type originKey struct{}

// ActingFrom is ctx with where its request comes from.
func ActingFrom(ctx context.Context, o Origin) context.Context {
	return context.WithValue(ctx, originKey{}, o)
}

// OriginOf is where ctx's request comes from; empty for what the gateway does by
// itself.
func OriginOf(ctx context.Context) Origin {
	o, _ := ctx.Value(originKey{}).(Origin)
	return o
}
