package alerts

import (
	"context"
	"strings"
	"time"

	"postern/app/alerts/post"
	"postern/models"
	"postern/views/i18n"
)

// compose makes one message of what waits: whole as far as there is room, then a
// line each, then how many more.
func (o *Outbox) compose(ctx context.Context, receiver string, waiting []models.Delivery) (post.Message, error) {
	ids := make([]string, len(waiting))
	for i, d := range waiting {
		ids[i] = d.AlertID
	}
	found, err := o.watch.o.Store.AlertsByID(ctx, ids)
	if err != nil {
		return post.Message{}, err
	}
	w := writer{lang: o.language(receiver), zone: o.watch.o.Zone, room: o.senders[receiver].Room()}
	for _, d := range waiting {
		if a, there := found[d.AlertID]; there { // else retention has taken it
			w.all = append(w.all, told{a, d.News})
		}
	}
	text, more := w.text()
	return post.Message{
		ID: waiting[0].ID, At: time.UnixMilli(waiting[0].DueAt).In(o.watch.o.Zone), Title: w.title(), Text: text, Entries: w.entries(), More: more,
	}, nil
}

// told is an alert and the news of it.
type told struct {
	models.Alert
	news models.News
}

// writer writes messages in one language, on the bank's clock.
type writer struct {
	lang i18n.Lang
	zone *time.Location
	room int // octets
	all  []told
}

var (
	severities = map[models.Severity]i18n.Key{models.Warning: i18n.AlertWarning, models.Critical: i18n.AlertCritical}
	newses     = map[models.News]i18n.Key{
		models.NewsRaised: i18n.AlertRaised, models.NewsWorse: i18n.AlertWorse,
		models.NewsReminder: i18n.AlertReminder, models.NewsResolved: i18n.AlertResolved,
	}
	subjects = map[string]i18n.Key{
		"application": i18n.AlertOfApplication, "strangers": i18n.AlertOfStrangers, "upstream": i18n.AlertOfUpstream,
		"certificate": i18n.AlertOfCertificate, "credential": i18n.AlertOfCredential, "node": i18n.AlertOfNode, "feed": i18n.AlertOfFeed,
		"evidence": i18n.AlertOfEvidence,
	}
)

func (w writer) title() string {
	if len(w.all) == 1 {
		return i18n.AlertSubject.In(w.lang, w.head(w.all[0]))
	}
	return i18n.AlertSubject.In(w.lang, i18n.AlertsTold.In(w.lang, len(w.all)))
}

func (w writer) head(t told) string {
	return i18n.AlertHead.In(w.lang, severities[t.Severity].In(w.lang), ruleOf(t.Rule).Title(w.lang), newses[t.news].In(w.lang))
}

func (w writer) about(t told) string { return About(t.Alert, w.lang) }

// About names what an alert is about, by kind, id and name.
func About(a models.Alert, l i18n.Lang) string {
	kind := subjects[a.SubjectKind].In(l)
	switch {
	case a.SubjectName != "":
		return i18n.AlertNamed.In(l, kind, a.SubjectID, a.SubjectName)
	case a.SubjectID != "":
		return kind + " " + a.SubjectID
	}
	return kind
}

// whole is all that a message says of one alert.
func (w writer) whole(t told) string {
	r := ruleOf(t.Rule)
	lines := []string{
		w.head(t),
		i18n.AlertAbout.In(w.lang, w.about(t)),
		r.What(w.lang, t.Numbers),
		i18n.AlertSince.In(w.lang, w.stamp(t.FirstAt), w.stamp(t.LastAt)),
	}
	if t.ResolvedAt != 0 {
		lines[3] = i18n.AlertEnded.In(w.lang, w.stamp(t.FirstAt), w.stamp(t.LastAt))
	} else {
		lines = append(lines, i18n.AlertDo.In(w.lang, r.do.In(w.lang)))
	}
	lines = append(lines, i18n.AlertMore.In(w.lang, t.Rule))
	if t.AckedAt == 0 {
		lines = append(lines, i18n.AlertAck.In(w.lang, t.ID))
	}
	return strings.Join(lines, "\n") + "\n"
}

// line is one alert among many.
func (w writer) line(t told) string { return w.head(t) + " " + w.about(t) + " " + t.ID + "\n" }

// room that the last line needs.
const roomFurther = 120

// text is as much as there is room for; more is how many are not even a line.
func (w writer) text() (text string, more int) {
	return layout(len(w.all), w.room,
		func(i int) string { return w.whole(w.all[i]) }, func(i int) string { return w.line(w.all[i]) },
		func(more int) string { return i18n.AlertsFurther.In(w.lang, more) })
}

// layout puts n things into a text of at most room octets: one that fits whole is
// whole; more is how many are not even a line, which further says at the end.
func layout(n, room int, whole, line func(i int) string, further func(more int) string) (text string, more int) {
	var b strings.Builder
	room -= roomFurther
	for i := range n {
		text, left := whole(i)+"\n", room-b.Len()
		// Lines for the others must not be crowded out by few that are whole.
		if n == 1 || len(text) <= left*2/3 {
			b.WriteString(fit(text, left))
			continue
		}
		short := line(i)
		if len(short) > left {
			more++
			continue
		}
		b.WriteString(short)
	}
	if more > 0 {
		b.WriteString(further(more) + "\n")
	}
	return strings.TrimRight(b.String(), "\n") + "\n", more
}

// fit cuts a text that is too long at the end of a character.
func fit(text string, room int) string {
	if len(text) <= room {
		return text
	}
	return strings.ToValidUTF8(text[:max(0, room)], "")
}

func (w writer) stamp(at int64) string {
	return time.UnixMilli(at).In(w.zone).Format("2006-01-02 15:04:05 -0700")
}

func (w writer) entries() []post.Entry {
	list := make([]post.Entry, len(w.all))
	for i, t := range w.all {
		list[i] = post.Entry{
			ID: t.ID, News: string(t.news), Rule: t.Rule, Severity: string(t.Severity), State: string(t.State()),
			Subject: post.EntrySubject{Kind: t.SubjectKind, ID: t.SubjectID, Name: t.SubjectName},
			FirstAt: t.FirstAt, LastAt: t.LastAt, Count: t.Count, Numbers: t.Numbers,
		}
	}
	return list
}
