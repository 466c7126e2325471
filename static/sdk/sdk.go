package sdk

import (
	"embed"
	"strings"
)

//go:generate go run ./gen

//go:embed dist/1/postern.js dist/1/postern.d.ts dist/1/postern.js.sri
var released embed.FS

// Version is the protocol version that the files belong to, and the segment of their addresses: /sdk/1/….
const Version = "1"

// File returns one released file by its bare name: "postern.js", "postern.d.ts" or "postern.js.sri".
// ok is false for any other name. The caller owns the slice.
func File(name string) (content []byte, ok bool) {
	content, err := released.ReadFile("dist/" + Version + "/" + name)
	return content, err == nil
}

// Integrity returns the value of the integrity attribute that a page puts on its script tag:
// "sha384-" and base64.
func Integrity() string {
	content, _ := File("postern.js.sri")
	return strings.TrimSpace(string(content))
}
