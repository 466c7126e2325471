package identity

import (
	"crypto/subtle"
	"encoding/base32"
	"fmt"
	"net/url"
	"strings"
	"time"

	"github.com/pquerna/otp"
	"github.com/pquerna/otp/hotp"

	"postern/app/change"
	"postern/models"
)

// TOTP as every authenticator has it: SHA-1, six digits, 30 s (RFC 6238).
const (
	totpPeriod = 30
	totpSkew   = 1 // steps either way
	seedSize   = 20
	sealLabel  = ":totp" // no application's id has a colon
)

// TOTPSeed is what an authenticator is given.
type TOTPSeed struct {
	Secret string // base32
	URL    string // otpauth://, for a QR code
}

func seedFor(secret, house, login string) TOTPSeed {
	q := url.Values{"secret": {secret}, "issuer": {house}}
	u := url.URL{Scheme: "otpauth", Host: "totp", Path: "/" + house + ":" + login, RawQuery: strings.ReplaceAll(q.Encode(), "+", "%20")}
	return TOTPSeed{Secret: secret, URL: u.String()}
}

// TOTPCode is the code of a secret (base32) at a time.
func TOTPCode(secret string, at time.Time) (string, error) { return codeOfStep(secret, stepOf(at)) }

func stepOf(at time.Time) int64 { return at.Unix() / totpPeriod }

func codeOfStep(secret string, step int64) (string, error) {
	return hotp.GenerateCodeCustom(secret, uint64(step), hotp.ValidateOpts{Digits: otp.DigitsSix, Algorithm: otp.AlgorithmSHA1})
}

// matchTOTP returns the step whose code it is; found is false if there is none
// near now. All steps are looked at, whichever matches.
func matchTOTP(secret, code string, now time.Time) (step int64, found bool, err error) {
	for s := stepOf(now) - totpSkew; s <= stepOf(now)+totpSkew; s++ {
		want, err := codeOfStep(secret, s)
		if err != nil {
			return 0, false, fmt.Errorf("make code: %w", err)
		}
		if subtle.ConstantTimeCompare([]byte(want), []byte(code)) == 1 {
			step, found = s, true
		}
	}
	return step, found, nil
}

// newSeed makes a seed, base32, and seals it.
func (i *Identity) newSeed() (secret, sealed string, err error) {
	raw, err := i.bytes(seedSize)
	if err != nil {
		return "", "", err
	}
	secret = base32.StdEncoding.WithPadding(base32.NoPadding).EncodeToString(raw)
	sealed, err = i.seal(secret)
	return secret, sealed, err
}

func (i *Identity) seal(secret string) (string, error) {
	sealed, err := i.o.Sealer().Seal(sealLabel, secret, i.o.Rand)
	if err != nil {
		return "", fmt.Errorf("seal seed: %w", err)
	}
	return sealed, nil
}

// newTOTP makes a factor of a seed whose step has just been shown.
func (i *Identity) newTOTP(w change.Writer, a models.Account, name, secret string, step int64) (models.Factor, error) {
	id, err := i.id("fac_")
	if err != nil {
		return models.Factor{}, err
	}
	sealed, err := i.seal(secret)
	return models.Factor{
		ID: id, AccountID: a.ID, Kind: models.TOTPFactor, Name: name, Sealed: sealed, Step: step, Confirmed: true,
		CreatedAt: w.At(), UsedAt: w.At(),
	}, err
}

// cleanCode leaves the digits and letters that were meant.
func cleanCode(code string) string {
	return strings.ToUpper(strings.Map(func(r rune) rune {
		if r == ' ' || r == '-' {
			return -1
		}
		return r
	}, strings.TrimSpace(code)))
}
