package console

import (
	"context"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"postern/app/change"
	"postern/app/keyring"
	"postern/app/records"
	"postern/models"
	"postern/views/i18n"
)

// rawWord is how a word of the program's own reads: snake_case, or dotted.
var rawWord = regexp.MustCompile(`[a-z]+[_.][a-z]+`)

// latinWord is a word that is none of Chinese, abbreviations aside.
var latinWord = regexp.MustCompile(`[a-z]{2,}`)

func inBoth(t *testing.T, what string, say func(context.Context) string) {
	t.Helper()
	for _, l := range []i18n.Lang{i18n.English, i18n.Chinese} {
		said := say(i18n.WithLang(t.Context(), l))
		if said == "" || rawWord.MatchString(said) || l == i18n.Chinese && latinWord.MatchString(strings.ReplaceAll(said, "Excel", "")) {
			t.Errorf("%s is said %q", what, said)
		}
	}
}

func TestActivityHasWordsForWhateverPeopleDo(t *testing.T) {
	t.Parallel()
	for _, d := range records.AllDoings {
		inBoth(t, string(d), func(ctx context.Context) string { return i18n.T(ctx, doingsWords[d]) })
		for _, kind := range records.KindsOf(d) {
			inBoth(t, kind, func(ctx context.Context) string { return did(ctx, kind) })
		}
	}
}

func TestActivityHasWordsForTheHousesOwnValues(t *testing.T) {
	t.Parallel()
	values := map[string][]string{
		"environment": {string(models.Production), string(models.Sandbox)},
		"stops":       {string(models.FreezeAT), string(models.FreezeVT), string(models.FreezeCall), string(models.FreezeAll), string(models.FreezeNothing)},
		"format":      {},
		"role": {
			string(models.SystemRole), string(models.SecurityRole), string(models.AuditRole), string(models.OfficerRole), string(models.ReviewerRole),
			string(models.SupportRole), string(models.PortalOwner), string(models.PortalDeveloper), string(models.PortalViewer),
		},
		"seen": {admission{Days: 30, Failing: 3, Leaving: 2, Known: true}.figures(), admission{}.figures()},
		"by":   {"cli", "gateway", string(models.ByCustomer), string(models.ByPartner), string(models.ByBank), string(models.ByRestore)},
		"how":  {string(models.RunFinished), string(models.RunStopped), string(models.RunClosed)},
		"with": {"password", "passkey", "totp", "recovery", "oidc", "setup"},
		"what": {"password", "code", "passkey"},
	}
	for _, w := range models.Weathers {
		values["weather"] = append(values["weather"], string(w))
	}
	for f := range records.Types {
		values["format"] = append(values["format"], string(f))
	}
	for _, g := range records.Groups {
		values["event"] = append(values["event"], string(g))
	}
	for _, d := range records.AllDoings {
		values["doings"] = append(values["doings"], string(d))
	}
	for _, k := range keyring.Kinds() {
		values["use"] = append(values["use"], string(k.Use))
	}
	s := &Console{}
	for name, list := range values {
		for _, value := range list {
			inBoth(t, name+" "+value, func(ctx context.Context) string {
				said := s.detail(ctx, "some.kind", name, value, records.Names{})
				if name != "format" && said == value && i18n.From(ctx) == i18n.Chinese {
					return "said " + value
				}
				return strings.NewReplacer("CSV", "", "JSON Lines", "JSON").Replace(said) + "."
			})
		}
	}
	subjects := []string{"setting retention", "setting alerts", "everything"}
	for f := range records.Types {
		subjects = append(subjects, "log_export "+string(f))
	}
	for _, k := range keyring.Kinds() {
		subjects = append(subjects, "key "+k.String())
	}
	for _, subject := range subjects {
		inBoth(t, subject, func(ctx context.Context) string {
			return strings.ReplaceAll(subjectWords(ctx, subject, change.Plan{}, records.Names{}), "JSON Lines", "JSON")
		})
	}
}

// TestActivityHasWordsForEveryDetail reads the source for the names of details: in the
// literals that are handed to what writes events, and in what is put beside.
func TestActivityHasWordsForEveryDetail(t *testing.T) {
	t.Parallel()
	names := map[string]string{}
	for _, folder := range []string{
		"identity", "killswitch", "change", "approval", "selfservice", "conformance", "consents", "partners", "bankfile", "records", "console", "keyring", "cli", "alerts", "announcements", ".",
	} {
		files, err := filepath.Glob(filepath.Join("..", folder, "*.go"))
		if err != nil || len(files) == 0 {
			t.Fatalf("%s: %d files, %v", folder, len(files), err)
		}
		for _, file := range files {
			if strings.HasSuffix(file, "_test.go") {
				continue
			}
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			parsed, err := parser.ParseFile(token.NewFileSet(), file, text, 0)
			if err != nil {
				t.Fatal(err)
			}
			ast.Inspect(parsed, func(n ast.Node) bool { detailNames(n, file, names); return true })
		}
	}
	for _, known := range []string{"because", "target", "doings", "login", "first_use", "subject", "rule"} {
		if names[known] == "" {
			t.Errorf("the source was not read for %q", known)
		}
	}
	for name, file := range names {
		if _, said := i18n.ByID("detail." + name); !said && !unread[name] && !strings.HasSuffix(name, "sha256") {
			t.Errorf("%s: the detail %q has no words", file, name)
		}
	}
}

// writers are the functions that write events with details.
var writers = map[string]bool{"told": true, "Event": true, "event": true, "Trace": true}

// detailNames notes the names of details that a node of the source gives.
func detailNames(n ast.Node, file string, names map[string]string) {
	note := func(e ast.Expr) {
		if lit, ok := e.(*ast.BasicLit); ok && lit.Kind == token.STRING {
			name, _ := strconv.Unquote(lit.Value)
			names[name] = file
		}
	}
	literal := func(e ast.Expr) {
		lit, ok := e.(*ast.CompositeLit)
		if !ok {
			return
		}
		for _, pair := range lit.Elts {
			if kv, ok := pair.(*ast.KeyValueExpr); ok {
				note(kv.Key)
			}
		}
	}
	isDetail := func(e ast.Expr) bool {
		switch e := e.(type) {
		case *ast.Ident:
			return e.Name == "detail"
		case *ast.SelectorExpr:
			return e.Sel.Name == "Detail"
		}
		return false
	}
	switch n := n.(type) {
	case *ast.CallExpr:
		name := ""
		switch f := n.Fun.(type) {
		case *ast.Ident:
			name = f.Name
		case *ast.SelectorExpr:
			name = f.Sel.Name
		}
		if writers[name] && len(n.Args) > 0 {
			literal(n.Args[len(n.Args)-1])
		}
	case *ast.KeyValueExpr:
		if key, ok := n.Key.(*ast.Ident); ok && key.Name == "Detail" {
			literal(n.Value)
		}
	case *ast.AssignStmt:
		for i, left := range n.Lhs {
			if at, ok := left.(*ast.IndexExpr); ok && isDetail(at.X) {
				note(at.Index)
			}
			if isDetail(left) && i < len(n.Rhs) {
				literal(n.Rhs[i])
			}
		}
	case *ast.RangeStmt:
		if puts(n.Body, isDetail) {
			literal(n.X)
		}
	}
}

// puts reports whether a body puts something into the details.
func puts(body ast.Node, isDetail func(ast.Expr) bool) (found bool) {
	ast.Inspect(body, func(n ast.Node) bool {
		at, ok := n.(*ast.IndexExpr)
		found = found || ok && isDetail(at.X)
		return !found
	})
	return found
}
