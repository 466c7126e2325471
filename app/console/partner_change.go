package console

import (
	"cmp"
	"fmt"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/gin-gonic/gin"

	"postern/app/errs"
	"postern/app/partners"
	"postern/app/store"
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

// daysLeft counts the days from today to a day; less than 0 when it is over.
func (s *Console) daysLeft(day time.Time) int {
	today := store.DayOf(s.o.Now().In(s.o.Zone))
	const aDay = 24 * time.Hour
	return int(day.Sub(today).Round(aDay) / aDay)
}

var errNoPartner = errs.New(errs.NotFound, "no_partner", "There is no such partner.")

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
		a, _, err := partners.ReadApplication(b, id)
		if err != nil {
			return err
		}
		return still(a, seen)
	}
}

// whoMoved says who changed a partner last, and when.
func (s *Console) whoMoved(c *gin.Context, partner string) (string, error) {
	ctx := c.Request.Context()
	events, err := s.o.Store.PartnerEvents(ctx, partner, "", 1)
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
	return i18n.T(ctx, i18n.PartnerMovedBy, cmp.Or(names[events[0].Actor], events[0].Actor), i18n.Stamp(ctx, s.InZone(events[0].At))), nil
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
