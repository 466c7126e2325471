package evidence

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"time"

	"postern/app/store"
	"postern/models"
)

// EventDiffers is the kind of the alarm that a database of another past leaves.
const EventDiffers = "evidence.differs"

// In which way a database is not the one that an anchor vouches for.
const (
	Restored Finding = "restored"  // it was restored, and the anchor does not know of it
	Shorter  Finding = "shorter"   // its tree has fewer events
	Another  Finding = "another"   // its events are others
	LastGone Finding = "last_gone" // the row of the last event that is vouched for is gone or another
)

// errDiffers says that the database is not the one that an anchor vouches for. Its
// text is for people.
type errDiffers struct {
	what Finding
	text string
}

func (e errDiffers) Error() string { return e.text }

// Look holds the database against the newest line of this node's anchor, and writes
// the newest checkpoint behind it. Every node does it for itself, before it serves
// and from then on: what another one found says nothing about this one's anchor.
func (k *Keeper) Look(ctx context.Context) (string, error) {
	if k.anchor == nil {
		return "no anchor is configured", nil
	}
	told, fault := k.look(ctx)
	k.mu.Lock()
	before := k.told
	k.told = told
	k.mu.Unlock()
	if err := k.note(ctx, before, told); err != nil {
		return "", errors.Join(fault, err)
	}
	if fault != nil {
		return "", fault
	}
	return fmt.Sprintf("%s; %d events", told.State, told.Size), nil
}

// look returns what was found, and the error if that is nothing good.
func (k *Keeper) look(ctx context.Context) (models.Anchor, error) {
	now, before := k.o.Now().UnixMilli(), k.Anchor()
	told := models.Anchor{Node: k.o.Node, AgreedAt: before.AgreedAt, State: models.AnchorFailed}
	newest, err := k.anchor.newest()
	told.Size, told.WrittenAt = newest.Size, newest.at
	if err == nil {
		err = compare(ctx, k.o.Store, newest)
	}
	if err == nil {
		err = k.write(ctx, newest, &told, now)
	}
	if err == nil {
		told.State, told.AgreedAt = models.AnchorAgrees, now
		return told, nil
	}
	told.Problem = storable(err.Error())
	if before.State == models.AnchorDiffers { // until both agree: a fault of the moment takes nothing back
		told.State, told.Finding = before.State, before.Finding
	}
	var differs errDiffers
	if errors.As(err, &differs) {
		told.State, told.Finding = models.AnchorDiffers, string(differs.what)
	}
	return told, err
}

// Compare holds a database against the newest line of an anchor, and returns up to
// which event that vouches for it; 0 where nothing is in the anchor. Differs tells an
// error that means another past from one that means nothing.
func Compare(ctx context.Context, s *store.Store, path string) (int64, error) {
	newest, err := anchor{path}.newest()
	if err != nil {
		return 0, err
	}
	return newest.Size, compare(ctx, s, newest)
}

// Differs reports whether an error says that the database is not the one that an
// anchor vouches for.
func Differs(err error) bool { return errors.As(err, new(errDiffers)) }

// compare holds the database against what an anchor says. It fails with errDiffers.
func compare(ctx context.Context, s *store.Store, want state) error {
	if !want.found {
		return nil
	}
	epoch, err := s.RestoredAt(ctx)
	if err != nil {
		return err
	}
	if epoch != want.Epoch {
		return errDiffers{Restored, fmt.Sprintf("the database was last restored at %s, and the anchor knows of %s", moment(epoch), moment(want.Epoch))}
	}
	size, err := s.TreeSize(ctx)
	if err != nil {
		return err
	}
	if size < want.Size {
		return errDiffers{Shorter, fmt.Sprintf("the database has %d events in its tree, and the anchor vouches for %d", size, want.Size)}
	}
	if want.Size == 0 {
		return nil
	}
	root, err := rootOf(ctx, s, want.Size)
	if err != nil && !errors.Is(err, ErrTree) {
		return err
	}
	if err != nil || root != want.Root {
		return errDiffers{Another, fmt.Sprintf("the first %d events are others than those that the anchor vouches for", want.Size)}
	}
	return lastThere(ctx, s, want.Size)
}

// lastThere looks whether the last event that is vouched for has its row: rows can be
// taken away and the tree left.
func lastThere(ctx context.Context, s *store.Store, seq int64) error {
	e, found, err := s.EventBySeq(ctx, seq)
	if err != nil {
		return err
	}
	want, _, err := newReader(ctx, s).leaf(seq)
	if err != nil {
		return err
	}
	if leaf, err := leafOf(e); !found || err != nil || leaf != want {
		return errDiffers{LastGone, fmt.Sprintf("event %d, which the anchor vouches for, is gone or another one", seq)}
	}
	return nil
}

func moment(ms int64) string {
	if ms == 0 {
		return "never"
	}
	return time.UnixMilli(ms).UTC().Format(time.RFC3339)
}

// write puts the newest checkpoint behind what the anchor has. A row that somebody
// else wrote is not anchored.
func (k *Keeper) write(ctx context.Context, have state, told *models.Anchor, now int64) error {
	row, found, err := k.o.Store.NewestCheckpoint(ctx)
	if err != nil || !found || row.Size <= have.Size && have.found {
		return err
	}
	c, err := k.open(ctx, row.KeyID, row.Note)
	if err != nil {
		return fmt.Errorf("the checkpoint of %d events: %w", row.Size, err)
	}
	if have.found && c.Epoch != have.Epoch {
		return nil // it is from before a restore: the next one is about the new epoch
	}
	root, err := rootOf(ctx, k.o.Store, c.Size)
	if err != nil {
		return err
	}
	if c.Size != row.Size || root != c.Root {
		return fmt.Errorf("the checkpoint of %d events is not of the tree", row.Size)
	}
	public, _, err := k.o.Ring.EvidencePublic(ctx, row.KeyID)
	if err != nil {
		return err
	}
	key, err := VerifierKey(c.Origin, public)
	if err != nil {
		return err
	}
	line := anchorLine{At: now, Node: k.o.Node, Key: key, Checkpoint: row.Note}
	if err := k.anchor.append(line); err != nil {
		return fmt.Errorf("write anchor: %w", err)
	}
	told.Size, told.WrittenAt = c.Size, now
	return nil
}

// note puts what was found on record, and tells of news.
func (k *Keeper) note(ctx context.Context, before, told models.Anchor) error {
	save := func(tx *store.Tx) error { return tx.SaveAnchor(told) }
	news := before.State != told.State || before.Problem != told.Problem
	if news && told.State == models.AnchorDiffers {
		k.o.Log.ErrorContext(ctx, "database is not the one that the anchor vouches for, so nothing is issued", slog.String("err", told.Problem))
		return k.event(ctx, EventDiffers, map[string]string{"problem": told.Problem}, save)
	}
	if news && told.State == models.AnchorFailed {
		k.o.Log.ErrorContext(ctx, "anchor failed", slog.String("err", told.Problem))
	}
	if news && before.State == models.AnchorDiffers {
		k.o.Log.WarnContext(ctx, "database is the one that the anchor vouches for again")
	}
	return k.o.Store.Write(ctx, save)
}

// Anchor is what this node last found.
func (k *Keeper) Anchor() models.Anchor {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.told
}

// Differs reports whether the database is known not to be the one that this node's
// anchor vouches for: then the node decides nothing.
func (k *Keeper) Differs() bool { return k.Anchor().State == models.AnchorDiffers }

// Late is for how long the oldest event that this node's anchor does not vouch for
// has waited for that; where the node has none, for a checkpoint. What waited when the
// node began counts from then on.
func (k *Keeper) Late(ctx context.Context, now time.Time) (time.Duration, error) {
	size := k.Anchor().Size
	if k.anchor == nil {
		newest, _, err := k.o.Store.NewestCheckpoint(ctx)
		if err != nil {
			return 0, err
		}
		size = newest.Size
	}
	at, waits, err := k.o.Store.EventBehind(ctx, size)
	if err != nil || !waits {
		return 0, err
	}
	return max(0, min(now.Sub(time.UnixMilli(at)), now.Sub(k.beganAt))), nil
}

// Origin is what the node's checkpoints are called.
func (k *Keeper) Origin() string { return k.origin }

// Configured reports whether this node has an anchor.
func (k *Keeper) Configured() bool { return k.anchor != nil }

// maxProblem is how much of an error is kept, octets.
const maxProblem = 500

// storable is an error's text as a text column takes it.
func storable(text string) string {
	text = strings.ReplaceAll(text, "\x00", "\uFFFD")
	return strings.ToValidUTF8(text[:min(len(text), maxProblem)], "\uFFFD")
}
