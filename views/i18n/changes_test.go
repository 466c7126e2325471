package i18n_test

import (
	"context"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"postern/views/i18n"
)

// TestEveryDifferenceIsSaidInBothLanguages looks up what the code can note of a
// change, where it is noted.
func TestEveryDifferenceIsSaidInBothLanguages(t *testing.T) {
	t.Parallel()
	formats := map[string]string{}
	for _, folder := range []string{"change", "partners", "catalog", "identity", "keyring", "settings"} {
		files, err := filepath.Glob(filepath.Join("../../app", folder, "*.go"))
		if err != nil {
			t.Fatal(err)
		}
		for _, file := range files {
			if !strings.HasSuffix(file, "_test.go") {
				collectFormats(t, file, formats)
			}
		}
	}
	if len(formats) < 25 {
		t.Fatalf("found %d sentences only: the test looks at the wrong place", len(formats))
	}
	for format, where := range formats {
		if !i18n.KnowsDifference(format) {
			t.Errorf("%s: there is no Chinese sentence for %q", where, format)
		}
	}
}

// collectFormats finds the texts that are given to Note: in the call, or as the
// value of what is given.
func collectFormats(t *testing.T, file string, into map[string]string) {
	t.Helper()
	set := token.NewFileSet()
	parsed, err := parser.ParseFile(set, file, nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	ast.Inspect(parsed, func(n ast.Node) bool {
		call, ok := n.(*ast.CallExpr)
		if !ok || len(call.Args) < 2 {
			return true
		}
		if selector, ok := call.Fun.(*ast.SelectorExpr); !ok || selector.Sel.Name != "Note" {
			return true
		}
		if literal, ok := call.Args[1].(*ast.BasicLit); ok {
			text, err := strconv.Unquote(literal.Value)
			if err != nil {
				t.Fatal(err)
			}
			into[text] = filepath.Base(file) + ":" + strconv.Itoa(set.Position(literal.Pos()).Line)
		}
		return true
	})
	if _, err := os.Stat(file); err != nil {
		t.Fatal(err)
	}
}

func TestADifferenceComesInItsParts(t *testing.T) {
	t.Parallel()
	chinese := i18n.WithLang(context.Background(), i18n.Chinese)
	for _, c := range []struct {
		ctx                  context.Context
		format               string
		args                 []string
		label, before, after string
		compares             bool
	}{
		{context.Background(), "%s: %s -> %s", []string{"daily_quota", "no limit", "80000"}, "ATs a day", "no limit", "80,000", true},
		{chinese, "%s: %s -> %s", []string{"daily_quota", "no limit", "80000"}, "每日 AT 配额", "不限", "80,000", true},
		{chinese, "%s: %t", []string{"revoked", "true"}, "吊销", "否", "是", true},
		{chinese, "%s: %s -> none", []string{"upstream for production", "https://a"}, "生产上游", "https://a", "", true},
		{chinese, "field %s under %s %s", []string{"a.b", "x:read", "leaves masked as phone, class C2"}, "字段 a.b（x:read）", "", "按 phone 掩码传出，级别 C2", true},
		{context.Background(), "field %s under %s now %s (before: %s)", []string{"a.b", "x:read", "leaves unmasked, class C2", "does not leave, class C2"},
			"field a.b under x:read", "does not leave, class C2", "leaves unmasked, class C2", true},
		{chinese, "field %s under %s is no longer named, and does not leave (was: %s)", []string{"a", "x:read", "leaves unmasked, class C1"},
			"字段 a（x:read）", "原文传出，级别 C1", "不再列出，不传出", true},
		{context.Background(), "no longer frozen (%s)", []string{"no calls"}, "frozen", "no calls", "not frozen", true},
		{context.Background(), "role %s is given", []string{"officer"}, "role officer is given", "", "", false},
		{chinese, "role %s is given", []string{"officer"}, "授予角色：准入专员", "", "", false},
		{chinese, "something new about %s", []string{"status"}, "something new about 状态", "", "", false},
	} {
		label, before, after, compares := i18n.Difference(c.ctx, c.format, c.args)
		if label != c.label || before != c.before || after != c.after || compares != c.compares {
			t.Errorf("%s %v: %q, %q, %q, %t", c.format, c.args, label, before, after, compares)
		}
	}
}
