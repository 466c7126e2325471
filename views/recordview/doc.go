// Package recordview shows what is on record, within the frame of either house: the
// log with one line's drawer, and the X-ray of a visit.
package recordview
