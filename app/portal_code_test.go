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

// sample is how a program of the page's is run.
type sample struct {
	in, file string // its word in the address, and the file that the page calls it
	words    []string
	needs    string // a program that is not everywhere
	sealed   bool   // what it prints is the answer as it came
}

var samples = map[string]sample{
	"in a shell": {in: "curl", file: "partner.sh", words: []string{"sh", "partner.sh"}, sealed: true},
	"in Go":      {in: "go", file: "partner.go", words: []string{"go", "run", "partner.go"}},
	"in Node":    {in: "node", file: "partner.mjs", words: []string{"node", "partner.mjs"}},
	"in Java":    {in: "java", file: "Partner.java", words: []string{"java", "Partner.java"}, needs: "javac"},
	"in Python":  {in: "python", file: "partner.py", words: []string{"python3", "partner.py"}, needs: "python3 with cryptography"},
}

// run runs it as it is shown, with the private keys of a folder, and returns what it
// prints. Where something is not installed that it needs, the test is skipped.
func (s sample) run(t *testing.T, keys, text string) string {
	t.Helper()
	if !available(t, s.needs) {
		t.Skip(s.needs + " is not installed")
	}
	path, err := exec.LookPath(s.words[0])
	if err != nil {
		skipOrFail(t, s.words[0], s.words[0]+" is not installed")
	}
	at, from := "", []string{filepath.Join(keys, "sig.private.pem"), filepath.Join(keys, "enc.private.pem")}
	switch s.in {
	case "node": // a module is found beside the program
		at = filepath.Dir(nodeExample(t))
	case "go": // so is what says which library it has
		at, from = t.TempDir(), append(from, "../go.mod", "../go.sum")
	default:
		at = t.TempDir()
	}
	for _, file := range from {
		octets, err := os.ReadFile(file)
		if err == nil {
			err = os.WriteFile(filepath.Join(at, filepath.Base(file)), octets, 0o600)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := os.WriteFile(filepath.Join(at, s.file), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	command := exec.CommandContext(t.Context(), path, s.words[1:]...)
	command.Dir = at
	output, err := command.CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, output)
	}
	return strings.TrimSpace(string(output))
}

// opened is the AT in the address that a sample has printed.
func opened(t *testing.T, printed string) string {
	t.Helper()
	page, token, _ := strings.Cut(printed, "#at=")
	if page != apptest.H5URL {
		t.Fatalf("it printed %s", printed)
	}
	return token
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
	keys := t.TempDir()
	for use, key := range map[string]any{"sig": w.Key(apptest.Travel, "sig"), "enc": w.Key(apptest.Travel, "enc")} {
		jwk, err := key.(interface{ MarshalJSON() ([]byte, error) }).MarshalJSON()
		if err != nil {
			t.Fatal(err)
		}
		pemOf(t, jwk, filepath.Join(keys, use+".private.pem"))
	}
	for name, s := range samples {
		text := o.shown(s.in)
		t.Run(name, func(t *testing.T) {
			printed := s.run(t, keys, text)
			if s.sealed {
				if !strings.Contains(printed, `"access_token":"ey`) || !strings.Contains(printed, `"token_type":"N_A"`) {
					t.Errorf("it printed %s", printed)
				}
				return
			}
			if got := w.NewPage(opened(t, printed)).TryOpen(); got.HTTP != http.StatusOK {
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
