package trial

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/netip"
	"time"

	"postern/app/change"
	"postern/app/clients"
	"postern/app/directory"
	"postern/app/errs"
	"postern/app/identity"
	"postern/app/partners"
	"postern/app/play/visitor"
	"postern/app/seal"
	"postern/app/selfservice"
	"postern/app/store"
	"postern/models"
)

// Lasts is how long a trial and its credentials live at most.
const Lasts = time.Hour

// ErrNoStep is a step that cannot come now: what it needs is not there yet, or no more.
var ErrNoStep = errs.New(errs.Conflict, "no_step", "This step cannot be taken now.")

// Options are what trials work with.
type Options struct {
	Store       *store.Store
	SelfService *selfservice.SelfService
	Directory   *directory.Directory
	Sealer      func() identity.Sealer
	Gateway     http.Handler                // the one that everybody reaches
	Heard       func(context.Context) error // has this node take up what was just written
	Issuer      string
	Now         func() time.Time
	Rand        io.Reader
}

// Trials may be used by any number of goroutines.
type Trials struct{ o Options }

// New returns the trials of a gateway.
func New(o Options) *Trials { return &Trials{o} }

// Who tries: a user of a partner, at an address, with an application in its sandbox.
type Who struct {
	selfservice.User
	Address     netip.Addr
	Application partners.Application
}

// Trial is one as far as it has come.
type Trial struct {
	Turn     int64 // names what a reader has seen; the next step is asked for with it
	Ends     time.Time
	Service  string
	Scope    string // as it was asked for
	Subject  string
	VID      string // of the visit that was opened, also once it is over
	InVisit  bool
	HasAT    bool
	Opened   bool // the page has taken and verified the AT
	Messages map[Step]Message
}

// state is what is kept of a trial, sealed.
type state struct {
	Signing    json.RawMessage `json:"signing,omitempty"` // private JWK
	Secret     string          `json:"secret,omitempty"`  // in its place, for an application that has one
	Encryption json.RawMessage `json:"encryption"`        // private JWK

	Ask      Ask              `json:"ask"`
	AT       string           `json:"at,omitempty"`
	H5URL    string           `json:"h5_url,omitempty"`
	Opened   bool             `json:"opened,omitempty"`
	Visit    *visitor.State   `json:"visit,omitempty"`
	VID      string           `json:"vid,omitempty"`
	Messages map[Step]Message `json:"messages"`
}

// label binds what is sealed to its row; no id has a colon.
func label(row models.Trial) string {
	return ":trial:" + row.ID + ":" + row.AccountID + ":" + row.ApplicationID
}

// Find returns the trial that is on; found is false for none.
func (t *Trials) Find(ctx context.Context, w Who) (trial Trial, found bool, err error) {
	row, s, found, err := t.load(ctx, w)
	if err != nil || !found {
		return Trial{}, false, err
	}
	return s.seen(row), true, nil
}

func (s state) seen(row models.Trial) Trial {
	t := Trial{
		Turn: row.Turn, Ends: time.UnixMilli(row.EndsAt), Service: s.Ask.Service, Scope: s.Ask.Scope, Subject: s.Ask.Subject,
		HasAT: s.AT != "", Opened: s.Opened, Messages: s.Messages,
	}
	if d, there := s.Messages[StepD]; there && d.Code == "" {
		t.VID, t.InVisit = s.VID, s.Visit != nil
	}
	return t
}

func (t *Trials) load(ctx context.Context, w Who) (row models.Trial, s state, found bool, err error) {
	row, found, err = t.o.Store.Trial(ctx, w.Account, w.Application.ID)
	if err != nil || !found || row.EndsAt <= t.o.Now().UnixMilli() {
		return row, s, false, err
	}
	text, err := t.o.Sealer().Open(label(row), row.State)
	if err != nil {
		return row, s, false, fmt.Errorf("open trial: %w", err)
	}
	if err := json.Unmarshal([]byte(text), &s); err != nil {
		return row, s, false, fmt.Errorf("read trial: %w", err)
	}
	return row, s, true, nil
}

func (t *Trials) sealed(row *models.Trial, s state) error {
	text, err := json.Marshal(s)
	if err != nil {
		return fmt.Errorf("write trial: %w", err)
	}
	row.State, err = t.o.Sealer().Seal(label(*row), string(text), t.o.Rand)
	return err
}

// begin registers a trial's credentials, as the partner's user could, and writes its row
// in the place of any that was.
func (t *Trials) begin(ctx context.Context, w Who) (row models.Trial, s state, err error) {
	id := make([]byte, 12)
	if _, err := io.ReadFull(t.o.Rand, id); err != nil {
		return row, s, fmt.Errorf("draw trial: %w", err)
	}
	ends := t.o.Now().Add(Lasts)
	row = models.Trial{AccountID: w.Account, ApplicationID: w.Application.ID, ID: base64.RawURLEncoding.EncodeToString(id), EndsAt: ends.UnixMilli()}
	s.Messages = map[Step]Message{}
	list, err := t.credentials(w.Application, row.ID, &s)
	if err != nil {
		return row, s, err
	}
	for i, k := range list {
		k.NotAfter = ends
		if _, err := t.o.SelfService.AddCredential(ctx, w.User, k); err != nil {
			return row, s, errors.Join(err, t.end(ctx, w, list[:i]))
		}
	}
	if err := t.sealed(&row, s); err != nil {
		return row, s, err
	}
	first := row
	first.Turn++ // it is whoever begins who takes it
	if err := t.o.Store.Write(ctx, func(tx *store.Tx) error { return tx.PutTrial(first) }); err != nil {
		return row, s, err
	}
	return row, s, t.o.Heard(ctx)
}

// credentials makes a trial's key pairs, or its secret in the place of one.
func (t *Trials) credentials(a partners.Application, id string, s *state) (list []partners.Credential, err error) {
	add := func(use seal.Use, private *json.RawMessage) error {
		name := models.TrialPrefix + string(use) + "-" + id
		pair, err := seal.Generate(seal.Suite(a.Suite), use, name, t.o.Rand)
		if err != nil {
			return fmt.Errorf("make key: %w", err)
		}
		public, err := json.Marshal(pair.Public())
		if err != nil {
			return fmt.Errorf("write key: %w", err)
		}
		if *private, err = json.Marshal(pair); err != nil {
			return fmt.Errorf("write key: %w", err)
		}
		list = append(list, partners.Credential{ID: name, Application: a.ID, JWK: string(public)})
		return nil
	}
	if a.AuthMethod == models.ClientSecretBasic {
		if s.Secret, err = clients.NewSecret(t.o.Rand); err != nil {
			return nil, err
		}
		list = append(list, partners.Credential{ID: models.TrialPrefix + "secret-" + id, Application: a.ID, SecretHash: clients.HashSecret(s.Secret)})
	} else if err := add(seal.Signing, &s.Signing); err != nil {
		return nil, err
	}
	return list, add(seal.Encryption, &s.Encryption)
}

// Over ends the trial that is on, its credentials first.
func (t *Trials) Over(ctx context.Context, w Who) error {
	row, _, found, err := t.load(ctx, w)
	if err != nil || !found {
		return err
	}
	var list []partners.Credential
	err = t.o.Store.Business(ctx, func(b store.Business) error {
		var ids []string
		for _, use := range []string{"secret", string(seal.Signing), string(seal.Encryption)} {
			ids = append(ids, models.TrialPrefix+use+"-"+row.ID)
		}
		rows, err := b.Credentials(ids)
		list = partners.CredentialsOf(rows)
		return err
	})
	if err != nil {
		return err
	}
	if err := t.end(ctx, w, list); err != nil {
		return err
	}
	return t.o.Store.Write(ctx, func(tx *store.Tx) error { return tx.EndTrial(row) })
}

// end ends credentials of a trial that somebody has not ended already.
func (t *Trials) end(ctx context.Context, w Who, list []partners.Credential) error {
	for _, k := range list {
		if k.Revoked {
			continue
		}
		if err := t.o.SelfService.EndCredential(ctx, w.User, k, time.Time{}, true); err != nil {
			return err
		}
	}
	return nil
}

// take takes the turn that a reader has seen. change.ErrMoved where another tab has taken
// it, or begun anew; ErrNoStep where no trial is on.
func (t *Trials) take(ctx context.Context, w Who, turn int64) (row models.Trial, s state, err error) {
	row, s, found, err := t.load(ctx, w)
	switch {
	case err != nil:
		return row, s, err
	case !found:
		return row, s, ErrNoStep
	case row.Turn != turn:
		return row, s, change.ErrMoved
	}
	return row, s, t.hit(ctx, func(tx *store.Tx) (bool, error) { return tx.TakeTurn(row) })
}

// keep writes what became of a turn that was taken.
func (t *Trials) keep(ctx context.Context, row models.Trial, s state) error {
	row.Turn++
	if err := t.sealed(&row, s); err != nil {
		return err
	}
	return t.hit(ctx, func(tx *store.Tx) (bool, error) { return tx.SaveTrial(row) })
}

// hit writes what must still be there.
func (t *Trials) hit(ctx context.Context, f func(*store.Tx) (bool, error)) error {
	return t.o.Store.Write(ctx, func(tx *store.Tx) error {
		ok, err := f(tx)
		if err == nil && !ok {
			err = change.ErrMoved
		}
		return err
	})
}
