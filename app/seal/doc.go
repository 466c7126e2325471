// Package seal owns the envelopes of the protocol: strict compact JWE and JWS of
// both suites (A256 and GM), the keys they use as JWKs, the keys derived from R,
// and the strict JSON of what travels inside (protocol section 2).
//
// It implements RFC 7515, 7516, 7517, 7518 section 4.6 and appendix C, 7638,
// 5869, 3394, and in the GM suite GM/T 0125 names over GM/T 0003, 0009 and
// RFC 8998. It is narrower than those: whatever the protocol does not use is
// refused before any key is touched, and every refusal looks the same outside.
//
// It does not own who may use a key, when a key is alive, which typ an endpoint
// expects, or what a payload means. It knows no clock, no HTTP and no storage;
// randomness is an argument. Entry points: ParseEnvelope, NewRecipient,
// NewDirect, ParseSigned, Sign, ParsePublicJWK, DecodeObject.
package seal
