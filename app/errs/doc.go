// Package errs is the one error type that crosses package boundaries.
//
// A domain function picks a Kind and, where the wire contract names one, a
// Code; the doors (app/oauth, app/gateway, app/web) alone turn them into
// statuses, documents and log levels. HTTP is not in this package.
package errs
