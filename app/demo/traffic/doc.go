// Package traffic keeps a trickle of visits going, as pages and partners would
// make them: most go well, and the rest is every refusal that a gateway meets.
// It gives the consoles of a demo something to show and finds out early when a
// rule no longer holds: a case that ends otherwise than it should is logged.
package traffic
