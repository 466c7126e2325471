package keyring

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"postern/app/seal"
	"postern/app/token"
	"postern/models"
)

// keys is one immutable picture of the live keys.
type keys struct {
	pairs    map[string]*pair
	ordered  []*pair  // newest first
	tickets  []ticket // newest first
	subjects *Subjects
}

type pair struct {
	row     models.Key
	private *seal.PrivateKey
	public  []byte // the public JWK, made of private: the row's own is not sealed and proves nothing
}

type ticket struct {
	row models.Key
	key *token.TicketKey
}

// serves: the key is listed in the JWKS, from its making on, and what was made
// with it may come back. There is no lower bound: another node, whose clock is
// a second ahead, may have put a new key to use already.
func (p *pair) serves(now int64) bool {
	return p.row.ActiveUntil == 0 || now < p.row.ActiveUntil+PublishAfter.Milliseconds()
}

// inUse: the key may make something new. A successor can begin at the moment
// its predecessor does, or before it on a node whose clock is behind; the one
// that was ended must not go on, for its time to open is counted from there.
func inUse(row models.Key, now int64) bool {
	return row.ActiveFrom <= now && (row.ActiveUntil == 0 || now < row.ActiveUntil)
}

func (r *Ring) unseal(rows []models.Key) (*keys, error) {
	slices.SortFunc(rows, newerFirst)
	k := &keys{pairs: map[string]*pair{}}
	for _, row := range rows {
		if row.MasterKeyID != r.o.Master.ID() {
			return nil, ErrMasterKey
		}
		secret, err := r.o.Master.open(row.SealedPrivate, rowName(row))
		if err != nil {
			return nil, fmt.Errorf("key %s: %w", row.KID, err)
		}
		if err := k.add(row, secret); err != nil {
			return nil, fmt.Errorf("key %s: %w", row.KID, err)
		}
	}
	return k, nil
}

// newerFirst orders keys by their first use, those of one moment by kid, so
// that every node takes the same one for the newest.
func newerFirst(a, b models.Key) int {
	return cmp.Or(cmp.Compare(b.ActiveFrom, a.ActiveFrom), cmp.Compare(a.KID, b.KID))
}

// add takes a key up; rows come newest first.
func (k *keys) add(row models.Key, secret []byte) error {
	switch row.Use {
	case models.TicketKey:
		t, err := token.NewTicketKey(row.KID, secret)
		if err != nil {
			return err
		}
		k.tickets = append(k.tickets, ticket{row: row, key: t})
	case models.SubjectKey:
		s, err := newSubjects(secret)
		if err != nil {
			return err
		}
		if k.subjects == nil {
			k.subjects = s
		}
	default:
		private, err := seal.ParsePrivateJWK(secret)
		if err != nil {
			return err
		}
		public, err := private.Public().MarshalJSON()
		if err != nil {
			return err
		}
		p := &pair{row: row, private: private, public: public}
		k.pairs[row.KID] = p
		k.ordered = append(k.ordered, p)
	}
	return nil
}

// rowName binds a sealed secret to its row: a secret moved to another row does
// not open.
func rowName(k models.Key) string {
	return fmt.Sprintf("%s|%s|%s|%s", k.KID, k.Use, k.Suite, k.Environment)
}

// activeFrom is when a key that is made at now may first be used: at once when
// it is the first of its kind, otherwise once every page can know of it.
func activeFrom(now time.Time, first bool) int64 {
	if first {
		return now.UnixMilli()
	}
	return now.Add(PublishBefore).UnixMilli()
}
