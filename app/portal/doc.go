// Package portal has the screens in which partners' users look after what is
// theirs, on a listener of their own. Coming in is app/entrance's.
//
// Whose things a screen is about is never in its address: it is the partner that
// whoever is signed in belongs to. What is not theirs is not there.
package portal
