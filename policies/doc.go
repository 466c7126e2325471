// Package policies holds the Casbin models as files and makes decision tables from them.
//
// It owns the question "may this application use this resource and action, under which scope, by
// which rule": a [Compiler] lets Casbin answer every question an application can ask, once, and
// keeps the answers as an immutable [Table]. It is the only importer of casbin.
//
// It does not own where grants and rules are kept, which tables are cached and when they are
// rebuilt, nor which fields of a reply may leave. It knows no clock: the time is an argument, in
// Unix milliseconds.
//
// A table is for one application and one stretch of time in which no grant begins or ends. An
// error of [Compiler.Compile] means that there is no answer, and no answer is a refusal.
package policies
