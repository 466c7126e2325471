// Package bench measures a gateway: steps B (an AT is issued), D (an AT is
// exchanged for a VT) and G (a sealed call through a local upstream), each
// beside what its bare cryptography, a bare commit and the standard library's
// reverse proxy reach in the same run.
//
// A machine's speed drifts from minute to minute, so slices of everything that
// is compared follow each other in turns, and only their ratios are judged. It
// plays the partner's back end and the page itself, with app/seal, and drives
// real HTTP over loopback. It owns no gateway: who calls Run says how one is
// opened. Every success is held against the ledger's rows.
package bench
