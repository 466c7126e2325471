package static_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"flag"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "draw ui/icons.svg anew from the folder icons")

// vendored is one package of vendored.json.
type vendored struct {
	Package, Version, Licence string
	Files                     []struct{ File, Source, SHA256 string }
}

func readVendored(t *testing.T) []vendored {
	t.Helper()
	content, err := os.ReadFile("vendored.json")
	if err != nil {
		t.Fatal(err)
	}
	var list []vendored
	decoder := json.NewDecoder(bytes.NewReader(content))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&list); err != nil {
		t.Fatal(err)
	}
	return list
}

func TestVendoredFilesAreWhatTheManifestSays(t *testing.T) {
	t.Parallel()
	listed := []string{"vendor/kit.css"} // ours: it puts the others together
	for _, p := range readVendored(t) {
		if p.Package == "" || p.Version == "" || p.Licence == "" {
			t.Errorf("%+v: a package has name, version and licence", p)
		}
		for _, f := range p.Files {
			listed = append(listed, f.File)
			content, err := os.ReadFile(f.File)
			if err != nil {
				t.Error(err)
				continue
			}
			if sum := sha256.Sum256(content); hex.EncodeToString(sum[:]) != f.SHA256 {
				t.Errorf("%s is not the file of %s %s that the manifest lists", f.File, p.Package, p.Version)
			}
		}
	}
	for _, folder := range []string{"vendor", "icons", "testdata"} {
		for _, name := range filesIn(t, folder) {
			if !slices.Contains(listed, name) {
				t.Errorf("%s is not in the manifest", name)
			}
		}
	}
}

func filesIn(t *testing.T, folder string) []string {
	t.Helper()
	var names []string
	err := filepath.WalkDir(folder, func(path string, entry fs.DirEntry, err error) error {
		if err == nil && !entry.IsDir() {
			names = append(names, filepath.ToSlash(path))
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return names
}

// outline is what an icon draws, without the frame that each of them repeats.
var outline = regexp.MustCompile(`(?s)<svg.*?>(.*)</svg>`)

func TestTheSpriteIsDrawnFromTheVendoredIcons(t *testing.T) {
	t.Parallel()
	var b strings.Builder
	b.WriteString(`<svg xmlns="http://www.w3.org/2000/svg">` + "\n")
	for _, name := range filesIn(t, "icons") {
		content, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		drawn := strings.Replace(outline.FindStringSubmatch(string(content))[1], `<path stroke="none" d="M0 0h24v24H0z" fill="none" />`, "", 1)
		id := strings.TrimSuffix(filepath.Base(name), ".svg")
		b.WriteString(`<symbol id="` + id + `" viewBox="0 0 24 24">` + strings.Join(strings.Fields(drawn), " ") + "</symbol>\n")
	}
	b.WriteString("</svg>\n")
	if *update {
		if err := os.WriteFile("ui/icons.svg", []byte(b.String()), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if have, err := os.ReadFile("ui/icons.svg"); err != nil || string(have) != b.String() {
		t.Errorf("ui/icons.svg is not what the icons give (%v); run this test with -update", err)
	}
}
