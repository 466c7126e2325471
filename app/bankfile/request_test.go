package bankfile_test

import (
	"context"
	"crypto/rand"
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"postern/app/approval"
	"postern/app/bankfile"
	"postern/app/errs"
	"postern/app/partners"
	"postern/app/store"
	"postern/app/store/storetest"
	"postern/models"
)

// office is a bank with staff and its change requests, on a clock that the test sets.
type office struct {
	*approval.Approvals
	t     *testing.T
	store *store.Store
	mu    sync.Mutex
	now   time.Time
}

var (
	maker   = approval.By{Account: "stf_maker", Person: "per_maker"}
	checker = approval.By{Account: "stf_checker", Person: "per_checker"}
)

const why = "The contract was signed."

func newOffice(t *testing.T, s *store.Store) *office {
	t.Helper()
	o := &office{t: t, store: s, now: now}
	o.Approvals = approval.New(approval.Options{
		Store: s, Kinds: map[string]approval.Kind{bankfile.Kind: {Applier: bankfile.Applier{}}},
		Now: func() time.Time { o.mu.Lock(); defer o.mu.Unlock(); return o.now }, Rand: rand.Reader,
	})
	err := s.Write(t.Context(), func(tx *store.Tx) error {
		for _, by := range []approval.By{maker, checker, {Account: "stf_second", Person: maker.Person}} {
			if err := tx.SavePerson(models.Person{ID: by.Person, Name: "x"}); err != nil {
				return err
			}
			a := models.Account{ID: by.Account, Realm: models.StaffRealm, PersonID: by.Person, Login: by.Account, Name: "x", Status: models.AccountActive}
			if err := tx.SaveAccount(a); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return o
}

func (o *office) ask(content string) approval.Outcome {
	o.t.Helper()
	out, err := o.Submit(o.t.Context(), maker, approval.Ask{Kind: bankfile.Kind, Subject: "partner p", Content: content, Reason: why})
	if err != nil {
		o.t.Fatal(err)
	}
	return out
}

func (o *office) request(id int64) models.ChangeRequest {
	o.t.Helper()
	r, found, err := o.store.RequestByID(o.t.Context(), id)
	if err != nil || !found {
		o.t.Fatalf("request %d: %t, %v", id, found, err)
	}
	return r
}

func (o *office) verdict(id int64) approval.Verdict {
	o.t.Helper()
	r := o.request(id)
	return approval.Verdict{Request: id, ContentHash: r.ContentHash, PlanHash: r.PlanHash, Reason: why}
}

// status is where the partner p stands; "" when there is none.
func (o *office) status() models.Status {
	o.t.Helper()
	var list []models.Partner
	err := o.store.Business(o.t.Context(), func(b store.Business) (err error) {
		list, err = b.Partners([]string{"p"})
		return err
	})
	if err != nil {
		o.t.Fatal(err)
	}
	if len(list) == 0 {
		return ""
	}
	return list[0].Status
}

func (o *office) refused(what string, err, want error) {
	o.t.Helper()
	if !errors.Is(err, want) {
		o.t.Errorf("%s: %v, want %v", what, err, want)
	}
}

func partnerFile(t *testing.T, status models.Status) string {
	t.Helper()
	text, err := bankfile.Compose(partners.Partner{ID: "p", Name: "P", Status: status})
	if err != nil {
		t.Fatal(err)
	}
	return text
}

func TestWhatWidensTakesTwoPersons(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		o := newOffice(t, s)
		out := o.ask(partnerFile(t, models.Active))
		if out.Applied || out.Request == 0 || o.status() != "" {
			t.Fatalf("asked: %+v, partner %q", out, o.status())
		}
		v := o.verdict(out.Request)
		o.refused("the maker", o.Approve(t.Context(), maker, v), approval.ErrOwn)
		o.refused("the maker by another account", o.Approve(t.Context(), approval.By{Account: "stf_second", Person: maker.Person}, v), approval.ErrOwn)
		o.refused("nobody", o.Approve(t.Context(), approval.By{Account: "stf_x"}, v), approval.ErrOwn)
		other := v
		other.ContentHash = v.PlanHash
		o.refused("another content than was shown", o.Approve(t.Context(), checker, other), approval.ErrOther)
		silent := v
		silent.Reason = "ok"
		if err := o.Approve(t.Context(), checker, silent); errs.FieldsOf(err)["reason"].ID != "approval.reason" {
			t.Errorf("without a reason: %v", err)
		}
		if o.status() != "" {
			t.Fatal("a refused approval changed something")
		}
		if err := o.Approve(t.Context(), checker, v); err != nil || o.status() != models.Active {
			t.Fatalf("approved: %v, partner %q", err, o.status())
		}
		if r := o.request(out.Request); r.State != models.RequestApproved || r.CheckerPerson != checker.Person || r.Decision != why {
			t.Errorf("request %+v", r)
		}
		o.refused("a second approval", o.Approve(t.Context(), checker, v), approval.ErrDecided)
		// Narrowing needs one person, and takes effect at once.
		if out := o.ask(partnerFile(t, models.Suspended)); !out.Applied || o.status() != models.Suspended {
			t.Errorf("suspended: %+v, partner %q", out, o.status())
		}
		_, err := o.Submit(t.Context(), maker, approval.Ask{Kind: bankfile.Kind, Content: partnerFile(t, models.Suspended), Reason: why})
		o.refused("nothing", err, approval.ErrNothing)
	})
}

func TestTheDatabaseHoldsMakerAndCheckerApart(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		o := newOffice(t, s)
		r := o.request(o.ask(partnerFile(t, models.Active)).Request)
		r.State, r.Checker, r.CheckerPerson = models.RequestApproved, "stf_second", maker.Person
		err := s.Write(t.Context(), func(tx *store.Tx) error {
			_, err := tx.DecideRequest(r)
			return err
		})
		if err == nil {
			t.Error("the database took a checker who is the maker")
		}
	})
}

func TestOneOfManyApprovalsApplies(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		o := newOffice(t, s)
		v := o.verdict(o.ask(partnerFile(t, models.Active)).Request)
		var wait sync.WaitGroup
		var mu sync.Mutex
		applied := 0
		for range 10 {
			wait.Go(func() {
				err := o.Approve(context.Background(), checker, v)
				mu.Lock()
				defer mu.Unlock()
				if err == nil {
					applied++
				} else if !errors.Is(err, approval.ErrDecided) {
					t.Errorf("a late approval: %v", err)
				}
			})
		}
		wait.Wait()
		if applied != 1 {
			t.Errorf("%d approvals applied", applied)
		}
	})
}

func TestARequestThatIsOverCannotBeApproved(t *testing.T) {
	t.Parallel()
	for name, end := range map[string]func(o *office, v approval.Verdict) error{
		"withdrawn": func(o *office, v approval.Verdict) error { return o.Withdraw(o.t.Context(), maker, v.Request) },
		"rejected":  func(o *office, v approval.Verdict) error { return o.Reject(o.t.Context(), checker, v) },
		"sent back": func(o *office, v approval.Verdict) error { return o.SendBack(o.t.Context(), checker, v) },
		"late": func(o *office, _ approval.Verdict) error {
			o.mu.Lock()
			o.now = o.now.Add(approval.Life)
			o.mu.Unlock()
			return nil
		},
		"expired": func(o *office, _ approval.Verdict) error {
			o.mu.Lock()
			o.now = o.now.Add(approval.Life)
			o.mu.Unlock()
			n, err := o.Expire(o.t.Context())
			if n != 1 {
				o.t.Errorf("%d expired", n)
			}
			return err
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			storetest.Each(t, func(t *testing.T, s *store.Store) {
				o := newOffice(t, s)
				v := o.verdict(o.ask(partnerFile(t, models.Active)).Request)
				if err := end(o, v); err != nil {
					t.Fatal(err)
				}
				o.refused(name, o.Approve(t.Context(), checker, v), approval.ErrDecided)
				if o.status() != "" {
					t.Error("it was applied")
				}
			})
		})
	}
}

func TestARequestOnWhatHasMovedIsOutdated(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		o := newOffice(t, s)
		if err := o.Approve(t.Context(), checker, o.verdict(o.ask(partnerFile(t, models.Active)).Request)); err != nil {
			t.Fatal(err)
		}
		o.ask(partnerFile(t, models.Suspended))
		back := o.verdict(o.ask(partnerFile(t, models.Active)).Request)
		o.ask(partnerFile(t, models.Closed))
		o.refused("on a partner that is closed by now", o.Approve(t.Context(), checker, back), approval.ErrOutdated)
		if r := o.request(back.Request); r.State != models.RequestOutdated || o.status() != models.Closed {
			t.Errorf("request %s, partner %s", r.State, o.status())
		}
		o.refused("again", o.Approve(t.Context(), checker, back), approval.ErrDecided)
	})
}

func TestOnlyItsMakerWithdraws(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		o := newOffice(t, s)
		id := o.ask(partnerFile(t, models.Active)).Request
		o.refused("another", o.Withdraw(t.Context(), checker, id), approval.ErrNoRequest)
		o.refused("none", o.Withdraw(t.Context(), maker, id+1), approval.ErrNoRequest)
		if err := o.Comment(t.Context(), checker, id, "Which contract?"); err != nil {
			t.Error(err)
		}
		if list, err := s.Comments(t.Context(), id, 10); err != nil || len(list) != 1 || !strings.Contains(list[0].Text, "contract") {
			t.Errorf("comments %+v, %v", list, err)
		}
	})
}
