package alerts

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"time"
	"unicode/utf8"

	"postern/app/change"
	"postern/app/errs"
	"postern/app/ledger"
	"postern/app/store"
	"postern/models"
)

// maxNote is the longest note, characters.
const maxNote = 500

// What Acknowledge may answer. Compare with errors.Is.
var (
	ErrName = errs.New(errs.Invalid, "bad_name", "Say who acknowledges it: a name on one line.")
	ErrNote = errs.New(errs.Invalid, "bad_note", "Say in a line of at most 500 characters what was found.")
	ErrDone = errs.New(errs.Conflict, "acknowledged", "The alert is acknowledged already.")
)

// Acknowledgement says that a person has looked at an alert.
type Acknowledgement struct {
	ID   string // the alert's
	By   string // who has looked
	Note string // what was found; kept with the alert alone, for it may name anything
	User string // who typed it, as the operating system or the console knows them
	// Account is the console's account that acknowledges; empty on the command line.
	Account string
}

// Acknowledge puts it on record who has looked at an alert: in the alert and, as
// an event, in the ledger. It fails with ErrName, ErrNote, ErrDone or
// errs.NotFound. What lasts goes on lasting, without reminders.
func Acknowledge(ctx context.Context, s *store.Store, k Acknowledgement, now time.Time, random io.Reader) (a models.Alert, err error) {
	switch {
	case !models.ReadableName(k.By):
		return a, ErrName
	case k.Note == "" || utf8.RuneCountInString(k.Note) > maxNote || !onOneLine(k.Note):
		return a, ErrNote
	}
	err = s.Write(ctx, func(tx *store.Tx) error {
		if a, err = tx.Alert(k.ID); err != nil {
			return err
		}
		if a.AckedAt != 0 {
			return ErrDone.Wrap(fmt.Errorf("by %s, %s", a.AckedBy, time.UnixMilli(a.AckedAt).UTC().Format(time.DateTime)))
		}
		a.AckedAt, a.AckedBy, a.AckNote = now.UnixMilli(), k.By, k.Note
		if err := tx.SaveAlert(a); err != nil {
			return err
		}
		return record(ctx, tx, a, k, now, random)
	})
	return a, err
}

// onOneLine reports whether a text can be shown on one line: the rules of names
// hold for each part of it.
func onOneLine(text string) bool {
	for len(text) > 0 {
		part := text
		if utf8.RuneCountInString(part) > 100 {
			part = string([]rune(text)[:100])
		}
		if !models.ReadableName(part) {
			return false
		}
		text = text[len(part):]
	}
	return true
}

func record(ctx context.Context, tx *store.Tx, a models.Alert, k Acknowledgement, now time.Time, random io.Reader) error {
	w := change.NewWriter(ctx, tx, cmp.Or(k.Account, k.By), now, random)
	e := ledger.Event{Kind: "alert.acknowledged", Reason: a.Rule}
	if a.SubjectKind == "application" {
		e.ApplicationID = a.SubjectID
	}
	return w.Event(e, map[string]string{
		"alert": a.ID, "rule": a.Rule, "subject_kind": a.SubjectKind, "subject": a.SubjectID, "user": k.User,
	})
}
