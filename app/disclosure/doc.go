// Package disclosure reduces a JSON reply to the fields that scopes allow.
//
// It owns the meaning of a scope's fields (path, JR/T 0171 class, treatment, mask), the masks
// themselves, and the one pass that drops, masks or keeps each leaf of a reply: a [Plan] is
// compiled from the fields of one or more scopes, [Plan.Reduce] applies it. What no field names
// does not leave. A reply that is not strict JSON (RFC 8259 with the restrictions of RFC 7493
// sections 2.1 and 2.3) does not leave at all.
//
// It does not own which scopes count for a call, nor where shapes are kept. It is pure: no clock,
// no log, no store; nothing it returns but the reduced body holds a value of the reply.
package disclosure
