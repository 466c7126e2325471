// Package console draws the staff console's screens, one file per noun. Each
// page takes one struct of plain values; what may be shown its caller has
// decided.
package console
