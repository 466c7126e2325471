package identity

import (
	"context"
	"crypto/subtle"
	"encoding/base64"
	"fmt"
	"io"
	"strings"
	"unicode/utf8"

	"github.com/ccojocar/zxcvbn-go"
	"golang.org/x/crypto/argon2"
	"golang.org/x/text/unicode/norm"

	"postern/app/errs"
)

// Cost of argon2id: the second choice of OWASP's password storage cheat sheet.
const (
	argonTime, argonMemory, argonLanes = 2, 19 * 1024, 1 // passes, KiB, lanes
	saltSize, keySize                  = 16, 32
	maxHashing                         = 4 // at once, 19 MiB each
)

// Bounds of a password, characters (ASVS 6.2.1, 6.2.9) and octets.
const (
	MinPassword    = 12
	maxPassword    = 1024
	judgedPassword = 64 // characters that are looked at for how guessable they are
	leastScore     = 3  // of zxcvbn: 10^8 guesses or more
)

// CheckPassword says what is wrong with a password; about is what belongs to its
// owner and must not be the password.
func CheckPassword(field, password string, about ...string) errs.Fields {
	var f errs.Fields
	n := utf8.RuneCountInString(password)
	f.Check(n >= MinPassword, field, "account.password_short", "Use 12 characters or more.")
	f.Check(len(password) <= maxPassword && utf8.ValidString(password), field, "account.password_long", "Use 1,024 octets or fewer.")
	if len(f) > 0 {
		return f
	}
	judged := string([]rune(password)[:min(n, judgedPassword)])
	strength := zxcvbn.PasswordStrength(judged, append(about, "postern"))
	f.Check(strength.Score >= leastScore, field, "account.password_common", "This is easily guessed. Use some words that do not belong together.")
	return f
}

// hashPassword returns a PHC string (argon2id, RFC 9106).
func (i *Identity) hashPassword(ctx context.Context, password string) (string, error) {
	salt := make([]byte, saltSize)
	if _, err := io.ReadFull(i.o.Rand, salt); err != nil {
		return "", fmt.Errorf("make salt: %w", err)
	}
	key, err := i.argon(ctx, password, salt, argonTime, argonMemory, argonLanes)
	if err != nil {
		return "", err
	}
	enc := base64.RawStdEncoding
	return fmt.Sprintf("$argon2id$v=%d$m=%d,t=%d,p=%d$%s$%s", argon2.Version, argonMemory, argonTime, argonLanes,
		enc.EncodeToString(salt), enc.EncodeToString(key)), nil
}

// argon waits for one of the few places in which memory is used.
func (i *Identity) argon(ctx context.Context, password string, salt []byte, time, memory uint32, lanes uint8) ([]byte, error) {
	select {
	case i.hashing <- struct{}{}:
		defer func() { <-i.hashing }()
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	}
	i.hashed.Add(1)
	return argon2.IDKey([]byte(norm.NFC.String(password)), salt, time, memory, lanes, keySize), nil
}

// Hashed is how often argon2id has run: what an answer costs tells nothing that
// the answer does not (ASVS 6.3.8).
func (i *Identity) Hashed() int64 { return i.hashed.Load() }

// decoy is a hash that no password has: who has none is checked against it, so
// that it takes as long.
const decoy = "$argon2id$v=19$m=19456,t=2,p=1$cG9zdGVybi1kZWNveS4uLg$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"

// verifyPassword reports whether a password is the one that was hashed; "" and
// what is no hash match nothing, and take as long.
func (i *Identity) verifyPassword(ctx context.Context, password, phc string) (bool, error) {
	real := phc != ""
	if !real {
		phc = decoy
	}
	if len(password) > maxPassword {
		password, real = "", false
	}
	var version int
	var time, memory uint32
	var lanes uint8
	parts := strings.Split(phc, "$")
	if len(parts) != 6 || parts[1] != "argon2id" {
		return false, fmt.Errorf("password hash has no form that is known")
	}
	if _, err := fmt.Sscanf(parts[2]+" "+parts[3], "v=%d m=%d,t=%d,p=%d", &version, &memory, &time, &lanes); err != nil {
		return false, fmt.Errorf("read password hash: %w", err)
	}
	salt, err := base64.RawStdEncoding.DecodeString(parts[4])
	if err != nil {
		return false, fmt.Errorf("read password salt: %w", err)
	}
	want, err := base64.RawStdEncoding.DecodeString(parts[5])
	if err != nil {
		return false, fmt.Errorf("read password hash: %w", err)
	}
	got, err := i.argon(ctx, password, salt, time, memory, lanes)
	if err != nil {
		return false, err
	}
	return subtle.ConstantTimeCompare(got, want) == 1 && real, nil
}
