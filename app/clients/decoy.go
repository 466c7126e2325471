package clients

import (
	"fmt"

	"postern/app/seal"
)

// decoyJWKs are public keys of nobody, one for each algorithm of an assertion. A
// caller whom nobody knows is verified against the one of its header's algorithm,
// so that the answer's time tells neither who is a client nor what its key is.
// They are public and have no kid: what comes of it can't matter.
var decoyJWKs = []string{
	`{"kty":"EC","crv":"P-256","use":"sig","alg":"ES256",
		"x":"LJVAgBA2zDz_62WTjKQsSoHMkVHg2Trk5GIm3Sz4x0s","y":"lPtqCAGHqHzb-FtuBGt4tzeJoq3J8lpic_KKyGg1le8"}`,
	`{"kty":"EC","crv":"SM2-P-256","use":"sig","alg":"SGD_SM3_SM2",
		"x":"wUfwkaWLeq_-lKebKZSsUJRw3AEewLrydbKYgeIyNTo","y":"9Q6UNV0MVeB3dXFVbqhe9tiC3Tyq8w2d6ThYDCE_xMo"}`,
	`{"kty":"OKP","crv":"Ed25519","use":"sig","alg":"EdDSA","x":"napLbG9eY3EW4uXjiVpE0crNRAZBF5oSftmwKyZL2Ww"}`,
	`{"kty":"RSA","use":"sig","alg":"PS256","e":"AQAB","n":"rcxwNc4JB_dFffwwSzRMR-aTiGYcqghJPqypDMUx5GQN7K_W1FHRoTFtCusIQfGt7cQ-xecAoXg8` +
		`O7JnF3Z9qUMfa47WfPlBcD5TXVcbP8JIwF19QXj7b0kwSTAlkRHPCfnjkwDG2SVoHrqsNjYoifdnruMWqrVBf5p3Xqm9Q81DI5OanZv3alTdILrSvLgWg7s9hAgM_itr` +
		`DBMxD9AZrJCBgqMGn22nFsidV-M5734NR_nRB_84i5cICLnKh5Htu-UB-qp_OalUkAhUc70jgAtpZ730xmSnX-35JsEqVLdvnwPYfz49jKQhW1OesYJTS-q4xmV6lL-Z` +
		`5i237LFSgQ"}`,
}

// readDecoys parses them once, by algorithm.
func readDecoys() (map[string]*seal.PublicKey, error) {
	decoys := map[string]*seal.PublicKey{}
	for _, jwk := range decoyJWKs {
		key, err := seal.ParsePublicJWK([]byte(jwk))
		if err != nil {
			return nil, fmt.Errorf("read decoys: %w", err)
		}
		decoys[key.Alg()] = key
	}
	return decoys, nil
}

// pretend spends the time of a verification.
func (a *Authenticator) pretend(p presented) {
	if p.assertion == nil {
		return
	}
	if decoy := a.decoys[p.assertion.Header().Alg]; decoy != nil {
		_ = p.assertion.Verify(decoy) // what comes of it can't matter
	}
}

// pretendTwice spends the time of a wrong key, which is tried against the
// application's own and one of its partner's other environment (whoseKey).
func (a *Authenticator) pretendTwice(p presented) {
	a.pretend(p)
	a.pretend(p)
}
