package feeds

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"postern/models"
)

func recordOf(seq int64) record {
	return record{models.Event{ID: "id", Seq: &seq, Body: `{"id":"id"}`, LeafHash: "hash"}, 0}
}

func TestAFileIsMendedWhenItIsOpened(t *testing.T) {
	t.Parallel()
	line := string(recordOf(7).line()) + "\n"
	long := `{"seq":1,"x":"` + strings.Repeat("x", 200_000)
	for name, tc := range map[string]struct{ before, after, fault string }{
		"none":                    {"", line, ""},
		"whole lines":             {"{}\n{}\n", "{}\n{}\n" + line, ""},
		"a torn line":             {"{}\n{\"seq\":3,\"ep", "{}\n" + line, ""},
		"a line torn at once":     {"{}\n{", "{}\n" + line, ""},
		"one torn line alone":     {"{\"seq\":3", line, ""},
		"a long torn line":        {"{}\n" + long, "{}\n" + line, ""},
		"somebody else's file":    {"root:x:0:0", "root:x:0:0", "not a feed's"},
		"somebody else's ending":  {"{}\nroot:x:0:0", "{}\nroot:x:0:0", "not a feed's"},
		"somebody else's, longer": {strings.Repeat("x", 200_000), strings.Repeat("x", 200_000), "not a feed's"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			target := &file{path: filepath.Join(t.TempDir(), "events.jsonl")}
			defer target.close()
			if tc.before != "" {
				if err := os.WriteFile(target.path, []byte(tc.before), 0o640); err != nil {
					t.Fatal(err)
				}
			}
			err := target.send(t.Context(), []record{recordOf(7)})
			if tc.fault == "" && err != nil || tc.fault != "" && (err == nil || !strings.Contains(err.Error(), tc.fault)) {
				t.Errorf("got %v, want %q", err, tc.fault)
			}
			if text, err := os.ReadFile(target.path); err != nil || string(text) != tc.after {
				t.Errorf("left %.100q, %v", text, err)
			}
			info, err := os.Stat(target.path)
			if want := map[bool]os.FileMode{true: 0o600, false: 0o640}[tc.before == ""]; err != nil || info.Mode().Perm() != want {
				t.Errorf("mode %v, want %v; %v", info.Mode(), want, err)
			}
		})
	}
}

func TestAFolderIsNoFile(t *testing.T) {
	t.Parallel()
	for _, path := range []string{t.TempDir(), "/dev/null", filepath.Join(t.TempDir(), "none", "events.jsonl")} {
		if err := (&file{path: path}).send(t.Context(), []record{recordOf(1)}); err == nil {
			t.Errorf("%s was written", path)
		}
	}
}

// What went into a file that was renamed meanwhile may be gone with it.
func TestAFileThatIsRenamedBeforeItIsOnDiskIsWrittenAgain(t *testing.T) {
	t.Parallel()
	target := &file{path: filepath.Join(t.TempDir(), "events.jsonl")}
	defer target.close()
	if err := target.send(t.Context(), []record{recordOf(1)}); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(target.path, target.path+".1"); err != nil {
		t.Fatal(err)
	}
	if err := target.confirm(t.Context()); !errors.Is(err, errAgain) {
		t.Errorf("got %v", err)
	}
	for range 2 { // the second one into the same file
		if err := errors.Join(target.send(t.Context(), []record{recordOf(1)}), target.confirm(t.Context())); err != nil {
			t.Error(err)
		}
	}
	if text, err := os.ReadFile(target.path); err != nil || strings.Count(string(text), "\n") != 2 {
		t.Errorf("the new file has %q, %v", text, err)
	}
}
