// Package settings owns what two persons may set while gateways run: how long
// rows are kept, and the rules of alerts. What a node's file, environment or flags
// say goes before it; what nobody says is the default.
//
// Live is what holds on one node, kept in memory and read again when the feed
// says that it moved. Changes describes and applies a change request; the bounds
// are app/config's, as for the file.
package settings
