package console

import (
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/gin-gonic/gin"

	"postern/app/approval"
	"postern/app/bankfile"
	"postern/app/errs"
	"postern/app/partners"
	"postern/app/store"
	"postern/app/web"
	"postern/models"
	"postern/views/i18n"
)

func partnerPath(id string) string { return partnersPath + "/" + url.PathEscape(id) }

func partnerSubject(id string) string { return "partner " + id }

func partnerSubjects(ids []string) []string {
	list := make([]string, len(ids))
	for i, id := range ids {
		list[i] = partnerSubject(id)
	}
	return list
}

// coded is an id that may hold any sign, as a part of a path.
func coded(id string) string { return base64.RawURLEncoding.EncodeToString([]byte(id)) }

func decoded(part string) string {
	id, err := base64.RawURLEncoding.DecodeString(part)
	if err != nil {
		return ""
	}
	return string(id)
}

// day reads a day, YYYY-MM-DD, in the bank's zone.
func (s *Console) day(text string) (time.Time, bool) {
	day, err := time.ParseInLocation(time.DateOnly, text, s.o.Zone)
	return day, err == nil && day.Year() >= 1970
}

// daysLeft counts the days from today to a day; less than 0 when it is over.
func (s *Console) daysLeft(day time.Time) int {
	today := store.DayOf(s.o.Now().In(s.o.Zone))
	const aDay = 24 * time.Hour
	return int(day.Sub(today).Round(aDay) / aDay)
}

var (
	errNoPartner = errs.New(errs.NotFound, "no_partner", "There is no such partner.")
	errMoved     = errs.New(errs.Conflict, "moved", "Somebody else has changed this meanwhile.")
)

// partnerFile is a partner with what is its own, as one picture has it.
type partnerFile struct {
	row      models.Partner
	partner  partners.Partner
	registry *partners.Registry
	rows     map[string]models.Application
}

// partnerOf reads the partner that the path names.
func (s *Console) partnerOf(c *gin.Context) (f partnerFile, err error) {
	id := c.Param("partner")
	if !models.PlainID(id) {
		return f, errNoPartner
	}
	f.rows = map[string]models.Application{}
	err = s.o.Store.Business(c.Request.Context(), func(b store.Business) error {
		rows, err := b.Partners([]string{id})
		if err != nil {
			return err
		}
		if len(rows) == 0 {
			return errNoPartner
		}
		f.row = rows[0]
		applications, err := b.ApplicationsOf([]string{id})
		if err != nil {
			return err
		}
		for _, a := range applications {
			f.rows[a.ID] = a
		}
		f.registry, err = partners.Of(b, id)
		return err
	})
	if err == nil {
		f.partner, _ = f.registry.Partners.Current(id)
	}
	return f, err
}

// applicationOf finds the application that the path names among the partner's.
func (f partnerFile) application(c *gin.Context) (partners.Application, error) {
	a, ok := f.registry.Applications.Current(c.Param("application"))
	if !ok {
		return a, errNoPartner
	}
	return a, nil
}

// version names what a thing says, so that a form can tell later whether it still does.
func version(thing any) string {
	text, err := bankfile.Compose(thing)
	if err != nil {
		return ""
	}
	sum := sha256.Sum256([]byte(text))
	return base64.RawURLEncoding.EncodeToString(sum[:])
}

// proposal is what a form wants to change of a partner.
type proposal struct {
	partner string
	things  []any
	reason  string
	narrows bool // by somebody who may only stop things
	unless  func(store.Business) error
}

// propose makes the change or asks for it.
func (s *Console) propose(c *gin.Context, p proposal) (approval.Outcome, error) {
	content, err := bankfile.Compose(p.things...)
	if err != nil {
		return approval.Outcome{}, err
	}
	return s.o.Approvals.Submit(c.Request.Context(), s.by(c), approval.Ask{
		Kind: bankfile.Kind, Subject: partnerSubject(p.partner), Content: content, Reason: strings.TrimSpace(p.reason), Narrows: p.narrows, Unless: p.unless,
	})
}

// proposed leads to where the change shows, and says what became of it.
func (s *Console) proposed(c *gin.Context, out approval.Outcome, path string) error {
	if out.Applied {
		return done(c, path, "applied")
	}
	return web.SeeOther(c, path+"?"+url.Values{"done": {"asked"}, "request": {strconv.FormatInt(out.Request, 10)}}.Encode())
}

// stillPartner refuses when the partner is not what a form was made from.
func stillPartner(id, seen string) func(store.Business) error {
	return func(b store.Business) error {
		r, err := partners.Read(b, partners.Names{Partners: []string{id}, Applications: []string{}, Credentials: []string{}, Grants: []string{}})
		if err != nil {
			return err
		}
		p, _ := r.Partners.Current(id)
		return still(p, seen)
	}
}

// stillApplication is stillPartner for an application.
func stillApplication(id, seen string) func(store.Business) error {
	return func(b store.Business) error {
		r, err := partners.Read(b, partners.Names{Partners: []string{}, Applications: []string{id}, Credentials: []string{}, Grants: []string{}})
		if err != nil {
			return err
		}
		a, _ := r.Applications.Current(id)
		return still(a, seen)
	}
}

func still(thing any, seen string) error {
	if version(thing) != seen {
		return errMoved
	}
	return nil
}

// faulty is a form that was not taken: its status, and what is wrong with which
// field. ok is false for an error that is no fault of the form's.
type faulty struct {
	status int
	fields map[string]string
	others []string
	moved  bool
}

// faultsOf sorts an error of propose out for the form of one thing.
func (s *Console) faultsOf(c *gin.Context, err error, kind, id string) (f faulty, ok bool) {
	ctx := c.Request.Context()
	f = faulty{status: http.StatusUnprocessableEntity, fields: map[string]string{}}
	var refusal *bankfile.Refusal
	switch {
	case errors.Is(err, errMoved):
		f.status, f.moved = http.StatusConflict, true
	case errors.Is(err, approval.ErrNothing):
		f.others = []string{i18n.T(ctx, i18n.PartnerNothing)}
	case errors.Is(err, approval.ErrWidens):
		f.status, f.others = http.StatusForbidden, []string{i18n.T(ctx, i18n.PartnerOnlyNarrows)}
	case errors.As(err, &refusal):
		f.fields = s.lines(c, refusal.Fields(kind, id))
		for _, fault := range refusal.Faults {
			if fault.Kind != kind || fault.ID != id {
				f.others = append(f.others, i18n.T(ctx, i18n.PartnerOtherFault, fault.Where, s.sentence(c, fault.Message, fault.Text)))
			}
		}
	case errs.FieldsOf(err) != nil:
		f.fields = s.lines(c, errs.FieldsOf(err))
	default:
		return f, false
	}
	return f, true
}

// sentence says a rule's fault in the reader's language.
func (s *Console) sentence(c *gin.Context, m errs.Message, otherwise string) string {
	if key, ok := i18n.ByID(m.ID); ok {
		return i18n.T(c.Request.Context(), key)
	}
	return otherwise
}

// lines puts the faults of a list's entries, which a form takes one a line, to the
// list's field: "addresses.1" is line 2 of addresses.
func (s *Console) lines(c *gin.Context, faults errs.Fields) map[string]string {
	out := map[string]string{}
	for field, text := range s.words(c, faults) {
		name, index, isLine := strings.Cut(field, ".")
		n, err := strconv.Atoi(index)
		if !isLine || err != nil {
			out[field] = text
			continue
		}
		text = i18n.T(c.Request.Context(), i18n.PartnerLine, n+1, text)
		if out[name] == "" || text < out[name] {
			out[name] = text
		}
	}
	return out
}

// whoMoved says who changed a partner last, and when.
func (s *Console) whoMoved(c *gin.Context, partner string) (string, error) {
	ctx := c.Request.Context()
	events, err := s.o.Store.PartnerEvents(ctx, partner, 0, "", 1)
	if err != nil {
		return "", err
	}
	if len(events) == 0 {
		return i18n.T(ctx, i18n.PartnerMoved), nil
	}
	names, err := s.accountNames(ctx, []string{events[0].Actor})
	if err != nil {
		return "", err
	}
	return i18n.T(ctx, i18n.PartnerMovedBy, firstOf(names[events[0].Actor], events[0].Actor), i18n.Stamp(ctx, s.inZone(events[0].At))), nil
}

// textLines are the lines of a text area that say something.
func textLines(text string) []string {
	var list []string
	for line := range strings.Lines(text) {
		if line = strings.TrimSpace(line); line != "" {
			list = append(list, line)
		}
	}
	return list
}

// whole reads a number that may be left empty; -1, which no rule takes, for what is none.
func wholeNumber(text string) int64 {
	text = strings.TrimSpace(text)
	if text == "" {
		return 0
	}
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil {
		return -1
	}
	return n
}

// shownNumber is a number as a form has it: nothing for 0, the default.
func shownNumber(n int64) string {
	if n == 0 {
		return ""
	}
	return fmt.Sprint(n)
}
