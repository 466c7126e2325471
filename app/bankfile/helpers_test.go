package bankfile_test

import (
	"crypto/rand"
	"errors"
	"os"
	"testing"
	"time"

	"postern/app/bankfile"
	"postern/app/change"
	"postern/app/store"
	"postern/models"
)

var now = time.Date(2026, 11, 22, 10, 5, 11, 0, time.UTC)

const examples = "../../docs/examples"

// read reads text as a file that stands beside the examples.
func read(t testing.TB, text string) *bankfile.Document {
	t.Helper()
	d, err := bankfile.Read("bank.yaml", []byte(text), os.DirFS(examples))
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// apply applies text at now.
func apply(t testing.TB, s *store.Store, text string) (change.Plan, error) {
	t.Helper()
	return read(t, text).Apply(t.Context(), s, bankfile.Options{Now: now}, rand.Reader)
}

// applied applies text, which must be good.
func applied(t testing.TB, s *store.Store, text string) change.Plan {
	t.Helper()
	plan, err := apply(t, s, text)
	if err != nil {
		t.Fatal(err)
	}
	return plan
}

func example(t testing.TB) string {
	t.Helper()
	text, err := os.ReadFile(examples + "/bank.yaml")
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func export(t testing.TB, s *store.Store) string {
	t.Helper()
	text, err := bankfile.Export(t.Context(), s)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// faults are the lines of a refusal.
func faults(t testing.TB, err error) []bankfile.Fault {
	t.Helper()
	var r *bankfile.Refusal
	if !errors.As(err, &r) {
		t.Fatalf("got %v, want a refusal", err)
	}
	return r.Faults
}

func changes(t testing.TB, s *store.Store) []models.Change {
	t.Helper()
	list, err := s.Changes(t.Context(), 0, nil)
	if err != nil {
		t.Fatal(err)
	}
	return list
}

// count counts what a query gives.
func count(t testing.TB, s *store.Store, query string, args ...any) (n int) {
	t.Helper()
	stmt, err := s.ReadStmt(t.Context(), query)
	if err != nil {
		t.Fatal(err)
	}
	if err := stmt.QueryRowContext(t.Context(), args...).Scan(&n); err != nil {
		t.Fatal(err)
	}
	return n
}

func write(t testing.TB, s *store.Store, f func(*store.Tx) error) {
	t.Helper()
	if err := s.Write(t.Context(), f); err != nil {
		t.Fatal(err)
	}
}
