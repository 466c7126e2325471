package alerts

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"sync"
	"time"

	"postern/app/config"
	"postern/app/store"
	"postern/models"
)

const (
	// calmAfter is how long a condition must not have been seen before it counts
	// as over: five looks, so that what comes and goes is one alert.
	calmAfter = 5 * time.Minute
	// maxConditions bounds what one look at one rule may raise; the worst come first.
	maxConditions = 100
)

// Options are the arguments of New. Store, Node, Now and Rand are required.
type Options struct {
	Store  *store.Store
	Config config.Alerts
	Node   string         // this node's name
	Zone   *time.Location // the bank's
	Now    func() time.Time
	Rand   io.Reader
	Local  Local
	Rules  func() config.AlertRules                                 // asked at each look; nil for Config's
	Feeds  func(ctx context.Context, now time.Time) ([]Feed, error) // what follows the database; nil for nothing
	// Evidence is what is known of how the ledger is vouched for; nil for nothing.
	Evidence func(ctx context.Context, now time.Time) (Evidence, error)
	// Notices are what the outbox knows of the bank's staff.
	Notices Notices
}

// Local is what a node can tell of itself. What is nil is not there to be
// looked at.
type Local struct {
	Circuits     func() map[string]bool      // by upstream, "service environment": whether its circuit is not closed
	Certificates func() map[string]time.Time // by listener: when its certificate ends
	Queue        func() (queued, capacity int)
	Lost         func() int64          // records that the ledger did not take, since the start
	Free         func() (int64, error) // octets beside the database
	ChangesAge   func() time.Duration  // how long ago the node last followed all changes
}

// Feed is something that follows the database.
type Feed struct {
	Name   string        // for people, e.g. "siem"
	Behind time.Duration // how old the oldest is that it still has to take; 0 when it has all
}

// Evidence is what a node knows of how the ledger is vouched for.
type Evidence struct {
	Differs  string        // in which way the database is not the one that the node's anchor vouches for (evidence.Finding); empty where it is
	Fault    string        // what the last check of the events found (evidence.Finding); empty for nothing
	FaultSeq int64         // and the first number that is wrong
	Late     time.Duration // for how long the oldest event has waited that nothing vouches for
}

// Watch looks at what rules are about, and raises alerts. It is safe for
// concurrent use.
type Watch struct {
	o Options

	mu        sync.Mutex
	downSince map[string]time.Time // by upstream
	lost      int64                // those that an alert has told of
	counts    map[Counted]int64
}

// Counted is what lasting alerts are counted by.
type Counted struct {
	Rule     string
	Severity models.Severity
}

// New makes a watch; it looks when it is told to.
func New(o Options) *Watch {
	if o.Zone == nil {
		o.Zone = time.UTC
	}
	if o.Rules == nil {
		o.Rules = func() config.AlertRules { return o.Config.Rules }
	}
	return &Watch{o: o, downSince: map[string]time.Time{}, counts: map[Counted]int64{}}
}

// LookAtNode looks at what this node can tell of itself, and takes up how many
// alerts last. It returns what it found in a line for people; a rule that could
// not be looked at does not keep the others from it.
func (w *Watch) LookAtNode(ctx context.Context) (string, error) {
	now := w.o.Now()
	n, _, err := w.look(ctx, now, func(r Rule) bool { return r.Local })
	return note(n), errors.Join(err, w.count(ctx))
}

// LookAtAll looks at the whole database: one node does it for all. It ends what
// has not been seen for a while, whichever node saw it, and reminds of what
// nobody has acknowledged.
func (w *Watch) LookAtAll(ctx context.Context) (string, error) {
	now := w.o.Now()
	n, failed, err := w.look(ctx, now, func(r Rule) bool { return !r.Local })
	faults := []error{err}
	for _, r := range rules {
		if !failed[r.Name] { // nobody knows whether what could not be looked at is over
			faults = append(faults, w.calm(ctx, r, now))
		}
	}
	faults = append(faults, w.remind(ctx, now))
	return note(n), errors.Join(faults...)
}

func note(n int) string { return fmt.Sprintf("saw %d conditions", n) }

// look looks at the rules that are meant and switched on, and writes down what
// it finds.
func (w *Watch) look(ctx context.Context, now time.Time, meant func(Rule) bool) (n int, failed map[string]bool, err error) {
	failed = map[string]bool{}
	var faults []error
	for _, r := range rules {
		if !meant(r) || !r.on(w.o.Rules()) {
			continue
		}
		found, err := r.look(ctx, w, now)
		if err == nil {
			err = w.report(ctx, r, found, now)
		}
		if err != nil {
			failed[r.Name] = true
			faults = append(faults, fmt.Errorf("%s: %w", r.Name, err))
		}
		n += len(found)
	}
	return n, failed, errors.Join(faults...)
}

// report writes down what a look has found, in the order of subjects: nodes that
// look at once lock rows in one order.
func (w *Watch) report(ctx context.Context, r Rule, found []condition, now time.Time) error {
	if len(found) == 0 {
		return nil
	}
	found = slices.Clone(found[:min(len(found), maxConditions)])
	slices.SortFunc(found, func(a, b condition) int {
		return cmp.Or(cmp.Compare(a.subject.Kind, b.subject.Kind), cmp.Compare(a.subject.ID, b.subject.ID))
	})
	err := w.o.Store.Write(ctx, func(tx *store.Tx) error {
		for _, c := range found {
			if err := w.see(tx, r, c, now); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	for _, c := range found {
		if c.noted != nil {
			c.noted()
		}
	}
	return nil
}

// see raises an alert of a condition, or notes that it lasts.
func (w *Watch) see(tx *store.Tx, r Rule, c condition, now time.Time) error {
	a, found, err := tx.LastingAlert(r.Name, c.subject.Kind, c.subject.ID)
	if err != nil {
		return err
	}
	if !found {
		raised, err := w.raise(tx, r, c, now)
		if err != nil || raised {
			return err
		}
		if a, found, err = tx.LastingAlert(r.Name, c.subject.Kind, c.subject.ID); err != nil || !found {
			return err // not found: raised and over in between; the next look sees
		}
	}
	worse := !a.Severity.AtLeast(c.severity)
	a.SubjectName, a.Numbers, a.LastAt, a.Count = c.subject.Name, c.numbers, max(a.LastAt, now.UnixMilli()), a.Count+1
	if worse {
		a.Severity, a.RemindedAt = c.severity, now.UnixMilli()
		if err := w.tell(tx, a, models.NewsWorse, now); err != nil {
			return err
		}
	}
	return tx.SaveAlert(a)
}

func (w *Watch) raise(tx *store.Tx, r Rule, c condition, now time.Time) (raised bool, err error) {
	id, err := w.id(now)
	if err != nil {
		return false, err
	}
	at := now.UnixMilli()
	a := models.Alert{
		ID: id, Rule: r.Name, SubjectKind: c.subject.Kind, SubjectID: c.subject.ID, SubjectName: c.subject.Name,
		Severity: c.severity, FirstAt: at, LastAt: at, RemindedAt: at, Count: 1, Numbers: c.numbers,
	}
	raised, err = tx.RaiseAlert(a)
	if err != nil || !raised {
		return false, err
	}
	return true, w.tell(tx, a, models.NewsRaised, now)
}

// calm ends the alerts of a rule whose condition has not been seen for a while;
// those of a rule that is switched off at once.
func (w *Watch) calm(ctx context.Context, r Rule, now time.Time) error {
	seenBefore := now.Add(-calmAfter)
	if !r.on(w.o.Rules()) {
		seenBefore = now.Add(time.Millisecond)
	}
	return w.o.Store.Write(ctx, func(tx *store.Tx) error {
		list, err := tx.LastingAlerts(r.Name, seenBefore.UnixMilli())
		if err != nil {
			return err
		}
		for _, a := range list {
			a.ResolvedAt, a.RemindedAt = now.UnixMilli(), now.UnixMilli()
			if err := tx.SaveAlert(a); err != nil {
				return err
			}
			if err := w.tell(tx, a, models.NewsResolved, now); err != nil {
				return err
			}
		}
		return nil
	})
}

// remind tells again of what nobody has acknowledged, whether it lasts or not.
func (w *Watch) remind(ctx context.Context, now time.Time) error {
	return w.o.Store.Write(ctx, func(tx *store.Tx) error {
		list, err := tx.AlertsToRemind(now.Add(-w.o.Config.Remind).UnixMilli())
		if err != nil {
			return err
		}
		for _, a := range list {
			a.RemindedAt = now.UnixMilli()
			if err := tx.SaveAlert(a); err != nil {
				return err
			}
			if err := w.tell(tx, a, models.NewsReminder, now); err != nil {
				return err
			}
		}
		return nil
	})
}

// count takes up how many alerts last.
func (w *Watch) count(ctx context.Context) error {
	list, err := w.o.Store.LastingAlertCounts(ctx)
	if err != nil {
		return err
	}
	counts := map[Counted]int64{}
	for _, c := range list {
		counts[Counted{c.Rule, c.Severity}] = c.Count
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.counts = counts
	return nil
}

// Counts are how many alerts last of each rule and severity, as of this node's
// last look; 0 where there are none.
func (w *Watch) Counts() map[Counted]int64 {
	w.mu.Lock()
	defer w.mu.Unlock()
	all := map[Counted]int64{}
	for _, r := range rules {
		for _, s := range models.Severities {
			all[Counted{r.Name, s}] = w.counts[Counted{r.Name, s}]
		}
	}
	return all
}
