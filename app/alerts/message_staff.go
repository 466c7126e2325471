package alerts

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"postern/app/alerts/post"
	"postern/app/config"
	"postern/app/store"
	"postern/models"
	"postern/views/i18n"
)

// composeNotices makes one message of news for the bank's staff. ok is false when
// nothing of it needs telling any more: what was asked is decided, or its reader
// is nobody any more to whom it is sent.
func (o *Outbox) composeNotices(ctx context.Context, queue string, waiting []models.Delivery) (m post.Message, ok bool, err error) {
	receiver, account := Reader(queue)
	w := noticeWriter{
		lang: o.language(receiver), zone: o.watch.o.Zone, console: o.watch.o.Notices.Console, room: o.senders[receiver].Room(),
	}
	p, err := o.picture(ctx, account, waiting)
	if err != nil {
		return m, false, err
	}
	if account != "" {
		if p.reader.Status != models.AccountActive || p.reader.Email == "" {
			return m, false, nil
		}
		m.To = []string{p.reader.Email}
		if lang, known := i18n.Parse(p.reader.Language); known && p.reader.Language != "" {
			w.lang = lang
		}
	}
	if w.all, err = o.worth(p, account, waiting); err != nil || len(w.all) == 0 {
		return m, false, err
	}
	m.ID, m.At, m.Title = waiting[0].ID, time.UnixMilli(waiting[0].DueAt).In(w.zone), w.title()
	m.Text, m.More = layout(len(w.all), w.room, w.whole, w.line, func(more int) string {
		return i18n.NoticesFurther.In(w.lang, more, w.console+"/console/approvals")
	})
	if receiver == config.ReceiverWebhook {
		m.Requests = w.entries()
	}
	return m, true, nil
}

// picture is what a message to staff is about, as it is when it is written.
type picture struct {
	reader   models.Account
	roles    []models.StaffRole // the reader's
	requests map[int64]models.ChangeRequest
	accounts map[string]models.Account // makers, and those that news are of
}

func (o *Outbox) picture(ctx context.Context, account string, waiting []models.Delivery) (p picture, err error) {
	var numbers []int64
	ids := []string{}
	for _, d := range waiting {
		if d.RequestID > 0 {
			numbers = append(numbers, d.RequestID)
		} else {
			ids = append(ids, d.AccountID)
		}
	}
	if p.requests, err = o.watch.o.Store.RequestHeads(ctx, numbers); err != nil {
		return p, err
	}
	for _, r := range p.requests {
		ids = append(ids, r.Maker)
	}
	p.accounts = map[string]models.Account{}
	err = o.watch.o.Store.Accounts(ctx, func(a store.Accounts) error {
		list, err := a.AccountsByID(ids)
		if err != nil {
			return err
		}
		for _, one := range list {
			p.accounts[one.ID] = one
		}
		if account == "" {
			return nil
		}
		if p.reader, _, err = a.Account(account); err != nil {
			return err
		}
		rows, err := a.Roles(account)
		for _, row := range rows {
			p.roles = append(p.roles, row.Role)
		}
		return err
	})
	return p, err
}

// worth leaves out what its reader need not or may not know any more.
func (o *Outbox) worth(p picture, account string, waiting []models.Delivery) (list []notice, err error) {
	for _, d := range waiting {
		if d.RequestID == 0 {
			if a, there := p.accounts[d.AccountID]; there {
				list = append(list, notice{news: d.News, about: a})
			}
			continue
		}
		r, there := p.requests[d.RequestID]
		over := r.State != models.RequestSubmitted
		if !there || over && (d.News == models.NewsAsked || d.News == models.NewsExpiring) {
			continue
		}
		if account != "" && d.News == models.NewsAsked {
			may, err := o.watch.o.Notices.mayDecide(p.reader, p.roles, r)
			if err != nil {
				return nil, err
			}
			if !may {
				continue
			}
		}
		list = append(list, notice{news: d.News, request: r, maker: p.accounts[r.Maker].Name})
	}
	return list, nil
}

// notice is one piece of news of a request or an account.
type notice struct {
	news    models.News
	request models.ChangeRequest
	maker   string // empty: not an account
	about   models.Account
}

// noticeWriter writes messages to staff in one language, on the bank's clock. Of
// a request they say what it is mainly about, never what it holds or why it was
// made: that may be anything.
type noticeWriter struct {
	lang    i18n.Lang
	zone    *time.Location
	console string
	room    int // octets
	all     []notice
}

var noticeHeads = map[models.News]i18n.Key{
	models.NewsAsked: i18n.NoticeAsked, models.NewsApproved: i18n.NoticeApproved, models.NewsSentBack: i18n.NoticeSentBack,
	models.NewsRejected: i18n.NoticeRejected, models.NewsOutdated: i18n.NoticeOutdated, models.NewsExpired: i18n.NoticeExpired,
	models.NewsExpiring: i18n.NoticeExpiring,
}

func (w noticeWriter) title() string {
	if len(w.all) == 1 {
		return i18n.NoticeTitle.In(w.lang, w.head(w.all[0]))
	}
	return i18n.NoticeTitle.In(w.lang, i18n.NoticesTold.In(w.lang, len(w.all)))
}

func (w noticeWriter) head(n notice) string {
	if n.news == models.NewsRecovered {
		return i18n.NoticeRecovered.In(w.lang, plain(n.about.Login))
	}
	return noticeHeads[n.news].In(w.lang, n.request.ID)
}

// what is the kind of a change and what it is mainly about.
func (w noticeWriter) what(r models.ChangeRequest) string {
	kind, known := i18n.ByID("notice.kind." + r.Kind)
	if !known {
		kind = i18n.NoticeKindOther
	}
	return i18n.NoticeWhat.In(w.lang, kind.In(w.lang), plain(i18n.Subject(w.lang, r.Subject)))
}

func (w noticeWriter) link(r models.ChangeRequest) string {
	return w.console + "/console/approvals/" + strconv.FormatInt(r.ID, 10)
}

func (w noticeWriter) whole(i int) string {
	n := w.all[i]
	if n.news == models.NewsRecovered {
		return w.head(n) + "\n" + i18n.NoticeRecoveredText.In(w.lang) + "\n"
	}
	lines := []string{w.head(n), w.what(n.request), i18n.NoticeMaker.In(w.lang, w.maker(n), w.stamp(n.request.MadeAt))}
	if n.request.State == models.RequestSubmitted {
		lines = append(lines, i18n.NoticeUntil.In(w.lang, w.stamp(n.request.ExpiresAt)))
	}
	return strings.Join(append(lines, w.link(n.request)), "\n") + "\n"
}

func (w noticeWriter) line(i int) string {
	n := w.all[i]
	if n.news == models.NewsRecovered {
		return w.head(n) + "\n"
	}
	return fmt.Sprintf("%s: %s\n", w.head(n), w.link(n.request))
}

func (w noticeWriter) maker(n notice) string {
	if n.maker == "" {
		return i18n.ConsoleCommandLine.In(w.lang)
	}
	return plain(n.maker)
}

func (w noticeWriter) stamp(at int64) string { return writer{zone: w.zone}.stamp(at) }

func (w noticeWriter) entries() []post.RequestEntry {
	list := []post.RequestEntry{}
	for _, n := range w.all {
		if n.news != models.NewsRecovered {
			list = append(list, post.RequestEntry{
				Number: n.request.ID, News: string(n.news), Kind: n.request.Kind, Subject: plain(n.request.Subject), State: string(n.request.State),
				MadeAt: n.request.MadeAt, ExpiresAt: n.request.ExpiresAt, Address: w.link(n.request),
			})
		}
	}
	return list
}

// maxPlain bounds a name in a message, characters.
const maxPlain = 100

// plain is a text that others have chosen, as a line may hold it: without what
// ends lines or steers a terminal, and not too long.
func plain(text string) string {
	text = strings.Join(strings.FieldsFunc(strings.ToValidUTF8(text, "\uFFFD"), func(r rune) bool {
		return unicode.IsSpace(r) || !unicode.IsPrint(r)
	}), " ")
	if utf8.RuneCountInString(text) > maxPlain {
		text = string([]rune(text)[:maxPlain]) + "…"
	}
	return text
}
