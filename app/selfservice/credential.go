package selfservice

import (
	"cmp"
	"context"
	"errors"
	"time"

	"postern/app/approval"
	"postern/app/bankfile"
	"postern/app/change"
	"postern/app/ledger"
	"postern/app/partners"
	"postern/app/store"
	"postern/models"
)

// AddCredential registers a credential beside those that an application has: at once in
// the sandbox, and in production where one of its use works. Where the partner has
// chosen that a second member confirms it, waits is the number under which it waits,
// else 0. Faults come back as bankfile.Refusal. ErrCredentials; approval.ErrNotOwn for
// the first of its use in production.
func (s *SelfService) AddCredential(ctx context.Context, u User, k partners.Credential) (waits int64, err error) {
	return s.widen(ctx, u, k, reasons{ReasonCredential, ReasonFurther}, s.room(k))
}

// AskCredential asks the bank for a credential of an application in production, as Ask
// does for an application. ErrCredentials.
func (s *SelfService) AskCredential(ctx context.Context, u User, k partners.Credential, reason string) (models.PartnerRequest, error) {
	if err := approval.CheckReason("reason", reason); err != nil {
		return models.PartnerRequest{}, err
	}
	return s.ask(ctx, u, asking{thing: k, application: k.Application, reason: reason, unless: func(b store.Business) error {
		a, found, err := partners.ReadApplication(b, k.Application)
		if err != nil || !found || a.Partner != u.Partner || a.Environment != models.Production {
			return cmp.Or[error](err, approval.ErrNotOwn)
		}
		return s.room(k)(b)
	}})
}

// room refuses one more credential of an application that has as many as it can have;
// trials take no room from the partner's own, nor the other way round.
func (s *SelfService) room(k partners.Credential) func(store.Business) error {
	return func(b store.Business) error {
		rows, err := b.CredentialsOf([]string{k.Application})
		if err != nil {
			return err
		}
		now, n := s.o.Now().UnixMilli(), 0
		for _, row := range rows {
			if models.OfTrial(row.ID) == models.OfTrial(k.ID) && row.RevokedAt == 0 && (row.NotAfter == 0 || row.NotAfter > now) {
				n++
			}
		}
		if n >= MaxCredentials {
			return ErrCredentials
		}
		return nil
	}
}

// Anyway says that whoever narrows knows that nothing may work after it.
type Anyway bool

// EndCredential ends a credential: at ends, or now and for good where that is zero.
// Until then the end can be set anew. ErrLast where the application could not work from
// then on, unless it is so anyway; approval.ErrNotOwn for an end behind the bank's.
func (s *SelfService) EndCredential(ctx context.Context, u User, k partners.Credential, ends time.Time, anyway Anyway) error {
	at := ends
	if ends.IsZero() {
		at = s.o.Now()
	}
	unless := both(still(k), s.unlessLast(k, at, anyway))
	if k.Revoked = ends.IsZero(); !k.Revoked { // what is over keeps the end that it had
		k.NotAfter = ends
	}
	return s.change(ctx, u, k, approval.Ask{Reason: ReasonEnded, Unless: unless})
}

// FreezeCredential lets a credential rest at once. ErrLast as EndCredential.
func (s *SelfService) FreezeCredential(ctx context.Context, u User, k partners.Credential, anyway Anyway) error {
	unless := both(still(k), s.unlessLast(k, s.o.Now(), anyway))
	k.Frozen = models.PartnerSide
	return s.change(ctx, u, k, approval.Ask{Reason: ReasonFrozen, Unless: unless})
}

// still refuses when a credential is not what it was when it was read: whoever ends it
// does not undo what another has done to it meanwhile.
func still(k partners.Credential) func(store.Business) error {
	return func(b store.Business) error {
		rows, err := b.Credentials([]string{k.ID})
		if err == nil && (len(rows) != 1 || len(k.Compare(partners.CredentialsOf(rows)[0])) > 0) {
			err = change.ErrMoved
		}
		return err
	}
}

func both(first, second func(store.Business) error) func(store.Business) error {
	return func(b store.Business) error {
		if err := first(b); err != nil {
			return err
		}
		return second(b)
	}
}

func (s *SelfService) unlessLast(k partners.Credential, at time.Time, anyway Anyway) func(store.Business) error {
	return func(b store.Business) error {
		if anyway {
			return nil
		}
		rows, err := b.CredentialsOf([]string{k.Application})
		if err != nil {
			return err
		}
		if k.LastOf(partners.CredentialsOf(rows), s.o.Now(), at) {
			return ErrLast
		}
		return nil
	}
}

// KeepCredential takes an end back that the partner has set and that has not come yet;
// one that the bank has set stays. waits is as of AddCredential.
func (s *SelfService) KeepCredential(ctx context.Context, u User, k partners.Credential) (waits int64, err error) {
	unless := still(k)
	err = s.o.Store.Business(ctx, func(b store.Business) error {
		rows, err := b.Credentials([]string{k.ID})
		if err == nil && len(rows) == 1 {
			k.NotAfter = change.MomentOf(rows[0].BankEnd)
		}
		return err
	})
	if err != nil {
		return 0, err
	}
	return s.widen(ctx, u, k, reasons{ReasonKept, ReasonKept}, unless)
}

// ThawCredential has a credential work again that the partner has frozen. waits is as of
// AddCredential; approval.ErrNotOwn for one that the bank has frozen.
func (s *SelfService) ThawCredential(ctx context.Context, u User, k partners.Credential) (waits int64, err error) {
	unless := still(k)
	k.Frozen = ""
	return s.widen(ctx, u, k, reasons{ReasonThawed, ReasonThawed}, unless)
}

// reasons are what is noted as the reason in each environment.
type reasons struct{ sandbox, production string }

// widen changes a credential so that more is open than before. In production it is on
// record as a request of the partner's, which waits for a second member or took effect,
// and of which the bank is told.
func (s *SelfService) widen(ctx context.Context, u User, k partners.Credential, why reasons, unless func(store.Business) error) (waits int64, err error) {
	var a partners.Application
	if err := s.o.Store.Business(ctx, func(b store.Business) (err error) {
		a, _, err = partners.ReadApplication(b, k.Application)
		return err
	}); err != nil {
		return 0, err
	}
	if a.Environment != models.Production {
		return 0, s.change(ctx, u, k, approval.Ask{Reason: why.sandbox, Unless: unless})
	}
	err = s.change(ctx, u, k, approval.Ask{Reason: why.production, Unless: unless, Also: func(w change.Writer) error {
		return s.record(w, u, k, why.production)
	}})
	if !errors.Is(err, approval.ErrSecond) {
		return 0, err
	}
	r, err := s.ask(ctx, u, asking{thing: k, application: k.Application, reason: why.production, inside: true, unless: unless})
	return r.ID, err
}

// record puts what took effect at once on record, and tells the bank.
func (s *SelfService) record(w change.Writer, u User, k partners.Credential, reason string) error {
	content, err := bankfile.Compose(k)
	if err != nil {
		return err
	}
	r := models.PartnerRequest{
		PartnerID: u.Partner, ApplicationID: k.Application, Content: content, Reason: reason, Inside: true,
		State: models.PartnerApproved, Maker: u.Account, MakerPerson: u.Person, MadeAt: w.At(), DecidedAt: w.At(),
	}
	if err := w.CreatePartnerRequest(&r); err != nil {
		return err
	}
	return s.o.Tell.TellOfPartnerRequest(w, r, models.NewsDecided)
}

// confirmWithin is for how long what a member asked waits for a second one.
const confirmWithin = 14 * 24 * time.Hour

// Confirm has what a member asked take effect on the word of another one.
// approval.ErrOwn for whoever asked; ErrOver where it is not open any more, or too old;
// change.ErrMoved where the credential is not any more what it was about; ErrCredentials.
func (s *SelfService) Confirm(ctx context.Context, u User, id int64) error {
	r, found, err := s.o.Store.PartnerRequestByID(ctx, id)
	if err != nil || !found || r.PartnerID != u.Partner || !r.Inside {
		return cmp.Or[error](err, ErrNoRequest)
	}
	if !r.State.Open() || s.o.Now().UnixMilli() >= r.MadeAt+confirmWithin.Milliseconds() {
		return ErrOver
	}
	wanted, err := bankfile.AskedIn(r.Content)
	if err != nil {
		return err
	}
	err = s.change(ctx, u, wanted.Credential, approval.Ask{Reason: r.Reason, Answers: r.ID, Unless: s.stillOneStep(wanted.Credential, r.Reason), Also: mayStill(r)})
	if errors.Is(err, approval.ErrAnswered) {
		return ErrOver
	}
	return err
}

// mayStill refuses where whoever asked is not in the team any more, or may not change
// production: two persons are two that the team has when it takes effect.
func mayStill(r models.PartnerRequest) func(change.Writer) error {
	return func(w change.Writer) error {
		account, found, err := w.Accounts().Account(r.Maker)
		if err != nil || !found || account.Status != models.AccountActive {
			return cmp.Or[error](err, ErrOver)
		}
		m, found, err := w.Accounts().Member(r.Maker)
		if err != nil || !found || m.PartnerID != r.PartnerID || !m.Production {
			return cmp.Or[error](err, ErrOver)
		}
		return nil
	}
}

// stillOneStep refuses to bring a credential back together with what was changed of it
// since it was asked, to do another step than the one that was asked for that reason,
// and to add one for which there is no room any more.
func (s *SelfService) stillOneStep(k partners.Credential, reason string) func(store.Business) error {
	return func(b store.Business) error {
		rows, err := b.Credentials([]string{k.ID})
		if err != nil {
			return err
		}
		if len(rows) == 0 {
			return s.room(k)(b)
		}
		now := partners.CredentialsOf(rows)[0]
		another := reason == ReasonThawed && now.Frozen == k.Frozen || reason == ReasonKept && now.Frozen != k.Frozen
		if another || len(k.Compare(now)) > 1 {
			return change.ErrMoved
		}
		return nil
	}
}

// warnAtOnce bounds how many credentials one run tells of.
const warnAtOnce = 200

// Warn tells partners of credentials that end in 60, 30, 7 or 1 days, each once, and
// returns of how many. Whoever has set an end on the partner's word knows it: of that
// only later moments are told.
func (s *SelfService) Warn(ctx context.Context) (n int, err error) {
	err = s.write(ctx, "", func(w change.Writer, b store.Business) error {
		list, err := w.CredentialsToWarn(w.At(), warnAtOnce)
		n = len(list)
		if err != nil || n == 0 {
			return err
		}
		ids := []string{}
		for _, c := range list {
			ids = append(ids, c.ApplicationID)
		}
		applications, err := b.Applications(ids)
		if err != nil {
			return err
		}
		partners := map[string]string{}
		for _, a := range applications {
			partners[a.ID] = a.PartnerID
		}
		for _, c := range list {
			e := ledger.Event{Kind: "credential.ending", PartnerID: partners[c.ApplicationID], ApplicationID: c.ApplicationID}
			if err := w.Event(e, map[string]string{"id": c.ID, "ends_at": time.UnixMilli(c.NotAfter).UTC().Format(time.RFC3339)}); err != nil {
				return err
			}
			if err := s.o.Tell.TellOfEnd(w, partners[c.ApplicationID], c); err != nil {
				return err
			}
		}
		return nil
	})
	return n, err
}
