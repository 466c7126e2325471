// Package gateway is the door for pages: steps D to G as bytes in and out.
//
// It reads bodies up to their limit, hands them to the authority and writes
// what the authority sealed. It never sees R or a plaintext, and it decides
// nothing but what travels in the clear: CORS, statuses and Retry-After
// (protocol sections 5 to 8). The way to the bank's systems is gateway/upstream.
package gateway
