package identity

import (
	"encoding/json"
	"fmt"
	"time"

	"postern/app/change"
	"postern/app/errs"
	"postern/models"
)

// challengeLife is how long somebody may take to answer: to touch a passkey, to
// sign in elsewhere.
const challengeLife = 5 * time.Minute

// The kinds of challenge. The first ones are asked of a browser, which gets the
// key to its challenge as a cookie; the last ones wait within a session.
const (
	askAnybody   = "passkey.sign_in"  // whose passkey it is says the answer
	askOwn       = "passkey.own"      // one of the session's owner
	askNew       = "passkey.register" // a new one, for the session's owner
	askSignOn    = "sign_on"          // is away, and is to come back
	keepEnroling = "enrolment"        // login, name and password of who sets up an account
	keepSeed     = "totp"             // the seed that an authenticator is to be given
)

// ErrChallenge refuses an answer to what was not asked, or not of this browser
// and session, or was answered, or took too long.
var ErrChallenge = errs.New(errs.Conflict, "challenge", "That took too long, or was answered already.")

// ask keeps a challenge and returns the cookie without which nobody answers it.
func (i *Identity) ask(w change.Writer, kind string, of models.Account, content any) (string, error) {
	cookie, err := i.token(32)
	if err != nil {
		return "", err
	}
	return cookie, i.keep(w, kind, hash(cookie), of, challengeLife, content)
}

func (i *Identity) keep(w change.Writer, kind, key string, of models.Account, life time.Duration, content any) error {
	text, err := json.Marshal(content)
	if err != nil {
		return fmt.Errorf("write challenge: %w", err)
	}
	return w.SaveChallenge(models.Challenge{Hash: key, Kind: kind, AccountID: of.ID, Content: string(text), EndsAt: w.At() + life.Milliseconds()})
}

// take takes the challenge of a cookie, once, whatever comes of it; refused says
// that there is none.
func take[T any](w change.Writer, kind, cookie string) (content T, refused *errs.Error, err error) {
	c, found, err := w.TakeChallenge(hash(cookie), kind, w.At())
	if err != nil || !found {
		return content, ErrChallenge, err
	}
	return content, nil, read(c, &content)
}

func read(c models.Challenge, into any) error {
	if err := json.Unmarshal([]byte(c.Content), into); err != nil {
		return fmt.Errorf("read challenge: %w", err)
	}
	return nil
}

// within is under which key something waits in a session: another session of the
// same account does not get at it.
func within(s models.Session, kind string) string { return hash(kind + ":" + s.ID) }

// kept reads what waits in a session.
func kept[T any](w change.Writer, kind string, s models.Session) (content T, found bool, err error) {
	c, found, err := w.Accounts().Challenge(within(s, kind), kind, w.At())
	if err != nil || !found {
		return content, false, err
	}
	return content, true, read(c, &content)
}
