package cli

import (
	"runtime/debug"
	"strings"
)

// version is what the Go command has stamped: the module's version or the
// commit it was built from, with its time, and the compiler.
func version() string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return "postern, built without a stamp"
	}
	stamp := map[string]string{}
	for _, s := range info.Settings {
		stamp[s.Key] = s.Value
	}
	words := []string{"postern", info.Main.Version}
	if commit := stamp["vcs.revision"]; commit != "" {
		words = append(words, commit[:min(12, len(commit))])
	}
	if stamp["vcs.modified"] == "true" {
		words = append(words, "with changes")
	}
	if at := stamp["vcs.time"]; at != "" {
		words = append(words, "of "+at)
	}
	return strings.Join(append(words, info.GoVersion), " ")
}
