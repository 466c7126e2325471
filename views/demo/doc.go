// Package demo draws the demo: the shell with its two phones, the message of
// the chosen step, what was left of a reply, the seven steps, and the demo
// bank's own page (h5.templ), which wears the bank's brand and not Postern's.
//
// Each component takes one struct of formatted values. It knows no request and
// no visit; app/demo turns recorded visits into these structs.
package demo
