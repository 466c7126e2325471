// Package storetest opens fresh databases for tests and holds both dialects to
// one behaviour.
//
// A test of any package writes storetest.Each(t, func(t, s) {…}) and runs on
// SQLite and, where a server answers, on PostgreSQL. POSTERN_TEST_POSTGRES
// names the server (default: loopback); POSTERN_TEST_REQUIRE=postgres makes its
// absence a failure instead of a skip.
package storetest
