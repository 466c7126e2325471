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
	byID     map[string]*key
	ordered  []*key // newest first
	subjects *Subjects
}

// key is one live key: a pair, or the one key of tickets.
type key struct {
	row      models.Key
	private  *seal.PrivateKey
	public   []byte // the public JWK, made of private: the row's own is not sealed and proves nothing
	ticket   *token.TicketKey
	evidence *EvidenceKey
}

// opens: what was made with the key may come back; if it is a pair it is listed
// in the JWKS, from its making on. There is no lower bound: another node, whose
// clock is a second ahead, may have put a new key to use already.
func (k *key) opens(now int64) bool {
	return k.row.ActiveUntil == 0 || now < k.row.ActiveUntil+outlives(k.row.Use).Milliseconds()
}

// inUse: the key may make something new. A successor can begin at the moment
// its predecessor does, or before it on a node whose clock is behind; the one
// that was ended must not go on, for its time to open is counted from there.
func inUse(row models.Key, now int64) bool {
	return row.ActiveFrom <= now && (row.ActiveUntil == 0 || now < row.ActiveUntil)
}

func (r *Ring) unseal(rows []models.Key) (*keys, error) {
	slices.SortFunc(rows, newerFirst)
	k := &keys{byID: map[string]*key{}}
	masters := r.masters()
	for _, row := range rows {
		secret, err := masters.secret(row)
		if err != nil {
			return nil, fmt.Errorf("key %s: %w", row.KID, err)
		}
		if err := k.add(row, secret); err != nil {
			return nil, fmt.Errorf("key %s: %w", row.KID, err)
		}
	}
	return k, nil
}

// Masters are the master keys at hand; a nil one opens nothing.
type Masters []*Master

// secret opens the private part of a key; ErrMasterKey if none of them sealed it.
func (ms Masters) secret(row models.Key) ([]byte, error) {
	for _, m := range ms {
		if m != nil && m.ID() == row.MasterKeyID {
			return m.open(row.SealedPrivate, rowName(row))
		}
	}
	return nil, ErrMasterKey
}

func (r *Ring) masters() Masters { return Masters{r.o.Master, r.o.Other} }

// newerFirst orders keys by their first use, those of one moment by kid, so
// that every node takes the same one for the newest.
func newerFirst(a, b models.Key) int {
	return cmp.Or(cmp.Compare(b.ActiveFrom, a.ActiveFrom), cmp.Compare(a.KID, b.KID))
}

// add takes a key up; rows come newest first.
func (k *keys) add(row models.Key, secret []byte) (err error) {
	one := &key{row: row}
	switch row.Use {
	case models.SubjectKey:
		if k.subjects == nil {
			k.subjects, err = newSubjects(secret)
		}
		return err
	case models.TicketKey:
		one.ticket, err = token.NewTicketKey(row.KID, secret)
	case models.EvidenceKey:
		one.evidence, err = newEvidenceKey(row.KID, secret)
	default:
		if one.private, err = seal.ParsePrivateJWK(secret); err == nil {
			one.public, err = one.private.Public().MarshalJSON()
		}
	}
	if err != nil {
		return err
	}
	k.byID[row.KID] = one
	k.ordered = append(k.ordered, one)
	return nil
}

// newest finds the newest key of a kind that is in use, or else the one that
// comes next: who replaced a compromised key by a clock that is ahead of this
// node's must not leave the node without one. It is nil if there is none.
func (k *keys) newest(of Kind, now int64) (next *key) {
	for _, one := range k.ordered {
		if kindOf(one.row) != of {
			continue
		}
		if inUse(one.row, now) {
			return one
		}
		if one.row.ActiveUntil == 0 {
			next = one
		}
	}
	return next
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
