package identity

import (
	"cmp"
	"context"
	"time"

	"postern/app/change"
	"postern/app/store"
	"postern/models"
)

// maxAgent bounds what is kept of a browser's own name, octets.
const maxAgent = 200

// Current is who holds a session's cookie. ErrSignedOut if nobody does: the
// cookie is unknown, the session ended, unused for too long or too old, or the
// account may not get in.
func (i *Identity) Current(ctx context.Context, realm models.Realm, cookie string) (Who, error) {
	if cookie == "" {
		return Who{}, ErrSignedOut
	}
	var w Who
	err := i.o.Store.Accounts(ctx, func(a store.Accounts) (err error) {
		w, err = i.current(a, realm, cookie)
		return err
	})
	if err != nil {
		return Who{}, err
	}
	return w, i.seen(ctx, w.Session)
}

// current is Current within a transaction, without noting the use.
func (i *Identity) current(a store.Accounts, realm models.Realm, cookie string) (Who, error) {
	s, found, err := a.Session(hash(cookie))
	if err != nil {
		return Who{}, err
	}
	if !found || !i.alive(s) {
		return Who{}, ErrSignedOut
	}
	account, found, err := a.Account(s.AccountID)
	if err != nil {
		return Who{}, err
	}
	entering := s.Stage == models.StageEnrol && account.Status == models.AccountInvited
	if !found || account.Realm != realm || (account.Status != models.AccountActive && !entering) {
		return Who{}, ErrSignedOut
	}
	w := Who{Account: account, Session: s}
	if realm == models.PortalRealm {
		if err := belongs(a, &w); err != nil {
			return Who{}, err
		}
		return w, nil
	}
	rows, err := a.Roles(account.ID)
	if err != nil {
		return Who{}, err
	}
	for _, r := range rows {
		w.Roles = append(w.Roles, r.Role)
	}
	return w, nil
}

// belongs finds whose user somebody is. Of a partner that is closed nobody is in.
func belongs(a store.Accounts, w *Who) (err error) {
	found := false
	if w.Member, found, err = a.Member(w.Account.ID); err != nil || !found {
		return cmp.Or[error](err, ErrSignedOut)
	}
	if w.Partner, found, err = a.Partner(w.Member.PartnerID); err != nil || !found || w.Partner.Status == models.Closed {
		return cmp.Or[error](err, ErrSignedOut)
	}
	return nil
}

// alive reports whether a session's own times let it be used.
func (i *Identity) alive(s models.Session) bool {
	now := i.o.Now().UnixMilli()
	return s.EndedAt == 0 && now < s.EndsAt && now < s.SeenAt+i.o.Idle.Milliseconds()
}

// seen writes when a session was last used, once a minute at most.
func (i *Identity) seen(ctx context.Context, s models.Session) error {
	now := i.o.Now().UnixMilli()
	if now < s.SeenAt+seenEvery.Milliseconds() {
		return nil
	}
	return i.o.Store.Write(ctx, func(tx *store.Tx) error { return tx.SeeSession(s.ID, now) })
}

// Verified reports whether who holds the session has lately proved to be there.
func (i *Identity) Verified(w Who) bool {
	return i.o.Now().UnixMilli() < w.Session.VerifiedAt+verifiedFor.Milliseconds()
}

// begin makes a session and returns its cookie.
func (i *Identity) begin(w change.Writer, a models.Account, stage models.Stage, life time.Duration, c Client) (string, error) {
	id, err := i.id("ses_")
	if err != nil {
		return "", err
	}
	cookie, err := i.token(32)
	if err != nil {
		return "", err
	}
	s := models.Session{
		ID: id, Hash: hash(cookie), AccountID: a.ID, Stage: stage, CreatedAt: w.At(), SeenAt: w.At(), EndsAt: w.At() + life.Milliseconds(),
		Address: c.Address, Agent: shortened(c.Agent),
	}
	if stage == models.StageFull {
		s.VerifiedAt = w.At()
	}
	return cookie, w.SaveSession(s)
}

func shortened(agent string) string {
	clean := []rune{}
	for _, r := range agent {
		if r >= ' ' && r != 0x7f && r < 0xfff0 {
			clean = append(clean, r)
		}
	}
	return string(clean[:min(len(clean), maxAgent)])
}

// SignOut ends the session of a cookie; one that has ended is fine, too.
func (i *Identity) SignOut(ctx context.Context, who Who) error {
	return i.write(ctx, who.Account.ID, func(w change.Writer) error {
		ok, err := w.EndSession(who.Account.ID, who.Session.ID, "signed_out", w.At())
		if err != nil || !ok {
			return err
		}
		return told(w, "session.signed_out", who.Account, map[string]string{"session": who.Session.ID})
	})
}

// maxSessions bounds the list of somebody's sessions.
const maxSessions = 50

// Sessions lists the live sessions of an account, newest first, 50 at most.
func (i *Identity) Sessions(ctx context.Context, account string) (list []models.Session, err error) {
	now := i.o.Now()
	err = i.o.Store.Accounts(ctx, func(a store.Accounts) (err error) {
		list, err = a.LiveSessions(account, now.UnixMilli(), now.Add(-i.o.Idle).UnixMilli(), maxSessions)
		return err
	})
	return list, err
}

// EndSession ends one of by's own sessions.
func (i *Identity) EndSession(ctx context.Context, by Who, session string) error {
	return i.write(ctx, by.Account.ID, func(w change.Writer) error { return endSession(w, by.Account, session) })
}

// EndSessionOf ends one session of somebody else, of the same realm.
func (i *Identity) EndSessionOf(ctx context.Context, by Who, account, session string) error {
	return i.another(ctx, by, account, func(w change.Writer, a models.Account) error { return endSession(w, a, session) })
}

func endSession(w change.Writer, account models.Account, session string) error {
	ok, err := w.EndSession(account.ID, session, "ended", w.At())
	if err != nil {
		return err
	}
	if !ok {
		return ErrNoSession
	}
	return told(w, "session.ended", account, map[string]string{"session": session})
}

// Prefer keeps an account's language and theme; "" leaves one as it is.
func (i *Identity) Prefer(ctx context.Context, account, language, theme string) error {
	return i.o.Store.Write(ctx, func(tx *store.Tx) error { return tx.Prefer(account, language, theme) })
}

// Factors lists an account's confirmed factors, oldest first, and how many of
// its recovery codes are left.
func (i *Identity) Factors(ctx context.Context, account string) (list []models.Factor, codes int, err error) {
	err = i.o.Store.Accounts(ctx, func(a store.Accounts) error {
		all, err := a.Factors(account)
		if err != nil {
			return err
		}
		for _, f := range all {
			if f.Confirmed {
				list = append(list, f)
			}
		}
		recovery, err := a.RecoveryCodes(account)
		for _, r := range recovery {
			if r.UsedAt == 0 {
				codes++
			}
		}
		return err
	})
	return list, codes, err
}
