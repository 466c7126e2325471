// Command gen writes docs/bank-file.md, the reference of the bank file, from the
// types of its entries: their keys, defaults and the comments beside them.
package main

import (
	"fmt"
	"os"
)

// The repository's root, and the page in it, from app/bankfile, where go
// generate runs.
const (
	root = "../.."
	page = "docs/bank-file.md"
)

func main() {
	text, err := render(root)
	if err == nil {
		err = os.WriteFile(root+"/"+page, []byte(text), 0o644)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "gen:", err)
		os.Exit(1)
	}
}
