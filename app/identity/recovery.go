package identity

import (
	"encoding/base32"
	"fmt"
	"io"

	"postern/app/change"
	"postern/models"
)

// recoveryCodes is how many there are, of 80 random bits each.
const (
	recoveryCodes = 10
	recoverySize  = 10
)

func (i *Identity) bytes(n int) ([]byte, error) {
	b := make([]byte, n)
	if _, err := io.ReadFull(i.o.Rand, b); err != nil {
		return nil, fmt.Errorf("make random octets: %w", err)
	}
	return b, nil
}

// newRecoveryCodes puts ten new codes in the place of all others and returns
// them, to be shown once.
func (i *Identity) newRecoveryCodes(w change.Writer, a models.Account) ([]string, error) {
	codes, hashes := make([]string, recoveryCodes), make([]string, recoveryCodes)
	for n := range codes {
		raw, err := i.bytes(recoverySize)
		if err != nil {
			return nil, err
		}
		plain := base32.StdEncoding.EncodeToString(raw) // 16 characters
		codes[n] = plain[:4] + "-" + plain[4:8] + "-" + plain[8:12] + "-" + plain[12:]
		hashes[n] = hash(plain)
	}
	if err := w.ReplaceRecoveryCodes(a.ID, hashes); err != nil {
		return nil, err
	}
	return codes, told(w, "factor.recovery_made", a, nil)
}
