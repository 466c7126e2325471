package records

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"strconv"
	"time"

	"postern/app/change"
	"postern/app/store"
	"postern/models"
)

// ExportKind is the name of a change request for an export of more rows than one
// person may take along.
const ExportKind = "log.export"

// takeWithin is for how long an approved export can be taken along.
const takeWithin = 24 * time.Hour

// Taking is what an export takes along.
type Taking struct {
	Filter Filter `json:"filter"`
	Format Format `json:"format"`
}

func (t Taking) check() error {
	if Types[t.Format] == "" {
		return ErrFilter
	}
	return t.Filter.check()
}

// Content is the export as a request holds it, its end fixed.
func (t Taking) Content(now time.Time) (string, error) {
	text, err := json.Marshal(t.ended(now))
	return string(text), err
}

// ended is an export whose window ends with the millisecond of now where the
// filter leaves it open: what was counted, or agreed to, does not grow.
func (t Taking) ended(now time.Time) Taking {
	if t.Filter.Until == 0 {
		t.Filter.Until = now.UnixMilli() + 1
	}
	return t
}

func readTaking(content string) (t Taking, err error) {
	if err := json.Unmarshal([]byte(content), &t); err != nil {
		return t, fmt.Errorf("read export: %w", err)
	}
	if err := t.check(); err != nil {
		return t, err
	}
	if t.Filter.Until == 0 {
		return t, ErrFilter
	}
	return t, nil
}

// Exports describe and approve exports that are asked for. Nothing in the
// business changes with one: the approved request itself is what ExportApproved
// goes by.
type Exports struct{}

// Describe says what would be taken along.
func (Exports) Describe(_ store.Business, content string, _ time.Time) (change.Plan, error) {
	t, err := readTaking(content)
	if err != nil {
		return change.Plan{}, err
	}
	var d change.Comparison
	say := func(field, value string) {
		if value != "" {
			d.Note(change.Widens, "%s: %s", field, value)
		}
	}
	f := t.Filter
	if f.From != 0 {
		say("from", stamp(f.From))
	}
	say("until", stamp(f.Until))
	say("event", string(f.Group))
	say("environment", string(f.Environment))
	say("partner", f.Partner)
	say("all but partner", f.NotPartner)
	say("application", f.Application)
	say("service", f.Service)
	say("outcome", f.Code)
	say("reason of refusal", f.Reason)
	if f.Refused {
		say("refused ones alone", "true")
	}
	say("rows at most", strconv.Itoa(MaxExport))
	return change.Plan{Things: []change.Planned{{Kind: "log_export", ID: string(t.Format), Differences: d.List}}}, nil
}

// Apply leaves everything as it is.
func (e Exports) Apply(b store.Business, content string, w change.Writer) (change.Plan, error) {
	return e.Describe(b, content, w.Now)
}

// stamp is a time as plans have it.
func stamp(ms int64) string { return time.UnixMilli(ms).UTC().Format(time.RFC3339Nano) }

// MayTake reports whether an account may take along what a request was approved
// for: it asked for it itself, and not too long ago.
func (r *Records) MayTake(request models.ChangeRequest, account string) bool {
	return request.Kind == ExportKind && request.State == models.RequestApproved && request.Maker == account &&
		r.o.Now().Before(TakenUntil(request))
}

// TakenUntil is until when an approved export can be taken along.
func TakenUntil(request models.ChangeRequest) time.Time {
	return time.UnixMilli(request.DecidedAt).Add(takeWithin)
}

// ExportApproved writes what an approved request says, MaxExport rows at most, as
// Export does, any number of times: each is on record. ErrNotTaken where MayTake
// says no.
func (r *Records) ExportApproved(ctx context.Context, request models.ChangeRequest, actor string, begin func(Format) io.Writer) error {
	if !r.MayTake(request, actor) {
		return ErrNotTaken
	}
	t, err := readTaking(request.Content)
	if err != nil {
		return err
	}
	row, err := r.row(ctx, t.Filter)
	if err != nil {
		return err
	}
	by := taken{actor: actor, reason: request.Reason, request: request.ID, most: MaxExport}
	return r.write(ctx, t, row, by, func() io.Writer { return begin(t.Format) })
}
