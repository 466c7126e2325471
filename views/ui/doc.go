// Package ui draws the pieces that the screens of console and portal are made
// of: badges, fields, tables, notes, steps and the like. One struct each, of
// values that are formatted already, or that the piece itself formats in the
// reader's language.
//
// Pieces hold the content security policy (no style, script or handler inline),
// read and submit without script, and never carry meaning by colour alone.
// static/ui has their looks and the script that makes them quicker.
//
// It knows no request and no business: which words, links and states there are,
// views/console and views/portal say. Pages are framed by views/layout.
package ui
