// Package story remembers what the demo's own pieces saw of each visit, step A
// to G, and turns it into what the demo's shell shows: the steps, the message
// of the chosen one sealed and opened, and what was left of a reply.
//
// It sees plaintexts, which no real product may keep: the partner's back end,
// the page's observer and the demo bank hand them over. It lives in memory, is
// bounded, and knows no HTTP and nothing of the gateway's insides.
package story
