// Package bundle builds the H5 SDK: one classic script from the TypeScript sources, its declarations and
// its integrity value. It owns how the script is made; package sdk owns what is served. Only the generator
// and the tests import it, so that the product does not link a bundler.
package bundle

import (
	"crypto/sha512"
	"encoding/base64"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/evanw/esbuild/pkg/api"
)

// banner is the first line of the script.
const banner = "/* Postern H5 SDK, protocol version 1 */"

// engines are the oldest webViews the SDK serves: Android's WebView of 2018 and iOS 12.2.
var engines = []api.Engine{
	{Name: api.EngineChrome, Version: "70"},
	{Name: api.EngineSafari, Version: "12.1"},
}

// Files builds the released files from the SDK's folder: name under dist/1 to content. The result depends on
// the sources and the bundler's version only.
func Files(folder string) (map[string][]byte, error) {
	script, err := build(api.BuildOptions{
		EntryPoints:      []string{filepath.Join(folder, "src", "index.ts")},
		Format:           api.FormatIIFE,
		GlobalName:       "Postern",
		Banner:           map[string]string{"js": banner},
		MinifyWhitespace: true, MinifyIdentifiers: true, MinifySyntax: true,
	})
	if err != nil {
		return nil, err
	}
	declarations, err := os.ReadFile(filepath.Join(folder, "src", "postern.d.ts"))
	if err != nil {
		return nil, fmt.Errorf("read declarations: %w", err)
	}
	return map[string][]byte{
		"postern.js":     script,
		"postern.d.ts":   declarations,
		"postern.js.sri": []byte(Integrity(script) + "\n"),
	}, nil
}

// Module builds an ES module from one entry of the SDK's folder, readable, for tests of single modules.
func Module(folder, entry string) ([]byte, error) {
	return build(api.BuildOptions{
		EntryPoints: []string{filepath.Join(folder, entry)},
		Format:      api.FormatESModule,
	})
}

// Integrity is the value for a script tag's integrity attribute: "sha384-" and standard base64
// (Subresource Integrity, W3C, section 3.1).
func Integrity(script []byte) string {
	sum := sha512.Sum384(script)
	return "sha384-" + base64.StdEncoding.EncodeToString(sum[:])
}

func build(options api.BuildOptions) ([]byte, error) {
	options.Bundle = true
	options.Engines = engines
	options.Charset = api.CharsetASCII
	// The bundler holds an evaluation-order fault of computed names against Safari before 14.1. The sources
	// destructure plain names only, which works there since version 8.
	options.Supported = map[string]bool{"destructuring": true}
	options.LegalComments = api.LegalCommentsNone
	options.TsconfigRaw = `{"compilerOptions":{"target":"es2019"}}`
	result := api.Build(options)
	if len(result.Errors) > 0 {
		var faults []error
		for _, message := range result.Errors {
			fault := errors.New(message.Text)
			if message.Location != nil {
				fault = fmt.Errorf("%s:%d: %s", message.Location.File, message.Location.Line, message.Text)
			}
			faults = append(faults, fault)
		}
		return nil, fmt.Errorf("bundle SDK: %w", errors.Join(faults...))
	}
	return result.OutputFiles[0].Contents, nil
}
