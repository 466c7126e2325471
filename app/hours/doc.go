// Package hours says when a service is open: by a weekly plan on the bank's
// clock, and by planned stops at moments of their own. It reads no clock, knows
// no service and stores nothing.
//
// Where daylight saving moves the clock, a time of day that the clock skips is
// the moment of the jump, and one that it shows twice is the first of the two.
package hours
