package announcements

import (
	"context"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"postern/app/change"
	"postern/app/errs"
	"postern/app/ledger"
	"postern/app/store"
	"postern/models"
)

// Bounds of an announcement: characters, and how long it may be in force.
const (
	MaxTitle = 80
	MaxText  = 2000
	MaxDays  = 366
)

// Ahead is how long before an announcement begins it stands on partners' first pages; the
// words for officers say it too.
const Ahead = 24 * time.Hour

// ErrGone says that there is no such announcement.
var ErrGone = errs.New(errs.NotFound, "no_announcement", "There is no such announcement.")

// ErrMoved says that an announcement is not as it was when it was seen.
var ErrMoved = errs.New(errs.Conflict, "announcement_moved", "Somebody has changed the announcement, or taken it back.")

// Announcements may be used by any number of goroutines.
type Announcements struct {
	Store *store.Store
	Now   func() time.Time
	Rand  io.Reader
}

// Save makes an announcement, or changes the one with its id if that stands as it was when
// its UpdatedAt was seen. Whom it is for stays: those who were told would not hear that it
// is no more for them. Faults are errs.Fields; ErrMoved.
func (s *Announcements) Save(ctx context.Context, actor string, a models.Announcement, seen int64) (models.Announcement, error) {
	a.TitleEN, a.TitleZH, a.TextEN, a.TextZH = tidy(a.TitleEN), tidy(a.TitleZH), tidy(a.TextEN), tidy(a.TextZH)
	if err := s.check(ctx, a); err != nil {
		return a, err
	}
	err := s.write(ctx, actor, func(w change.Writer) error {
		a.UpdatedAt, a.UpdatedBy = w.At(), actor
		if a.ID != "" {
			return s.update(w, "announcement.changed", a, seen)
		}
		var err error
		if a.ID, err = ledger.NewID(w.Now, w.Rand); err != nil {
			return err
		}
		a.CreatedAt, a.CreatedBy = a.UpdatedAt, actor
		if err := w.CreateAnnouncement(a); err != nil {
			return err
		}
		return told(w, "announcement.made", a)
	})
	return a, err
}

// Withdraw takes an announcement back as it was seen; partners see it no more.
// ErrMoved where it was changed, or taken back, meanwhile.
func (s *Announcements) Withdraw(ctx context.Context, actor string, a models.Announcement, seen int64) error {
	return s.write(ctx, actor, func(w change.Writer) error {
		a.UpdatedAt, a.UpdatedBy, a.WithdrawnAt = w.At(), actor, w.At()
		return s.update(w, "announcement.withdrawn", a, seen)
	})
}

func (s *Announcements) update(w change.Writer, kind string, a models.Announcement, seen int64) error {
	done, err := w.UpdateAnnouncement(a, seen)
	if err == nil && !done {
		err = ErrMoved
	}
	if err != nil {
		return err
	}
	return told(w, kind, a)
}

func (s *Announcements) write(ctx context.Context, actor string, f func(change.Writer) error) error {
	return s.Store.Write(ctx, func(tx *store.Tx) error { return f(change.NewWriter(ctx, tx, actor, s.Now(), s.Rand)) })
}

// told is the event: what partners were told, as it was said.
func told(w change.Writer, kind string, a models.Announcement) error {
	return w.Event(ledger.Event{Kind: kind, ServiceID: a.ServiceID}, map[string]string{
		"id": a.ID, "kind": string(a.Kind), "from": stamp(a.StartsAt), "until": stamp(a.EndsAt),
		"title_en": a.TitleEN, "title_zh": a.TitleZH, "text_en": a.TextEN, "text_zh": a.TextZH,
	})
}

func stamp(ms int64) string { return time.UnixMilli(ms).UTC().Format(time.RFC3339) }

// tidy has one way to end a line, and nothing around the text.
func tidy(text string) string {
	return strings.TrimSpace(strings.NewReplacer("\r\n", "\n", "\r", "\n").Replace(text))
}

// check is Check, and that there is the service.
func (s *Announcements) check(ctx context.Context, a models.Announcement) error {
	faults := Check(a, s.Now())
	if a.ServiceID != "" {
		err := s.Store.Business(ctx, func(b store.Business) error {
			list, err := b.Services([]string{a.ServiceID})
			faults.Check(len(list) == 1, "service", "rule.announcement_service", "there is no such service")
			return err
		})
		if err != nil {
			return err
		}
	}
	return faults.Invalid()
}

// Check says what is wrong with an announcement at now, whatever the database holds.
func Check(a models.Announcement, now time.Time) (f errs.Fields) {
	f.Check(slices.Contains(models.AnnouncementKinds, a.Kind), "kind", "rule.announcement_kind", "choose a kind")
	f.Check(a.TitleZH+a.TextZH+a.TitleEN+a.TextEN != "", "title_zh", "rule.announcement_words", "write title and text in one language at least")
	for _, l := range []struct{ title, text, of string }{{a.TitleZH, a.TextZH, "zh"}, {a.TitleEN, a.TextEN, "en"}} {
		f.Check(l.title != "" || l.text == "", "title_"+l.of, "rule.announcement_half", "write a title as well as a text")
		f.Check(l.text != "" || l.title == "", "text_"+l.of, "rule.announcement_half", "write a text as well as a title")
		f.Check(plain(l.title, "") && utf8.RuneCountInString(l.title) <= MaxTitle, "title_"+l.of, "rule.announcement_title", fmt.Sprintf("a title is one line of at most %d characters, all of which are seen", MaxTitle))
		f.Check(plain(l.text, "\n\t") && utf8.RuneCountInString(l.text) <= MaxText, "text_"+l.of, "rule.announcement_text", fmt.Sprintf("a text is at most %d characters, all of which are seen", MaxText))
	}
	f.Check(a.StartsAt > 0, "from", "rule.announcement_from", "say from when on")
	f.Check(a.EndsAt > a.StartsAt && a.EndsAt > now.UnixMilli(), "until", "rule.announcement_until", "the end is to come, and behind the beginning")
	f.Check(a.EndsAt-a.StartsAt <= MaxDays*24*time.Hour.Milliseconds(), "until", "rule.announcement_long", fmt.Sprintf("an announcement is for %d days at most", MaxDays))
	return f
}

// plain reports whether a text is nothing but characters that are seen, and some others.
func plain(text, others string) bool {
	return utf8.ValidString(text) && !strings.ContainsFunc(text, func(r rune) bool {
		return !unicode.IsGraphic(r) && !strings.ContainsRune(others, r)
	})
}
