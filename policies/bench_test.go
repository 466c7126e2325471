package policies_test

import (
	"fmt"
	"strconv"
	"testing"

	"postern/policies"
)

// application returns n rules spread over the scopes of one application, with a question for each.
func application(n int) ([]policies.Grant, []policies.Rule, []policies.Permission) {
	scopes := []string{"account.balance:read", "account:read", "payment:create", "customer:read"}
	rules := make([]policies.Rule, 0, n)
	asked := make([]policies.Permission, 0, n)
	for i := range n {
		permission := policies.Permission{Resource: "account.resource." + strconv.Itoa(i), Action: "read"}
		rules = append(rules, allow("rule-"+strconv.Itoa(i), scopes[i%len(scopes)], permission))
		asked = append(asked, permission)
	}
	return always(scopes...), rules, asked
}

func benchmarkTable(b *testing.B, n int) (*policies.Table, []policies.Permission) {
	b.Helper()
	grants, rules, asked := application(n)
	return compile(b, grants, rules, asked...), asked
}

func BenchmarkDecide(b *testing.B) {
	visit := []string{"customer:read", "payment:create", "account:read", "account.balance:read"}
	for _, n := range []int{20, 1000} {
		b.Run(fmt.Sprintf("rules=%d", n), func(b *testing.B) {
			table, asked := benchmarkTable(b, n)
			b.ReportAllocs()
			i := 0
			for b.Loop() {
				if !table.Decide(asked[i%n], visit).Allowed {
					b.Fatal("refused")
				}
				i++
			}
		})
	}
}

func BenchmarkCompile(b *testing.B) {
	for _, n := range []int{20, 100} {
		b.Run(fmt.Sprintf("rules=%d", n), func(b *testing.B) {
			compiler := newCompiler(b)
			grants, rules, asked := application(n)
			b.ReportAllocs()
			for b.Loop() {
				if _, err := compiler.Compile("app", grants, rules, asked, noon); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// BenchmarkDecideAmongApplications walks the tables of all applications, in no order a processor
// could guess, so what grows is the price of memory that is in no cache. "map" is finding the
// table and no more, "shared" adds the decision, "alone" is the same without sharing, and "one"
// asks for a single application among so many.
func BenchmarkDecideAmongApplications(b *testing.B) {
	const rules = 5
	visit := []string{"customer:read", "payment:create", "account:read", "account.balance:read"}
	table, asked := benchmarkTable(b, rules)
	for _, applications := range []int{100, 10_000, 100_000} {
		for _, way := range []string{"map", "one", "shared", "alone"} {
			b.Run(fmt.Sprintf("%s/applications=%d", way, applications), func(b *testing.B) {
				names, tables := manyTables(table, applications, way)
				i := 0
				for b.Loop() {
					i++
					at := i * 7919 % applications // 7919 is prime to every count: each comes up
					if way == "one" {
						at = applications / 2
					}
					found := tables[names[at]]
					if way == "map" {
						if found == nil {
							b.Fatal("no table")
						}
						continue
					}
					if !found.Decide(asked[i%rules], visit).Allowed {
						b.Fatal("refused")
					}
				}
			})
		}
	}
}

// manyTables gives every application a table equal to the given one.
func manyTables(table *policies.Table, applications int, way string) ([]string, map[string]*policies.Table) {
	names := make([]string, applications)
	tables := make(map[string]*policies.Table, applications)
	for i := range names {
		names[i] = fmt.Sprintf("application-%06d", i)
		tables[names[i]] = table.Again()
		if way == "alone" {
			tables[names[i]] = table.Alone()
		}
	}
	return names, tables
}
