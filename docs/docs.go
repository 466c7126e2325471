// Package docs carries what of this folder is shown to partners.
package docs

import "embed"

// Samples are complete programs of a partner's back end, and a page. They name what is an
// application's own by the words below, which whoever shows them puts in their place.
//
//go:embed samples
var Samples embed.FS

// Pages are the pages that partners read, as Markdown; those in Chinese say so in their names.
//
//go:embed partners.md partners.zh-CN.md protocol.md sdk.md first-visit.md
var Pages embed.FS

// What stands in the samples for what is an application's own.
const (
	SampleGateway = "https://gateway.bank.example" // the issuer, and where it is reached
	SampleClient  = "app_test_example"
	SampleService = "urn:h5:example"
	SampleKeyID   = "example-key-1"          // of the signature key
	SampleCall    = `"GET", "/example/path"` // of a page's first call
)
