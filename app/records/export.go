package records

import (
	"bufio"
	"context"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"
	"unicode"

	"github.com/xuri/excelize/v2"

	"postern/app/ledger"
	"postern/app/store"
	"postern/models"
)

// Format is what a log is exported as.
type Format string

// The formats.
const (
	CSV   Format = "csv"
	Lines Format = "jsonl" // one JSON object a line
	Excel Format = "xlsx"
)

// Types are the formats' media types.
var Types = map[Format]string{
	CSV: "text/csv; charset=utf-8", Lines: "application/x-ndjson",
	Excel: "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}

// The most rows of an export: MaxAlone of one that somebody takes along alone,
// MaxExport, what one sheet of Excel holds, about, of one that a second person has
// agreed to.
const (
	MaxAlone  = 100_000
	MaxExport = 1_000_000
)

// exportTime is how a file says a time, on the bank's clock.
const exportTime = "2006-01-02T15:04:05.000Z07:00"

// exportStep is how many lines are read at once.
const exportStep = 1000

// minReason is the shortest reason that says anything, characters.
const minReason = 4

// Reasonable reports whether a reason that somebody gave says anything.
func Reasonable(reason string) bool {
	n := 0
	for _, r := range reason {
		if !unicode.IsSpace(r) {
			n++
		}
	}
	return n >= minReason && len(reason) <= 500
}

// Export writes what a filter finds, newest first, to somebody who takes it along
// alone. More than MaxAlone rows are ErrMany, before anything is written: see
// ExportApproved. What comes in meanwhile is not in it.
func (r *Records) Export(ctx context.Context, t Taking, actor, reason string, begin func() io.Writer) error {
	if !Reasonable(reason) {
		return ErrReason
	}
	t = t.ended(r.o.Now())
	if err := t.check(); err != nil {
		return err
	}
	row, err := r.row(ctx, t.Filter)
	if err != nil {
		return err
	}
	if err := r.few(ctx, listing{span: window(t.Filter.From, t.Filter.Until), row: row}); err != nil {
		return err
	}
	return r.write(ctx, t, row, taken{actor: actor, reason: reason, most: MaxAlone}, begin)
}

// taken is who takes rows along, why, on which approved request, and how many at most.
type taken struct {
	actor, reason string
	request       int64 // 0: alone
	most          int
}

// write puts on record that somebody takes rows along, and why, before the first
// octet. begin is called in between and returns where to write. Memory is bounded.
func (r *Records) write(ctx context.Context, t Taking, row store.LogFilter, by taken, begin func() io.Writer) error {
	names, err := r.Names(ctx)
	if err != nil {
		return err
	}
	detail := t.Filter.detail()
	detail["format"], detail["rows_at_most"] = string(t.Format), strconv.Itoa(by.most)
	if by.request != 0 {
		detail["request"] = strconv.FormatInt(by.request, 10)
	}
	if err := r.Trace(ctx, by.actor, ledger.Event{Kind: "log.exported", Reason: by.reason}, detail); err != nil {
		return err
	}
	return r.writeSheet(ctx, t.Format, begin(), columns, listing{span: window(t.Filter.From, t.Filter.Until), row: row, most: by.most},
		func(e models.Event) ([]string, error) { return r.cells(names, e), nil })
}

// listing is which lines a file holds: those of a window that a row of the store
// finds, at most so many.
type listing struct {
	span store.LogRange
	row  store.LogFilter
	most int
	seen func(models.Event) models.Event // a line as whoever takes it along sees it; nil for whole
}

// writeSheet writes lines as a file with a head.
func (r *Records) writeSheet(ctx context.Context, f Format, w io.Writer, head []string, list listing, cells func(models.Event) ([]string, error)) error {
	sheet, err := newSheet(f, w, head)
	if err != nil {
		return err
	}
	err = r.eachLine(ctx, list, func(e models.Event) error {
		if list.seen != nil {
			e = list.seen(e)
		}
		line, err := cells(e)
		if err != nil {
			return err
		}
		return sheet.add(line, e)
	})
	if err != nil {
		sheet.abandon()
		return err
	}
	return sheet.end()
}

// few is ErrMany where a listing has more lines than one person takes along alone.
func (r *Records) few(ctx context.Context, list listing) error {
	n := 0
	list.most = MaxAlone + 1
	err := r.eachLine(ctx, list, func(models.Event) error { n++; return nil })
	if err == nil && n > MaxAlone {
		err = ErrMany
	}
	return err
}

// detail is the filter as the ledger takes it down.
func (f Filter) detail() map[string]string {
	detail := map[string]string{"from": strconv.FormatInt(f.From, 10)}
	if f.Until != 0 {
		detail["until"] = strconv.FormatInt(f.Until, 10)
	}
	for name, value := range map[string]string{
		"event": string(f.Group), "environment": string(f.Environment), "partner": f.Partner, "not_partner": f.NotPartner,
		"application": f.Application, "service": f.Service, "code": f.Code, "why": f.Reason,
	} {
		if value != "" {
			detail[name] = value
		}
	}
	if f.Refused {
		detail["refused"] = "true"
	}
	return detail
}

// Looked puts on record that somebody who watches over others has looked.
func (r *Records) Looked(ctx context.Context, actor string, f Filter) error {
	return r.Trace(ctx, actor, ledger.Event{Kind: "log.read"}, f.detail())
}

// eachLine walks the whole of a listing, in short
// reads: none of them holds the database's history while somebody's line is slow.
func (r *Records) eachLine(ctx context.Context, list listing, do func(models.Event) error) error {
	span := list.span
	for n := 0; n < list.most; {
		walk, err := r.o.Store.WalkLog(ctx, span, list.row, store.LogSteps{Most: most(list.row), Limit: exportStep})
		if err != nil {
			return err
		}
		for _, e := range walk.Rows {
			if err := do(e); err != nil {
				return err
			}
			if n++; n == list.most {
				return nil
			}
		}
		switch {
		case len(walk.Rows) == exportStep:
			span.Until = walk.Rows[exportStep-1].ID
		case walk.End != "":
			span.Until = walk.End
		default:
			return nil
		}
	}
	return nil
}

var columns = []string{
	"time", "unix_ms", "event", "outcome", "reason", "partner", "partner_id", "application", "application_id", "service_id",
	"visit", "jti", "request_id", "id", "leaf_hash",
}

// stamp is a time (Unix ms) as files have it.
func (r *Records) stamp(ms int64) string {
	return time.UnixMilli(ms).In(r.o.Zone).Format("2006-01-02T15:04:05.000Z07:00")
}

func (r *Records) cells(n Names, e models.Event) []string {
	return []string{
		time.UnixMilli(e.At).In(r.o.Zone).Format(exportTime), strconv.FormatInt(e.At, 10), e.Kind, e.Outcome, e.Reason,
		n.Partner(e.PartnerID), e.PartnerID, n.Application(e.ApplicationID), e.ApplicationID, e.ServiceID,
		e.VID, e.Detail()["jti"], e.RequestID, e.ID, e.LeafHash,
	}
}

// sheet is a file under way.
type sheet interface {
	add(cells []string, e models.Event) error
	end() error
	abandon()
}

func newSheet(f Format, w io.Writer, head []string) (sheet, error) {
	switch f {
	case CSV:
		return newCSV(w, head)
	case Lines:
		return &lineFile{w: bufio.NewWriterSize(w, 64<<10), head: head}, nil
	}
	return newExcel(w, head)
}

type csvFile struct{ w *csv.Writer }

// newCSV begins with the mark by which spreadsheets know UTF-8.
func newCSV(w io.Writer, head []string) (*csvFile, error) {
	if _, err := io.WriteString(w, "\ufeff"); err != nil {
		return nil, err
	}
	c := &csvFile{csv.NewWriter(w)}
	return c, c.w.Write(head)
}

func (c *csvFile) add(cells []string, _ models.Event) error {
	plain := make([]string, len(cells))
	for i, text := range cells {
		plain[i] = Plain(text)
	}
	return c.w.Write(plain)
}

func (c *csvFile) end() error { c.w.Flush(); return c.w.Error() }

func (c *csvFile) abandon() {}

// Plain makes a cell that no spreadsheet takes for a formula (OWASP, CSV
// injection): such a text is led by an apostrophe.
func Plain(text string) string {
	if text != "" && strings.ContainsRune("=+-@\t\r\n|%\uFF1D\uFF0B\uFF0D\uFF20", []rune(text)[0]) {
		return "'" + text
	}
	return text
}

type lineFile struct {
	w    *bufio.Writer
	head []string
}

func (l *lineFile) add(cells []string, e models.Event) error {
	object := make(map[string]any, len(l.head)+1)
	for i, name := range l.head {
		object[name] = cells[i]
	}
	object["unix_ms"] = e.At
	if e.LeafHash != "" {
		object["body"] = e.Body // the very octets that it is of
	}
	text, err := json.Marshal(object)
	if err != nil {
		return fmt.Errorf("export line: %w", err)
	}
	_, err = l.w.Write(append(text, '\n'))
	return err
}

func (l *lineFile) end() error { return l.w.Flush() }

func (l *lineFile) abandon() {}

// excelFile is written by excelize's stream: its rows go to a file of its own
// once they are many, and to the other side at the end.
type excelFile struct {
	file   *excelize.File
	stream *excelize.StreamWriter
	w      io.Writer
	row    int
}

func newExcel(w io.Writer, head []string) (*excelFile, error) {
	x := &excelFile{file: excelize.NewFile(), w: w}
	var err error
	if x.stream, err = x.file.NewStreamWriter("Sheet1"); err != nil {
		return nil, fmt.Errorf("begin sheet: %w", err)
	}
	return x, x.write(head)
}

func (x *excelFile) add(cells []string, _ models.Event) error { return x.write(cells) }

func (x *excelFile) write(cells []string) error {
	x.row++
	values := make([]any, len(cells))
	for i, text := range cells {
		values[i] = Plain(text)
	}
	return x.stream.SetRow("A"+strconv.Itoa(x.row), values)
}

func (x *excelFile) end() error {
	defer x.abandon()
	if err := x.stream.Flush(); err != nil {
		return fmt.Errorf("end sheet: %w", err)
	}
	if _, err := x.file.WriteTo(x.w); err != nil {
		return fmt.Errorf("send sheet: %w", err)
	}
	return nil
}

// abandon removes the stream's file.
func (x *excelFile) abandon() { _ = x.file.Close() }
