// Command gen writes the H5 SDK's released files to dist/1. Run it in the SDK's folder: go generate ./static/sdk.
package main

import (
	"fmt"
	"os"
	"path/filepath"

	"postern/static/sdk/gen/bundle"
)

func main() {
	if err := run("."); err != nil {
		fmt.Fprintln(os.Stderr, "gen:", err)
		os.Exit(1)
	}
}

func run(folder string) error {
	files, err := bundle.Files(folder)
	if err != nil {
		return err
	}
	out := filepath.Join(folder, "dist", "1")
	if err := os.MkdirAll(out, 0o755); err != nil {
		return fmt.Errorf("make output folder: %w", err)
	}
	for name, content := range files {
		if err := os.WriteFile(filepath.Join(out, name), content, 0o644); err != nil {
			return fmt.Errorf("write %s: %w", name, err)
		}
	}
	return nil
}
