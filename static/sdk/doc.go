// Package sdk holds the H5 SDK as it is served to pages: postern.js, its TypeScript declarations and its
// integrity value, under the protocol's version.
//
// It owns the script's sources (src), how they become one file (gen) and the tests that run it in Node and in
// a browser. It does not own the addresses it is served under, nor the protocol. The script implements the
// page's side of protocol sections 4 to 7: RFC 7515, 7516, 7518 (ECDH-ES+A256KW, A256GCM, ES256) and 5869
// over the browser's WebCrypto, without any dependency.
package sdk
