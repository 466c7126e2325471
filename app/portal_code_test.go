package app_test

import (
	"crypto/x509"
	"encoding/pem"
	"html"
	"io/fs"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"

	"postern/app/apptest"
	"postern/docs"
)

// pemOf writes a private key as the portal's key maker does.
func pemOf(t *testing.T, jwk []byte, path string) {
	t.Helper()
	var key jose.JSONWebKey
	if err := key.UnmarshalJSON(jwk); err != nil {
		t.Fatal(err)
	}
	der, err := x509.MarshalPKCS8PrivateKey(key.Key)
	if err == nil {
		err = os.WriteFile(path, pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}), 0o600)
	}
	if err != nil {
		t.Fatal(err)
	}
}

var program = regexp.MustCompile(`(?s)<pre[^>]* id="program">(.*?)</pre>`)

// shown is a program as the portal's page shows it.
func (o *office) shown(in string) string {
	o.t.Helper()
	rec := o.as("developer", "/portal/applications/"+apptest.Travel+"/code?in="+in, nil)
	found := program.FindStringSubmatch(rec.Body.String())
	if rec.Code != http.StatusOK || found == nil {
		o.t.Fatalf("%s: %d %.300s", in, rec.Code, rec.Body)
	}
	return html.UnescapeString(found[1])
}

// The samples run as the page shows them, against a gateway that serves: in each language
// they print the address that the app opens, and its AT opens a visit.
func TestSamplesRunAsTheyAreShown(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("builds programs")
	}
	_, w := serveReal(t, nil)
	w.Clock.Add(time.Since(w.Clock.Now())) // the office looks at it, the gateway at the real one
	o := newOffice(t, w)
	folder := t.TempDir()
	for use, key := range map[string]any{"sig": w.Key(apptest.Travel, "sig"), "enc": w.Key(apptest.Travel, "enc")} {
		jwk, err := key.(interface{ MarshalJSON() ([]byte, error) }).MarshalJSON()
		if err != nil {
			t.Fatal(err)
		}
		pemOf(t, jwk, filepath.Join(folder, use+".private.pem"))
	}
	for _, name := range []string{"go.mod", "go.sum"} { // by which the program in Go finds its library
		text, err := os.ReadFile(filepath.Join("..", name))
		if err == nil {
			err = os.WriteFile(filepath.Join(folder, name), text, 0o600)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	beside := filepath.Dir(nodeExample(t))
	for name, c := range map[string]struct {
		in, file string
		words    []string
		needs    string // a program that is not everywhere
		sealed   bool   // what it prints is the answer as it came
	}{
		"in a shell": {in: "curl", file: "partner.sh", words: []string{"sh", "partner.sh"}, sealed: true},
		"in Go":      {in: "go", file: "partner.go", words: []string{"go", "run", "partner.go"}},
		"in Node":    {in: "node", file: "partner.mjs", words: []string{"node", "partner.mjs"}},
		"in Java":    {in: "java", file: "Partner.java", words: []string{"java", "Partner.java"}, needs: "javac"},
		"in Python":  {in: "python", file: "partner.py", words: []string{"python3", "partner.py"}, needs: "python3 with cryptography"},
	} {
		text := o.shown(c.in)
		t.Run(name, func(t *testing.T) {
			if !available(t, c.needs) {
				t.Skip(c.needs + " is not installed")
			}
			at := folder
			if c.in == "node" { // a module is found beside the program
				at = beside
				for _, use := range []string{"sig", "enc"} {
					from, err := os.ReadFile(filepath.Join(folder, use+".private.pem"))
					if err == nil {
						err = os.WriteFile(filepath.Join(at, use+".private.pem"), from, 0o600)
					}
					if err != nil {
						t.Fatal(err)
					}
				}
			}
			if err := os.WriteFile(filepath.Join(at, c.file), []byte(text), 0o600); err != nil {
				t.Fatal(err)
			}
			path, err := exec.LookPath(c.words[0])
			if err != nil {
				skipOrFail(t, c.words[0], c.words[0]+" is not installed")
			}
			command := exec.CommandContext(t.Context(), path, c.words[1:]...)
			command.Dir = at
			output, err := command.CombinedOutput()
			if err != nil {
				t.Fatalf("%v\n%s", err, output)
			}
			if c.sealed {
				if !strings.Contains(string(output), `"access_token":"ey`) || !strings.Contains(string(output), `"token_type":"N_A"`) {
					t.Errorf("it printed %s", output)
				}
				return
			}
			page, token, _ := strings.Cut(strings.TrimSpace(string(output)), "#at=")
			if page != apptest.H5URL {
				t.Fatalf("it printed %s", output)
			}
			if got := w.NewPage(token).TryOpen(); got.HTTP != http.StatusOK {
				t.Errorf("its AT opens nothing: %+v", got)
			}
		})
	}
}

func available(t *testing.T, what string) bool {
	t.Helper()
	switch what {
	case "":
		return true
	case "javac":
		_, err := exec.LookPath(what)
		return err == nil
	default:
		return exec.CommandContext(t.Context(), "python3", "-c", "import cryptography, requests").Run() == nil
	}
}

// Each sample names the words that the portal puts an application's own in the place of;
// one that did not would show another's.
func TestSamplesNameWhatIsPutInTheirPlace(t *testing.T) {
	t.Parallel()
	list, err := fs.ReadDir(docs.Samples, "samples")
	if err != nil || len(list) < 6 {
		t.Fatal(list, err)
	}
	for _, file := range list {
		text, err := docs.Samples.ReadFile("samples/" + file.Name())
		if err != nil {
			t.Fatal(err)
		}
		words := []string{docs.SampleGateway, docs.SampleClient, docs.SampleService, docs.SampleKeyID}
		switch file.Name() {
		case "page.html":
			words = []string{docs.SampleGateway, docs.SampleService, docs.SampleCall}
		case "partner-secret.sh":
			words = words[:3]
		}
		for _, word := range words {
			if !strings.Contains(string(text), word) {
				t.Errorf("%s does not name %s", file.Name(), word)
			}
		}
	}
}
