package seal

import "errors"

// ErrEnvelope is what every refused envelope, signature and plaintext is
// (errors.Is). All refusals print the same text, so that no answer or log line
// built from them can tell a sender which check failed; Reason can.
var ErrEnvelope = errors.New("not an acceptable envelope")

// ErrTooLarge is what an input over its size limit is, besides ErrEnvelope:
// the one refusal that the protocol answers differently.
var ErrTooLarge = errors.New("envelope over the size limit")

// ErrKey is what every refused JWK is. Its text names the fault: keys are
// registered by people who must be able to mend them.
var ErrKey = errors.New("not an acceptable key")

// refusal is an envelope that was refused for one reason of the fixed list
// below. The values are shared: refusing costs no allocation.
type refusal struct{ reason string }

func (r *refusal) Error() string { return ErrEnvelope.Error() }

func (r *refusal) Is(target error) bool {
	return target == ErrEnvelope || (target == ErrTooLarge && r == errSize)
}

var (
	errSize      = &refusal{"size"}      // over the caller's limit
	errForm      = &refusal{"form"}      // parts, base64url, lengths
	errHeader    = &refusal{"header"}    // header JSON or its members
	errAlg       = &refusal{"alg"}       // not the key's alg
	errEnc       = &refusal{"enc"}       // not the suite's enc
	errTyp       = &refusal{"typ"}       // not the expected typ
	errKID       = &refusal{"kid"}       // missing, or not the key's
	errEPK       = &refusal{"epk"}       // ephemeral key
	errUnwrap    = &refusal{"unwrap"}    // encrypted key does not open
	errCEK       = &refusal{"cek"}       // content key opened but unusable
	errTag       = &refusal{"tag"}       // content does not authenticate
	errSignature = &refusal{"signature"} // signature does not verify
	errJSON      = &refusal{"json"}      // plaintext is not a strict object
)

// keyFault is a JWK that was refused.
type keyFault struct{ reason, detail string }

func (k *keyFault) Error() string        { return ErrKey.Error() + ": " + k.detail }
func (k *keyFault) Is(target error) bool { return target == ErrKey }

// Reason returns the short stable word for why err's envelope or key was
// refused, for metrics and security logs, never for answers. Envelopes: size,
// form, header, alg, enc, typ, kid, epk, unwrap, cek, tag, signature, json.
// Keys: form, private, kty, point, rsa, use, kid, set. For an err that does not
// come from this package it returns "".
func Reason(err error) string {
	var r *refusal
	if errors.As(err, &r) {
		return r.reason
	}
	var k *keyFault
	if errors.As(err, &k) {
		return k.reason
	}
	return ""
}
