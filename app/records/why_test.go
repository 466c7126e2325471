package records_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"postern/app/records"
	"postern/views/i18n"
)

// refusing are the packages whose refusals get into the ledger.
var refusing = []string{"../authority", "../clients", "../oauth", "../gateway", "../ledger", "../seal", "../keyring", "../../policies"}

// unrecorded are words that look like reasons and never get into a visit's record.
var unrecorded = map[string]bool{
	"not_a_name": true, // of the directory, for names that cannot be
	// Faults of keys that are registered or read from files; policies that allow.
	"echo": true, // not a refusal: where an answer came from
	"set":  true, "private": true, "kty": true, "use": true, "point": true, "rsa": true, "allowed": true,
}

// sources parses a package without its tests.
func sources(t *testing.T, folder string) (files []*ast.File) {
	t.Helper()
	paths, err := filepath.Glob(filepath.Join(folder, "*.go"))
	if err != nil || len(paths) == 0 {
		t.Fatalf("%s: no sources, %v", folder, err)
	}
	for _, path := range paths {
		if strings.HasSuffix(path, "_test.go") {
			continue
		}
		file, err := parser.ParseFile(token.NewFileSet(), path, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		files = append(files, file)
	}
	return files
}

func literal(e ast.Expr) (string, bool) {
	l, ok := e.(*ast.BasicLit)
	if !ok || l.Kind != token.STRING {
		return "", false
	}
	text, err := strconv.Unquote(l.Value)
	return text, err == nil
}

// reasonAt is where a function that makes a refusal takes its reason.
var reasonAt = map[string]int{
	"Because": 0, "goneOr": 1, "invalidRequest": 1, "invalidTarget": 0, "unauthorizedClient": 1, "invalid": 2, "FromUpstream": 1,
	"whoseKey": 3,
}

var word = regexp.MustCompile(`^[a-z][a-z0-9_]*$`)

// reasonsIn collects the reasons that a package's source names: in calls that
// refuse, as constants and fields that are called so, and as what functions
// return whose result is a reason.
func reasonsIn(t *testing.T, folder string) (reasons []string) {
	add := func(e ast.Expr) {
		if text, ok := literal(e); ok && word.MatchString(text) {
			reasons = append(reasons, text)
		}
	}
	for _, file := range sources(t, folder) {
		ast.Inspect(file, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.CallExpr:
				name := ""
				switch f := n.Fun.(type) {
				case *ast.Ident:
					name = f.Name
				case *ast.SelectorExpr:
					name = f.Sel.Name
				}
				if at, known := reasonAt[name]; known && at < len(n.Args) {
					add(n.Args[at])
				}
			case *ast.ValueSpec:
				for i, value := range n.Values {
					if strings.HasPrefix(strings.ToLower(n.Names[i].Name), "reason") {
						add(value)
					}
				}
			case *ast.CompositeLit:
				if name, ok := n.Type.(*ast.Ident); ok && (name.Name == "refusal" || name.Name == "keyFault") && len(n.Elts) > 0 {
					add(n.Elts[0])
				}
			case *ast.FuncDecl:
				if (n.Name.Name == "judge" || n.Name.Name == "misfit") && folder == "../clients" || n.Name.Name == "upstreamReason" {
					ast.Inspect(n, func(inner ast.Node) bool {
						if r, ok := inner.(*ast.ReturnStmt); ok && len(r.Results) == 1 {
							add(r.Results[0])
						}
						return true
					})
				}
			}
			return true
		})
	}
	return reasons
}

// composed are reasons that are put together where they are made.
var composed = []string{
	"rate_at", "rate_vt", "rate_call", "rate_visit", "at_unknown", "at_revoked", "at_expired",
	"no_ticket_key", "no_ak_key", "no_sig_key", "no_subject_key",
}

func TestEveryReasonHasASentence(t *testing.T) {
	t.Parallel()
	all := slices.Clone(composed)
	for _, folder := range refusing {
		all = append(all, reasonsIn(t, folder)...)
	}
	slices.Sort(all)
	all = slices.Compact(all)
	if len(all) < 90 {
		t.Fatalf("only %d reasons were found: the test looks in the wrong way", len(all))
	}
	withCode := map[string]string{"address": "invalid_client", "unavailable": "upstream_unavailable"}
	for _, reason := range all {
		if !unrecorded[reason] && !i18n.ExplainsReason(withCode[reason], reason) && !i18n.ExplainsCode(reason) {
			t.Errorf("%s has no sentence in views/i18n/why.go", reason)
		}
	}
}

// toldToStaff are codes that no request of a partner's is refused with: the
// console's forms answer with their message.
var toldToStaff = map[string]bool{"no_visit": true, "no_at": true, "visit_over": true}

func TestEveryCodeHasASentence(t *testing.T) {
	t.Parallel()
	codes := map[string]bool{}
	for _, folder := range []string{"../authority", "../oauth", "../clients", "../ledger"} {
		for _, file := range sources(t, folder) {
			ast.Inspect(file, func(n ast.Node) bool {
				switch n := n.(type) {
				case *ast.CallExpr: // errs.New(kind, code, message); invalid(code, ...)
					if s, ok := n.Fun.(*ast.SelectorExpr); ok && s.Sel.Name == "New" && len(n.Args) == 3 {
						if text, ok := literal(n.Args[1]); ok {
							codes[text] = true
						}
					}
					if f, ok := n.Fun.(*ast.Ident); ok && f.Name == "invalid" && len(n.Args) == 3 {
						if text, ok := literal(n.Args[0]); ok {
							codes[text] = true
						}
					}
				case *ast.ValueSpec: // the statuses of protocol section 7
					if len(n.Names) == 1 && n.Names[0].Name == "statuses" && len(n.Values) == 1 {
						if m, ok := n.Values[0].(*ast.CompositeLit); ok {
							for _, e := range m.Elts {
								if kv, ok := e.(*ast.KeyValueExpr); ok {
									if text, ok := literal(kv.Key); ok {
										codes[text] = true
									}
								}
							}
						}
					}
				}
				return true
			})
		}
	}
	if len(codes) < 20 {
		t.Fatalf("only %d codes were found: the test looks in the wrong way", len(codes))
	}
	for code := range codes {
		if word.MatchString(code) && !i18n.ExplainsCode(code) && code != "not_found" && !toldToStaff[code] {
			t.Errorf("%s has no sentence in views/i18n/why.go", code)
		}
	}
}

var eventKind = regexp.MustCompile(`"((?:at|vt|visit|customer|consent|call|introspection|assertion)\.[a-z_]+)"`)

func TestTheLogKnowsEveryKindOfATsAndVisits(t *testing.T) {
	t.Parallel()
	found := 0
	for _, folder := range []string{"../authority", "../ledger", "../gateway", "../oauth"} {
		err := fs.WalkDir(os.DirFS(folder), ".", func(path string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
				return err
			}
			text, err := os.ReadFile(filepath.Join(folder, path))
			for _, m := range eventKind.FindAllStringSubmatch(string(text), -1) {
				found++
				if records.GroupOf(m[1]) == "" {
					t.Errorf("%s of %s/%s is in no group of the log", m[1], folder, path)
				}
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	if found < 15 {
		t.Errorf("only %d kinds were found", found)
	}
}
