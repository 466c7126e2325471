// Package entrance draws the screens by which one comes in and looks after one's
// own account, for both houses: the frame, the first part of every address and
// some words are the house's.
package entrance
