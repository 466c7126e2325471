package console

import (
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"

	"github.com/gin-gonic/gin"

	"postern/app/announcements"
	"postern/app/entrance"
	"postern/app/errs"
	"postern/app/store"
	"postern/models"
	"postern/views/console"
	"postern/views/i18n"
	"postern/views/ui"
)

// AnnouncementNew asks what partners are to be told.
func (s *Console) AnnouncementNew(c *gin.Context) error {
	now := s.o.Now()
	a := models.Announcement{Kind: models.Information, StartsAt: now.UnixMilli(), EndsAt: now.Add(announcedFor).UnixMilli()}
	return s.showAnnouncementForm(c, models.Announcement{}, s.announcementValues(a), faulty{}, nil)
}

// AnnouncementEdit asks the same of one that is there.
func (s *Console) AnnouncementEdit(c *gin.Context) error {
	a, _, err := s.announcement(c)
	if err != nil {
		return err
	}
	if a.WithdrawnAt != 0 {
		return announcements.ErrMoved
	}
	return s.showAnnouncementForm(c, a, s.announcementValues(a), faulty{}, nil)
}

// AnnouncementCreate publishes one, or shows how it would read.
func (s *Console) AnnouncementCreate(c *gin.Context) error {
	return s.saveAnnouncement(c, models.Announcement{}, "announcement-made")
}

// AnnouncementUpdate changes one, or shows how it would read.
func (s *Console) AnnouncementUpdate(c *gin.Context) error {
	a, _, err := s.announcement(c)
	if err != nil {
		return err
	}
	return s.saveAnnouncement(c, a, "announcement-changed")
}

func (s *Console) saveAnnouncement(c *gin.Context, was models.Announcement, done string) error {
	values := formValues(c.Request.PostForm)
	a := s.announcementFrom(was, values)
	if values["show"] == "preview" {
		fault := faulty{}
		if faults := announcements.Check(a, s.o.Now()); len(faults) > 0 {
			fault = faulty{status: http.StatusUnprocessableEntity, fields: s.Words(c, faults)}
		}
		return s.showAnnouncementForm(c, was, values, fault, &a)
	}
	seen, _ := strconv.ParseInt(values["seen"], 10, 64) // what is no number was never seen
	saved, err := s.o.Announcements.Save(c.Request.Context(), entrance.VisitOf(c).Who.Account.ID, a, seen)
	switch faults := errs.FieldsOf(err); {
	case err == nil:
		if was.ID == "" && saved.StartsAt > s.o.Now().Add(announcements.Ahead).UnixMilli() {
			done = "announcement-planned"
		}
		return entrance.Done(c, announcementPath(saved.ID), done)
	case errors.Is(err, announcements.ErrMoved):
		values["seen"] = strconv.FormatInt(was.UpdatedAt, 10) // who has read that may write over it
		return s.showAnnouncementForm(c, was, values, faulty{status: http.StatusConflict, moved: true}, nil)
	case faults != nil:
		return s.showAnnouncementForm(c, was, values, faulty{status: http.StatusUnprocessableEntity, fields: s.Words(c, faults)}, nil)
	}
	return err
}

// AnnouncementWithdraw takes one back.
func (s *Console) AnnouncementWithdraw(c *gin.Context) error {
	a, _, err := s.announcement(c)
	if err != nil {
		return err
	}
	seen, _ := strconv.ParseInt(c.PostForm("seen"), 10, 64)
	if a.WithdrawnAt == 0 { // by a second click it is what was wanted
		if err := s.o.Announcements.Withdraw(c.Request.Context(), entrance.VisitOf(c).Who.Account.ID, a, seen); err != nil {
			return err
		}
	}
	return entrance.Done(c, announcementPath(a.ID), "announcement-withdrawn")
}

// announcementValues is one as its form has it.
func (s *Console) announcementValues(a models.Announcement) map[string]string {
	return map[string]string{
		"kind": string(a.Kind), "service": a.ServiceID, "title_zh": a.TitleZH, "text_zh": a.TextZH, "title_en": a.TitleEN, "text_en": a.TextEN,
		"from": s.InZone(a.StartsAt).Format(onlyLocal), "until": s.InZone(a.EndsAt).Format(onlyLocal), "seen": strconv.FormatInt(a.UpdatedAt, 10),
	}
}

// announcementFrom puts what was typed over one. A time that is none stays zero, which is
// a fault of its own.
func (s *Console) announcementFrom(was models.Announcement, values map[string]string) models.Announcement {
	a := was
	a.Kind, a.TitleZH, a.TextZH, a.TitleEN, a.TextEN = models.AnnouncementKind(values["kind"]), values["title_zh"], values["text_zh"], values["title_en"], values["text_en"]
	a.StartsAt, a.EndsAt = 0, 0
	if t := s.localTime(values["from"]); !t.IsZero() {
		a.StartsAt = t.UnixMilli()
	}
	if t := s.localTime(values["until"]); !t.IsZero() {
		a.EndsAt = t.UnixMilli()
	}
	if was.ID == "" {
		a.ServiceID = strings.TrimSpace(values["service"])
	}
	return a
}

// showAnnouncementForm shows the form of one, or of a new one; preview is how what was
// typed would read, where that was asked for.
func (s *Console) showAnnouncementForm(c *gin.Context, was models.Announcement, values map[string]string, fault faulty, preview *models.Announcement) error {
	ctx := c.Request.Context()
	page := formPage{title: i18n.T(ctx, i18n.AnnouncementNew), lead: i18n.T(ctx, i18n.AnnouncementWrite), crumb: announcementCrumbs(ctx)}
	action, back, publish := announcementsPath, announcementsPath, i18n.AnnouncementPublish
	if was.ID != "" {
		page.title, action, back, publish = i18n.T(ctx, i18n.AnnouncementEdit), announcementPath(was.ID), announcementPath(was.ID), i18n.AnnouncementSave
	}
	f := s.former(c, action, values, fault)
	f.hidden("seen", values["seen"])
	kinds := []ui.Choice{}
	for _, k := range models.AnnouncementKinds {
		kinds = append(kinds, ui.Choice{Value: string(k), Label: entrance.AnnouncementKind(ctx, k).Text, Checked: values["kind"] == string(k)})
	}
	kind := f.choices("kind", i18n.AnnouncementKind, kinds)
	kind.Choices.Segmented = true
	f.row(kind)
	names := map[string]string{}
	if was.ID == "" {
		field, err := s.announcementService(c, f, names)
		if err != nil {
			return err
		}
		f.row(field)
	}
	f.row(f.field("from", i18n.AnnouncementFrom, with(moment, f.help(i18n.AnnouncementFromHelp))), f.field("until", i18n.AnnouncementUntil, with(moment, f.help(i18n.AnnouncementUntilHelp, announcements.MaxDays))))
	for _, l := range []struct {
		of          string
		title, text i18n.Key
	}{{"zh", i18n.AnnouncementTitleZH, i18n.AnnouncementTextZH}, {"en", i18n.AnnouncementTitleEN, i18n.AnnouncementTextEN}} {
		f.row(f.field("title_"+l.of, l.title, with(optional, f.help(i18n.RuleAnnouncementTitle), func(v *ui.FieldView) { v.MaxLength = announcements.MaxTitle })))
		f.row(f.field("text_"+l.of, l.text, with(optional, area(5), f.help(i18n.RuleAnnouncementText), func(v *ui.FieldView) { v.MaxLength = announcements.MaxText })))
	}
	page.form = f.done(back, ui.ButtonView{Text: i18n.T(ctx, i18n.AnnouncementPreview), Name: "show", Value: "preview"}, ui.ButtonView{Text: i18n.T(ctx, publish), Kind: ui.Primary})
	if fault.moved {
		page.notes = append(page.notes, ui.NoteView{Tone: ui.Warn, Text: i18n.T(ctx, i18n.AnnouncementMoved), Links: []ui.LinkView{{Text: i18n.T(ctx, i18n.AnnouncementToPage), Href: back}}})
	}
	if preview != nil && fault.status == 0 {
		if was.ServiceID != "" {
			var err error
			if names, err = s.serviceNames(ctx, []string{was.ServiceID}); err != nil {
				return err
			}
		}
		page.aside = s.bulletins(ctx, *preview, names[preview.ServiceID])
	}
	return s.showForm(c, fault, page)
}

// moment has a field take a day and a time.
func moment(v *ui.FieldView) { v.Control = "datetime-local" }

// announcementService is the choice of whom a new one is for; names takes down what
// services are called.
func (s *Console) announcementService(c *gin.Context, f *former, names map[string]string) (field console.FormField, err error) {
	var services []models.Service
	err = s.o.Store.Business(c.Request.Context(), func(b store.Business) error {
		services, err = b.ServicesAfter("", maxServiceChoices)
		return err
	})
	return f.field("service", i18n.AnnouncementFor, with(f.help(i18n.AnnouncementForHelp), func(v *ui.FieldView) {
		v.Control, v.Required = ui.Select, false
		v.Options = []ui.Option{{Text: i18n.T(f.ctx, i18n.AnnouncementAll)}}
		for _, service := range services {
			names[service.ID] = service.Name
			v.Options = append(v.Options, ui.Option{Value: service.ID, Text: fmt.Sprintf("%s · %s", service.Name, service.ID), Chosen: service.ID == v.Value})
		}
	})), err
}
