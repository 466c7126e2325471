// Package web is the gin kit that every door shares: engines with a request id
// on each request, one log line per request, recovery without a leak, and
// servers with limits.
//
// It decides nothing about a request. It logs methods, routes and statuses,
// never queries, headers or bodies.
package web
