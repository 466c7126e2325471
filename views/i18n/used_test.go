package i18n_test

import (
	"go/scanner"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

var declaration = regexp.MustCompile(`(?m)^\s*(?:var\s+)?([A-Z]\w*)\s+= def(?:Count)?\("([^"]+)"`)

// TestEveryMessageIsUsed finds messages that nothing says any more: neither the
// variable nor, for those found as data, the id is in the product's code.
func TestEveryMessageIsUsed(t *testing.T) {
	t.Parallel()
	declared := map[string]string{} // id by name
	used := map[string]int{}        // of names and of texts
	err := filepath.WalkDir("../..", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
			return err
		}
		source, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		if filepath.Base(filepath.Dir(path)) == "i18n" {
			for _, m := range declaration.FindAllStringSubmatch(string(source), -1) {
				declared[m[1]] = m[2]
				used[m[1]]--
				used[m[2]]--
			}
		}
		words(path, source, used)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(declared) < 500 {
		t.Fatalf("found %d messages only: the test looks at the wrong place", len(declared))
	}
	for name, id := range declared {
		asData := strings.TrimPrefix(strings.TrimPrefix(id, "rule."), "did.")
		if used[name] <= 0 && used[id] <= 0 && (asData == id || used[asData] <= 0) {
			t.Errorf("%s (%s) is said nowhere: delete it", name, id)
		}
	}
}

// words counts the names and texts of a file.
func words(path string, source []byte, into map[string]int) {
	var s scanner.Scanner
	files := token.NewFileSet()
	s.Init(files.AddFile(path, files.Base(), len(source)), source, nil, 0)
	for {
		switch _, tok, text := s.Scan(); tok {
		case token.EOF:
			return
		case token.IDENT:
			into[text]++
		case token.STRING:
			if said, err := strconv.Unquote(text); err == nil {
				into[said]++
			}
		}
	}
}
