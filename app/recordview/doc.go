// Package recordview makes pages of what is on record: the log with its filters,
// its rows as they come and its files, and the X-ray of a visit. The bank's house and
// the partners' show them alike.
//
// It does not own what may be read, or by whom (app/records and the houses), nor how
// a page looks (views/recordview). Start at View.
package recordview
