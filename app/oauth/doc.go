// Package oauth is the door for partners' back ends and for upstreams: step B
// (RFC 6749 section 4.4), introspection (RFC 7662), revocation (RFC 7009),
// metadata (RFC 8414) and the key sets (RFC 7517).
//
// It reads forms strictly, authenticates the caller, asks the authority and
// writes RFC 6749 section 5.2 errors. It issues nothing itself: an AT is made
// in authority.IssueAT.
package oauth
