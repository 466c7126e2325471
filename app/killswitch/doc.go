// Package killswitch stops traffic at once and lets it flow again: freezes of a
// partner, an application, a service, a scope or of everything, drills, which
// stop nothing and measure how fast the nodes obey, and the end of all visits of
// a kind.
//
// Each is a change of a kind of its own (app/approval): what stops takes effect
// at once, what thaws is never one person's. What a node does under a freeze
// control and authority know; that it obeyed control's heart puts on record.
package killswitch
